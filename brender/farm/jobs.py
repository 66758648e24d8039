"""The jobs of a farm by their numbers, and all of them in the order in which they are listed.

How does this work?  A farm that has been at work for a year has a hundred thousand, and whoever pages through them asks
for all of them again and again.  To put them in order touches each; so the order is made when somebody asks for it and
kept until a job comes or goes, which is seldom.  Every way in which a dict changes forgets it.
"""

from collections.abc import Callable
from functools import cached_property, wraps
from typing import Any

from brender.farm.job import Job

CHANGING = ("__setitem__", "__delitem__", "__ior__", "clear", "pop", "popitem", "setdefault", "update")


class Jobs(dict[int, Job]):
    @cached_property
    def newest_first(self) -> tuple[Job, ...]:
        """The same object as long as they are the same jobs."""
        return tuple(self[number] for number in sorted(self, reverse=True))


def forgetting(change: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(change)
    def changed(jobs: Jobs, *values: Any, **more: Any) -> Any:
        vars(jobs).pop("newest_first", None)
        return change(jobs, *values, **more)

    return changed


for name in CHANGING:
    setattr(Jobs, name, forgetting(getattr(dict, name)))
