"""A job and its steps, as the farm holds them in memory.

How does this work?  A `Job` is what was submitted (template and parameter values) with a priority and
an owner; its `plan` was made by `submission`.  A `Step` keeps the states of its tasks, what it costs in
seconds (`estimate`), and the tasks that have failed and may be tried again (`tries`).  The plan of a
finished job is not kept: its counts are enough until somebody asks for more.
"""

from dataclasses import dataclass, field
from typing import Any

import msgspec

from brender.farm.estimates import Estimate
from brender.farm.order import Order
from brender.farm.requirements import Requirements
from brender.farm.retries import Tries
from brender.farm.submission.planning import Plan, StepPlan
from brender.farm.tasks import TaskSet
from brender.farm.transitions import FINISHED_JOB, JOB, JobEvent, JobState, TaskState, move


@dataclass(slots=True, eq=False)
class Step:
    job: "Job"
    index: int
    plan: StepPlan
    tasks: TaskSet
    estimate: Estimate = field(default_factory=Estimate)
    tries: dict[int, Tries] = field(default_factory=dict)
    shape: str = ""  # steps of one shape run on the same clients

    def __post_init__(self) -> None:
        self.shape = msgspec.json.encode(self.requires).decode()

    @property
    def name(self) -> str:
        return self.plan.name

    @property
    def requires(self) -> Requirements:
        return self.plan.requires

    @property
    def counts(self) -> list[int]:
        """How many tasks are in each state, by `TaskState`."""
        return self.tasks.counts

    @property
    def unfinished(self) -> int:
        return sum(self.counts[state] for state in (TaskState.WAITING, TaskState.READY, TaskState.ACTIVE))

    @property
    def completed(self) -> bool:
        return self.counts[TaskState.COMPLETED] == len(self.tasks)


class FinishedStep(msgspec.Struct, frozen=True):
    """All that is kept in memory of a step whose job has ended."""

    index: int
    name: str
    counts: list[int]

    @property
    def unfinished(self) -> int:
        return 0


@dataclass(slots=True, eq=False)
class Job:
    id: int
    name: str
    owner: str
    priority: int
    submitted: float  # seconds of the epoch
    template: dict[str, Any]
    values: dict[str, Any]
    state: JobState = JobState.QUEUED
    started: float | None = None
    ended: float | None = None
    reason: str = ""  # the first line that says why a task failed
    warnings: list[str] = field(default_factory=list)
    picture: int = 0  # how many pictures of its frames have come
    steps: list[Step] = field(default_factory=list)
    orders: dict[int, Order] = field(default_factory=dict)  # that clients hold
    past: list[FinishedStep] = field(default_factory=list)  # in place of `steps` once it has ended

    def follow(self, plan: Plan) -> None:
        self.steps = [Step(self, index, step, TaskSet.waiting(step.tasks)) for index, step in enumerate(plan.steps)]

    @property
    def finished(self) -> bool:
        return self.state in FINISHED_JOB

    @property
    def runs(self) -> bool:
        """Its ready tasks may be ordered."""
        return self.state in {JobState.QUEUED, JobState.ACTIVE}

    def move(self, event: JobEvent) -> None:
        self.state = move(JOB, self.state, event, f"Job {self.id}")

    def set_aside(self, reason: str) -> None:
        """It cannot go on in this process, though its rows say that it may in another."""
        self.move(JobEvent.CANCEL)
        self.reason = reason

    def close(self) -> None:
        """Let go of all that a finished job needs no more."""
        self.past = [FinishedStep(step.index, step.name, list(step.counts)) for step in self.steps]
        self.steps = []
        self.template, self.values = {}, {}
