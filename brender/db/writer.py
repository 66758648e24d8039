"""The writer: one thread that owns the database, and a queue of rows in front of it.

How does this work?  `write` puts a group of rows (a table and a tuple each) on the queue and gives a Deferred;
`perform` does the same with a function of the database.  The thread takes all that is queued, up to `MOST` rows, lets a
later row of the same primary key replace an earlier one, and commits once; then the Deferreds fire in the reactor
thread, in the order of the calls, for `SHARE` of a turn and then in the next one.  A row is the whole of its object as
it is now, and none that the farm still has is ever taken out of a table, so nothing is missed when the earlier one was
never written: what happened to an order stands in its last row.

A commit that fails is tried again for as long as that may help (`troubles`), with a pause that grows to `PAUSES[-1]`
seconds; whoever `listener` is hears what is wrong, and "" when it is over.  Meanwhile everybody waits and nothing is
lost.  What does not pass ends the writer for good: every Deferred fails with the reason, and `failed` is called with
it.  `close` waits `LAST` seconds of pauses more for a database that cannot be written.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from math import inf
from queue import SimpleQueue
from threading import Event, Thread
from time import perf_counter, sleep
from typing import Any

from peewee import Database, IntegrityError, Model
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from brender.db.models import KEYS
from brender.db.troubles import Fate, GivenUp, Trouble, first_line, source, trouble_of
from brender.db.upserts import Upserts
from brender.farm.interfaces import WritePath
from brender.farm.transitions import NotNow

Row = tuple[Any, ...]
Rows = Sequence[tuple[type[Model], Row]]
PAUSES = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)  # seconds before a failed commit is tried again; the last one for ever
TRIES = 5  # of a commit that fails for a reason that nobody knows
LAST = 5.0  # seconds of pauses that the end of the server may take
MOST = 500  # rows in one commit
SHARE = 0.004  # seconds of a turn of the reactor
NEWEST = 0.05  # the weight of the last commit in the mean


class WriteFailed(NotNow):
    """The database cannot be written (any more); the message is a sentence for people."""


class NotWritten(Exception):
    """The server is to end, and the database still cannot be written."""


class Work:
    """Something for the writer: rows, or a function of the database, and who waits for it."""

    __slots__ = ("answer", "answered", "call", "done", "rows")

    def __init__(self, rows: Rows, call: Callable[[Database], Any] | None = None) -> None:
        self.rows = rows
        self.call = call
        self.answer: Any = None
        self.answered = False  # a commit that is tried again does not call it again
        self.done: Deferred[Any] = Deferred()

    @property
    def size(self) -> int:
        """Rows; somebody who waits without any takes room too."""
        return len(self.rows) or 1


class Writer:
    log = Logger()

    def __init__(
        self,
        database: Database,
        in_reactor: Callable[..., Any],
        failed: Callable[[str], None],
        pause: Callable[[float], None] | None = None,
        release: Callable[[], None] = lambda: None,
        fence: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._in_reactor = in_reactor
        self._failed = failed
        self._pause = pause or self._rest
        self._release = release  # called when the database is closed
        self._fence = fence  # called in every transaction; raises `GivenUp` when the farm is another server's
        self._ended: Deferred[None] = Deferred()
        self._queue: SimpleQueue[Work | None] = SimpleQueue()
        self._written: deque[Work] = deque()  # and nobody has been told
        self._closing = Event()
        self._upserts = Upserts(database)
        self._refusal = ""  # why nothing is taken any more
        self._thread: Thread | None = None
        self.listener: Callable[[str], None] = lambda trouble: None
        self.figures = WritePath()

    # --- in the reactor thread

    @property
    def pending(self) -> int:
        """Rows that wait for their commit."""
        return self.figures.pending

    @property
    def commits(self) -> int:
        return self.figures.commits

    def start(self) -> None:
        self._thread = Thread(target=self.run, name="database", daemon=True)
        self._thread.start()

    def write(self, rows: Rows) -> Deferred[None]:
        return self._put(Work(rows))

    def perform(self, call: Callable[[Database], Any]) -> Deferred[Any]:
        """Run a function of the database in the writer's thread; fires with what it returns."""
        return self._put(Work((), call))

    def close(self) -> Deferred[None]:
        """Take nothing more; fires when all that is queued is written and the database is closed."""
        self._refusal = self._refusal or "The database is closed."
        self._queue.put(None)
        self._closing.set()
        return self._ended

    def join(self) -> None:
        if self._thread:
            self._thread.join()

    def _put(self, work: Work) -> Deferred[Any]:
        if self._refusal:
            work.done.errback(WriteFailed(self._refusal))
        else:
            self.figures.pending += work.size
            self._queue.put(work)
        return work.done

    def _finish(self, batch: list[Work]) -> None:
        waited = bool(self._written)
        self._written.extend(batch)
        if not waited:
            self._tell_some()

    def _tell_some(self, share: float = SHARE) -> None:
        until = perf_counter() + share
        while self._written and perf_counter() < until:
            work = self._written.popleft()
            self.figures.pending -= work.size
            if isinstance(work.answer, Exception):
                work.done.errback(work.answer)
            else:
                work.done.callback(work.answer)
        if self._written:
            self._in_reactor(self._tell_some)

    def _end(self) -> None:
        self._tell_some(inf)
        self._ended.callback(None)

    def _tell(self, trouble: str) -> None:
        self.figures.trouble = trouble
        self.listener(trouble)

    def _break(self, reason: str, batch: list[Work]) -> None:
        """Nothing is written any more; whoever waits hears why, the server too."""
        self._tell_some(inf)
        self._refusal = reason
        for work in [*batch, *self._left()]:
            self.figures.pending -= work.size
            work.done.errback(WriteFailed(reason))
        self._failed(reason)

    def _left(self) -> list[Work]:
        """What is queued, once the thread has ended."""
        left: list[Work] = []
        while not self._queue.empty():
            left += [work for work in [self._queue.get()] if work]
        return left

    # --- in the database's thread

    def run(self) -> None:
        batch: list[Work] = []
        try:
            while batch := self._take():
                self._commit_in_the_end(batch)
                self._in_reactor(self._finish, batch)
        except Exception as error:  # whatever it is, nobody may wait for ever
            self._in_reactor(self._break, self._reason(error), batch)
        finally:
            with suppress(Exception):  # its connection may be what is broken
                self._database.close()
            self._release()
            self._in_reactor(self._end)

    def _reason(self, error: Exception) -> str:
        if isinstance(error, GivenUp):
            return str(error)
        if isinstance(error, NotWritten):
            return (
                f"The server has stopped before the database {self._database.database} could be written: {error}. What "
                "workers did last they will bring again; what nobody was told is done has to be asked for again."
            )
        return f"The database {self._database.database} cannot be used: {source(error)}. What was acknowledged is safe."

    def _take(self) -> list[Work]:
        batch: list[Work] = []
        rows = 0
        while (not batch or not self._queue.empty()) and rows < MOST:
            work = self._queue.get()
            if work is None:
                if batch:
                    self._queue.put(None)
                break
            batch.append(work)
            rows += len(work.rows)
        return batch

    def _commit_in_the_end(self, batch: list[Work]) -> None:
        """Commit it, however long that takes; raises what does not pass."""
        told = ""
        last = 0.0
        for tried, pause in enumerate(pauses(), 1):
            try:
                self._commit(batch)
                break
            except Exception as raised:
                trouble, error = trouble_of(raised), source(raised)
                if trouble.fate is Fate.STOP or (trouble.fate is Fate.TRY and tried > TRIES):
                    raise
                told = self._note(trouble, error, told)
                last += pause if self._closing.is_set() else 0.0
                if last > LAST:
                    raise NotWritten(f"{trouble.words} ({first_line(error)})") from error
            self._pause(pause)
        if told:
            self.log.info("The database {name} can be written again", name=self._database.database)
            self._in_reactor(self._tell, "")

    def _note(self, trouble: Trouble, error: BaseException, told: str) -> str:
        """Say what is wrong, once; what was said."""
        self.figures.tries_again += 1
        sentence = f"The database {self._database.database} cannot be written: {trouble.words} ({first_line(error)})"
        if sentence != told:
            self.log.warn("{sentence}; it is tried again until it can", sentence=sentence)
            self._in_reactor(self._tell, sentence)
        if trouble.reopen:
            with suppress(Exception):  # what is broken may not be closed properly
                self._database.close()
        return sentence

    def _rest(self, seconds: float) -> None:
        """Wait; the end of the server cuts it short, once."""
        if self._closing.is_set():
            sleep(seconds)
        else:
            self._closing.wait(seconds)

    def _commit(self, batch: list[Work]) -> None:
        begun = perf_counter()
        self._database.connect(reuse_if_open=True)
        tables = coalesced(batch)
        with self._database.atomic():
            self._fence()
            for model, rows in tables.items():
                self._upserts.put(model, list(rows.values()))
        for work in batch:
            if work.call and not work.answered:
                work.answer = self._answer(work.call)
                work.answered = True
        self._count(sum(map(len, tables.values())), perf_counter() - begun)

    def _count(self, rows: int, seconds: float) -> None:
        figures = self.figures
        figures.commits += 1
        figures.rows += rows
        figures.seconds += seconds
        figures.seconds_last = seconds
        figures.seconds_mean += (NEWEST if figures.commits > 1 else 1.0) * (seconds - figures.seconds_mean)

    def _answer(self, call: Callable[[Database], Any]) -> Any:
        try:
            with self._database.atomic():
                self._fence()
                return call(self._database)
        except Exception as error:
            if trouble_of(error).fate is Fate.TRY or isinstance(error, IntegrityError):
                return error
            raise  # the database's own trouble: tried again like a commit


def pauses() -> Iterator[float]:
    """Seconds, growing, without end."""
    yield from PAUSES
    while True:
        yield PAUSES[-1]


def coalesced(batch: Iterable[Work]) -> dict[type[Model], dict[Row, Row]]:
    """The rows of a batch by table and primary key; of two rows with one key the later stays."""
    latest: dict[type[Model], dict[Row, Row]] = {}
    for work in batch:
        for model, row in work.rows:
            latest.setdefault(model, {})[row[: KEYS[model]]] = row
    return latest
