"""Rows of the farm's objects, and the objects again: the only place that knows both.

How does this work?  `rows_of` turns what has changed into tuples, in the order of the models' columns,
at the moment of the call: the objects may change again while the tuples wait for their commit.
The `read_*` functions turn tuples of a query back into objects.
"""

from typing import Any

import msgspec

from brender.db.models import ClientRow, JobRow, OrderRow, StepRow, SubmissionRow
from brender.db.writer import Row, Rows
from brender.farm.changes import Changes
from brender.farm.client import Machine, RuntimeClient, Status
from brender.farm.job import FinishedStep, Job, Step
from brender.farm.order import Order
from brender.farm.transitions import JobState

encode = msgspec.json.encode


def rows_of(changes: Changes) -> Rows:
    rows: list[tuple[type[Any], Row]] = [(OrderRow, order_row(order)) for order in changes.orders.values()]
    rows += [(ClientRow, client_row(client)) for client in changes.clients.values()]
    rows += [(JobRow, job_row(job)) for job in changes.jobs.values()]
    for job in changes.steps.values():
        if not job.finished:
            rows.append((SubmissionRow, (job.id, encode(job.template).decode(), encode(job.values).decode())))
        rows += [(StepRow, step_row(step)) for step in job.steps]
    return rows


def client_row(client: RuntimeClient) -> Row:
    machine = client.machine
    return (client.id, machine.key, machine.name, client.status.value, encode(machine).decode(), client.since)


def job_row(job: Job) -> Row:
    return (
        job.id,
        job.name,
        job.owner,
        job.priority,
        job.state.value,
        job.submitted,
        job.started,
        job.ended,
        job.reason,
        encode(job.warnings).decode(),
    )


def step_row(step: Step) -> Row:
    packed = step.tasks.packed() if step.job.finished else None
    return (step.job.id, step.index, step.name, encode(step.counts).decode(), packed)


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
        order.reason,
        bytes(order.tasks),
    )


def read_client(row: Row) -> RuntimeClient:
    machine = msgspec.json.decode(row[4], type=Machine)
    return RuntimeClient(id=row[0], machine=machine, status=Status(row[3]), since=row[5])


def read_job(row: Row) -> Job:
    number, name, owner, priority, state, submitted, started, ended, reason, warnings = row
    job = Job(number, name, owner, priority, submitted, {}, {}, JobState(state), started, ended, reason)
    job.warnings = msgspec.json.decode(warnings)
    return job


def read_step(row: Row) -> FinishedStep:
    return FinishedStep(index=row[1], name=row[2], counts=msgspec.json.decode(row[3], type=list[int]))


def read_order(row: Row) -> Order:
    return Order(*row)
