"""Rows of the farm's objects, and the objects again: the only place that knows both.

How does this work?  `rows_of` turns what has changed into tuples, in the order of the models' columns,
at the moment of the call: the objects may change again while the tuples wait for their commit.
The `read_*` functions turn tuples of a query back into objects.
"""

from sys import intern
from typing import Any

import msgspec

from brender.db.models import (
    AuditRow,
    ClientRow,
    CredentialRow,
    InvitationRow,
    JobRow,
    OrderRow,
    SessionRow,
    SettingRow,
    StepRow,
    SubmissionRow,
    TokenRow,
    UserRow,
    ViewRow,
)
from brender.db.writer import Row, Rows
from brender.farm.changes import Changes, Override
from brender.farm.client import Machine, RuntimeClient, Status
from brender.farm.estimating.durations import Durations
from brender.farm.job import FinishedStep, Job, Standing, Step
from brender.farm.order import Order
from brender.farm.people.audit import Entry
from brender.farm.people.saved_view import SavedView
from brender.farm.people.sessions import Session
from brender.farm.people.users import Role, Token, User
from brender.farm.settings import ClientSettings, JobSettings
from brender.farm.transitions import JobState

encode, decode = msgspec.json.encode, msgspec.json.decode


def rows_of(changes: Changes) -> Rows:
    rows: list[tuple[type[Any], Row]] = [(OrderRow, order_row(order)) for order in changes.orders.values()]
    rows += [(ClientRow, client_row(client)) for client in changes.clients.values()]
    rows += [(JobRow, job_row(job)) for job in changes.jobs.values()]
    for job in changes.steps.values():
        if not job.finished:
            submitted = (job.template, job.values, job.added)
            rows.append((SubmissionRow, (job.id, *(encode(each).decode() for each in submitted))))
        rows += [(StepRow, step_row(step)) for step in job.steps]
    rows += [(SettingRow, setting_row(name, override)) for name, override in changes.settings.items()]
    rows += [(ViewRow, plain_row(view)) for view in changes.views.values()]
    rows += [(UserRow, plain_row(user)) for user in changes.users.values()]
    rows += [(TokenRow, token_row(token)) for token in changes.tokens.values()]
    rows += [(SessionRow, session_row(session)) for session in changes.sessions.values()]
    rows += [(AuditRow, plain_row(entry)) for entry in changes.audit.values()]
    rows += [(InvitationRow, plain_row(each)) for each in changes.invitations.values()]
    rows += [(CredentialRow, plain_row(each)) for each in changes.credentials.values()]
    return rows


def client_row(client: RuntimeClient) -> Row:
    machine = client.machine
    return (
        client.id,
        whole(machine.key),
        whole(machine.name),
        client.status.value,
        encode(machine).decode(),
        client.since,
        encode(client.settings).decode(),
    )


def job_row(job: Job) -> Row:
    return (
        job.id,
        whole(job.name),
        whole(job.owner),
        job.priority,
        job.state.value,
        job.submitted,
        job.started,
        job.ended,
        whole(job.reason),
        encode(job.noted).decode(),
        encode(job.settings).decode(),
        encode(job.standing).decode(),
    )


def step_row(step: Step) -> Row:
    packed = step.tasks.packed() if step.job.finished or step.as_of >= 0 else None
    counts, open_then = encode(step.counts).decode(), encode(step.open_then).decode()
    took = step.took.packed(len(step.tasks)) if step.job.finished and step.took else None  # else the orders tell
    return (step.job.id, step.index, whole(step.name), counts, packed, step.as_of, open_then, took)


def order_row(order: Order) -> Row:
    return (
        order.id,
        order.job,
        order.step,
        order.client,
        order.first,
        order.count,
        order.attempt,
        order.cost,
        order.issued,
        order.ended,
        whole(order.reason),
        bytes(order.tasks),
        order.together,
        order.second,
        order.took.packed() or None,
        order.cause,
    )


def setting_row(name: str, override: Override | None) -> Row:
    return (whole(name), override and whole(encode(override.value).decode()), override.when if override else 0.0)


def plain_row(thing: msgspec.Struct) -> Row:
    """Of a struct whose fields are the columns."""
    values = (getattr(thing, name) for name in thing.__struct_fields__)
    return tuple(whole(str(value)) if isinstance(value, str) else value for value in values)


def token_row(token: Token) -> Row:
    row = plain_row(token)
    return (*row[:5], encode(token.verbs).decode(), *row[6:])


def session_row(session: Session) -> Row:
    return plain_row(session)[: len(SessionRow._meta.sorted_fields)]


def whole(text: str) -> str:
    """Without zero bytes: PostgreSQL takes none, and a row is the same in every database."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def read_client(row: Row) -> RuntimeClient:
    machine, settings = decode(row[4], type=Machine), decode(row[6], type=ClientSettings)
    return RuntimeClient(id=row[0], machine=machine, status=Status(row[3]), since=row[5], settings=settings)


def read_job(row: Row) -> Job:
    number, name, owner, priority, state, submitted, started, ended, reason, noted, settings, standing = row
    kept = {"owner": owner, "priority": priority} | decode(settings)  # rows of before there were settings have none
    if kept["owner"] == owner:
        kept["owner"] = intern(owner)  # few people own all jobs: one text for each of them, which is quick to search
    return Job(
        id=number,
        name=name,
        submitted=submitted,
        settings=msgspec.convert(kept, JobSettings),
        state=JobState(state),
        started=started,
        ended=ended,
        reason=reason,
        noted=decode(noted),
        standing=decode(standing, type=Standing),
    )


def read_step(row: Row) -> FinishedStep:
    return FinishedStep(index=row[1], name=row[2], counts=decode(row[3], type=list[int]))


def read_order(row: Row) -> Order:
    order = Order(*row[:-4])
    order.together, order.second, order.took, order.cause = bool(row[-4]), bool(row[-3]), Durations(row[-2]), row[-1]
    return order


def read_setting(row: Row) -> tuple[str, Override] | None:
    """None where it is as brender.toml has it."""
    name, value, when = row
    return None if value is None else (name, Override(decode(value), when))


def read_user(row: Row) -> User:
    name, role, *rest = row
    return User(name, Role(role), *rest)


def read_token(row: Row) -> Token:
    number, user, name, digest, role, verbs, created, expires = row
    return Token(number, user, name, digest, Role(role), tuple(decode(verbs)), created, expires)


def read_session(row: Row) -> Session:
    return Session(*row)


def read_entry(row: Row) -> Entry:
    return Entry(*row)


def read_view(row: Row) -> SavedView:
    return SavedView(*row)
