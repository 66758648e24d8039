"""What people change of jobs: their state, their settings, their tasks.

How does this work?  Each handler reads its body, lets the service do it, and answers with the job as it is then and
`changed`, which is false when it was so already.  A request that is sent again with its Idempotency-Key is not
done again: `Once` gives what was said the first time.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from brender.farm.archiving import no_job
from brender.farm.interfaces import FarmService, NotFound
from brender.farm.job import Job
from brender.farm.views import job_view
from brender.web.answers import Answer, json_answer
from brender.web.asking import Ask
from brender.web.bodies import Forgiving, JobChange, Requeue, Retry, Values, given
from brender.web.clients import fields_of
from brender.web.once import Once
from brender.web.wrong import Wrong

Said = dict[str, Any]  # beside the job's own fields


class Changes:
    def __init__(self, service: FarmService) -> None:
        self._service = service
        self._once: Once[Said] = Once()

    async def set(self, ask: Ask) -> Answer:
        wanted = given(ask.body(JobChange))
        if not wanted:
            raise Wrong(400, 'The body names no setting; it should say what is to be so, as in {"priority": 80}.')
        return await self._do(ask, lambda job: self._so(self._service.set_job(job.id, wanted)))

    async def cancel(self, ask: Ask) -> Answer:
        return await self._do(ask, lambda job: self._so(self._service.cancel(job.id)))

    async def pause(self, ask: Ask) -> Answer:
        return await self._do(ask, lambda job: self._so(self._service.pause(job.id)))

    async def resume(self, ask: Ask) -> Answer:
        return await self._do(ask, lambda job: self._so(self._service.resume(job.id)))

    async def approve(self, ask: Ask) -> Answer:
        return await self._do(ask, lambda job: self._so(self._service.approve(job.id)))

    async def forgive(self, ask: Ask) -> Answer:
        wanted = ask.body_or_none(Forgiving).clients
        for client in wanted or ():
            if client not in self._service.farm.clients:
                raise NotFound(f"There is no client {client}.")

        async def work(job: Job) -> Said:
            found = await self._service.forgive(job.id, list(job.standing.avoided) if wanted is None else wanted)
            return {"changed": bool(found), "forgiven": found}

        return await self._do(ask, work)

    async def retry(self, ask: Ask) -> Answer:
        wanted = ask.body_or_none(Retry)
        return await self._do(ask, lambda job: self._again(job, wanted, with_dependents=False))

    async def requeue(self, ask: Ask) -> Answer:
        wanted = ask.body(Requeue)
        if not wanted.frames and wanted.tasks is None and not wanted.step:
            raise Wrong(400, "Say what is to run again: frames, tasks, or a step.", at="frames")
        return await self._do(ask, lambda job: self._again(job, wanted, wanted.with_dependents))

    async def add(self, ask: Ask) -> Answer:
        values = ask.body(Values).values

        async def work(job: Job) -> Said:
            return {"changed": True, "added": await self._service.add_tasks(job.id, values)}

        return await self._do(ask, work)

    async def revise(self, ask: Ask) -> Answer:
        values = ask.body(Values).values
        return await self._do(ask, lambda job: self._so(self._service.revise(job.id, values)))

    async def _do(self, ask: Ask, work: Callable[[Job], Awaitable[Said]]) -> Answer:
        number = ask.ids["job"]
        job = self._service.farm.jobs.get(number)
        if job is None:
            raise NotFound(no_job(self._service.farm, number))
        content = f"{ask.method} {ask.path}\n".encode() + ask.content
        said = await self._once.do(ask.header("idempotency-key"), content, lambda: work(job))
        return json_answer({**fields_of(job_view(job, self._service.farm)), **said})

    @staticmethod
    async def _so(changed: Awaitable[bool]) -> Said:
        return {"changed": await changed}

    async def _again(self, job: Job, wanted: Retry, with_dependents: bool) -> Said:
        found = await self._service.again(job.id, wanted.choose, with_dependents)
        return {"changed": bool(found), "again": {job.steps[step].name: len(tasks) for step, tasks in found.items()}}
