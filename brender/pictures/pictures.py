"""The pictures of all jobs: kept, found, and thrown away again, while nobody waits for the disk.

How does this work?  `add` hands a picture to `later`, which does things in a thread of their own, one after the other;
it gives what is shown now once the picture lies in the job's `Album`.  When too many wait for a slow disk, new ones are
passed over.  A disk that cannot take a picture costs that picture, and is told of once.  `latest` are the jobs with the
newest pictures; that, and the `shown` of each job, are found again after a start (`recall`).  `tidy` removes whole
jobs' pictures as logs are removed: what is too old or too much, the oldest first, and of jobs that go on, none.
"""

import os
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, DeferredLock, maybeDeferred, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from brender.farm.job import Job, Shown
from brender.logs.order_logs import ALL_OF_IT, JobLogs, Kept, Later, folders_in, remove, too_much
from brender.pictures.album import Album, Told

MOST_WAITING = 200  # pictures that wait for the disk: a few tens of megabytes
MOST_LATEST = 64  # jobs that are known by their newest picture
PART = 200  # jobs that are looked at in one go
RECENT = 2000  # jobs for which a start waits

Found = TypeVar("Found")


class Pictures:
    """`farm.interfaces.Pictures`."""

    log = Logger()

    def __init__(self, folder: Path, kept: Kept = ALL_OF_IT, later: Later = maybeDeferred) -> None:
        self._folder = folder
        self._kept = kept
        self._later = later
        self._waiting = 0
        self._alone = DeferredLock()  # what is being removed is not found again meanwhile
        self._trouble = ""  # why the last one could not be kept
        self._latest: OrderedDict[int, Shown] = OrderedDict()  # the newest picture of a job; the newest last

    def _album(self, job: int) -> Album:
        return Album(self._folder / str(job))

    # --- adding

    def add(self, job: Job, told: Told, jpeg: bytes) -> Deferred[Shown | None]:
        """Keep it, and give what it is; None when it is not kept."""
        if self._waiting >= MOST_WAITING:
            return succeed(None)
        self._waiting += 1
        adding = self._later(self._add, job.id, job.submitted, job.shown is None, told, jpeg)
        adding.addBoth(self._added)
        return adding.addCallback(lambda shown: shown and self._remember(job.id, shown))

    def _added(self, result: "Shown | Failure | None") -> Shown | None:
        self._waiting -= 1
        if not isinstance(result, Failure):
            self._trouble = ""
            return result
        if not self._trouble:
            self.log.error("Pictures cannot be kept: {why}", why=result.getErrorMessage())
        self._trouble = result.getErrorMessage()
        return None

    def _remember(self, job: int, shown: Shown) -> Shown:
        self._latest[job] = shown
        self._latest.move_to_end(job)
        if len(self._latest) > MOST_LATEST:
            self._latest.popitem(last=False)
        return shown

    # --- looking

    def latest(self, limit: int) -> list[tuple[int, Shown]]:
        return list(islice(reversed(self._latest.items()), limit))

    async def read(self, job: int, step: int, task: int) -> tuple[Shown, bytes] | None:
        return await self._looked(self._album(job).read, step, task)

    async def since(self, job: int, number: int, limit: int) -> list[Shown]:
        return await self._looked(self._album(job).since, number, limit) or []

    def recall(self, jobs: Mapping[int, Job]) -> Deferred[None]:
        """Find what was shown of these jobs; done when that is known of the newest ones."""
        enough: Deferred[None] = Deferred()
        recalling = self._alone.run(lambda: Deferred.fromCoroutine(self._recall(jobs, enough)))
        recalling.addErrback(lambda failure: self.log.failure("Pictures were not found again", failure))
        recalling.addBoth(lambda _: finish(enough))
        return enough

    async def _recall(self, jobs: Mapping[int, Job], enough: Deferred[None]) -> None:
        there = sorted(await self._looked(self._kept_of, jobs) or [], reverse=True)
        for begin in range(0, len(there), PART):
            for number, shown in await self._looked(self._newest, there[begin : begin + PART]) or []:
                job = jobs.get(number)
                if job and job.shown is None and is_of(job, shown):
                    job.shown = self._latest[number] = shown
            latest = sorted(self._latest.items(), key=lambda each: each[1].when)
            self._latest = OrderedDict(latest[-MOST_LATEST:])
            if begin + PART >= RECENT:
                finish(enough)

    async def _looked(self, look: Callable[..., Found], *about: Any) -> Found | None:
        """What there is; a disk that cannot be read has none."""
        try:
            found: Found = await self._later(look, *about)
        except OSError as error:
            self.log.warn("Pictures cannot be read: {error}", error=error)
            return None
        return found

    # --- in the other thread

    def _add(self, job: int, since: float, first: bool, told: Told, jpeg: bytes) -> Shown | None:
        album = self._album(job)
        if first and (left := album.newest()) and left.when < int(since):
            remove(self._folder / str(job))  # a job of another farm had its number
        return album.add(told, jpeg, self._kept.size)

    def _kept_of(self, jobs: Collection[int]) -> list[int]:
        if len(jobs) == 1:
            return [job for job in jobs if (self._folder / str(job)).is_dir()]
        return [number for folder in folders_in(self._folder) if (number := int(folder.name)) in jobs]

    def _newest(self, jobs: Iterable[int]) -> list[tuple[int, Shown]]:
        return [(job, shown) for job in jobs if (shown := self._album(job).newest())]

    @staticmethod
    def _look(folder: Path) -> JobLogs:
        stats = [each.stat() for each in os.scandir(folder)]
        newest = max((each.st_mtime for each in stats), default=0.0)
        return JobLogs(newest, sum(each.st_blocks * 512 for each in stats), folder)  # an index has holes

    # --- keeping

    def forget(self, job: int) -> None:
        """The job is not in the farm any more; its pictures stay for when it comes back."""
        self._latest.pop(job, None)

    def remove(self, job: int) -> Deferred[None]:
        self.forget(job)
        return self._later(remove, self._folder / str(job))

    def tidy(self, jobs: Mapping[int, Job], now: float) -> Deferred[None]:
        """Remove what is too old or too much; of the jobs that go on nothing is."""
        return self._alone.run(lambda: Deferred.fromCoroutine(self._tidy(jobs, now)))

    async def _tidy(self, jobs: Mapping[int, Job], now: float) -> None:
        found: list[JobLogs] = []
        for folder in await self._looked(folders_in, self._folder) or []:
            job = jobs.get(int(folder.name))
            if (job is None or job.finished) and (album := await self._looked(self._look, folder)):
                found.append(album)
        for album in too_much(sorted(found), self._kept, now):
            number = int(album.folder.name)
            if job := jobs.get(number):
                job.shown = None
            await self.remove(number)


def finish(waiting: Deferred[None]) -> None:
    if not waiting.called:
        waiting.callback(None)


def is_of(job: Job, shown: Shown) -> bool:
    """Whether a picture that lies there is the job's own: one of another farm may have had its number."""
    return shown.when >= int(job.submitted) and shown.step < len(job.steps or job.past)
