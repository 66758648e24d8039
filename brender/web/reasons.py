"""Why a job, a frame or a client waits: one sentence for each.

How does this work?  The sentences come from `farm.why`, which asks the rules that decide.  A job that has ended
answers for all its frames.
"""

import re
from collections.abc import Callable

from brender.farm.archiving import no_job
from brender.farm.choosing import Chosen, of_frames, of_numbers
from brender.farm.interfaces import FarmService, NotFound
from brender.farm.job import Job
from brender.farm.submission.problems import shown
from brender.farm.why import why_client, why_job, why_tasks
from brender.web.answers import Answer, json_answer
from brender.web.asking import Ask
from brender.web.wrong import Wrong


class Reasons:
    def __init__(self, service: FarmService, now: Callable[[], float]) -> None:
        self._service = service
        self._now = now

    async def job(self, ask: Ask) -> Answer:
        farm, number = self._service.farm, ask.ids["job"]
        job = farm.jobs.get(number)
        if job is None:
            raise NotFound(no_job(farm, number))
        chosen = asked_about(ask, job)
        if job.finished or chosen is None:
            return json_answer({"job": number, "why": why_job(farm, job, self._now())})
        return json_answer({"job": number, "why": "\n".join(why_tasks(farm, job, chosen, self._now()))})

    async def client(self, ask: Ask) -> Answer:
        farm, number = self._service.farm, ask.ids["client"]
        client = farm.clients.get(number)
        if client is None:
            raise NotFound(f"There is no client {number}.")
        return json_answer({"client": number, "why": why_client(farm, client, self._now())})


def asked_about(ask: Ask, job: Job) -> Chosen | None:
    """The tasks that the question is about; None when it is about the job."""
    frame, task, step = ask.query.get("frame"), ask.optional("task"), ask.query.get("step", "")
    if frame is not None and not re.fullmatch(r"-?[0-9]{1,15}", frame):
        raise Wrong(400, f"frame={shown(frame)}: it should be one whole number.", at="frame")
    if frame is not None and task is not None:
        raise Wrong(400, "Ask about a frame or about a task, not both.", at="task")
    if job.finished or (frame is None and task is None):
        return None
    return of_numbers(job, [task], step) if task is not None else of_frames(job, frame or "", step)

