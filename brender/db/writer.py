"""The writer: one thread that owns the database, and a queue of rows in front of it.

How does this work?  `write` puts a group of rows (a table and a tuple each) on the queue and gives a
Deferred; `perform` does the same with a function of the database.  The thread takes all that is
queued, up to `MOST` rows, lets a later row of the same primary key replace an earlier one, and commits
once; then the Deferreds fire in the reactor thread, in the order of the calls.  A commit that fails, for
whatever reason, is tried again after each of `PAUSES`; when none helps the writer stops for good, every
Deferred fails with the reason, and `failed` is called with it.  Nothing else touches the database.
"""

from collections.abc import Callable, Iterable, Sequence
from queue import SimpleQueue
from threading import Thread
from time import sleep
from typing import Any

from peewee import Database, InternalError, Model, OperationalError
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from brender.db.models import KEYS

Row = tuple[Any, ...]
Rows = Sequence[tuple[type[Model], Row]]
PAUSES = (0.05, 0.2, 1.0, 3.0)  # seconds before a failed commit is tried again
MOST = 500  # rows in one commit


class WriteFailed(Exception):
    """The database cannot be written (any more); the message is a sentence for people."""


class Work:
    """Something for the writer: rows, or a function of the database, and who waits for it."""

    __slots__ = ("answer", "answered", "call", "done", "rows")

    def __init__(self, rows: Rows, call: Callable[[Database], Any] | None = None) -> None:
        self.rows = rows
        self.call = call
        self.answer: Any = None
        self.answered = False  # a commit that is tried again does not call it again
        self.done: Deferred[Any] = Deferred()


class Writer:
    log = Logger()

    def __init__(
        self,
        database: Database,
        in_reactor: Callable[..., Any],
        failed: Callable[[str], None],
        pause: Callable[[float], None] = sleep,
        release: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._in_reactor = in_reactor
        self._failed = failed
        self._pause = pause
        self._release = release  # called when the database is closed
        self._ended: Deferred[None] = Deferred()
        self._queue: SimpleQueue[Work | None] = SimpleQueue()
        self._upserts: dict[type[Model], str] = {}
        self._refusal = ""  # why nothing is taken any more
        self._thread: Thread | None = None
        self.pending = 0  # rows that wait for their commit
        self.commits = 0

    # --- in the reactor thread

    def start(self) -> None:
        self._thread = Thread(target=self.run, name="database", daemon=True)
        self._thread.start()

    def write(self, rows: Rows) -> Deferred[None]:
        self.pending += len(rows)
        return self._put(Work(rows))

    def perform(self, call: Callable[[Database], Any]) -> Deferred[Any]:
        """Run a function of the database in the writer's thread; fires with what it returns."""
        return self._put(Work((), call))

    def close(self) -> Deferred[None]:
        """Take nothing more; fires when all that is queued is written and the database is closed."""
        self._refusal = self._refusal or "The database is closed."
        self._queue.put(None)
        return self._ended

    def join(self) -> None:
        if self._thread:
            self._thread.join()

    def _put(self, work: Work) -> Deferred[Any]:
        if self._refusal:
            self.pending -= len(work.rows)
            work.done.errback(WriteFailed(self._refusal))
        else:
            self._queue.put(work)
        return work.done

    def _finish(self, batch: list[Work]) -> None:
        for work in batch:
            self.pending -= len(work.rows)
            if isinstance(work.answer, Exception):
                work.done.errback(work.answer)
            else:
                work.done.callback(work.answer)

    def _break(self, reason: str, batch: list[Work]) -> None:
        self._refusal = reason
        for work in [*batch, *self._left()]:
            self.pending -= len(work.rows)
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
        try:
            while batch := self._take():
                self._try_commit(batch)
                self.commits += 1
                self._in_reactor(self._finish, batch)
        except Exception as error:  # whatever it is, nobody may wait for ever
            reason = f"The database {self._database.database} cannot be used: {error}. What was acknowledged is safe."
            self._in_reactor(self._break, reason, batch)
        finally:
            if not self._database.is_closed():
                self._database.close()
            self._release()
            self._in_reactor(self._ended.callback, None)

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

    def _try_commit(self, batch: list[Work]) -> None:
        for pause in PAUSES:
            try:
                return self._commit(batch)
            except Exception as error:
                self.log.warn("A commit failed and is tried again in {pause} s: {error}", pause=pause, error=error)
                self._pause(pause)
        return self._commit(batch)

    def _commit(self, batch: list[Work]) -> None:
        self._database.connect(reuse_if_open=True)
        if tables := coalesced(batch):
            with self._database.atomic():
                for model, rows in tables.items():
                    self._database.cursor().executemany(self._upsert(model), list(rows.values()))  # type: ignore[no-untyped-call]
        for work in batch:
            if work.call and not work.answered:
                work.answer = self._answer(work.call)
                work.answered = True

    def _answer(self, call: Callable[[Database], Any]) -> Any:
        try:
            return call(self._database)
        except (OperationalError, InternalError):
            raise  # the database's own trouble: tried again like a commit
        except Exception as error:
            return error

    def _upsert(self, model: type[Model]) -> str:
        """peewee's own upsert of a whole row, as text for `executemany`."""
        if model not in self._upserts:
            fields = list(model._meta.sorted_fields)
            keys = KEYS[model]
            query = model.insert(dict.fromkeys(fields)).on_conflict(
                conflict_target=fields[:keys], preserve=fields[keys:]
            )
            self._upserts[model] = query.sql()[0]
        return self._upserts[model]


def coalesced(batch: Iterable[Work]) -> dict[type[Model], dict[Row, Row]]:
    """The rows of a batch by table and primary key; of two rows with one key the later stays."""
    latest: dict[type[Model], dict[Row, Row]] = {}
    for work in batch:
        for model, row in work.rows:
            latest.setdefault(model, {})[row[: KEYS[model]]] = row
    return latest
