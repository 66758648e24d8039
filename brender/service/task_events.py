"""The tasks of jobs that somebody follows: what has changed of them, as events of the kind `task`.

How does this work?  `follow` begins with a copy of the states and durations of a job's tasks (`farm.task_changes`).
Whenever changes are announced, which is ten times a second at most, `told` compares what was touched of each followed
job with its copy and gives one event for it, whoever and however many follow it.  Nothing is kept of jobs that nobody
follows.  Who has loaded a job's grid follows it soon: so a job is followed for `LEASE` seconds more than anybody does,
and `since` says from which event on nothing is missing.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from brender.farm.farm import Farm
from brender.farm.interfaces import Following
from brender.farm.job import FinishedStep, Job, Step
from brender.farm.views.task_changes import Copy

KIND = "task"
LEASE = 60.0  # seconds
MOST_RUNS = 10_000  # in one event; more are a grid that is to be loaded again


@dataclass(eq=False)
class Followed:
    """A job, and how its tasks were when that was told last."""

    since: int  # the number of the last event before it was followed
    steps: list[Step]
    seen: list[Copy]
    counts: list[list[int]]
    readers: int = 0
    until: float = 0.0  # when nobody follows it


class TaskEvents:
    def __init__(self, farm: Farm, last_event: Callable[[], int], now: Callable[[], float]) -> None:
        self._farm = farm
        self._last_event = last_event
        self._now = now
        self._followed: dict[int, Followed] = {}

    def __len__(self) -> int:
        return len(self._followed)

    def follow(self, job: Job) -> Following:
        """Tell of its tasks from now on, until the end of that and for a while after it."""
        followed = self._followed.get(job.id)
        if followed is None:
            followed = self._followed[job.id] = Followed(self._last_event(), [], [], [])
            take_in(followed, job)
        followed.readers += 1
        ended: list[bool] = []

        def end() -> None:
            if not ended:
                ended.append(True)
                followed.readers -= 1
                followed.until = self._now() + LEASE

        return Following(followed.since, end)

    def told(self, changed: Collection[tuple[str, int]]) -> Iterator[tuple[str, Any]]:
        """An event for each job of whose tasks something is different; `changed` are the jobs that may be others."""
        for number, followed in list(self._followed.items()):
            job = self._farm.jobs.get(number)
            if job is None or (not followed.readers and self._now() >= followed.until):
                del self._followed[number]
                continue
            others = ("job", number) in changed or counts_of(job.steps or followed.steps) != followed.counts
            if others and (data := news(followed, job)):
                yield KIND, data


def news(followed: Followed, job: Job) -> dict[str, Any] | None:
    """What is different of its tasks; None when nothing is."""
    steps = job.steps or followed.steps
    if not job.steps and (not followed.seen or counts_of(job.past) != counts_of(followed.steps)):
        followed.steps, followed.seen = [], []  # it went on and has ended again: what happened nobody has seen
        return {"job": job.id, "anew": True, "steps": []}
    same = len(steps) == len(followed.seen)
    found = [copy.news(step, MOST_RUNS) for step, copy in zip(steps, followed.seen, strict=True)] if same else [None]
    if None in found:
        take_in(followed, job)
        return {"job": job.id, "anew": True, "steps": []}
    followed.steps, followed.counts = steps, counts_of(steps)
    told = [{"step": step.name, "runs": runs} for step, runs in zip(steps, found, strict=True) if runs]
    return {"job": job.id, "anew": False, "steps": told} if told else None


def take_in(followed: Followed, job: Job) -> None:
    """How its tasks are now.  Of a job that has just ended the farm has no steps any more, but here they are."""
    followed.steps = job.steps or followed.steps
    followed.seen = [Copy(step) for step in followed.steps]
    followed.counts = counts_of(followed.steps)


def counts_of(steps: Collection[Step | FinishedStep]) -> list[list[int]]:
    return [list(step.counts) for step in steps]
