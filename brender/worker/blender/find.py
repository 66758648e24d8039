"""The Blenders of a machine, and their versions.

How does this work?  Candidates are what the configuration names (programs, or Python interpreters that can import
`bpy`), `blender` in every folder of the search path, and the interpreter that runs this worker.  Each is run once
to ask for its version; the answer is kept in a file with the program's time of change, so that a worker's second
start asks nobody.  What does not answer is no Blender, and `find_blenders` leaves it out.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from brender.worker.blender.installed import COMMAND, Blender, best_first

SAID = re.compile(r"Blender (\d+\.\d+(?:\.\d+)?)")
PATIENCE = 60.0  # seconds: the first start from a slow disk
KEPT = "blenders.json"
ASK_MODULE = "import bpy, os; print('Blender', '.'.join(map(str, bpy.app.version)), flush=True); os._exit(0)"


def find_blenders(configured: Sequence[str], search_path: str, cache_folder: Path | None = None) -> list[Blender]:
    """Blocking. The best first; nothing twice."""
    kept = Kept(cache_folder)
    found = {}
    for path in candidates(configured, search_path):
        real = os.path.realpath(path) if not is_python(path) else os.path.abspath(path)
        if real not in found:
            found[real] = kept.version(path)
    kept.write()
    kinds = {path: "module" if is_python(path) else "program" for path in found}
    return best_first(Blender(version, kinds[path], path) for path, version in found.items() if version)


def candidates(configured: Sequence[str], search_path: str) -> Iterator[str]:
    for named in configured:
        yield from in_folder(os.path.expanduser(named))
    for folder in search_path.split(os.pathsep):
        if folder and is_program(os.path.join(folder, COMMAND)):
            yield os.path.join(folder, COMMAND)
    if importlib.util.find_spec("bpy") is not None:
        yield sys.executable
    beside = os.path.join(os.path.dirname(sys.prefix), ".blender", "bin", "python")
    if is_program(beside):  # where `make` puts it when this Python is not the one that bpy was built for
        yield beside


def in_folder(path: str) -> Iterator[str]:
    """A configured folder stands for the `blender` in it."""
    path = os.path.join(path, COMMAND) if os.path.isdir(path) else path
    if is_program(path):
        yield path


def is_program(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)


def is_python(path: str) -> bool:
    return os.path.basename(path).startswith(("python", "pypy"))


def ask(path: str) -> str:
    """The version that it says it has; "" where it says none."""
    command = [path, "-I", "-c", ASK_MODULE] if is_python(path) else [path, "--background", "--version"]
    try:
        with tempfile.TemporaryDirectory(prefix="asked-") as folder:  # Blender leaves a folder of its own behind
            said = SAID.search(answer(command, {**os.environ, "TMPDIR": folder}))
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return said[1] if said else ""


def answer(command: list[str], environment: dict[str, str]) -> str:
    ended = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
        cwd="/",
        env=environment,
    )
    return ended.stdout.decode("utf-8", "replace")


class Kept:
    """Versions that were asked for before, by path and time of change."""

    def __init__(self, folder: Path | None) -> None:
        self._file = folder / KEPT if folder else None
        self._known: dict[str, str] = {}
        self._changed = False
        if self._file is not None:
            with contextlib.suppress(OSError, ValueError):
                self._known = dict(json.loads(self._file.read_text()))

    def version(self, path: str) -> str:
        mark = mark_of(path)
        if mark not in self._known:
            self._known[mark] = ask(path)
            self._changed = True
        return self._known[mark]

    def write(self) -> None:
        if self._file is None or not self._changed:
            return
        with contextlib.suppress(OSError):  # a folder that cannot be written only makes the next start slower
            self._file.parent.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=self._file.parent)
            with os.fdopen(descriptor, "w") as file:
                json.dump(self._known, file)
            os.replace(name, self._file)


def mark_of(path: str) -> str:
    """Changes when the program does; for an interpreter, when its packages do."""
    marks = [os.stat(path).st_mtime_ns]
    if is_python(path):
        home = Path(path).absolute().parent.parent
        marks += sorted(packages.stat().st_mtime_ns for packages in home.glob("lib/python3*/site-packages"))
    return " ".join([os.path.abspath(path), *map(str, marks)])
