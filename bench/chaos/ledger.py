"""Compares what was submitted, what was executed, what was acknowledged and what the farm reports.

How does this work?  `Ledger` is filled while the farm runs: `submitted` by whoever submits, `runs` from the lines that
tasks write, `acknowledged` by the proxies and by whoever looks at jobs.  `judge` gives a sentence for everything that
must not be, and `counts` the numbers of the table.  A run that begins after its task was acknowledged is a violation
when its worker was given the task after that; when it was given it before, it was out of reach, and could not know.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from bench.chaos.wire import Task

FINISHED = {"completed", "failed", "canceled"}


class Run(NamedTuple):
    task: Task
    worker: str
    began: float
    ended: bool


@dataclass
class Submitted:
    """A job, as somebody wanted it."""

    steps: dict[str, int]  # step -> tasks
    number: int | None = None  # once the farm has said that it has it
    canceled: bool = False  # somebody has asked for that

    @property
    def tasks(self) -> int:
        return sum(self.steps.values())


@dataclass
class Ledger:
    submitted: dict[str, Submitted] = field(default_factory=dict)  # by name
    runs: list[Run] = field(default_factory=list)
    acknowledged: dict[Task, float] = field(default_factory=dict)
    given: Mapping[tuple[str, Task], list[float]] = field(default_factory=dict)
    reported: list[dict[str, Any]] = field(default_factory=list)  # every job with its orders, in the end

    # --- while it runs

    def acknowledge(self, task: Task, now: float) -> None:
        self.acknowledged[task] = min(now, self.acknowledged.get(task, now))

    def look(self, job: dict[str, Any], now: float) -> None:
        """The farm's answer about a job: its orders are read from the database, so they are for good."""
        for task in completed(job):
            self.acknowledge(task, now)

    # --- in the end

    def judge(self) -> list[str]:
        return [*self._jobs_lost(), *self._unfinished(), *self._tasks_lost(), *self._twice(), *self._again()]

    def _jobs_lost(self) -> Iterator[str]:
        found = Counter(job["name"] for job in self.reported)
        for name, job in self.submitted.items():
            if job.number is not None and not found[name]:
                yield f"Lost: job {job.number} ({name}) was taken in and is not there."
            if found[name] > 1:
                yield f"Twice: {name} was submitted once and is there {found[name]} times."

    def _unfinished(self) -> Iterator[str]:
        for job in self.reported:
            if job["state"] not in FINISHED:
                yield f"Unfinished: {job['name']} is {job['state']}. {job['waits']}"
            elif job["state"] == "canceled" and not self.submitted[job["name"]].canceled:
                yield f"Unfinished: {job['name']} is canceled, and nobody asked for that."

    def _tasks_lost(self) -> Iterator[str]:
        executed = {run.task for run in self.runs if run.ended}
        for job in self.reported:
            wanted = self.submitted[job["name"]].tasks
            has = sum(step[state] for step in job["steps"] for state in FINISHED)
            if job["state"] in FINISHED and has != wanted:
                yield f"Lost: {job['name']} has {wanted} tasks, and {has} of them have ended."
            for task in completed(job):
                if task not in executed:
                    yield f"Lost: {task} is reported as completed and was never executed."
        there = {task for job in self.reported for task in maybe_completed(job)}
        for task in sorted(set(self.acknowledged) - there):
            yield f"Lost: {task} was acknowledged and is not reported as completed."

    def _twice(self) -> Iterator[str]:
        for job in self.reported:
            for step in job["steps"]:
                by_orders = sum(order["completed"] for order in job["orders"] if order["step"] == step["name"])
                if by_orders != step["completed"]:
                    yield (
                        f"Twice: {job['name']}, {step['name']}: {step['completed']} tasks are completed, "
                        f"and its orders say {by_orders}."
                    )
            for task, times in Counter(completed(job)).items():
                if times > 1:
                    yield f"Twice: {task} is completed in {times} orders."

    def _again(self) -> Iterator[str]:
        for run, given_since in self.late():
            if given_since:
                late = run.began - self.acknowledged[run.task]
                yield f"Again: {run.task} was given to {run.worker} and run {late:.3f} s after its acknowledgement."

    def late(self) -> Iterator[tuple[Run, bool]]:
        """Runs that began after their task was acknowledged; and whether the worker was given it only then."""
        for run in self.runs:
            since = self.acknowledged.get(run.task)
            if since is not None and run.began > since:
                yield run, any(when > since for when in self.given.get((run.worker, run.task), ()))

    def counts(self) -> dict[str, int]:
        states = Counter(job["state"] for job in self.reported)
        tasks = {state: sum(step[state] for job in self.reported for step in job["steps"]) for state in FINISHED}
        times = Counter(run.task for run in self.runs)
        return {
            "jobs submitted": len(self.submitted),
            "jobs completed": states["completed"],
            "jobs failed": states["failed"],
            "jobs canceled": states["canceled"],
            "tasks submitted": sum(job.tasks for job in self.submitted.values()),
            "tasks reported as completed": tasks["completed"],
            "tasks reported as failed": tasks["failed"],
            "tasks reported as canceled": tasks["canceled"],
            "tasks acknowledged": len(self.acknowledged),
            "runs begun": len(self.runs),
            "runs that came to their end": sum(run.ended for run in self.runs),
            "tasks begun more than once": sum(count > 1 for count in times.values()),
            "begun by a worker that was out of reach": sum(not since for _, since in self.late()),
        }


def completed(job: Mapping[str, Any]) -> Iterator[Task]:
    """The tasks that are surely completed: those of orders of which all are."""
    for order in job["orders"]:
        if order["completed"] == order["count"]:
            yield from tasks_of(job, order)


def maybe_completed(job: Mapping[str, Any]) -> Iterator[Task]:
    for order in job["orders"]:
        if order["completed"]:
            yield from tasks_of(job, order)


def tasks_of(job: Mapping[str, Any], order: Mapping[str, Any]) -> Iterator[Task]:
    for index in range(order["first"], order["first"] + order["count"]):
        yield Task(job["name"], order["step"], index)


def read_runs(lines: Iterable[str]) -> list[Run]:
    """What tasks have written: "begin ID JOB STEP NUMBER SECONDS FOLDER", and "end ID"."""
    words = [line.split(" ", 6) for line in lines]
    ends = {line[1] for line in words if line[0] == "end"}
    return [
        Run(Task(job, step, int(number) - 1), worker_of(folder), float(seconds), mark in ends)
        for kind, mark, *rest in words
        if kind == "begin"
        for job, step, number, seconds, folder in [rest]
    ]


def worker_of(folder: str) -> str:
    """Whose session works in this folder: FARM/WORKER/worker/sessions/..."""
    return folder.partition("/worker/sessions/")[0].rpartition("/")[2]


def by_kind(kinds: Iterable[str]) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    for kind in kinds:
        found[kind] += 1
    return dict(sorted(found.items()))
