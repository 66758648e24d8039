"""Archives: takes finished jobs out of a running farm, and brings them back.

How does this work?  `put_away` takes as many of the oldest finished jobs as go into one file; whoever wants more asks
again.  The `shelf` (`db.archive`) has copied them to the disk before the farm forgets them, and forgetting happens in
the same turn in which the rows are given up, so no job is changed in between: one that was changed while it
was copied stays.  Everything goes through one lock: one file at a time.
"""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, DeferredLock
from twisted.logger import Logger
from twisted.python.failure import Failure

from brender.farm.archiving import Archived, as_it_is, may_go, no_job
from brender.farm.interfaces import Archivable, NotFound, Shelf
from brender.farm.job import Job
from brender.farm.submission.problems import Problem, Refused
from brender.farm.transitions import NotNow

MOST = 500  # jobs in one file
Result = TypeVar("Result")


class Archives:
    """`farm.interfaces.Archives`."""

    log = Logger()

    def __init__(self, service: Archivable, shelf: Shelf, now: Callable[[], float]) -> None:
        self._service = service
        self._shelf = shelf
        self._now = now
        self._lock = DeferredLock()

    async def mend(self) -> None:
        """End what was begun when a server was killed."""
        await self._alone(self._shelf.mend())

    def mend_soon(self) -> None:
        """The same where nobody waits; the next archive tries it again."""
        Deferred.fromCoroutine(self.mend()).addErrback(self._not_mended)

    def _not_mended(self, failure: Failure) -> None:
        if failure.check(NotNow):  # the server ends
            self.log.info("An archive that was begun is ended another time: {error}", error=failure.getErrorMessage())
        else:
            self.log.failure("An archive that was begun cannot be ended", failure)

    def all(self) -> list[Archived]:
        """The newest first."""
        archived = self._service.farm.archived
        return [archived[number] for number in sorted(archived, reverse=True)]

    async def lines(self, job: int) -> list[dict[str, Any]]:
        return list(await self._shelf.lines(self._entry(job)))

    async def put_away(self, before: float, folder: str = "") -> tuple[list[Archived], int]:
        check(folder)
        return await self._alone(self._put_away(before, folder))

    async def bring_back(self, job: int) -> Job:
        return await self._alone(self._bring_back(job))

    async def _put_away(self, before: float, folder: str) -> tuple[list[Archived], int]:
        await self._shelf.mend()
        await self._service.save()
        chosen = await self._choose(before)
        if not chosen:
            return [], 0
        as_it_was = {job.id: as_it_is(job) for job in chosen}
        written = await self._shelf.write(chosen, folder, self._now())
        may_still = {job.id: as_it_is(job) for job in may_go(self._service.farm, before)}
        gone = [entry for entry in written if may_still.get(entry.id) == as_it_was[entry.id]]
        for entry in gone:
            self._service.forget(self._service.farm.jobs[entry.id], entry)
        await self._shelf.drop(gone, written)
        self._service.say_gone(entry.id for entry in gone)
        return gone, sum(1 for _ in may_go(self._service.farm, before))

    async def _choose(self, before: float) -> list[Job]:
        oldest = [job.id for job, _ in zip(may_go(self._service.farm, before), range(MOST), strict=False)]
        numbers = await self._shelf.portion(oldest) if oldest else []
        return [job for job in may_go(self._service.farm, before) if job.id in set(numbers)]

    async def _bring_back(self, number: int) -> Job:
        await self._shelf.mend()
        job = await self._shelf.put_back(self._entry(number))
        self._service.remember(job)
        return job

    def _entry(self, job: int) -> Archived:
        farm = self._service.farm
        if job not in farm.archived:
            raise NotFound(f"Job {job} is in no archive: it is in the farm." if job in farm.jobs else no_job(farm, job))
        return farm.archived[job]

    async def _alone(self, work: Coroutine[Deferred[Any], Any, Result]) -> Result:
        return await self._lock.run(Deferred.fromCoroutine, work)


def check(folder: str) -> None:
    """Raises `Refused` unless it is a folder, or none is named."""
    if folder and not (Path(folder).is_absolute() and Path(folder).is_dir()):
        sentence = f"The archive's folder has to be a whole path, of a folder on the server's machine: {folder} is not."
        raise Refused([Problem("folder", sentence)])
