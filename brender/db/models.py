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
    took = BlobField(null=True)  # two bytes a task, `farm.durations`: of an ended job

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
    took = BlobField(null=True)  # two bytes a task, `farm.durations`; NULL before the first has ended
    cause = TextField()  # of the failure that `reason` tells of: one of `failing.CAUSES`

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


class UserRow(Table):
    """`farm.people.User`."""

    name = TextField(primary_key=True)
    role = TextField(column_name="user_role")
    password = TextField(column_name="password_hash")
    created = FloatField(column_name="created_at")
    changed = FloatField(column_name="changed_at")

    class Meta:
        table_name = "users"


class TokenRow(Table):
    """`farm.people.Token`; of its secret, only the digest."""

    id = IntegerField(primary_key=True)
    user = TextField(column_name="user_name")
    name = TextField()
    digest = TextField()
    role = TextField(column_name="token_role")
    verbs = TextField()  # JSON list
    created = FloatField(column_name="created_at")
    expires = FloatField(column_name="expires_at", null=True)

    class Meta:
        table_name = "tokens"


class SessionRow(Table):
    """`farm.sessions.Session`, of a browser; of its secrets, only the digests."""

    id = IntegerField(primary_key=True)
    user = TextField(column_name="user_name")
    began = FloatField(column_name="began_at")
    used = FloatField(column_name="used_at")
    rotated = FloatField(column_name="rotated_at")
    digest = TextField()  # nothing: it has ended
    before = TextField(column_name="digest_before")

    class Meta:
        table_name = "sessions"


class AuditRow(Table):
    """`farm.audit.Entry`."""

    id = IntegerField(primary_key=True)
    when = FloatField(column_name="asked_at", index=True)
    user = TextField(column_name="user_name")
    role = TextField(column_name="user_role")
    address = TextField()
    face = TextField()
    item = TextField()
    action = TextField(column_name="verb")
    things = TextField()
    count = IntegerField(column_name="things_count")
    values = TextField(column_name="said")
    outcome = TextField()

    class Meta:
        table_name = "audit"


class DepartedRow(Table):
    """A client that was deleted: orders that it had are still here."""

    client = IntegerField(primary_key=True)
    name = TextField()
    when = FloatField(column_name="deleted_at")

    class Meta:
        table_name = "departed"


class InvitationRow(Table):
    """`farm.invitation.Invitation`: of the word that is said to use it, only the hash."""

    id = IntegerField(primary_key=True)
    note = TextField()
    uses = IntegerField()
    used = IntegerField(column_name="times_used")
    made = FloatField(column_name="made_at")
    expires = FloatField(column_name="expires_at")
    mark = TextField()

    class Meta:
        table_name = "invitations"


class CredentialRow(Table):
    """`farm.invitation.Credential`: which certificates of a machine count."""

    key = TextField(column_name="machine_key", primary_key=True)
    issued = IntegerField(column_name="last_issued")
    revoked = IntegerField(column_name="last_revoked")
    serial = TextField(column_name="last_serial")
    expires = FloatField(column_name="expires_at")

    class Meta:
        table_name = "credentials"


class AuthorityRow(Table):
    """The CA that the farm's workers trust: its fingerprint, which is no secret."""

    fingerprint = TextField(primary_key=True)
    since = FloatField(column_name="known_since")

    class Meta:
        table_name = "authorities"


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
    UserRow: 1,
    TokenRow: 1,
    SessionRow: 1,
    AuditRow: 1,
    InvitationRow: 1,
    CredentialRow: 1,
    AuthorityRow: 1,
    DepartedRow: 1,
}
