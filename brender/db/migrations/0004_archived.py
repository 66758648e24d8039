"""Jobs that went to an archive, and numbers that are taken though no row has them any more.

How does this work?  Two new tables.
"""

from typing import Any

from peewee import FloatField, IntegerField, Model, TextField


def up(migrator: Any, db: Any) -> None:
    class Table(Model):
        class Meta:
            database = db

    class Archived(Table):
        job = IntegerField(primary_key=True)
        name = TextField()
        state = TextField()
        submitted = FloatField()
        started = FloatField(null=True)
        ended = FloatField()
        file = TextField()
        archived_at = FloatField()
        stage = IntegerField()

    class Marks(Table):
        name = TextField(primary_key=True)
        number = IntegerField()

    db.create_tables([Archived, Marks])
