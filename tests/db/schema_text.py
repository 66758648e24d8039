"""Released schemas as SQL text: what `schemas/` holds, and how the next one is written.

How does this work?  Each file there is a whole farm in SQLite's words, as a release left it.  `definitions` of a text
can be compared with those of the migrations up to the same number (`made`), so a text that is missing or wrong is
found.  The next text is the newest one after the migrations that came since, with rows of its own where there
are new tables; this module prints it:

    python -m tests.db.schema_text > tests/db/schemas/0006.sql
"""

import sqlite3
import tempfile
from pathlib import Path
from typing import Any

from playhouse import migrations

from brender.db.engine import engine_of
from brender.db.migrating import MIGRATIONS

Definitions = dict[str, list[tuple[Any, ...]]]

SCHEMAS = Path(__file__).with_name("schemas")
RELEASED = "2026-11-20 09:00:00"  # when the migrations are said to have been applied
NAMES = sorted(path.stem for path in MIGRATIONS.glob("0*.py"))


def load(text: str, path: Path) -> None:
    """Make a database of it."""
    connection = sqlite3.connect(path)
    connection.executescript(text)
    connection.close()


def bring_to(path: Path, name: str) -> None:
    """Apply the migrations up to this one."""
    engine = engine_of(path)
    engine.database.connect()
    migrations.Runner(engine.database, directory=str(MIGRATIONS)).up(name)
    engine.database.close()


def definitions(path: Path) -> Definitions:
    """The columns of a database's tables and indexes, and the migrations that it says it has."""
    connection = sqlite3.connect(path)

    def ask(question: str) -> list[tuple[Any, ...]]:
        return connection.execute(question).fetchall()

    tables = [name for (name,) in ask("select name from sqlite_master where type = 'table'")]
    found = {
        name: ask(f"select name, type, \"notnull\", dflt_value, pk from pragma_table_info('{name}')") for name in tables
    }
    for name in tables:
        for index, unique in ask(f"select name, \"unique\" from pragma_index_list('{name}')"):
            found[index] = [(name, unique), *ask(f"select name from pragma_index_info('{index}')")]
    found["applied"] = ask("select name from schema_migration order by id")
    connection.close()
    return found


def made(folder: Path, name: str) -> Definitions:
    """The definitions of a database that the migrations have made of nothing."""
    path = folder / f"{name}.sqlite"
    bring_to(path, name)
    return definitions(path)


def kept(folder: Path, number: str) -> Definitions:
    """The definitions of a text that is kept."""
    path = folder / f"{number}-kept.sqlite"
    load((SCHEMAS / f"{number}.sql").read_text(), path)
    return definitions(path)


def newest(folder: Path) -> str:
    """The newest text that is kept, with the migrations that came since."""
    path = folder / "newest.sqlite"
    load(max(SCHEMAS.glob("*.sql")).read_text(), path)
    bring_to(path, NAMES[-1])
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("update schema_migration set applied = ?", [RELEASED])
    text = "\n".join(connection.iterdump())
    connection.close()
    return text


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        print(newest(Path(place)))
