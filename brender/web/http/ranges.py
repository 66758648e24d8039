"""Which part of a file a request wants: `Range` and `If-Range`, as RFC 9110 has them.

How does this work?  `part_of` gives the first byte and the number of bytes, or None for the whole.  Only one range of
bytes is ever given; whoever asks for several, or for something else, gets the whole, as the standard
allows.  One that begins behind the end is refused with 416 and the size.
"""

import re
from typing import NamedTuple

from brender.web.http.asking import Ask
from brender.web.http.wrong import Wrong

RANGE = re.compile(r"bytes=\s*([0-9]{0,18})-([0-9]{0,18})\s*", re.IGNORECASE | re.ASCII)


class Part(NamedTuple):
    first: int
    length: int

    def of(self, size: int) -> str:
        """For `Content-Range`."""
        return f"bytes {self.first}-{self.first + self.length - 1}/{size}"


def part_of(ask: Ask, size: int, tag: str, changed: str) -> Part | None:
    """What is wanted of a file; raises `Wrong` when nothing of it is there."""
    found = RANGE.fullmatch(ask.header("range").strip())
    if found is None or found[1] == found[2] == "" or not is_of(ask.header("if-range").strip(), tag, changed):
        return None
    if found[1]:
        first, last = int(found[1]), min(int(found[2] or size), size - 1)
        if found[2] and int(found[2]) < first:
            return None  # no range at all
    else:
        first, last = max(0, size - int(found[2])), size - 1
    if first >= size:
        sentence = f"The file has {size} bytes; there is nothing from {first} on."
        raise Wrong(416, sentence, at="Range", headers={"Content-Range": f"bytes */{size}"})
    return Part(first, last - first + 1)


def is_of(condition: str, tag: str, changed: str) -> bool:
    """Whether the part that somebody has already is of this very file."""
    return condition in {"", tag, changed}
