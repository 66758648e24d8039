"""Why Blender ended: a sentence from its exit status, its last lines and the system's memory counter.

How does this work?  The guard hands over the wait status, the last lines of output and whether the system's own
out-of-memory killer struck meanwhile (it counts in /proc/vmstat).  A crash, a kill, a graphics card without
memory, a machine without a display library and an ordinary exit are five different sentences; nothing is guessed.
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Sequence

NO_DISPLAY = (
    "Unable to open a display",
    "open libEGL",
    "OpenGL vendor",
    "find current GLX or EGL context",
    "Could not find a GPU",
    "no OpenGL",
)
NEEDS_DISPLAY = "needs a display library (EGL, packages libegl1 and libegl-mesa0) that this machine does not have"
NO_WORDS = re.compile(r"\.crash\.txt\s*$|^Blender quit|^Error: script failed, file: ")  # they give no reason
CARD_FULL = ("Out of memory in CUDA", "Out of memory in HIP", "Out of memory in OptiX", "Out of memory in oneAPI")


def oom_kills() -> int:
    """How many processes the system has ended for want of memory since it started."""
    try:
        with open("/proc/vmstat") as file:
            return next((int(line.split()[1]) for line in file if line.startswith("oom_kill ")), 0)
    except OSError:
        return 0


def sentence(status: int, lines: Sequence[str], out_of_memory: bool) -> str:
    card = last_with(lines, CARD_FULL)
    if card:
        return f"The graphics card ran out of memory: {card}"
    if os.WIFSIGNALED(status):
        return by_signal(signal.Signals(os.WTERMSIG(status)), lines, out_of_memory)
    code = os.waitstatus_to_exitcode(status)
    return f"Blender ended by itself with exit code {code}{last_words(lines)}"


def by_signal(number: signal.Signals, lines: Sequence[str], out_of_memory: bool) -> str:
    if number is signal.SIGKILL:
        if out_of_memory:
            return "The machine ran out of memory and the system ended Blender (SIGKILL)."
        return "Blender was ended from outside (SIGKILL); the machine did not report that its memory ran out."
    if number is signal.SIGTERM:
        return "Blender was ended from outside (SIGTERM)."
    display = last_with(lines, NO_DISPLAY) if number is signal.SIGABRT else ""
    if display:
        return f"Blender crashed ({number.name}): this engine {NEEDS_DISPLAY}: {display}"
    return f"Blender crashed ({number.name}){last_words(lines)}"


def last_with(lines: Sequence[str], parts: Sequence[str]) -> str:
    return next((line.strip() for line in reversed(lines) if any(part in line for part in parts)), "")


def last_words(lines: Sequence[str]) -> str:
    spoken = [line.strip() for line in lines if line.strip() and not NO_WORDS.search(line)]
    return f"; its last line was: {spoken[-1]}" if spoken else " without a word."
