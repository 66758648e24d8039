"""The jobs of a farm by their numbers; those that have not ended; and all of them in the order of a list.

How does this work?  A farm that has been at work for a year has a hundred thousand, and a few that have not ended: they
are kept apart.  Whoever pages through all of them asks for all again and again, and to put them in order touches each;
so the order is made when somebody asks for it and kept until a job comes or goes, which is seldom.  Every way in which
a dict changes forgets it.
"""

from collections.abc import Callable, Iterable
from functools import cached_property, wraps
from typing import Any

from brender.farm.job import Job

CHANGING = ("__setitem__", "__delitem__", "__ior__", "clear", "pop", "popitem", "setdefault", "update")


class Listed(list[Job]):
    """Nobody changes it.  Whoever remembers which it was refers to it weakly, as jobs in it may be gone."""


class Jobs(dict[int, Job]):
    def __init__(self, jobs: Iterable[tuple[int, Job]] = ()) -> None:
        super().__init__(jobs)
        self._open: dict[int, Job] = {}  # those that have not ended, and some that have

    def opened(self, job: Job) -> None:
        """It is new, or it has ended and goes on."""
        self._open[job.id] = job

    def unfinished(self) -> list[Job]:
        """Those that have not ended, by their numbers: a farm keeps many more than these."""
        for number in [number for number, job in self._open.items() if job.finished]:
            del self._open[number]
        return [self._open[number] for number in sorted(self._open)]

    @cached_property
    def newest_first(self) -> Listed:
        """The same object as long as they are the same jobs."""
        return Listed(map(self.__getitem__, sorted(self, reverse=True)))


def forgetting(change: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(change)
    def changed(jobs: Jobs, *values: Any, **more: Any) -> Any:
        vars(jobs).pop("newest_first", None)
        return change(jobs, *values, **more)

    return changed


for name in CHANGING:
    setattr(Jobs, name, forgetting(getattr(dict, name)))
