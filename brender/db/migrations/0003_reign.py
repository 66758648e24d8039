"""The number of the reign: which server may write.

How does this work?  One row.  PostgreSQL gets wider numbers of orders where 0002 wrote its columns out.
"""

from typing import Any

from peewee import IntegerField, Model


def up(migrator: Any, db: Any) -> None:
    class Reign(Model):
        id = IntegerField(primary_key=True)
        number = IntegerField()

        class Meta:
            database = db

    db.create_tables([Reign])
    Reign.insert(id=1, number=0).execute()
    if db.for_update:  # it is PostgreSQL
        db.execute_sql("ALTER TABLE steps ALTER COLUMN as_of TYPE BIGINT")
