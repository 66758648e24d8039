"""Invitations, which certificates of machines count, and the CA that the farm's workers trust.

How does this work?  Three new tables.
"""

from typing import Any

from peewee import FloatField, IntegerField, Model, TextField


def up(migrator: Any, db: Any) -> None:
    class Table(Model):
        class Meta:
            database = db

    class Invitations(Table):
        id = IntegerField(primary_key=True)
        note = TextField()
        uses = IntegerField()
        times_used = IntegerField()
        made_at = FloatField()
        expires_at = FloatField()
        mark = TextField()

    class Credentials(Table):
        machine_key = TextField(primary_key=True)
        last_issued = IntegerField()
        last_revoked = IntegerField()
        last_serial = TextField()
        expires_at = FloatField()

    class Authorities(Table):
        fingerprint = TextField(primary_key=True)
        known_since = FloatField()

    db.create_tables([Invitations, Credentials, Authorities])
