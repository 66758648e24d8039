"""A cold start: how soon a farm that has done much gives its first order.

How does this work?  A database gets 10,000 clients, 1,000 jobs (50 of them unfinished) and 1,000,000 orders that
have ended; then a real server is started on it, and a worker calls it as soon as it listens.  The time counts from the
start of the server's process to the worker's first order; beside it stands what the server itself computed until then,
which tells more on a machine that others use.  The program is compiled first, as it is where it was installed.
"""

import compileall
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from statistics import median
from time import monotonic
from typing import Any, NamedTuple

import psutil

from bench.figures import Figure, figure
from bench.submitting import BareWorker
from brender.db.engine import Engine, engine_of
from brender.db.models import ClientRow, JobRow, OrderRow, StepRow, SubmissionRow
from brender.db.opening import take_farm
from brender.db.rows import client_row, encode, job_row
from brender.db.writer import Row
from brender.farm.client import RuntimeClient
from brender.farm.estimating.durations import code_of
from brender.farm.job import Job
from brender.farm.tasks import TaskSet
from brender.farm.transitions import JobState
from tests.db.cluster import cluster, find
from tests.doubles import DONE, Stage, job, machine, planned
from tests.line.harness import CHECKOUT, Farm

CLIENTS, JOBS, UNFINISHED, ORDERS = 10_000, 1_000, 50, 1_000_000
TIMES = 3
RUN = 4  # tasks of an order
TOOK = code_of(10.0).to_bytes(2, "little")  # of one task
SIZE = RUN * ORDERS // JOBS + 100  # tasks of a job: an unfinished one has some left


class Took(NamedTuple):
    wall: float
    computed: float  # by the server, user and system


def cold_start(folder: Path) -> list[Figure]:
    compileall.compile_dir(CHECKOUT / "brender", quiet=1)
    (folder / "server").mkdir(parents=True)
    figures = several(folder, folder / "server" / "brender.sqlite", "")
    if find():
        url = cluster().made()
        figures += several(folder / "postgresql", url, "_postgresql", database=url)
    return figures


def several(folder: Path, where: Path | str, name: str, **settings: Any) -> list[Figure]:
    fill(where)
    took = [once(Farm(folder, **settings)) for _ in range(TIMES)]
    return [
        figure(f"cold_start_seconds{name}", median(each.wall for each in took), "s", "<= 2"),
        figure(f"cold_start_computed_seconds{name}", median(each.computed for each in took), "s"),
    ]


def once(farm: Farm) -> Took:
    began = monotonic()
    try:
        server = psutil.Process(farm.start_server(wait=False).pid)
        caller(farm).hear("order")
        wall, times = monotonic() - began, server.cpu_times()
        return Took(wall, times.user + times.system)
    finally:
        farm.end()


def caller(farm: Farm) -> BareWorker:
    """A worker that calls as soon as the server listens."""
    worker = farm.until(lambda: called(farm), "the server does not listen")
    assert worker
    return worker


def called(farm: Farm) -> BareWorker | None:
    with suppress(ConnectionRefusedError):
        return BareWorker(farm.worker_port)
    return None


def fill(where: Path | str) -> None:
    engine = engine_of(where)
    take_farm(engine)
    engine.database.connect(reuse_if_open=True)
    with engine.database.atomic():
        clients = (RuntimeClient(id=number, machine=machine(number, 4)) for number in range(1, CLIENTS + 1))
        put(engine, ClientRow, map(client_row, clients))
        jobs = [made(number) for number in range(1, JOBS + 1)]
        put(engine, JobRow, map(job_row, jobs))
        plan = planned(Stage(tasks=SIZE, vcpus=1))
        template = encode(plan.template).decode()
        put(engine, SubmissionRow, ((each.id, template, "{}", "[]") for each in jobs))
        put(engine, StepRow, map(step, jobs))
        put(engine, OrderRow, orders())
    if isinstance(where, str):
        engine.database.execute_sql("ANALYZE")  # what PostgreSQL does by itself within minutes
    engine.let_go()


def put(engine: Engine, model: type[Any], rows: Iterator[Row]) -> None:
    engine.put(model._meta.table_name, [field.column_name for field in model._meta.sorted_fields], rows)


def made(number: int) -> Job:
    found = job(number, Stage(tasks=1))
    found.state = JobState.ACTIVE if number > JOBS - UNFINISHED else JobState.COMPLETED
    found.started, found.ended = 1.0, 2.0 if found.finished else None
    return found


def step(of: Job) -> Row:
    counts = encode([0, 0, 0, SIZE, 0, 0]).decode()
    tasks, took = (TaskSet(bytearray([DONE]) * SIZE).packed(), TOOK * SIZE) if of.finished else (None, None)
    return (of.id, 0, "A", counts, tasks, -1, "[]", took)


def orders() -> Iterator[Row]:
    for number in range(ORDERS):
        of, place = divmod(number, ORDERS // JOBS)
        tasks = bytes([DONE]) * RUN
        client, took = 1 + number % CLIENTS, TOOK * RUN
        yield (number + 1, of + 1, 0, client, place * RUN, RUN, 1, 1, 10.0, 20.0, "", tasks, False, False, took, "")
