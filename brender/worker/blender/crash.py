"""Where Blender keeps what is temporary, and the text that it leaves there when it crashes.

How does this work?  Each Blender gets an empty folder in the session's own as its TMPDIR, so nothing of it stays on
the machine.  Before it dies of a crash it writes `NAME.crash.txt` there, with its last steps and where in its code it
was; `lines` are the end of that text for the task's log, which alone outlives the folder.
"""

from __future__ import annotations

import contextlib
import os
import shutil

FOLDER = "blender.tmp"  # in the session's folder
ENDING = ".crash.txt"
MOST = 8000  # characters: such a text has a few thousand


def folder() -> str:
    """An empty one; what the Blender before it may have left there is removed."""
    made = os.path.abspath(FOLDER)
    shutil.rmtree(made, ignore_errors=True)
    os.makedirs(made, exist_ok=True)
    return made


def lines(temporary: str) -> list[str]:
    """What a crash left there, indented, so that nothing in it is taken for a word to OpenJD; often nothing."""
    with contextlib.suppress(OSError):
        path = newest(temporary)
        if path:
            text, cut = end_of(path)
            which = f", its last {MOST} characters" if cut else ""
            return [f"Blender wrote {os.path.basename(path)}{which}:", *(f"  {line}" for line in text.splitlines())]
    return []


def newest(temporary: str) -> str:
    """Plain files alone: a pipe of that name would be read for ever."""
    with os.scandir(temporary) as entries:
        found = [each for each in entries if each.name.endswith(ENDING) and each.is_file(follow_symlinks=False)]
    return max(found, key=lambda each: each.stat().st_mtime_ns).path if found else ""


def end_of(path: str) -> tuple[str, bool]:
    """At most so many characters, and whether there are more."""
    with open(path, "rb") as file:
        start = max(0, os.fstat(file.fileno()).st_size - 4 * MOST)  # a character has four bytes at most
        file.seek(start)
        text = file.read(4 * MOST).decode("utf-8", "replace")
    return text[-MOST:], start > 0 or len(text) > MOST
