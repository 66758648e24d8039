"""Backups of a farm's database, while it runs, and the way back.

How does this work?  `back_up` copies a SQLite file through a second connection with SQLite's own backup: a reader,
which keeps nobody from writing and sees the moment at which it began.  The copy is one file, looked through before
it gets its name.  `restore` needs the farm for itself.  It makes everything ready beside the database: a copy, with its
tables up to date, in which every number that was given out since stays taken; then keeps what was there, and
lets the copy take its place in one step.  PostgreSQL's way is in `backup_postgresql`.
"""

import os
import shutil
import sqlite3
import tarfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from brender.db.check import Tell, integrity
from brender.db.engine import CannotOpen, is_url
from brender.db.lock import Taken, hold
from brender.db.sqlite import Sqlite

PAGES = 500  # that are copied before it is told how far it is
MAGIC = b"SQLite format 3\0"
UNKNOWN_JOBS, UNKNOWN_ORDERS, UNKNOWN_REIGNS = 1_000_000, 100_000_000, 1000  # given out since, when nobody can tell


class CannotBackUp(Exception):
    """It was not done; the message is a sentence for people."""


class Numbers(NamedTuple):
    """What was given out last."""

    job: int
    order: int
    reign: int


def back_up(where: Path | str, target: Path, tell: Tell = lambda done, of: None) -> None:
    """Copy a farm's database to a new file.  Raises `CannotBackUp`."""
    if target.exists():
        raise CannotBackUp(f"{target} is there already: choose another name, or move it away.")
    part = target.with_name(f"{target.name}.part")
    with sentences(f"The backup {target} cannot be made"):
        try:
            if is_url(where):
                from brender.db.backup_postgresql import dump  # noqa: PLC0415 (its driver takes a moment to import)

                dump(str(where), part)
            else:
                copy(Path(where), part, tell)
            put(part, target)
        finally:
            part.unlink(missing_ok=True)


def restore(where: Path | str, source: Path, folder: Path, now: datetime, tell: Tell = lambda done, of: None) -> Path:
    """Put a backup into the place of a farm's database; where the one that was there is now.

    `folder` is the state folder, for what PostgreSQL has.  Raises `CannotBackUp`.
    """
    kept = folder / f"brender-before-{now:%Y-%m-%d-%H%M%S}"
    with sentences(f"The backup {source} cannot be restored"):
        if is_url(where):
            from brender.db.backup_postgresql import restore_dump  # noqa: PLC0415 (its driver takes a moment to import)

            return restore_dump(str(where), source, kept.with_suffix(".dump"))
        with alone(Path(where)):
            return replace(Path(where), source, kept.with_suffix(".sqlite"), tell)


@contextmanager
def sentences(what: str) -> Iterator[None]:
    """Whatever goes wrong becomes a `CannotBackUp`."""
    try:
        yield
    except (CannotOpen, Taken) as error:
        raise CannotBackUp(f"{what}. {error}") from error
    except (OSError, sqlite3.Error) as error:
        raise CannotBackUp(f"{what}: {error}.") from error


# --- SQLite


