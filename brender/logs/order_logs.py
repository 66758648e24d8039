"""Logs of orders: one file for each, a section for each task; packed when the order is over, and not kept for ever.

How does this work?  `write` appends what a worker sent to `STATE/logs/JOB/ORDER.log`; a mark opens the section of each
task, so that one task can be cut out again.  A log keeps at most `limit` bytes, its beginning and its end.  Files are
kept open for as long as their order runs; when it has ended the file is packed, by `later`, which does things in
a thread of its own; reading knows both kinds.  `tidy` packs what was left and removes whole jobs' logs by age and size.
A disk that cannot take a log costs that log, not the farm.  Names of jobs and steps never become part of a path.
"""

import os
import re
import shutil
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO, NamedTuple

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.logger import Logger

from brender.farm.interfaces import LogPage
from brender.logs.files import MARK, Opened, Part, order_of, pack, parts_of, sections
from brender.logs.pages import Pieces

LIMIT = 64 * 2**20  # bytes of a log
OPEN_FILES = 128
MOST_WAITING = 1000  # logs that wait to be packed; of more, `tidy` takes care
GONE = ".gone"  # at the end of a folder's name: it is being removed

Later = Callable[..., Deferred[Any]]


@dataclass(slots=True)
class Writing:
    """A log that is being written, and the file that it is written to now."""

    part: Part
    file: BinaryIO
    begin: int  # where the file begins in the whole
    most: int  # bytes of the file
    task: int | None = None  # whose section is open in the file

    @property
    def full(self) -> bool:
        return self.file.tell() >= self.most


class Kept(NamedTuple):
    """How long logs are kept; 0 for ever, or without a limit."""

    seconds: float = 0.0
    size: int = 0  # bytes of all


ALL_OF_IT = Kept()


class JobLogs(NamedTuple):
    newest: float  # when it was written last
    size: int
    folder: Path


