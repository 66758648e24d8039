"""Small pictures of frames: the newest of a job, those of its tasks, and the newest of the farm.

How does this work?  A picture is found by numbers and by the names of steps alone: no part of a path ever comes from an
address.  `of_job` lists them as they came, so that whoever has asked before gets what is new; `version` is another one
for every other picture, and whoever asks for a picture with its version may keep the answer for good.  How fast the
frames play, the job's `Fps` says, or else the worker that made them.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from brender.farm.interfaces import FarmService, NotFound
from brender.farm.job import FinishedStep, Job, Shown, Step
from brender.farm.submission.problems import shown as quoted
from brender.farm.views.tasks import BETWEEN, Task, frame_of
from brender.verbs.items.known import JOB
from brender.web.http.answers import Answer, json_answer, tag_of
from brender.web.http.asking import Ask

USUAL, LONGEST = 1000, 2000  # pictures of a list
FEW, MANY = 12, 64  # of the farm
NUMBER = re.compile("[0-9]{1,12}")
RATE = "Fps"  # the parameter of a job
FOR_GOOD = {"Cache-Control": "private, max-age=31536000, immutable"}


class Pictures:
    def __init__(self, service: FarmService) -> None:
        self._service = service

    async def newest(self, ask: Ask) -> Answer:
        """Of a job."""
        job = self._job(ask)
        found = await self._service.pictures.read(job.id, job.shown.step, job.shown.task) if job.shown else None
        if found is None:
            raise NotFound(f"No frame of job {job.id} has been shown yet.")
        return jpeg(job, *found)

    async def of_task(self, ask: Ask) -> Answer:
        job, name = self._job(ask), ask.ids["task"]
        found = await self._service.pictures.read(job.id, *place_of(job, name))
        if found is None:
            raise NotFound(f'There is no picture of task "{quoted(name)}" of job {job.id}.')
        return jpeg(job, *found, asked=ask.query.get("v", ""))

    async def of_job(self, ask: Ask) -> Answer:
        job, since = self._job(ask), ask.number("since", 0)
        limit = ask.number("limit", USUAL, least=1, most=LONGEST)
        found = await self._service.pictures.since(job.id, since, limit) if job.shown else []
        steps = await self._service.steps_of(job.id) if found else ()
        _, values = await self._service.submission_of(job.id)
        last = min(since + limit, job.picture)
        answer = json_answer({
            "job": job.id,
            "picture": job.picture,
            "last": last,
            "more": last < job.picture,
            "rate": rate_of(values, job.shown),
            "data": [told(each, steps[each.step]) for each in found],
        })  # fmt: skip
        return Answer(answer.body, tag=tag_of(answer.body))

    async def latest(self, ask: Ask) -> Answer:
        """Of the farm, one of a job."""
        limit, jobs = ask.number("limit", FEW, least=1, most=MANY), self._service.farm.jobs
        found = [(jobs[number], each) for number, each in self._service.pictures.latest(limit) if number in jobs]
        data = [
            {"job": job.id, "name": job.name, **told(each, (job.steps or job.past)[each.step])} for job, each in found
        ]
        return json_answer({"data": data})

    def _job(self, ask: Ask) -> Job:
        job: Job = JOB.find(self._service.farm, ask.ids["job"])
        return job


def jpeg(job: Job, about: Shown, body: bytes, asked: str = "") -> Answer:
    tag = f'"{job.id}-{about.step}-{about.task}-{about.version}"'
    return Answer(body, "image/jpeg", headers=FOR_GOOD if asked == about.version else {}, tag=tag)


def place_of(job: Job, name: str) -> tuple[int, int]:
    """Step and task of "Render:12"."""
    step, _, number = name.rpartition(BETWEEN)
    for each in job.steps or job.past:
        if each.name == step and NUMBER.fullmatch(number) and int(number) < sum(each.counts):
            return each.index, int(number)
    raise NotFound(f'There is no task "{quoted(name)}" in job {job.id}.')


def told(about: Shown, step: Step | FinishedStep) -> dict[str, Any]:
    return {
        "task": f"{step.name}{BETWEEN}{about.task}",
        "frame": frame_of(Task(step, about.task)) if isinstance(step, Step) else None,
        "number": about.number,
        "version": about.version,
        "width": about.width,
        "height": about.height,
        "when": about.when,
    }


def rate_of(values: Mapping[str, Any], newest: Shown | None) -> float | None:
    """Frames a second: what was submitted goes before what the scene says; None when nobody knows."""
    given = 0.0
    with suppress(ValueError):
        given = float(str(values.get(RATE, 0)))
    return given if given > 0 else (newest.rate if newest else 0.0) or None