def copy(source: Path, target: Path, tell: Tell = lambda done, of: None) -> None:
    """A copy in one file, which is whole and on the disk.  Raises `CannotBackUp`, `OSError`, `sqlite3.Error`."""
    if not source.is_file():
        raise CannotBackUp(f"There is no database {source}. Name the folder that has it with --state.")
    with open(source, "rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise CannotBackUp(f"{source} is no SQLite database.")
    target.unlink(missing_ok=True)
    with closing(sqlite3.connect(source, isolation_level=None)) as live, closing(sqlite3.connect(target)) as made:
        live.execute("PRAGMA query_only = 1")
        live.execute("BEGIN")
        live.execute("SELECT COUNT(*) FROM sqlite_master").fetchall()  # from here on it sees one moment
        live.backup(made, pages=PAGES, progress=lambda _, left, pages: tell(pages - left, pages), sleep=0)
        made.execute("PRAGMA journal_mode = delete")
    if damage := integrity(target):
        raise CannotBackUp(f"The copy of {source} is not whole, as that is damaged: {damage}.")
    sync(target)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """No server has the farm meanwhile; raises `Taken`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = hold(path)
    try:
        yield
    finally:
        os.close(lock)


def replace(path: Path, source: Path, kept: Path, tell: Tell) -> Path:
    work = path.parent / "restoring"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    try:
        new = work / path.name
        copy(source, new, tell)
        take_numbers(new, numbers_of(path) if path.exists() else Numbers(0, 0, 0))
        keep(path, kept)
        os.replace(new, path)
        sync(path.parent)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return kept


def numbers_of(path: Path) -> Numbers | None:
    """What the database has given out; None when it cannot be read."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(path)) as old:
        tables = {row[0] for row in old.execute("SELECT name FROM sqlite_master")}
        jobs = [old.execute("SELECT MAX(id) FROM jobs").fetchone()[0]]
        orders = [old.execute("SELECT MAX(id) FROM orders").fetchone()[0]]
        if "marks" in tables:
            marks = dict(old.execute("SELECT name, number FROM marks"))
            jobs, orders = [*jobs, marks.get("job")], [*orders, marks.get("order")]
        reign = old.execute("SELECT number FROM reign").fetchone()[0] if "reign" in tables else 0
        return Numbers(max(each or 0 for each in jobs), max(each or 0 for each in orders), reign)
    return None


def take_numbers(path: Path, numbers: Numbers | None) -> None:
    """Bring the tables up to date, and let no number be given out again.  Raises `CannotOpen`."""
    from brender.db.opening import take_farm  # noqa: PLC0415 (all rules: they take a moment to import)

    engine = Sqlite(path)
    take_farm(engine)
    engine.let_go()
    own = numbers_of(path) or Numbers(0, 0, 0)
    unknown = Numbers(own.job + UNKNOWN_JOBS, own.order + UNKNOWN_ORDERS, own.reign + UNKNOWN_REIGNS)
    with closing(sqlite3.connect(path, isolation_level=None)) as new:
        set_numbers(new.execute, numbers or unknown)
        end_sessions(new.execute)
        new.execute("PRAGMA journal_mode = delete")
    sync(path)


def set_numbers(execute: Callable[..., object], numbers: Numbers) -> None:
    for name, number in (("job", numbers.job), ("order", numbers.order)):
        execute(f"DELETE FROM marks WHERE name = '{name}' AND number < {number}")
        execute(f"INSERT INTO marks (name, number) VALUES ('{name}', {number}) ON CONFLICT (name) DO NOTHING")
    execute(f"UPDATE reign SET number = {numbers.reign} WHERE number < {numbers.reign}")


def end_sessions(execute: Callable[..., object]) -> None:
    """Whoever has logged out since the backup was made stays so."""
    execute("DELETE FROM sessions")


def keep(path: Path, kept: Path) -> None:
    """The old database has a second name; what was written ahead of it is in it, or has a second name too."""
    if not path.exists():
        return
    with suppress(sqlite3.Error), closing(sqlite3.connect(path)) as old:
        old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        old.execute("PRAGMA journal_mode = delete")
    os.link(path, kept)
    for ending in ("-wal", "-shm"):
        if (beside := path.with_name(path.name + ending)).exists():
            os.link(beside, kept.with_name(kept.name + ending))
            beside.unlink()


# --- logs


def back_up_logs(folder: Path, target: Path, tell: Tell = lambda done, of: None) -> None:
    """All logs as they are, in one tar file.  Raises `CannotBackUp`."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    part = target.with_name(f"{target.name}.part")
    with sentences(f"The logs cannot be copied to {target}"):
        try:
            with tarfile.open(part, "w") as tar:
                for done, path in enumerate(files):
                    with suppress(FileNotFoundError):  # it was packed or removed meanwhile
                        tar.add(path, path.relative_to(folder))
                    tell(done, len(files))
            sync(part)
            put(part, target)
        finally:
            part.unlink(missing_ok=True)


def restore_logs(source: Path, folder: Path) -> None:
    """Put the logs back beside those that are there.  Raises `CannotBackUp`."""
    with sentences(f"The logs in {source} cannot be restored"):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with tarfile.open(source) as tar:
                tar.extractall(folder, filter="data")
        except tarfile.TarError as error:
            raise CannotBackUp(f"The logs in {source} cannot be restored: {error}.") from error


# --- files


def put(part: Path, target: Path) -> None:
    """The file is whole, and gets its name, unless another has it by now."""
    os.link(part, target)
    part.unlink()
    sync(target.parent)


def sync(path: Path) -> None:
    """A file, or the names in a folder, stay as they are after a power cut."""
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
