"""Sessions of browsers, which outlast the server.

How does this work?  One new table.
"""

from typing import Any

from peewee import FloatField, IntegerField, Model, TextField


def up(migrator: Any, db: Any) -> None:
    class Sessions(Model):
        id = IntegerField(primary_key=True)
        user_name = TextField()
        began_at = FloatField()
        used_at = FloatField()
        rotated_at = FloatField()
        digest = TextField()
        digest_before = TextField()

        class Meta:
            database = db

    db.create_tables([Sessions])
