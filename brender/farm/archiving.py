"""Jobs that go to an archive: which may go, and what the farm still knows of them.

How does this work?  `Farm.archived` has a short entry for each job that was archived: its number stays taken, jobs that
come after it go on as if it were there, and whoever asks hears where it is.  `may_go` finds the jobs that nobody needs
any more; `forget` and `remember` are the two ways.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from brender.farm.job import Job
from brender.farm.transitions import JobState

if TYPE_CHECKING:
    from brender.farm.farm import Farm


class Archived(NamedTuple):
    """What is known of a job that is not in the farm any more."""

    id: int
    name: str
    state: JobState
    submitted: float
    started: float | None
    ended: float
    file: str  # its name, or its whole path where it is not in the farm's own folder
    when: float  # it was archived

    @property
    def finished(self) -> bool:
        return True


def may_go(farm: "Farm", before: float) -> Iterator[Job]:
    """The finished jobs that ended before this time, oldest first, and that nobody needs."""
    needed = {after.job for job in farm.jobs.unfinished() for after in job.settings.after}
    for number in sorted(farm.jobs):
        job = farm.jobs[number]
        if job.finished and job.ended is not None and job.ended < before and not job.orders and number not in needed:
            yield job


def as_it_is(job: Job) -> Any:
    """What would be different if somebody had changed the job."""
    return (job.state, job.ended, job.reason, job.settings, tuple(job.warnings), bool(job.orders))


def forget(farm: "Farm", job: Job, entry: Archived) -> None:
    take_out(farm, job)
    farm.archived[job.id] = entry


def take_out(farm: "Farm", job: Job) -> None:
    """It is not in the farm any more."""
    del farm.jobs[job.id]
    farm.followers.pop(job.id, None)
    farm.deleted.pop(job.id, None)
    for after in job.settings.after:
        farm.followers.get(after.job, set()).discard(job.id)
    for waiting in (farm.changes.jobs, farm.changes.steps):
        waiting.pop(job.id, None)


def remember(farm: "Farm", job: Job) -> None:
    """It is back from the archive."""
    farm.jobs[job.id] = job
    farm.archived.pop(job.id, None)


def no_job(farm: "Farm", number: int) -> str:
    """Why there is no such job."""
    entry = farm.archived.get(number)
    if entry is None:
        return f"There is no job {number}."
    return f"Job {number} was archived in {entry.file}; brender archive --restore {number} brings it back."
