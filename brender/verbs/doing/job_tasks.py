"""Which tasks of jobs run, and with what: again, more of them, or with other values.

How does this work?  `retry` and `requeue` choose tasks by frames, by numbers or by a step, and differ in what is meant
where none is said, and in what comes of tasks that were made from them.  `add` and `revise` go by the template of the
job, with other values.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec

from brender.farm.choosing import Chosen, ended, everything, frames_of, of_frames, of_numbers
from brender.farm.job import Job
from brender.farm.settings import says
from brender.farm.submission.problems import Problem, Refused
from brender.verbs.doing.jobs import Text, each
from brender.verbs.items.known import JOB
from brender.verbs.said.unfit import Unfit
from brender.verbs.verb import Call, Given, Verbs, Which

JOB_TASK_VERBS = Verbs(JOB)
MOST_NUMBERS = 100_000  # tasks that are named one by one

Values = Annotated[dict[str, Any], says("of the template's parameters")]


class Retry(Given, frozen=True):
    frames: Annotated[str, says('these frames, "1-10,15"')] = ""
    tasks: Annotated[list[int], msgspec.Meta(max_length=MOST_NUMBERS), says("these tasks, by number")] | None = None
    step: Annotated[Text, says("of this step")] = ""

    def check(self) -> None:
        if self.frames and self.tasks is not None:
            raise Refused([Problem("tasks", "Say frames or tasks, not both.")])
        if self.frames:
            frames_of(self.frames)

    def choose(self, job: Job) -> Chosen:
        if self.frames:
            return of_frames(job, self.frames, self.step)
        return of_numbers(job, self.tasks, self.step) if self.tasks is not None else self.rest(job)

    def rest(self, job: Job) -> Chosen:
        return ended(job, self.step)


class Requeue(Retry, frozen=True):
    with_dependents: Annotated[bool, says("what was made from them runs again too")] = False

    def check(self) -> None:
        if not self.frames and self.tasks is None and not self.step:
            raise Unfit("Say what is to run again: frames, tasks, or a step.", "frames")
        super().check()

    def rest(self, job: Job) -> Chosen:
        return everything(job, self.step)


@dataclass(frozen=True)
class Again:
    """What of a job is to run again."""

    wanted: Retry
    with_dependents: bool = False

    async def run(self, call: Call, job: Job) -> Mapping[str, Any]:
        found = await call.service.again(job.id, self.wanted.choose, self.with_dependents)
        stale = [job.steps[step].name for step in job.standing.stale] if job.steps else []
        again = {job.steps[step].name: len(tasks) for step, tasks in found.items()}
        return {"changed": bool(found), "again": again, "stale": stale}


@JOB_TASK_VERBS(
    "retry", "Run again what failed or was canceled, or some frames.", takes=Retry, bare="frames",
    more="FRAMES is a range such as 1-10,15, or the name of a step.",
)  # fmt: skip
@each
async def retry(call: Call, job: Job) -> Mapping[str, Any]:
    return await Again(call.given).run(call, job)


@JOB_TASK_VERBS(
    "requeue", "Run frames again, also those that were done.", takes=Requeue, bare="frames",
    more="FRAMES is a range such as 1-10,15, or the name of a step.\n"
    "What was made from them stays as it is, and is marked stale;\n"
    "with --with-dependents it runs again too.",
)  # fmt: skip
@each
async def requeue(call: Call, job: Job) -> Mapping[str, Any]:
    return await Again(call.given, call.given.with_dependents).run(call, job)


# --- more tasks, other values


class NewValues(Given, frozen=True):
    values: Values


@JOB_TASK_VERBS("add", "Add the tasks that a job would have with other values.", which=Which.ONE, takes=NewValues)
@each
async def add(call: Call, job: Job) -> Mapping[str, Any]:
    return {"changed": True, "added": await call.service.add_tasks(job.id, call.given.values)}


@JOB_TASK_VERBS("revise", "Give other values to tasks of a job that have not run.", which=Which.ONE, takes=NewValues)
@each
async def revise(call: Call, job: Job) -> Mapping[str, Any]:
    return {"changed": await call.service.revise(job.id, call.given.values)}
