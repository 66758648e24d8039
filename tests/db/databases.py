"""Databases for tests: real SQLite files in folders that the test removes, and a real PostgreSQL's.

How does this work?  A test case asks with `place` where a database may be made; one with the mixin `OnPostgresql` gets
an address at the `cluster`'s server, any other a path.  All that is below takes either.
"""

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import psycopg
from peewee import Database, SqliteDatabase
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorFromThreads
from twisted.trial.unittest import SynchronousTestCase, TestCase

from brender.db import models
from brender.db.engine import engine_of, is_url
from brender.db.opening import open_store, take_farm
from brender.db.store import SqlStore
from brender.db.writer import Writer
from brender.farm.submission.planning import replan
from tests.db.cluster import cluster

Where = Path | str

PATIENCE = 30.0  # seconds


class OnPostgresql:
    """The same tests with a PostgreSQL's database; put before the test case."""


def place(test: SynchronousTestCase) -> Any:
    """Where a database may be made."""
    if isinstance(test, OnPostgresql):
        return cluster().database(test)
    return Path(test.mktemp()) / "brender.sqlite"


def ready(where: Where) -> Database:
    """A database with its tables, that waits for nobody who has locked it."""
    engine = engine_of(where)
    until = time.monotonic() + PATIENCE
    while not take_farm(engine):  # PostgreSQL notices a moment later that whoever had it is gone
        assert time.monotonic() < until, "somebody else holds the farm"
        time.sleep(0.02)
    engine.let_go()
    pragmas = {"journal_mode": "wal", "busy_timeout": 0}
    impatient = SqliteDatabase(str(where), pragmas=pragmas, autoconnect=False)
    database = engine.database if is_url(where) else impatient
    models.database.initialize(database)
    return database


class Asked(Protocol):
    def execute(self, statement: Any) -> Any: ...
    def commit(self) -> None: ...
    def close(self) -> None: ...


def somebody_else(where: Where) -> Asked:
    return psycopg.connect(where) if isinstance(where, str) else sqlite3.connect(where)


def rows(where: Where, query: str) -> list[tuple[Any, ...]]:
    """What somebody else who opens the database sees."""
    connection = somebody_else(where)
    found: list[tuple[Any, ...]] = connection.execute(query).fetchall()
    connection.close()
    return found


def execute(where: Where, *statements: str) -> None:
    """Somebody else does this to the database."""
    connection = somebody_else(where)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def refuse(where: Where, why: str = "the disk is on fire") -> None:
    """The database takes no client until `accept`."""
    if is_url(where):
        body = f"BEGIN RAISE EXCEPTION '{why}'; END"
        execute(
            where,
            f"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $${body}$$",
            "CREATE TRIGGER refuse BEFORE INSERT ON clients FOR EACH ROW EXECUTE FUNCTION refuse()",
        )
    else:
        execute(where, f"CREATE TRIGGER refuse BEFORE INSERT ON clients BEGIN SELECT RAISE(ABORT, '{why}'); END")


def accept(where: Where) -> None:
    execute(where, *(["DROP FUNCTION refuse CASCADE"] if is_url(where) else ["DROP TRIGGER refuse"]))


class Hand:
    """A writer that is turned by hand: it works when the test calls `run`, in the test's own thread."""

    def __init__(self, database: Database, mend: Callable[[int], None] = lambda attempt: None) -> None:
        self.pauses: list[float] = []
        self.problems: list[str] = []
        self.heard: list[str] = []  # what is wrong, and "" when it is over
        self.mend = mend  # called between two tries, with how many there were
        self.writer = Writer(database, lambda call, *given: call(*given), self.problems.append, self._pause)
        self.writer.listener = self.heard.append

    def run(self) -> None:
        """The server ends: what is queued is written."""
        self.writer.close()
        self.writer.run()

    def work(self) -> None:
        """What is queued is written, while the server goes on."""
        self.writer.perform(self._enough).addErrback(lambda _: None)
        self.writer.run()

    def _enough(self, _: Database) -> None:
        self.writer._queue.put(None)

    def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.mend(len(self.pauses))


def open_for(
    test: TestCase, reactor: IReactorFromThreads, where: Where, failed: Callable[[str], None] = print
) -> SqlStore:
    """A real store with its thread; closed after the test."""
    store = open_store(where, replan, reactor.callFromThread, failed)
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
