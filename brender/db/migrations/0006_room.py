"""Room for changes: PostgreSQL keeps half of each page of clients free.

How does this work?  A row that has changed finds its place beside the old one, and no index has to hear of it: so
thousands of clients are written in half the time.  There are few of them, and each changes again and again; SQLite
changes rows where they are.
"""

from typing import Any


def up(migrator: Any, db: Any) -> None:
    if db.for_update:  # it is PostgreSQL
        db.execute_sql("ALTER TABLE clients SET (fillfactor = 50)")
