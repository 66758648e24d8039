"""The pictures of one job on the disk, however many there are: a few files, and nothing in memory.

How does this work?  `pictures` has the JPEGs one after the other, as they came.  `STEP.index` has a record for each
task, at the task's own place: where its newest picture is, and what it is like.  `order` has a step and a task for each
picture, as they came: its length says how many there were, its end which is the newest.  A picture that is made again
is appended, and the record goes over to it.  Nothing is synced: a picture that a crash has torn is known by its
checksum, and is not there.  A step of a million tasks has an index of 32 MB with holes in it, which take no room.
"""

import os
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

from brender.farm.job import Shown

RECORD = struct.Struct("<QIHHIIIf")  # begin, length, width, height, number, checksum, seconds of the epoch, rate
PLACE = struct.Struct("<II")  # step, task
LOOK_BACK = 16  # pictures of the end, of which the newest may be torn


class Told(NamedTuple):
    """What comes with a picture."""

    step: int
    task: int
    size: tuple[int, int]
    when: float
    rate: float  # frames a second; 0 when nobody knows


class Found(NamedTuple):
    shown: Shown
    begin: int
    length: int


class Album:
    """Every method may raise `OSError`; one at a time may add."""

    def __init__(self, folder: Path) -> None:
        self._pictures = folder / "pictures"
        self._order = folder / "order"
        self._folder = folder

    # --- adding

    def add(self, told: Told, jpeg: bytes, most: int = 0) -> Shown | None:
        """Keep a picture; None when there are `most` bytes of them already."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._pictures.open("ab") as file:
            begin = file.tell()
            if most and begin + len(jpeg) > most:
                return None
            file.write(jpeg)
        number, checksum = self.count + 1, zlib.crc32(jpeg)
        record = RECORD.pack(begin, len(jpeg), *told.size, number, checksum, int(told.when), told.rate)
        write_at(self._index(told.step), told.task * RECORD.size, record)
        write_at(self._order, (number - 1) * PLACE.size, PLACE.pack(told.step, told.task))
        return found_in(record, told.step, told.task).shown

    # --- looking

    @property
    def count(self) -> int:
        """How many pictures have come."""
        with suppress(FileNotFoundError):
            return self._order.stat().st_size // PLACE.size
        return 0

    def newest(self) -> Shown | None:
        for back in (1, LOOK_BACK):
            if found := self.since(max(0, self.count - back), back):
                return found[-1]
        return None

    def since(self, number: int, limit: int) -> list[Shown]:
        """Of the `limit` pictures that came after this one, those that are still their task's newest."""
        places = read_at(self._order, number * PLACE.size, limit * PLACE.size)
        whole = places[: len(places) - len(places) % PLACE.size]
        with self._records() as find:
            found = [find(*place) for place in PLACE.iter_unpack(whole)]
        return [each.shown for came, each in enumerate(found, number + 1) if each and each.shown.number == came]

    def read(self, step: int, task: int) -> tuple[Shown, bytes] | None:
        """The newest picture of a task, when it is whole."""
        with self._records() as find:
            found = find(step, task)
        if found is None:
            return None
        jpeg = read_at(self._pictures, found.begin, found.length)
        return (found.shown, jpeg) if version_of(zlib.crc32(jpeg)) == found.shown.version else None

    # --- inside

    def _index(self, step: int) -> Path:
        return self._folder / f"{step}.index"

    @contextmanager
    def _records(self) -> Iterator[Callable[[int, int], Found | None]]:
        """Finds the record of a step's task; each index is opened once."""
        with ExitStack() as stack:

            @cache
            def index(step: int) -> int | None:
                with suppress(FileNotFoundError):
                    return stack.enter_context(self._index(step).open("rb", buffering=0)).fileno()
                return None

            def find(step: int, task: int) -> Found | None:
                file = index(step)
                record = b"" if file is None else os.pread(file, RECORD.size, task * RECORD.size)
                return found_in(record, step, task) if record.strip(b"\0") and len(record) == RECORD.size else None

            yield find


def found_in(record: bytes, step: int, task: int) -> Found:
    begin, length, width, height, number, checksum, when, rate = RECORD.unpack(record)
    shown = Shown(step, task, number, float(when), width, height, version_of(checksum), round(rate, 3))
    return Found(shown, begin, length)


def version_of(checksum: int) -> str:
    return f"{checksum:08x}"


def write_at(path: Path, begin: int, data: bytes) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        if os.pwrite(file, data, begin) != len(data):
            raise OSError(f"{path} was written in part only")
    finally:
        os.close(file)


def read_at(path: Path, begin: int, length: int) -> bytes:
    """So many bytes, or as many as there are."""
    with suppress(FileNotFoundError), path.open("rb", buffering=0) as file:
        return os.pread(file.fileno(), length, begin)
    return b""
