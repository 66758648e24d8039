"""Moves a farm from one database to another: from SQLite to PostgreSQL, or back, or from file to file.

How does this work?  Both databases are taken as a server takes them, so nobody writes meanwhile, and both have the
newest tables.  Then, in one transaction of the target, each table is read in the order of its key, in parts,
and put there; and read again from there.  A sum over all rows, as they are meant and not as an engine keeps them,
must be the same on both sides, or nothing is changed.  The source stays as it is.
"""

from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec
from peewee import BlobField, BooleanField, Database, Field, FloatField, PeeweeException, TextField

from brender.db.engine import CannotOpen, Engine, engine_of
from brender.db.migrating import migrate
from brender.db.models import KEYS
from brender.db.rows import whole
from brender.db.writer import Row

PART = 5000  # rows
AS_MEANT: dict[type[Field], Callable[[Any], Any]] = {
    BooleanField: bool,
    FloatField: float,
    BlobField: bytes,
    TextField: whole,
}


class NotMoved(Exception):
    """The target is as it was before; the message is a sentence for people."""


class Moved(msgspec.Struct, frozen=True):
    table: str
    rows: int
    sum: str  # of all rows


Tell = Callable[[str, int, int], None]  # table, rows done, rows there are


def move(source: Path | str, target: Path | str, tell: Tell = lambda table, done, rows: None) -> list[Moved]:
    """Raises `NotMoved`, `CannotOpen`."""
    taken: list[Engine] = []
    try:
        for where, of in ((source, the_source), (target, the_target)):
            engine = of(where)
            taken.append(engine)
        one, other = taken
        with other.database.atomic():
            return [moved(one, other, model, tell) for model in KEYS]
    except PeeweeException as error:
        raise NotMoved(f"The farm could not be moved: {error}. The target is as it was.") from error
    finally:
        for engine in taken:
            engine.let_go()


def the_source(where: Path | str) -> Engine:
    if isinstance(where, Path) and not where.is_file():
        raise NotMoved(f"There is no database {where}.")
    return up_to_date(take(where))


def the_target(where: Path | str) -> Engine:
    engine = take(where)
    there = set(engine.database.get_tables()) & set(map(name_of, KEYS))
    if full := sorted(table for table in there if has_rows(engine, table)):
        engine.let_go()
        raise NotMoved(f"The database {engine.name} is not empty: there are {', '.join(full)}. Choose an empty one.")
    return up_to_date(engine)


def take(where: Path | str) -> Engine:
    engine = engine_of(where)
    if not engine.take():
        raise NotMoved(f"{engine.holder} has the farm in {engine.name}. Stop that server first.")
    return engine


def up_to_date(engine: Engine) -> Engine:
    try:
        migrate(engine)
    except CannotOpen:
        engine.let_go()
        raise
    except PeeweeException as error:
        engine.let_go()
        raise engine.sentence(error) from error
    return engine


def moved(source: Engine, target: Engine, model: type[Any], tell: Tell) -> Moved:
    """One table, with the proof that it is the same."""
    table = name_of(model)
    (there,) = source.database.execute_sql(f"SELECT COUNT(*) FROM {table}").fetchone()
    columns = [field.column_name for field in model._meta.sorted_fields]
    read = Sum()
    tell(table, 0, there)
    for part in parts(source.database, model):
        target.put(table, columns, read.over(part))
        tell(table, read.rows, there)
    written = Sum()
    for part in parts(target.database, model):
        for _ in written.over(part):
            pass
    if (read.rows, read.text) != (written.rows, written.text):
        raise NotMoved(
            f"The table {table} is not the same in {target.name} ({written.rows} rows, sum {written.text}) as in "
            f"{source.name} ({read.rows} rows, sum {read.text}). The target is as it was."
        )
    return Moved(table, read.rows, read.text)


class Sum:
    """Counts and sums up rows that pass by."""

    def __init__(self) -> None:
        self.rows = 0
        self._sum = 0  # whatever their order is: engines sort texts in their own ways

    @property
    def text(self) -> str:
        return f"{self._sum:016x}"

    def over(self, rows: Iterable[Row]) -> Iterator[Row]:
        for row in rows:
            self.rows += 1
            digest = blake2b(msgspec.msgpack.encode(row), digest_size=8).digest()
            self._sum = (self._sum + int.from_bytes(digest)) % 2**64
            yield row


def parts(database: Database, model: type[Any]) -> Iterator[list[Row]]:
    """All rows of a table in the order of their keys, as they are meant."""
    fields = model._meta.sorted_fields
    names = ", ".join(field.column_name for field in fields)
    keys = KEYS[model]
    key = ", ".join(field.column_name for field in fields[:keys])
    marks = ", ".join([database.param] * keys)
    meant = [AS_MEANT.get(type(field), lambda value: value) for field in fields]
    after: Row = ()
    while True:
        where = f"WHERE ({key}) > ({marks})" if after else ""
        query = f"SELECT {names} FROM {name_of(model)} {where} ORDER BY {key} LIMIT {PART}"
        found = database.execute_sql(query, after).fetchall()
        if not found:
            return
        after = tuple(found[-1][:keys])
        yield [
            tuple(None if value is None else turn(value) for turn, value in zip(meant, row, strict=True))
            for row in found
        ]


def name_of(model: type[Any]) -> str:
    return str(model._meta.table_name)


def has_rows(engine: Engine, table: str) -> bool:
    return bool(engine.database.execute_sql(f"SELECT 1 FROM {table} LIMIT 1").fetchone())
