"""What stops in the scene's own Python: Blender prints it, goes on without, and the picture may be wrong.

How does this work?  Blender shows errors of texts, handlers and drivers by `sys.excepthook`; `listen` has it remember
one sentence for each error that comes from inside the .blend, and `take` gives those that have come since.  Errors of
add-ons and of Blender's own are only printed.
"""

from __future__ import annotations

import os
import re
import sys
import traceback
from types import TracebackType

DRIVER = "<bpy driver>"  # the file's name in a driver's traceback
INSIDE = re.compile(r"\.blend\d*[/\\]")  # a text's: the .blend, and the text's name
MOST = 20

FOUND: list[str] = []


def listen() -> None:
    sys.excepthook = remember


def take() -> list[str]:
    found = FOUND.copy()
    FOUND.clear()
    return found


def remember(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    sys.__excepthook__(kind, error, trace)
    said = sentence(error, traceback.extract_tb(trace))
    if said and said not in FOUND and len(FOUND) < MOST:
        FOUND.append(said)


def sentence(error: BaseException, trace: traceback.StackSummary) -> str:
    """ "" when the error is not of the scene."""
    what = traceback.format_exception_only(error)[-1].strip().partition("\n")[0]
    for step in reversed(trace):
        if step.filename == DRIVER:
            return f"A driver in the scene stopped: {what}"
        if INSIDE.search(step.filename):
            return f"The script {os.path.basename(step.filename)} in the scene stopped in line {step.lineno}: {what}"
    if isinstance(error, SyntaxError) and INSIDE.search(error.filename or ""):
        return f"The script {os.path.basename(error.filename or '')} in the scene cannot be read: {what}"
    return ""
