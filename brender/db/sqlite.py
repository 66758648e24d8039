"""A farm in a file: SQLite in the state folder.

How does this work?  A lock file beside the database says which process has it (`lock`).  A commit that was acknowledged
survives a power cut: the log is written ahead, and synced at every commit.  Before the tables change,
SQLite itself copies the whole database to a file beside it, named with the number of the schema that it has.
"""

import os
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from errno import ENOSPC
from pathlib import Path
from typing import Any

from peewee import Database, OperationalError, PeeweeException, SqliteDatabase

from brender.db.engine import CannotOpen
from brender.db.lock import Taken, hold
from brender.db.reign import Reign
from brender.db.troubles import FULL, first_line, is_full, source


class Sqlite:
    """`engine.Engine` on a file."""

    holder: str = ""
    beat = 0.0
    elsewhere = "choose another folder with --state"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = str(path)
        self.database = sqlite(path)
        self.reign = Reign(self.database, self.name)
        self._lock: int | None = None

    def take(self) -> bool:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = hold(self.path)
        except Taken as taken:
            raise CannotOpen(str(taken)) from taken
        except (FileExistsError, NotADirectoryError) as error:
            raise self._cannot_open(f"{error.filename} is not a folder") from error
        except OSError as error:
            if error.errno == ENOSPC:
                self.holder = FULL
                return False
            raise self._cannot_open(str(error.strerror)) from error
        try:
            self.database.connect()
        except PeeweeException as error:
            self.let_go()
            if is_full(error):
                self.holder = FULL
                return False
            raise self.sentence(error) from error
        return True

    def ready(self) -> None:
        self.database.close()  # a connection belongs to its thread

    def let_go(self) -> None:
        self.database.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def back_up(self, schema: str) -> None:
        kept = self.path.with_name(f"{self.path.stem}-schema-{schema[:4]}.sqlite")
        unfinished = kept.with_suffix(".unfinished")
        try:
            unfinished.unlink(missing_ok=True)
            with closing(sqlite3.connect(unfinished)) as copy:
                self.database.connection().backup(copy)
            with unfinished.open("rb+") as file:
                os.fsync(file.fileno())
            unfinished.replace(kept)
        except (sqlite3.Error, OSError) as error:
            raise CannotOpen(
                f"The database {self.name} cannot be copied to {kept} before its tables are changed: {error}. "
                "Make room, and start again."
            ) from error

    def sentence(self, error: Exception) -> CannotOpen:
        if isinstance(error, OperationalError | OSError):
            return self._cannot_open(first_line(source(error)))
        return CannotOpen(
            f"The database {self.name} is damaged, or is none: {error}. Put a copy of it in its place, "
            "or move it away to begin with an empty farm."
        )

    def put(self, table: str, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
        marks = ", ".join("?" * len(columns))
        try:
            self.database.cursor().executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)
        except sqlite3.Error as error:
            raise OperationalError(str(error)) from error

    def _cannot_open(self, why: str) -> CannotOpen:
        advice = "Choose a folder that can be written with --state, or mend its permissions."
        return CannotOpen(f"The database {self.name} cannot be opened: {why}. {advice}")


def sqlite(path: Path) -> Database:
    pragmas = {"journal_mode": "wal", "synchronous": "full", "foreign_keys": 1, "busy_timeout": 1000}
    return SqliteDatabase(str(path), pragmas=pragmas, autoconnect=False)
