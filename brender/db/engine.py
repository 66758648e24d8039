"""What the farm asks of the engine that keeps its rows, whichever it is.

How does this work?  An `Engine` is one database: its name for sentences, a peewee `Database` to ask, and the lock
that says which server the farm belongs to.  `sqlite` and `postgresql` are the two there are; `engine_of` chooses.
What goes wrong while a database is opened is told with `CannotOpen`, in a sentence.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

from peewee import Database

from brender.db.reign import Reign

SCHEMES = ("postgresql://", "postgres://")


class CannotOpen(Exception):
    """The database cannot be opened; the message is a sentence for people."""


class CannotReach(CannotOpen):
    """It does not answer now, and may do so later."""


class Engine(Protocol):
    name: str  # for sentences; without a password
    holder: str  # who had the farm when `take` was in vain
    reign: Reign
    elsewhere: str  # what somebody may do who wants another one
    beat: float  # seconds within which the database must hear from a server that has the farm; 0: no matter

    @property
    def database(self) -> Database:
        """What is asked; it has one connection, in one thread at a time."""

    def take(self) -> bool:
        """Connect, and have the farm for this process alone; False when another server has it.

        Raises `CannotOpen`.
        """

    def ready(self) -> None:
        """The tables are up to date: from now on another thread uses the database."""

    def let_go(self) -> None:
        """The farm is free for another server; the database is closed."""

    def back_up(self, schema: str) -> None:
        """Keep what is there, before a migration from this schema changes it."""

    def sentence(self, error: Exception) -> CannotOpen:
        """Why the database could not be opened or brought up to date."""

    def put(self, table: str, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
        """Many new rows of a table that has none with their keys."""


def is_url(where: Path | str) -> bool:
    return isinstance(where, str) and where.startswith(SCHEMES)


def engine_of(where: Path | str) -> Engine:
    """The engine of a PostgreSQL's URL, or of SQLite's file."""
    if is_url(where):
        from brender.db.postgresql import Postgresql  # noqa: PLC0415 (its driver takes a moment to import)

        return Postgresql(str(where))
    from brender.db.sqlite import Sqlite  # noqa: PLC0415 (as it imports this)

    return Sqlite(Path(where))
