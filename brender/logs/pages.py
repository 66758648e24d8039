"""A part of an order's log, wherever it lies: so that somebody can follow a long one, and go through it page by page.

How does this work?  A place in a log is a number: so many bytes of all that was ever written to it, marks included.  It
stays the same when the middle of a long log is left out, when the log is packed, and when another part follows
(`log_files`).  `Pieces` knows which bytes are still there, and reads some of them; a page ends with a line wherever it
can, and begins where what was asked for is there again.  The first error is looked for in small steps, so that no
other thread waits long.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from brender.farm.interfaces import LogPage
from brender.logs.files import MARK, MARKS, Opened, unpacked

LEFT_OUT = re.compile(rb"\n\[Here ([\d,]+) bytes are left out: [^\]\n]*\]\n")
STEP = 1 << 16  # bytes that are searched at a time


class Piece(NamedTuple):
    begin: int
    size: int
    opened: Opened | bytes
    file: int = 0  # of an opened part: 0 is its head, then its segments

    @property
    def end(self) -> int:
        return self.begin + self.size

    def read(self, begin: int, end: int) -> bytes:
        if isinstance(self.opened, bytes):
            return self.opened[begin - self.begin : end - self.begin]
        return self.opened.read(self.file, begin - self.begin, end - begin)


class Pieces:
    """What is there of an order's log, in its order."""

    def __init__(self, parts: Sequence[Opened]) -> None:
        self.all: list[Piece] = []
        for part in parts:
            base = self.end
            self.all += [piece._replace(begin=base + piece.begin) for piece in pieces_of(part)]

    @property
    def end(self) -> int:
        return self.all[-1].end if self.all else 0

    def page(self, begin: int, length: int) -> LogPage:
        """From this place on, or below 0 from so many bytes before the end; about so long at most."""
        first = self._first(max(0, self.end + begin) if begin < 0 else begin)
        for piece in self.all:
            if piece.end > first:
                first = max(first, piece.begin)
                found = piece.read(first, min(piece.end, first + length))
                if begin < 0 and first > piece.begin:
                    skipped = found.find(b"\n") + 1
                    first, found = first + skipped, found[skipped:]
                whole = found if first + len(found) >= self.end else found[: whole_lines(found)]
                whole = whole[: whole_marks(whole)]
                return LogPage(MARKS.sub(b"", whole).decode("utf-8", "replace"), first, first + len(whole), self.end)
        return LogPage("", self.end, self.end, self.end)

    def _first(self, begin: int) -> int:
        return min(begin, self.end)

    def first_error(self, patterns: Sequence[re.Pattern[str]]) -> int | None:
        """The place of the first line in which one of these is found."""
        return next((begin for begin, line in self._lines() if any(each.search(line) for each in patterns)), None)

    def _lines(self) -> Iterator[tuple[int, str]]:
        for piece in self.all:
            begin = piece.begin
            while begin < piece.end:
                found = piece.read(begin, min(piece.end, begin + STEP))
                for line in found[: whole_lines(found)].splitlines(keepends=True):
                    yield begin, line.decode("utf-8", "replace")
                    begin += len(line)


def whole_lines(data: bytes) -> int:
    """How much of it are whole lines; all of it, where not one is."""
    return data.rfind(b"\n") + 1 or len(whole_characters(data))


def whole_characters(data: bytes) -> bytes:
    """Without the beginning of a character of which the rest is missing."""
    cut = len(data)
    while cut and len(data) - cut < 3 and data[cut - 1] & 0xC0 == 0x80:
        cut -= 1
    lead = data[cut - 1] if cut else 0
    needs = 4 if lead >= 0xF0 else 3 if lead >= 0xE0 else 2 if lead >= 0xC0 else 1
    return data[: cut - 1] if cut > 1 and needs > len(data) - cut + 1 else data


def whole_marks(data: bytes) -> int:
    """How much of it has no beginning of a mark at its end."""
    last = data.rfind(MARK[:1])
    return last if last > 0 and b"\n" not in data[last:] else len(data)


def pieces_of(part: Opened) -> Iterator[Piece]:
    """Of a packed part the middle may be left out too: a line in it says so."""
    if part.packed is None:
        yield from (Piece(begin, size, part, file) for file, (begin, size) in enumerate(part.places()))
        return
    text = unpacked(part.packed)
    gap = LEFT_OUT.search(text)
    if gap is None:
        yield Piece(0, len(text), text)
        return
    head, rest = text[: gap.start()], text[gap.end() :]
    yield Piece(0, len(head), head)
    yield Piece(len(head) + int(gap[1].replace(b",", b"")), len(rest), rest)
