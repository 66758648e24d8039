"""Results that the server has not acknowledged, kept on the worker's disk until it has.

How does this work?  `keep` writes a line to the file before anybody is told, `forget` empties the file when nothing is
left to acknowledge, and `Journal` reads it when the worker starts: one that was killed after a task and before the
acknowledgement still reports it.  A line is written and not synced: what was written outlives the death of the
process, and after a power cut the frame itself may be missing on the disk, so that it has to be run again anyway.
Results that are acknowledged may be read again when others of the same file are not; to say one twice does no harm.
A disk that is full loses nothing while the worker lives: all is in memory too, and is written when there is room.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import msgspec
from twisted.logger import Logger

from brender.protocols import messages as say
from brender.protocols.codec import encode

COMPACT_AT = 2**20  # bytes of a file in which there is always something that waits

Key = tuple[int, int]  # order, task


class Results:
    """Those that wait for their acknowledgement, in memory."""

    def __init__(self) -> None:
        self.waiting: dict[Key, say.Result] = {}

    def keep(self, result: say.Result) -> None:
        self.waiting[result.order, result.task] = result

    def forget(self, keys: Iterable[Key]) -> None:
        for key in keys:
            self.waiting.pop(key, None)


class Journal(Results):
    """The same, and on disk.  Raises `OSError` when the file cannot be had at all."""

    log = Logger()

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._compact_at = COMPACT_AT
        self._behind = ""  # why something could not be written
        self._file = open_file(path)
        for result in read(path):
            super().keep(result)
        self._size = os.fstat(self._file).st_size  # as far as it is good
        if self._size:
            self._write_anew()  # without a last line that was not written to its end

    def keep(self, result: say.Result) -> None:
        super().keep(result)
        if self._behind or self._size > self._compact_at:
            self._write_anew()
        else:
            self._append(encode(result))

    def forget(self, keys: Iterable[Key]) -> None:
        super().forget(keys)
        if not self.waiting and self._size:
            os.ftruncate(self._file, 0)
            self._size, self._behind, self._compact_at = 0, "", COMPACT_AT

    def mend(self) -> str:
        """Write what could not be written before; gives the reason when that is still so."""
        if self._behind:
            self._write_anew()
        return self._behind

    def close(self) -> None:
        """A file with nothing in it is not left behind."""
        os.close(self._file)
        if not self.waiting:
            self._path.unlink(missing_ok=True)

    def _append(self, line: bytes) -> None:
        try:
            if os.write(self._file, line) < len(line):
                raise OSError("the disk is full")
            self._size += len(line)
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._file, self._size)
            self.fall_behind(error)

    def _write_anew(self) -> None:
        """Only what still waits, in a file that takes the place of the old one when it is whole."""
        beside = self._path.with_suffix(".new")
        try:
            beside.touch(0o600)
            beside.write_bytes(b"".join(map(encode, self.waiting.values())))
            file = open_file(beside)
            os.replace(beside, self._path)
        except OSError as error:
            with suppress(OSError):
                beside.unlink(missing_ok=True)
            self.fall_behind(error)
            return
        os.close(self._file)
        self._file, self._behind = file, ""
        self._size = os.fstat(file).st_size
        self._compact_at = max(COMPACT_AT, 2 * self._size)

    def fall_behind(self, error: OSError) -> None:
        if not self._behind:
            self.log.warn("Results cannot be kept in {path} for now: {error}", path=self._path, error=error)
        self._behind = f"results cannot be kept in {self._path}: {error}"


def open_file(path: Path) -> int:
    """For nobody else to read, tasks of another account included."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.fchmod(file, 0o600)
    return file


def read(path: Path) -> list[say.Result]:
    """Every result in the file; a line that was not written to its end is left out."""
    results = []
    for line in path.read_bytes().splitlines():
        with suppress(msgspec.DecodeError, UnicodeDecodeError):
            results.append(msgspec.json.decode(line, type=say.Result))
    return results
