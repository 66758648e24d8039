"""What can be wrong with a database, and whether it passes: one table for SQLite and one for PostgreSQL.

How does this work?  `trouble_of` finds the driver's own error code in whatever was raised (peewee keeps the driver's
exception as `orig` of its own) and looks it up: SQLite's by its number, the extended one first;
PostgreSQL's by the longest beginning of its SQLSTATE.  What passes by itself, or when somebody makes room, is
waited for without end.  What is damaged, or is not ours any more (`GivenUp`), stops the server at once.  What
no table knows may be our own mistake: it is tried a few times, and then stops the server too.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import NamedTuple

from peewee import PeeweeException


class GivenUp(Exception):
    """This server may not write (any more), whatever the database says; the message is a sentence for people."""


class Fate(Enum):
    WAIT = "passes"  # tried again for ever
    TRY = "may pass"  # tried again a few times
    STOP = "stays"  # the server ends


class Trouble(NamedTuple):
    words: str  # what is wrong with the database, for a sentence
    fate: Fate = Fate.WAIT
    reopen: bool = False  # a new connection may help, and the old one never


SQLITE: Mapping[int, Trouble] = {
    sqlite3.SQLITE_FULL: Trouble("its disk is full"),
    sqlite3.SQLITE_IOERR: Trouble("its disk cannot be read or written", reopen=True),
    sqlite3.SQLITE_BUSY: Trouble("another program has locked it"),
    sqlite3.SQLITE_LOCKED: Trouble("another program has locked it"),
    sqlite3.SQLITE_PROTOCOL: Trouble("another program has locked it"),
    sqlite3.SQLITE_READONLY: Trouble("it can be read, but not written", reopen=True),
    sqlite3.SQLITE_CANTOPEN: Trouble("its file cannot be opened", reopen=True),
    sqlite3.SQLITE_PERM: Trouble("its file may not be opened", reopen=True),
    sqlite3.SQLITE_NOMEM: Trouble("there is no memory left"),
    sqlite3.SQLITE_CONSTRAINT_TRIGGER: Trouble("a trigger in it refuses what is written"),
    sqlite3.SQLITE_CORRUPT: Trouble("it is damaged", Fate.STOP),
    sqlite3.SQLITE_NOTADB: Trouble("it is damaged", Fate.STOP),
}

POSTGRESQL: Mapping[str, Trouble] = {
    "08": Trouble("its server does not answer", reopen=True),
    "25006": Trouble("it can be read, but not written", reopen=True),  # its server is a replica, or was made one
    "28": Trouble("its server does not let us in", reopen=True),
    "40": Trouble("another program writes the same rows"),
    "53": Trouble("its server has no room for more connections, or no memory", reopen=True),
    "53100": Trouble("the disk of its server is full"),
    "55P03": Trouble("another program has locked it"),
    "57": Trouble("its server has broken the work off", reopen=True),
    "57P": Trouble("its server is stopping or starting", reopen=True),
    "58": Trouble("the disk of its server cannot be read or written", reopen=True),
    "P0001": Trouble("a trigger in it refuses what is written"),
    "XX001": Trouble("it is damaged", Fate.STOP),
    "XX002": Trouble("it is damaged", Fate.STOP),
}

FULL = "a full disk"  # has the farm, while a server that starts finds no room
LOST = Trouble("its server does not answer", reopen=True)  # nobody is there to give it a code
UNKNOWN = Trouble("it makes mistakes", Fate.TRY)


def trouble_of(error: BaseException) -> Trouble:
    """What an exception says of the database."""
    if isinstance(error, GivenUp):
        return Trouble("it is not ours any more", Fate.STOP)
    return known(source(error)) or (LOST if is_lost(error) else UNKNOWN)


def is_full(error: BaseException) -> bool:
    """Whether all that is wrong is a full disk."""
    return trouble_of(error) in (SQLITE[sqlite3.SQLITE_FULL], POSTGRESQL["53100"])


def source(error: BaseException) -> BaseException:
    """The exception that says what is wrong.

    After an error of its disk SQLite rolls back by itself; that nothing is left to be rolled back is the next one.
    """
    return next((each for each in errors_in(error) if known(each)), error)


def known(error: BaseException) -> Trouble | None:
    """What the tables say of a driver's error."""
    number, state = getattr(error, "sqlite_errorcode", None), getattr(error, "sqlstate", None)
    if number is not None:
        return SQLITE.get(number) or SQLITE.get(number & 0xFF)
    beginnings = [state[:size] for size in range(len(state), 0, -1)] if state else []
    return next((POSTGRESQL[each] for each in beginnings if each in POSTGRESQL), None)


def errors_in(error: BaseException | None) -> Iterator[BaseException]:
    """The exception, the driver's own of which peewee has made it, and those during whose handling it came."""
    while error:
        yield error
        if isinstance(error, PeeweeException) and hasattr(error, "orig"):
            yield error.orig
        error = error.__context__


def is_lost(error: BaseException) -> bool:
    """An error without a code, of a driver that has a code for all that its server says."""
    if any(isinstance(each, sqlite3.Error) or getattr(each, "sqlstate", None) for each in errors_in(error)):
        return False  # Python's own module says so of the values that it was given
    return type(error).__name__ in {"OperationalError", "InterfaceError"}


def first_line(error: BaseException) -> str:
    """What it says, for a sentence: PostgreSQL adds hints in lines of their own."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].rstrip(".")
