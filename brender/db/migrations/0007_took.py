"""How long each task took, and of a failure what kind it was.

How does this work?  Columns of orders, and for ended jobs one of steps; of what ran before, nothing is known.
"""

from typing import Any


def up(migrator: Any, db: Any) -> None:
    blob = "BYTEA" if db.for_update else "BLOB"  # PostgreSQL, or SQLite
    for table in ("steps", "orders"):
        db.execute_sql(f"ALTER TABLE {table} ADD COLUMN took {blob}")
    db.execute_sql("ALTER TABLE orders ADD COLUMN cause TEXT NOT NULL DEFAULT ''")
