"""The jobs of which something failed lately: the newest hundred, for a day.

How does this work?  Every failure is noted with its time and the first line of its reason, and puts its job in front.
After a start it is found out from the jobs that were loaded (`recall`), as well as these tell.
"""

from collections import OrderedDict
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from brender.farm.transitions import TaskState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from brender.farm.job import Job

MOST = 100
DAY = 86_400.0
LONGEST = 300  # characters of a reason


class Lately(NamedTuple):
    when: float
    tries: int
    reason: str


class Failures:
    def __init__(self) -> None:
        self._jobs: OrderedDict[int, Lately] = OrderedDict()  # the newest last

    def note(self, job: int, reason: str, now: float) -> None:
        before = self._jobs.pop(job, None)
        self._put(job, Lately(now, before.tries + 1 if before else 1, first_line(reason)))

    def recall(self, jobs: "Iterable[Job]", now: float) -> None:
        """What is known of jobs that were loaded."""
        found = [(job.ended or job.started or job.submitted, job) for job in jobs if has_failed(job)]
        for when, job in sorted(found, key=lambda pair: pair[0]):
            if now - when < DAY and job.id not in self._jobs:
                self._put(job.id, Lately(when, 0, first_line(job.reason)))

    def newest(self, now: float) -> Iterator[tuple[int, Lately]]:
        """The newest first."""
        return ((job, lately) for job, lately in reversed(self._jobs.items()) if now - lately.when < DAY)

    def _put(self, job: int, lately: Lately) -> None:
        self._jobs[job] = lately
        if len(self._jobs) > MOST:
            self._jobs.popitem(last=False)


def has_failed(job: "Job") -> bool:
    return any(step.counts[TaskState.FAILED] for step in job.steps or job.past)


def first_line(reason: str) -> str:
    return reason.strip().partition("\n")[0][:LONGEST]
