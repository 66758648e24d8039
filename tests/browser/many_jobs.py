"""A database with a hundred thousand jobs that have ended, as a busy studio's has after some years.

How does this work?  `fill` puts the rows of clients' work of years into a new database before a server is started on
it: jobs with names, owners, states and priorities that a table can be sorted and searched by, two steps each, and what
was submitted.  Their numbers rise with the time at which they were handed in.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from brender.db.engine import Engine, engine_of
from brender.db.models import JobRow, StepRow, SubmissionRow
from brender.db.opening import take_farm
from brender.db.rows import encode, job_row
from brender.db.writer import Row
from brender.farm.job import Job
from brender.farm.settings import JobSettings
from brender.farm.transitions import JobState, TaskState
from tests.doubles import Stage, planned

JOBS = 100_000
BEGAN = 1_700_000_000.0  # the first was handed in, and one a minute since then
OWNERS = ("mara", "ivo", "Li", "zoë")
SPREAD = 7919  # names are in another order than numbers
MARKUP = "<img src=x onerror=document.title='caught'>"  # what a name may not do to a page
FRAMES = 240


def job(number: int) -> Job:
    """The same one for the same number."""
    name = MARKUP if number == JOBS else f"shot_{number * SPREAD % JOBS:05} {'Schnee' if number % 3 else 'Übergang'}"
    settings = JobSettings(owner=OWNERS[number % len(OWNERS)], priority=number % 101)
    state = JobState.FAILED if number % 7 == 0 else JobState.COMPLETED
    made = Job(number, name, BEGAN + 60 * number, settings=settings, state=state)
    made.started, made.ended = made.submitted + 1, made.submitted + 600
    return made


def fill(database: Path, jobs: int = JOBS) -> None:
    database.parent.mkdir(parents=True, exist_ok=True)
    engine = engine_of(database)
    take_farm(engine)
    engine.database.connect(reuse_if_open=True)
    numbers = range(1, jobs + 1)
    with engine.database.atomic():
        put(engine, JobRow, (job_row(job(number)) for number in numbers))
        template = encode(planned(Stage(tasks=1)).template).decode()
        put(engine, SubmissionRow, ((number, template, "{}", "[]") for number in numbers))
        put(engine, StepRow, (row for number in numbers for row in steps(number)))
    engine.let_go()


def put(engine: Engine, model: type[Any], rows: Iterable[Row]) -> None:
    engine.put(model._meta.table_name, [field.column_name for field in model._meta.sorted_fields], rows)


def steps(number: int) -> Iterable[Row]:
    failed = 1 if number % 7 == 0 else 0
    for place, (name, tasks) in enumerate((("Render", FRAMES), ("Video", 1))):
        counts = [0] * len(TaskState)
        counts[TaskState.COMPLETED], counts[TaskState.FAILED] = tasks - failed, failed
        yield (number, place, name, encode(counts).decode(), None, -1, "[]", None)
