"""What was changed of the farm's settings while it ran, saved views, and the names of clients that were deleted.

How does this work?  Three new tables.
"""

from typing import Any

from peewee import FloatField, IntegerField, Model, TextField


def up(migrator: Any, db: Any) -> None:
    class Table(Model):
        class Meta:
            database = db

    class Settings(Table):
        name = TextField(primary_key=True)
        value = TextField(null=True)
        changed_at = FloatField()

        class Meta:
            table_name = "farm_settings"

    class Views(Table):
        id = IntegerField(primary_key=True)
        name = TextField()
        owner = TextField()
        item = TextField()
        filter_text = TextField()
        field_names = TextField()
        sorted_by = TextField()
        changed_at = FloatField()

        class Meta:
            table_name = "saved_views"

    class Departed(Table):
        client = IntegerField(primary_key=True)
        name = TextField()
        deleted_at = FloatField()

    db.create_tables([Settings, Views, Departed])
