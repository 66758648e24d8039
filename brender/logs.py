"""Logs of orders: one file for each, a section for each task.

How does this work?  `write` appends what a worker sent to `STATE/logs/JOB/ORDER.log`; a line that begins
with `MARK` and the task's index opens each section, so that one task can be cut out again.  A log
never grows past `MOST` bytes: its end says that the rest was not kept.  Files are kept open for as long
as their order runs.  A disk that cannot take a log costs that log, not the farm.  Names of jobs and
steps never become part of a path.
"""

from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from twisted.logger import Logger

MARK = b"\x1etask "  # a record separator, then the index
MOST = 64 * 2**20
OPEN_FILES = 128


class Logs:
    log = Logger()

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: OrderedDict[int, BinaryIO] = OrderedDict()
        self._sections: dict[int, int] = {}  # order -> the task whose section is open
        self._unwritable: set[int] = set()

    def path(self, job: int, order: int) -> Path:
        return self._folder / str(job) / f"{order}.log"

    def write(self, job: int, order: int, task: int, text: str) -> None:
        if order in self._unwritable:
            return
        try:
            self._append(self._file(job, order), order, task, text)
        except OSError as error:
            self._give_up(order, error)

    def _append(self, file: BinaryIO, order: int, task: int, text: str) -> None:
        if file.tell() > MOST:
            return
        if self._sections.get(order) != task:
            self._sections[order] = task
            file.write(b"%s%d\n" % (MARK, task))
        data = text.replace("\x1e", "\u241e").encode("utf-8", "backslashreplace")
        file.write(data)
        if file.tell() > MOST:
            file.write(b"\n[This log is longer than %d MB; the rest was not kept.]\n" % (MOST >> 20))

    def end(self, order: int) -> None:
        """The order is over: its file is closed."""
        self._sections.pop(order, None)
        self._unwritable.discard(order)
        if file := self._files.pop(order, None):
            self._shut(file)

    def _give_up(self, order: int, error: OSError) -> None:
        self._unwritable.add(order)
        if file := self._files.pop(order, None):
            with suppress(OSError):
                file.close()
        self.log.error("The log of order {order} cannot be written and is not kept: {error}", order=order, error=error)

    def _shut(self, file: BinaryIO) -> None:
        try:
            file.close()
        except OSError as error:
            self.log.error("The end of a log could not be written: {error}", error=error)

    def close(self) -> None:
        for order in list(self._files):
            self.end(order)

    def read(self, job: int, order: int, task: int | None = None) -> str:
        """The log of an order, or of one of its tasks; empty when nothing has come yet."""
        if file := self._files.get(order):
            with suppress(OSError):
                file.flush()
        try:
            data = self.path(job, order).read_bytes()
        except OSError:  # there is none
            return ""
        sections = [section.partition(b"\n") for section in data.split(MARK)[1:]]
        wanted = None if task is None else b"%d" % task
        texts = [text for index, _, text in sections if wanted is None or index == wanted]
        return b"".join(texts).decode("utf-8", "replace")

    def _file(self, job: int, order: int) -> BinaryIO:
        if file := self._files.get(order):
            self._files.move_to_end(order)
            return file
        path = self.path(job, order)
        path.parent.mkdir(parents=True, exist_ok=True)
        file = self._files[order] = path.open("ab")
        if len(self._files) > OPEN_FILES:
            _, oldest = self._files.popitem(last=False)
            self._shut(oldest)
        return file
