"""The tables: what the farm keeps, as peewee models.

How does this work?  These models name columns and types; nothing else in the program makes an object
of them.  `store` writes tuples in the order of their columns, with `KEYS` saying which columns are a
table's primary key, and reads tuples back.  A model changes only together with a migration.
Times are seconds of the epoch.
"""

from typing import Any

from peewee import BlobField, BooleanField, CompositeKey, DatabaseProxy, FloatField, IntegerField, Model, TextField

database = DatabaseProxy()


class Table(Model):
    class Meta:
        database = database


class ClientRow(Table):
    id = IntegerField(primary_key=True)
    key = TextField(unique=True)  # the worker's own stable id
    name = TextField()
    status = TextField()
    machine = TextField()  # JSON of `farm.client.Machine`
    since = FloatField()
    settings = TextField()  # JSON of `farm.settings.ClientSettings`

    class Meta:
        table_name = "clients"


class JobRow(Table):
    id = IntegerField(primary_key=True)
    name = TextField()
    owner = TextField()  # as in `settings`, for questions to the database
    priority = IntegerField()  # the same
    state = TextField()
    submitted = FloatField()
    started = FloatField(null=True)
    ended = FloatField(null=True)
    reason = TextField()
    warnings = TextField()  # JSON list
    settings = TextField()  # JSON of `farm.settings.JobSettings`
    standing = TextField()  # JSON of `farm.job.Standing`

    class Meta:
        table_name = "jobs"


class SubmissionRow(Table):
    """What was submitted; apart from the job's row, which changes often."""

    job = IntegerField(primary_key=True)
    template = TextField()  # JSON
    values = TextField(column_name="parameter_values")  # JSON
    added = TextField()  # JSON list: the values with which tasks were added later

    class Meta:
        table_name = "submissions"


class StepRow(Table):
    job = IntegerField()
    place = IntegerField(column_name="step_index")
    name = TextField()
    counts = TextField()  # JSON list: tasks in each state
    tasks = BlobField(null=True)  # a byte a task, compressed: of an ended job, and as of some order (-1: as of none)
    as_of = IntegerField()
    open_then = TextField()  # JSON list: the orders that were open at that time

    class Meta:
        table_name = "steps"
        primary_key = CompositeKey("job", "place")


class OrderRow(Table):
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
    tasks = BlobField()  # a byte a task: what became of it
    together = BooleanField()  # one chunk
    second = BooleanField()  # a straggler's second start

    class Meta:
        table_name = "orders"


class ArchivedRow(Table):
    """A job that went to an archive, or is on its way there or back."""

    job = IntegerField(primary_key=True)
    name = TextField()
    state = TextField()
    submitted = FloatField()
    started = FloatField(null=True)
    ended = FloatField()
    file = TextField()  # its name, or the whole path where it is not in the farm's own folder
    when = FloatField(column_name="archived_at")
    stage = IntegerField()  # `archive.Stage`

    class Meta:
        table_name = "archived"


class MarkRow(Table):
    """The last job, order and view whose numbers are taken, though no row may have them any more."""

    name = TextField(primary_key=True)
    number = IntegerField()

    class Meta:
        table_name = "marks"


class SettingRow(Table):
    """A setting of the farm that was changed while it runs, or an entry of one."""

    name = TextField(primary_key=True)
    value = TextField(null=True)  # JSON; NULL: it is again as brender.toml has it
    changed = FloatField(column_name="changed_at")

    class Meta:
        table_name = "farm_settings"


class ViewRow(Table):
    """A saved look at a list: `farm.saved_view.SavedView`."""

    id = IntegerField(primary_key=True)
    name = TextField()
    owner = TextField()
    item = TextField()
    wanted = TextField(column_name="filter_text")
    fields = TextField(column_name="field_names")
    sort = TextField(column_name="sorted_by")
    changed = FloatField(column_name="changed_at")

    class Meta:
        table_name = "saved_views"


class DepartedRow(Table):
    """A client that was deleted: orders that it had are still here."""

    client = IntegerField(primary_key=True)
    name = TextField()
    when = FloatField(column_name="deleted_at")

    class Meta:
        table_name = "departed"


KEYS: dict[type[Any], int] = {
    ClientRow: 1,
    JobRow: 1,
    SubmissionRow: 1,
    StepRow: 2,
    OrderRow: 1,
    ArchivedRow: 1,
    MarkRow: 1,
    SettingRow: 1,
    ViewRow: 1,
    DepartedRow: 1,
}
