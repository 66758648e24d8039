"""The first tables: clients, jobs, what was submitted, steps, orders.

How does this work?  A frozen copy of the models as they were, made with peewee's `create_tables`.
"""

from typing import Any

from peewee import BlobField, CompositeKey, FloatField, IntegerField, Model, TextField


def up(migrator: Any, db: Any) -> None:
    class Table(Model):
        class Meta:
            database = db

    class Clients(Table):
        id = IntegerField(primary_key=True)
        key = TextField(unique=True)
        name = TextField()
        status = TextField()
        machine = TextField()
        since = FloatField()

    class Jobs(Table):
        id = IntegerField(primary_key=True)
        name = TextField()
        owner = TextField()
        priority = IntegerField()
        state = TextField()
        submitted = FloatField()
        started = FloatField(null=True)
        ended = FloatField(null=True)
        reason = TextField()
        warnings = TextField()

    class Submissions(Table):
        job = IntegerField(primary_key=True)
        template = TextField()
        parameter_values = TextField()

    class Steps(Table):
        job = IntegerField()
        step_index = IntegerField()
        name = TextField()
        counts = TextField()
        tasks = BlobField(null=True)

        class Meta:
            primary_key = CompositeKey("job", "step_index")

    class Orders(Table):
        id = IntegerField(primary_key=True)
        job = IntegerField(index=True)
        step = IntegerField()
        client = IntegerField()
        first = IntegerField()
        count = IntegerField()
        attempt = IntegerField()
        cost = IntegerField()
        issued = FloatField()
        ended = FloatField(null=True)
        reason = TextField()
        tasks = BlobField()

    db.create_tables([Clients, Jobs, Submissions, Steps, Orders])
