"""The files of one order's log: what is written, what is left out of a long one, and what is packed.

How does this work?  A log begins in `ORDER.log`.  When that has half of what a log may have, the text goes on in
segments (`ORDER.log.FROM`, named by the place in the whole where each begins), of which the newest two stay: so a log
without end keeps its beginning and its end.  `pack` makes `ORDER.log.gz` of all that and then takes the rest away;
what comes later is another part (`ORDER-1.log`).  Where there is a packed file, the others of its part do not count:
so whoever is ended in between leaves nothing that is read twice.  A line that begins with `MARK` and a number
opens the section of a task.  Neither a file nor a job's folder that is a link is read or packed: it may lead anywhere.
"""

import gzip
import os
import re
import stat
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from itertools import count
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

MARK = b"\x1etask "  # a record separator, then the index
MARKS = re.compile(rb"\x1etask \d+\n")
SEGMENTS = 2  # that are kept of the end
LEVEL = 6  # of compression
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
DAMAGED = b"\n[The rest of this log is damaged and cannot be read.]\n"


class Part(NamedTuple):
    """One part of an order's log; most have no other."""

    path: Path  # ORDER.log

    @property
    def packed(self) -> Path:
        return self.path.with_name(f"{self.path.name}.gz")

    def segments(self) -> list[tuple[int, Path]]:
        """What is there of the end: where each segment begins in the whole, and its file; oldest first."""
        names = self.path.parent.glob(f"{self.path.name}.*")
        return sorted((int(each.suffix[1:]), each) for each in names if each.suffix[1:].isdecimal())

    def segment(self, begin: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{begin}")

    def forget_middle(self) -> None:
        """Only the newest segments stay."""
        for _, path in self.segments()[:-SEGMENTS]:
            path.unlink(missing_ok=True)

    def sizes(self) -> dict[Path, int]:
        """The files that are not packed, links left out; the head is the first."""
        files = (self.path, *(path for _, path in self.segments()))
        return {each: each.stat().st_size for each in files if each.is_file() and not each.is_symlink()}


def parts_of(folder: Path, order: int) -> Iterator[Part]:
    """All parts of an order's log, oldest first; the last one is not packed, and may not be there."""
    for number in count():
        part = Part(folder / (f"{order}-{number}.log" if number else f"{order}.log"))
        yield part
        if not part.packed.exists():
            return


def order_of(name: str) -> int | None:
    """The order that a file belongs to; none for a file of others."""
    found = re.match(r"(\d+)(-\d+)?\.log", name)
    return int(found[1]) if found else None


class Opened:
    """A part that is open for reading: it stays whole, even when it is packed meanwhile."""

    def __init__(self, part: Part) -> None:
        self._stack = ExitStack()
        self.packed = self._open(part.packed)
        self.head = None if self.packed else self._open(part.path)
        found = ((begin, self._open(path)) for begin, path in (part.segments() if self.head else []))
        self.segments = [(begin, file) for begin, file in found if file]

    def _open(self, path: Path) -> BinaryIO | None:
        with suppress(OSError):  # there is none any more, or it is a link
            return self._stack.enter_context(opened(path))
        return None

    def close(self) -> None:
        self._stack.close()

    def whole(self) -> bytes:
        """Everything, with a line for what was left out."""
        if self.packed:
            return unpacked(self.packed)
        head = self.head.read() if self.head else b""
        between = [left_out(self.segments[0][0] - len(head))] if self.segments else []
        return b"".join([head, *between, *(file.read() for _, file in self.segments)])

    def places(self) -> list[tuple[int, int]]:
        """Where each file begins in the whole, and its size now: the head, then the segments."""
        files = [(0, self.head), *self.segments] if self.head else []
        return [(begin, os.fstat(file.fileno()).st_size) for begin, file in files]

    def read(self, number: int, begin: int, length: int) -> bytes:
        """A part of one of these files."""
        file = self.segments[number - 1][1] if number else cast("BinaryIO", self.head)
        return os.pread(file.fileno(), length, begin)

    def end(self, most: int) -> bytes:
        """At least so much of the end as is asked for, without marks; of what is not packed, no more is read."""
        last = self.segments[-1][1] if self.segments else self.head
        if last and (size := os.fstat(last.fileno()).st_size) > 2 * most + len(MARK) + 20:
            last.seek(size - 2 * most)
            _, _, lines = last.read().partition(b"\n")  # the first one is not whole
            if len(end := MARKS.sub(b"", lines)) >= most:
                return end
            last.seek(0)
        return MARKS.sub(b"", self.whole())


def opened(path: Path) -> BinaryIO:
    """A file in a folder, both without a link in their place; raises `OSError`."""
    folder = os.open(path.parent, FOLDER)
    try:
        file = os.open(path.name, FILE, dir_fd=folder)
    finally:
        os.close(folder)
    if stat.S_ISREG(os.fstat(file).st_mode):
        return os.fdopen(file, "rb")
    os.close(file)
    raise OSError(f"{path} is no file")


def left_out(size: int) -> bytes:
    return b"\n[Here %s bytes are left out: of a long log the beginning and the end are kept.]\n" % f"{size:,}".encode()


def unpacked(file: BinaryIO) -> bytes:
    """All of a packed file that can be read."""
    inside = zlib.decompressobj(zlib.MAX_WBITS | 16)  # of gzip
    whole: list[bytes] = []
    with suppress(OSError, zlib.error):
        while piece := file.read(1 << 16):
            whole.append(inside.decompress(piece))
    return b"".join(whole if inside.eof else [*whole, DAMAGED])


def sections(data: bytes, task: int | None) -> bytes:
    """The text of a task, or of all, without the marks."""
    parts = (section.partition(b"\n") for section in data.split(MARK)[1:])
    return b"".join(text for index, _, text in parts if task is None or index == b"%d" % task)


def pack(part: Part, finish: Callable[[Callable[[], None]], None] = lambda put: put()) -> None:
    """Compress a part that nobody writes now.

    `finish` is called with what puts the packed file into its place; it may leave that out, and nothing is changed.
    Raises `OSError`.
    """
    if part.path.parent.is_symlink():  # its files are others'
        return None
    if part.packed.exists():  # somebody was ended before he had taken the rest away
        return remove(part.sizes())
    before = part.sizes()
    if part.path not in before:
        return None
    new = part.packed.with_name(f"{part.packed.name}.part")
    write_packed(new, part)

    def put() -> None:
        if part.sizes() == before:  # or else somebody has written to it: another time
            os.replace(new, part.packed)
            remove(before)

    try:
        finish(put)
    finally:
        new.unlink(missing_ok=True)
    return None


def write_packed(new: Path, part: Part) -> None:
    """Compress into a new file, and have that on the disk."""
    opened = Opened(part)
    try:
        text = opened.whole()
    finally:
        opened.close()
    with new.open("wb") as out:
        with gzip.GzipFile("", "wb", LEVEL, cast("BinaryIO", out), mtime=0) as inside:
            inside.write(text)
        out.flush()
        os.fsync(out.fileno())


def remove(files: dict[Path, int]) -> None:
    for path in files:
        path.unlink(missing_ok=True)
