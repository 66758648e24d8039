"""The jobs that a studio has done in the last weeks, as rows in a database on which no server runs yet.

How does this work?  Sequences of shots with the same few kinds of work, one job after the other, backwards from a
moment ago; nine of ten were completed.  All that is random follows from a job's number.
"""

from collections.abc import Iterable
from pathlib import Path
from random import Random
from time import time

from brender.db.engine import engine_of
from brender.db.models import JobRow, StepRow, SubmissionRow
from brender.db.opening import take_farm
from brender.db.rows import encode, job_row
from brender.db.writer import Row
from brender.farm.job import Job
from brender.farm.settings import JobSettings
from brender.farm.transitions import JobState, TaskState
from tests.browser.many_jobs import put
from tests.doubles import Stage, planned

JOBS = 420
KINDS = ("lighting", "fx_sparks", "comp", "crowd", "layout", "turntable")
OWNERS = ("mara", "ivo", "li", "zoë", "tomas")
WHYS = (
    "Error: texture not found: /mnt/film/tex/bark_02.exr",
    "CUDA error: out of memory",
    "Blender ended with exit code 11 (segmentation fault).",
)
HOUR = 3600.0


def job(number: int, now: float) -> tuple[Job, int]:
    """And how many of its tasks failed."""
    random = Random(number)
    settings = JobSettings(owner=random.choice(OWNERS), priority=random.choice((30, 50, 50, 50, 70)))
    state = random.choices((JobState.COMPLETED, JobState.FAILED, JobState.CANCELED), (90, 6, 4))[0]
    back = (JOBS - number + 1) * 1.3 * HOUR
    name = f"shot_{10 * (number // 6 + 1):03d}_{KINDS[number % 6]}"
    made = Job(number, name, now - back - random.uniform(1, 4) * HOUR, settings=settings, state=state)
    made.started, made.ended = made.submitted + random.uniform(1, 900), now - back
    if state is JobState.FAILED:
        made.reason = random.choice(WHYS)
    return made, random.randint(1, 9) if state is JobState.FAILED else 0


def rows(number: int, state: JobState, failed: int) -> Iterable[Row]:
    frames = Random(number).choice((48, 96, 120, 240, 312))
    done = frames - failed if state is not JobState.CANCELED else frames // 3
    for place, (name, tasks, completed) in enumerate((("Render", frames, done), ("Video", 1, int(done == frames)))):
        counts = [0] * len(TaskState)
        counts[TaskState.COMPLETED], counts[TaskState.FAILED] = completed, 0 if place else failed
        counts[TaskState.CANCELED] = tasks - sum(counts)
        yield (number, place, name, encode(counts).decode(), None, -1, "[]", None)


def fill(database: Path) -> None:
    database.parent.mkdir(parents=True, exist_ok=True)
    engine, now = engine_of(database), time()
    take_farm(engine)
    engine.database.connect(reuse_if_open=True)
    made = [job(number, now) for number in range(1, JOBS + 1)]
    template = encode(planned(Stage(tasks=1)).template).decode()
    with engine.database.atomic():
        put(engine, JobRow, (job_row(one) for one, _ in made))
        put(engine, SubmissionRow, ((one.id, template, "{}", "[]") for one, _ in made))
        put(engine, StepRow, (row for one, failed in made for row in rows(one.id, one.state, failed)))
    engine.let_go()
