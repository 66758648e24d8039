"""Backups of a farm on PostgreSQL, with its own programs.

How does this work?  `pg_dump` sees the database as it is at one moment and keeps nobody from writing; `pg_restore` puts
everything back in one transaction, or nothing.  The programs are looked for on PATH and where Debian puts them; a
password goes to them through their environment, where nobody else sees it.  Restoring, we hold the farm's lock.
"""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from peewee import PeeweeException
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from brender.db.backup import CannotBackUp, Numbers, end_sessions, set_numbers, sync
from brender.db.engine import CannotOpen
from brender.db.migrating import MIGRATIONS, migrate
from brender.db.postgresql import Postgresql
from brender.db.troubles import first_line

DEBIAN = Path("/usr/lib/postgresql")
COPIES = "brender_schema_*"  # made before the tables were changed
LAST_JOB = "SELECT GREATEST(MAX(id), (SELECT MAX(number) FROM marks WHERE name = 'job'), 0) FROM jobs"
LAST_ORDER = "SELECT GREATEST(MAX(id), (SELECT MAX(number) FROM marks WHERE name = 'order'), 0) FROM orders"


class ProgramFailed(OSError):
    """The message is what the program said."""


def dump(url: str, target: Path) -> None:
    run("pg_dump", url, "--format=custom", f"--exclude-schema={COPIES}", f"--file={target}")
    run("pg_restore", "", "--list", str(target))  # reads all of its table of contents
    sync(target)


def restore_dump(url: str, source: Path, kept: Path) -> Path:
    """Raises `CannotBackUp`, `CannotOpen`."""
    check_schema(source)
    engine: Any = Postgresql(url)
    if not engine.take():
        raise CannotOpen(f"{engine.holder} has the farm in {engine.name}. Stop it first.")
    try:
        engine.database.execute_sql("SET idle_session_timeout = 0")
        migrate(engine)
        numbers = numbers_of(engine)
        dump(url, kept)
        everything = ("--clean", "--if-exists", "--no-owner", "--single-transaction", "--exit-on-error")
        run("pg_restore", url, *everything, str(source))
        migrate(engine)
        set_numbers(engine.database.execute_sql, numbers)
        end_sessions(engine.database.execute_sql)
    except PeeweeException as error:
        raise CannotBackUp(f"The backup {source} cannot be restored: {first_line(error)}.") from error
    finally:
        engine.let_go()
    return kept


def numbers_of(engine: Any) -> Numbers:
    """What the farm has given out."""
    ask = engine.database.execute_sql
    job, order, reign = (ask(query).fetchone()[0] for query in (LAST_JOB, LAST_ORDER, "SELECT number FROM reign"))
    return Numbers(job, order, reign)


def check_schema(source: Path) -> None:
    """Raises `CannotBackUp` when it is no backup, or one of another program."""
    text = run("pg_restore", "", "--data-only", "--table=schema_migration", "--file=-", str(source))
    names = {word for line in text.splitlines() for word in line.split("\t") if word[:4].isdecimal() and "_" in word}
    if not names:
        raise CannotBackUp(f"{source} is no backup of a farm.")
    if other := names ^ {path.stem for path in MIGRATIONS.glob("0*.py")}:
        raise CannotBackUp(
            f"The backup {source} belongs to {'a newer' if other & names else 'an older'} brender ({max(other)}). "
            "Restore it with that one, or with pg_restore into an empty database."
        )


def run(name: str, url: str, *words: str) -> str:
    """One of PostgreSQL's programs; what it prints.  Raises `ProgramFailed`."""
    given: dict[str, Any] = conninfo_to_dict(url)
    password = given.pop("password", None)
    where = [f"--dbname={make_conninfo(**given)}"] if url else []
    environment = {**os.environ, **({"PGPASSWORD": str(password)} if password else {})}
    ran = subprocess.run([program(name), *where, *words], capture_output=True, text=True, check=False, env=environment)
    if ran.returncode:
        said = ran.stderr.strip().splitlines() or [f"it ended with {ran.returncode}"]
        raise ProgramFailed(f"{name} says: {said[0].removeprefix(f'{name}: ').rstrip('.')}")
    return ran.stdout


def program(name: str) -> str:
    """The newest there is."""
    by_version = sorted(DEBIAN.glob(f"*/bin/{name}"), key=lambda path: float(path.parts[-3]))
    found = str(by_version[-1]) if by_version else shutil.which(name)
    if not found:
        raise CannotBackUp(f"{name} is not on this machine. Install PostgreSQL's client programs (postgresql-client).")
    return found
