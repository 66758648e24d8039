"""Settings of clients and jobs, what became of them, tasks that were added, chunks and second starts.

How does this work?  Columns with what they are for everything that was there before.
"""

from typing import Any

TEXTS = (
    ("clients", "settings", "{}"),
    ("jobs", "settings", "{}"),
    ("jobs", "standing", "{}"),
    ("submissions", "added", "[]"),
    ("steps", "open_then", "[]"),
)
NUMBERS = (("steps", "as_of"),)
FLAGS = (("orders", "together"), ("orders", "second"))


def up(migrator: Any, db: Any) -> None:
    for table, column, before in TEXTS:
        db.execute_sql(f"ALTER TABLE {table} ADD COLUMN {column} TEXT NOT NULL DEFAULT '{before}'")
    for table, column in NUMBERS:
        db.execute_sql(f"ALTER TABLE {table} ADD COLUMN {column} INTEGER NOT NULL DEFAULT -1")
    for table, column in FLAGS:
        db.execute_sql(f"ALTER TABLE {table} ADD COLUMN {column} BOOLEAN NOT NULL DEFAULT false")
