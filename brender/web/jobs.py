"""Jobs: listed, handed in, looked at.

How does this work?  A list is newest first and comes in pages: `limit` jobs, older than `before`, and `next` says
where the next page begins.  One job comes with its orders and with what it was submitted with.  Logs
and pictures are found by numbers alone; no part of a path ever comes from an address.
"""

from collections.abc import Callable, Iterator
from typing import Any

from msgspec import UNSET

from brender.farm.archiving import no_job
from brender.farm.interfaces import FarmService, NotFound
from brender.farm.job import Job
from brender.farm.submission.problems import Problem, shown
from brender.farm.transitions import JobState
from brender.farm.views import job_view
from brender.web.answers import TEXT, Answer, json_answer, tag_of
from brender.web.asking import BIGGEST, Ask
from brender.web.bodies import JobChange, Submission, given
from brender.web.clients import fields_of
from brender.web.once import Once
from brender.web.strict import shaped
from brender.web.wrong import Wrong

USUAL_PAGE, LONGEST_PAGE = 100, 1000  # jobs
LONGEST_TAIL = 16 * 2**20  # bytes of a log


class Jobs:
    def __init__(self, service: FarmService, templates: Callable[[str], str | None]) -> None:
        self._service = service
        self._templates = templates
        self._once: Once[int] = Once()

    async def page(self, ask: Ask) -> Answer:
        limit = ask.number("limit", USUAL_PAGE, least=1, most=LONGEST_PAGE)
        jobs = self._newest(ask.number("before", BIGGEST), ask.choices("state", tuple(JobState)))
        page = [job for job, _ in zip(jobs, range(limit + 1), strict=False)]
        more = page[limit - 1].id if len(page) > limit else None
        return json_answer({"data": [job_view(job, self._service.farm) for job in page[:limit]], "next": more})

    async def one(self, ask: Ask) -> Answer:
        job = self._job(ask)
        template, values = await self._service.submission_of(job.id)
        shown_job = fields_of(job_view(job, self._service.farm))  # before its orders: they may know more, never less
        orders = list(await self._service.orders_of(job.id))
        orders = orders[-ask.number("orders", len(orders), least=1) :] if orders else orders
        return json_answer({**shown_job, "orders": orders, "template": template, "values": values})

    async def submit(self, ask: Ask) -> Answer:
        wanted = ask.body(Submission)
        settings = settings_of(wanted)

        async def work() -> int:
            job = await self._service.submit(
                self._template(wanted.template),
                wanted.values,
                name=wanted.name,
                settings=settings,
            )
            return job.id

        number = await self._once.do(ask.header("idempotency-key"), ask.content, work)
        view = job_view(self._service.farm.jobs[number], self._service.farm)
        return json_answer(view, 201, {"Location": f"/api/v1/jobs/{number}"})

    async def log(self, ask: Ask) -> Answer:
        job = self._job(ask)
        task, order = ask.optional("task"), ask.optional("order")
        tail = ask.number("tail", 0, most=LONGEST_TAIL)
        text = await self._service.log_of(job.id, order=order, task=task, step=ask.query.get("step"), tail=tail)
        if not text:
            raise NotFound(nothing(job))
        body = text.encode("utf-8", "backslashreplace")
        body = last_lines(body, tail) if tail else body
        return Answer(body, TEXT, tag=tag_of(body))

    async def picture(self, ask: Ask) -> Answer:
        job = self._job(ask)
        jpeg = self._service.picture_of(job.id)
        if jpeg is None:
            raise NotFound(f"No frame of job {job.id} has been shown yet.")
        return Answer(jpeg, "image/jpeg", tag=f'"{job.id}-{job.picture}-{tag_of(jpeg)[1:]}')

    def _newest(self, before: int, states: list[str]) -> Iterator[Job]:
        jobs = self._service.farm.jobs
        for number in sorted(jobs, reverse=True):
            if number < before and (not states or jobs[number].state in states):
                yield jobs[number]

    def _job(self, ask: Ask) -> Job:
        job = self._service.farm.jobs.get(ask.ids["job"])
        if job is None:
            raise NotFound(no_job(self._service.farm, ask.ids["job"]))
        return job

    def _template(self, template: dict[str, Any] | str) -> dict[str, Any] | str:
        """What was sent, or the built-in template that it names."""
        if isinstance(template, dict) or "\n" in template or template.lstrip().startswith("{"):
            return template
        text = self._templates(template.strip())
        if text is None:
            sentence = f'There is no built-in template "{shown(template)}"; send a template\'s text, or an object.'
            raise Wrong(422, sentence, at="template", problems=[Problem("template", sentence)])
        return text


def settings_of(wanted: Submission) -> dict[str, Any]:
    """What was said of the job's settings, in their own place or beside it."""
    settings = given(shaped(wanted.settings, JobChange, "settings"))
    for name, value in (("priority", wanted.priority), ("owner", wanted.owner)):
        if value is not UNSET and name in settings:
            raise Wrong(400, f"{name} is given twice; which of them is meant?", at=name)
        if value is not UNSET:
            settings[name] = value
    return settings


def nothing(job: Job) -> str:
    if job.started is None:
        return f"Job {job.id} has not started: there is no log yet."
    return f"Job {job.id} has no log of that step, task or order."


def last_lines(body: bytes, most: int) -> bytes:
    """Whole lines from the end, at most so many bytes; of a longer line, its end."""
    if len(body) <= most:
        return body
    tail = body[-most:]
    cut = tail.find(b"\n", 0, -1)
    return tail[cut + 1 :] if cut >= 0 and body[-most - 1 : -most] != b"\n" else tail
