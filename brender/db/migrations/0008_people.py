"""Users, their API tokens, and the audit.

How does this work?  Three new tables.
"""

from typing import Any

from peewee import FloatField, IntegerField, Model, TextField


def up(migrator: Any, db: Any) -> None:
    class Table(Model):
        class Meta:
            database = db

    class Users(Table):
        name = TextField(primary_key=True)
        user_role = TextField()
        password_hash = TextField()
        created_at = FloatField()
        changed_at = FloatField()

    class Tokens(Table):
        id = IntegerField(primary_key=True)
        user_name = TextField()
        name = TextField()
        digest = TextField()
        token_role = TextField()
        verbs = TextField()
        created_at = FloatField()
        expires_at = FloatField(null=True)

    class Audit(Table):
        id = IntegerField(primary_key=True)
        asked_at = FloatField(index=True)
        user_name = TextField()
        user_role = TextField()
        address = TextField()
        face = TextField()
        item = TextField()
        verb = TextField()
        things = TextField()
        things_count = IntegerField()
        said = TextField()
        outcome = TextField()

    db.create_tables([Users, Tokens, Audit])
