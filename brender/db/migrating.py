"""Brings the tables up to date: numbered scripts, in one transaction, after a backup.

How does this work?  The table `schema_migration` names the scripts of `migrations/` that were applied.  When some are
missing the engine keeps a copy of what is there, and then they run, in order: all of them, or none.  A
database that has one which this program does not know is a newer program's, and is left alone.
"""

from pathlib import Path

from playhouse import migrations

from brender.db.engine import CannotOpen, Engine

MIGRATIONS = Path(__file__).with_name("migrations")


def migrate(engine: Engine, folder: Path = MIGRATIONS) -> None:
    """Raises `CannotOpen` when the tables are ahead of this program."""
    runner = migrations.Runner(engine.database, directory=str(folder))
    known = runner.status()
    if unknown := [each.name for each in known if each.path is None]:
        raise CannotOpen(
            f"The database {engine.name} belongs to a newer brender: it has {unknown[-1]}, which this one does "
            f"not know. Install that brender again, or {engine.elsewhere}."
        )
    applied = [each.name for each in known if each.applied]
    if len(applied) == len(known):
        return
    with engine.database.atomic():
        if applied:
            engine.back_up(applied[-1])
        runner.up()
