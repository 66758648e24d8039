"""Logs of orders: one file for each, a section for each task.

How does this work?  `write` appends what a worker sent to `STATE/logs/JOB/ORDER.log`; a line that begins
with `MARK` and the task's index opens each section, so that one task can be cut out again.  A log
never grows past `MOST` bytes: what comes after is counted, and the count is told at its end.  Files are
kept open for as long as their order runs.  Names of jobs and steps never become part of a path.
"""

from collections import OrderedDict
from pathlib import Path
from typing import BinaryIO

MARK = b"\x1etask "  # a record separator, then the index
MOST = 64 * 2**20
OPEN_FILES = 128


class Logs:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: OrderedDict[int, BinaryIO] = OrderedDict()
        self._sections: dict[int, int] = {}  # order -> the task whose section is open

    def path(self, job: int, order: int) -> Path:
        return self._folder / str(job) / f"{order}.log"

    def write(self, job: int, order: int, task: int, text: str) -> None:
        file = self._file(job, order)
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
        if file := self._files.pop(order, None):
            file.close()

    def close(self) -> None:
        for order in list(self._files):
            self.end(order)

    def read(self, job: int, order: int, task: int | None = None) -> str:
        """The log of an order, or of one of its tasks; empty when nothing has come yet."""
        if file := self._files.get(order):
            file.flush()
        try:
            data = self.path(job, order).read_bytes()
        except FileNotFoundError:
            return ""
        sections = [section.partition(b"\n") for section in data.split(MARK)[1:]]
        return b"".join(text for index, _, text in sections if task is None or int(index) == task).decode(
            "utf-8", "replace"
        )

    def _file(self, job: int, order: int) -> BinaryIO:
        if file := self._files.get(order):
            self._files.move_to_end(order)
            return file
        path = self.path(job, order)
        path.parent.mkdir(parents=True, exist_ok=True)
        file = self._files[order] = path.open("ab")
        if len(self._files) > OPEN_FILES:
            _, oldest = self._files.popitem(last=False)
            oldest.close()
        return file