class Logs:
    log = Logger()

    def __init__(self, folder: Path, limit: int = LIMIT, later: Later = maybeDeferred) -> None:
        self._folder = folder
        self._limit = limit
        self._later = later
        self._open: OrderedDict[int, Writing] = OrderedDict()
        self._written: dict[int, int] = {}  # orders that have written since the start -> their jobs
        self._unwritable: set[int] = set()
        self._waiting = 0  # logs to be packed
        self._closed = False
        self._lock = Lock()  # held for the moment in which a packed file takes the place of another

    def folder(self, job: int) -> Path:
        return self._folder / str(job)

    def path(self, job: int, order: int) -> Path:
        return self.folder(job) / f"{order}.log"

    # --- writing

    def write(self, job: int, order: int, task: int, text: str) -> None:
        if order in self._unwritable:
            return
        try:
            self._append(self._writing(job, order), task, text)
        except OSError as error:
            self._give_up(order, error)

    def _append(self, writing: Writing, task: int, text: str) -> None:
        if writing.full:
            self._turn(writing)
        if writing.task != task:
            writing.task = task
            writing.file.write(b"%s%d\n" % (MARK, task))
        writing.file.write(text.replace("\x1e", "\u241e").encode("utf-8", "backslashreplace"))

    def _turn(self, writing: Writing) -> None:
        """Go on in a new segment; of those before, the newest stays."""
        begin = writing.begin + writing.file.tell()
        writing.file.close()
        writing.file = writing.part.segment(begin).open("ab")
        writing.begin, writing.most, writing.task = begin, self._limit // 4, None
        writing.part.forget_middle()

    def end(self, order: int) -> None:
        """The order is over: its file is closed and packed."""
        self._unwritable.discard(order)
        job = self._written.pop(order, None)
        if writing := self._open.pop(order, None):
            self._shut(writing)
        if job is not None and self._waiting < MOST_WAITING:
            self._waiting += 1
            self._later(self._pack, job, order).addBoth(self._packed)

    def _packed(self, result: Any) -> None:
        self._waiting -= 1
        if result is not None:
            self.log.failure("A log could not be packed", result)

    def _give_up(self, order: int, error: OSError) -> None:
        self._unwritable.add(order)
        self._written.pop(order, None)
        if writing := self._open.pop(order, None):
            with suppress(OSError):
                writing.file.close()
        self.log.error("The log of order {order} cannot be written and is not kept: {error}", order=order, error=error)

    def _shut(self, writing: Writing) -> None:
        try:
            writing.file.close()
        except OSError as error:
            self.log.error("The end of a log could not be written: {error}", error=error)

    def close(self) -> None:
        self._closed = True  # what is not packed will be, after the next start
        while self._open:
            self._shut(self._open.popitem()[1])

    def _writing(self, job: int, order: int) -> Writing:
        if writing := self._open.get(order):
            self._open.move_to_end(order)
            return writing
        folder = self.folder(job)
        folder.mkdir(parents=True, exist_ok=True)
        if folder.is_symlink():
            raise OSError(f"{folder} is a link")
        with self._lock:
            writing = self._open[order] = self._reopened(self._parts(job, order)[-1])
        self._written[order] = job
        if len(self._open) > OPEN_FILES:
            self._shut(self._open.popitem(last=False)[1])
        return writing

    def _reopened(self, part: Part) -> Writing:
        writing = Writing(part, part.path.open("ab"), 0, self._limit // 2)
        if writing.full and (segments := part.segments()):
            writing.file.close()
            begin, path = segments[-1]
            return Writing(part, path.open("ab"), begin, self._limit // 4)
        return writing

    def _parts(self, job: int, order: int) -> list[Part]:
        return list(parts_of(self.folder(job), order))

    # --- reading

    def read(self, job: int, order: int, task: int | None = None) -> str:
        """The log of an order, or of one of its tasks; empty when nothing has come yet."""
        self._flush(order)
        return self._read(job, order, task)

    def reading(self, job: int, order: int, task: int | None = None, end: int = 0) -> Deferred[str]:
        """The same in the other thread; with `end`, at least so many bytes of the end."""
        self._flush(order)
        if end and task is None:
            return self._later(self._read_end, job, order, end)
        return self._later(self._read, job, order, task)

    def page(
        self, job: int, order: int, begin: int, length: int, patterns: Sequence[re.Pattern[str]] = ()
    ) -> Deferred[LogPage | None]:
        """A part of the log of an order; None when there is none.  With patterns, where the first is found."""
        self._flush(order)
        return self._later(self._page, job, order, begin, length, patterns)

    def _flush(self, order: int) -> None:
        if writing := self._open.get(order):
            with suppress(OSError):
                writing.file.flush()

    # --- in any thread

    @contextmanager
    def _opened(self, job: int, order: int) -> Iterator[list[Opened]]:
        with self._lock:
            opened = [Opened(part) for part in self._parts(job, order)]
        try:
            yield opened
        finally:
            for each in opened:
                each.close()

    def _read(self, job: int, order: int, task: int | None) -> str:
        with self._opened(job, order) as opened:
            return sections(b"".join(each.whole() for each in opened), task).decode("utf-8", "replace")

    def _page(
        self, job: int, order: int, begin: int, length: int, patterns: Sequence[re.Pattern[str]]
    ) -> LogPage | None:
        with self._opened(job, order) as opened:
            pieces = Pieces(opened)
            if not pieces.end:
                return None
            found = pieces.page(begin, length)
            return found._replace(error=pieces.first_error(patterns)) if patterns else found

    def _read_end(self, job: int, order: int, most: int) -> str:
        end = b""
        with self._opened(job, order) as opened:
            while opened and len(end) < most:
                last = opened.pop()
                end = last.end(most - len(end)) + end
                last.close()
        return end.decode("utf-8", "replace")

    def _pack(self, job: int, order: int) -> None:
        def finish(put: Callable[[], None]) -> None:
            with self._lock:
                if order not in self._open:
                    put()

        for part in self._parts(job, order) if not self._closed else ():
            with suppress(FileNotFoundError):  # it was removed meanwhile
                pack(part, finish)

    # --- keeping

    def remove(self, job: int) -> Deferred[None]:
        """The logs of a job are not wanted any more."""
        return self._later(remove, self.folder(job))

    async def tidy(self, held: Collection[int], last_order: int, kept: Kept, now: float) -> None:
        """Pack what was left, then remove what is too old or too much, the oldest jobs first.

        `held` are the orders that clients hold; those after `last_order` are newer than the question.
        """
        held, found = frozenset(held), list[JobLogs]()
        for folder in await self._later(folders_in, self._folder):
            if logs := await self._later(self._look, folder, held, last_order):
                found.append(logs)
        for logs in too_much(sorted(found), kept, now):
            await self._later(remove, logs.folder)

    def _look(self, folder: Path, held: frozenset[int], last_order: int) -> JobLogs | None:
        """Pack what is over; what there is when nothing of the job runs."""
        try:
            orders = {order for order in map(order_of, os.listdir(folder)) if order is not None}
            over = {order for order in orders if order <= last_order and order not in held}
            for order in over.intersection(order_of(path.name) or 0 for path in folder.glob("*.log")):
                self._pack(int(folder.name), order)
            stats = [each.stat() for each in os.scandir(folder)]
        except OSError as error:
            self.log.warn("The logs in {folder} cannot be tidied: {error}", folder=folder, error=error)
            return None
        newest = max((each.st_mtime for each in (*stats, folder.stat())), default=0.0)
        return JobLogs(newest, sum(each.st_size for each in stats), folder) if over == orders else None


def folders_in(folder: Path) -> list[Path]:
    """Those of jobs, links left out; what is left of others that were being removed goes."""
    if not folder.is_dir():
        return []
    folders = list(folder.iterdir())
    for each in folders:
        if each.name.endswith(GONE):
            remove_all(each)
    return [each for each in folders if each.name.isdecimal() and not each.is_symlink()]


def too_much(found: list[JobLogs], kept: Kept, now: float) -> Iterator[JobLogs]:
    """Which jobs' logs go; the oldest come first."""
    size = sum(logs.size for logs in found)
    for logs in found:
        old = kept.seconds > 0 and now - logs.newest > kept.seconds
        if old or (kept.size > 0 and size > kept.size):
            size -= logs.size
            yield logs


def remove(folder: Path) -> None:
    """A folder that another name hides at once, however long its files take to go."""
    hidden = folder.with_name(folder.name + GONE)
    with suppress(OSError):
        folder.rename(hidden)
    remove_all(hidden)


def remove_all(folder: Path) -> None:
    """Of a link nothing but the link."""
    with suppress(OSError):
        folder.unlink() if folder.is_symlink() else shutil.rmtree(folder, ignore_errors=True)
