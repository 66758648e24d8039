"""Databases for tests: real SQLite files in folders that the test removes."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from peewee import Database, SqliteDatabase
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorFromThreads
from twisted.trial.unittest import SynchronousTestCase, TestCase

from brender.db import models
from brender.db.store import SqlStore, open_store, prepared
from brender.db.writer import Writer
from brender.farm.submission.planning import replan


def place(test: SynchronousTestCase) -> Path:
    """Where a database may be made."""
    return Path(test.mktemp()) / "brender.sqlite"


def ready(path: Path) -> Database:
    """A database with its tables, that waits for nobody who has locked it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    prepared(path)
    database = SqliteDatabase(str(path), pragmas={"journal_mode": "wal", "busy_timeout": 0}, autoconnect=False)
    models.database.initialize(database)
    return database


def rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    """What somebody else who opens the file sees."""
    with sqlite3.connect(path) as connection:
        found: list[tuple[Any, ...]] = connection.execute(query).fetchall()
    connection.close()
    return found


def execute(path: Path, *statements: str) -> None:
    """Somebody else does this to the file."""
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


class Hand:
    """A writer that is turned by hand: it works when the test calls `run`, in the test's own thread."""

    def __init__(self, database: Database, mend: Callable[[int], None] = lambda attempt: None) -> None:
        self.pauses: list[float] = []
        self.problems: list[str] = []
        self._mend = mend
        self.writer = Writer(database, lambda call, *given: call(*given), self.problems.append, self._pause)

    def run(self) -> None:
        self.writer.close()
        self.writer.run()

    def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self._mend(len(self.pauses))


def open_for(
    test: TestCase, reactor: IReactorFromThreads, path: Path, failed: Callable[[str], None] = print
) -> SqlStore:
    """A real store with its thread; closed after the test."""
    store = open_store(path, replan, reactor.callFromThread, failed)
    test.addCleanup(store.writer.join)
    test.addCleanup(store.close)
    return store


def now(done: Deferred[Any]) -> Any:
    """The result of a Deferred that has fired; raises what it failed with."""
    seen: list[Any] = []
    done.addBoth(seen.append)
    if not seen:
        raise AssertionError("It has not fired.")
    if hasattr(seen[0], "raiseException"):
        seen[0].raiseException()
    return seen[0]
