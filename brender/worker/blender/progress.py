"""How far a frame is, read from the line of statistics that Blender gives while it renders.

How does this work?  Blender's text differs by version and engine ("Fra:1 Mem:... | Remaining:00:12.34 | ... |
Sample 16/128", "Rendered 3/16 Tiles"); `read` takes out of it the share that is done and the time that is left, as
far as it says so.  A time before the render is shared out ("Synchronizing object") is 0.  Numbers longer than any
that means something are not read: the text is somebody's, and may say what it likes.
"""

from __future__ import annotations

import re
from typing import NamedTuple

SHARE = re.compile(r"(?:Sample|Rendered|Rendering|Part|Tile)s?\s+(\d{1,9})\s*/\s*(\d{1,9})(?!\d)")
REMAINING = re.compile(r"Remaining:\s*(?:(\d{1,9}):)?(\d{1,9}):(\d{1,9}(?:\.\d{1,9})?)(?!\d)")


class Progress(NamedTuple):
    percent: float
    seconds_left: float | None
    doing: str


def read(text: str) -> Progress:
    share = SHARE.search(text)
    done, of = (int(share[1]), int(share[2])) if share else (0, 0)
    return Progress(100.0 * min(done, of) / of if of else 0.0, seconds_left(text), text.rpartition("|")[2].strip())


def seconds_left(text: str) -> float | None:
    found = REMAINING.search(text)
    if not found:
        return None
    hours, minutes, seconds = found.groups()
    return int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds)


def spoken(seconds: float) -> str:
    """12 s, 3 min 20 s, 2 h 5 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
