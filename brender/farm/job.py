"""A job and its steps, as the farm holds them in memory.

How does this work?  A `Job` is what was submitted (template and parameter values) with its settings; its
plan was made by `submission`.  A `Step` keeps the states of its tasks, what it costs in seconds
(`estimate`), the tasks that have failed and may be tried again (`tries`), and its `shape`: where it may run.
The plan of a finished job is not kept: its counts are enough until somebody asks for more.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from brender.farm.estimating.durations import Durations
from brender.farm.estimating.estimates import Estimate
from brender.farm.failures.retries import Strikes, Tries
from brender.farm.order import Order
from brender.farm.scheduling.requirements import Requirements
from brender.farm.scheduling.shape import Shape, Shapes
from brender.farm.settings import JobSettings
from brender.farm.submission.plans import Plan, StepPlan
from brender.farm.tasks import TaskSet
from brender.farm.transitions import FINISHED_JOB, JOB, JobEvent, JobState, TaskState, move

UNFINISHED = (TaskState.WAITING, TaskState.READY, TaskState.ACTIVE)
GIVEN_OUT = (TaskState.ACTIVE, TaskState.COMPLETED, TaskState.FAILED)
WHEN_ENDED = "as soon as clients have ended what they run of it"
LEAVING = f"It is deleted {WHEN_ENDED}."


@dataclass(slots=True, eq=False)
class Step:
    job: "Job"
    index: int
    plan: StepPlan
    tasks: TaskSet
    shape: Shape
    took: Durations = field(default_factory=Durations)  # the last run of each task that came to an end
    estimate: Estimate = field(default_factory=Estimate)
    tries: dict[int, Tries] = field(default_factory=dict)
    peak: int = 0  # bytes of memory that its tasks were seen to use, rounded up
    place: tuple[int, ...] = ()  # in its lane of the order of work
    resting: str = ""  # why nothing of it is ordered for a while: a licence that was not there
    rests_until: float = 0.0  # seconds of the epoch
    rests: int = 0  # how often it has rested since its last success
    began: float | None = None  # its first order was issued
    as_of: int = -1  # the last order when the states of all its tasks were written as a whole; below 0 for never
    open_then: list[int] = field(default_factory=list)  # the orders of it that were open at that time

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
        return sum(self.counts[state] for state in UNFINISHED)

    @property
    def completed(self) -> bool:
        return self.counts[TaskState.COMPLETED] == len(self.tasks)

    @property
    def preview_left(self) -> int:
        """How many tasks of its preview have not been given out."""
        return self.job.settings.preview - sum(self.counts[state] for state in GIVEN_OUT)

    @property
    def wants_approval(self) -> bool:
        """Its preview is out, and nobody has said yet that the rest may follow."""
        settings = self.job.settings
        if not settings.preview or self.job.standing.approved or len(self.tasks) <= settings.preview:
            return False
        return self.preview_left <= 0


class FinishedStep(msgspec.Struct, frozen=True):
    """All that is kept in memory of a step whose job has ended."""

    index: int
    name: str
    counts: list[int]

    @property
    def unfinished(self) -> int:
        return 0


class Standing(msgspec.Struct, omit_defaults=True):
    """What has become of a job's settings; kept in its row."""

    approved: bool = False  # its preview
    avoided: dict[int, float] = {}  # client -> until when
    stale: list[int] = []  # steps that were done from what was then asked for again
    too_little: dict[int, int] = {}  # step -> bytes of memory with which tasks of it were killed
    deleted: bool = False  # it goes as soon as no client holds an order of it
    key: str = ""  # of the request that handed it in: digests of whose key it was, and of what was said with it


class Shown(NamedTuple):
    """A small picture of what a task has made."""

    step: int
    task: int
    number: int  # counts the pictures of the job
    when: float  # it came, in seconds of the epoch
    width: int
    height: int
    version: str  # another one for every other picture
    rate: float  # frames a second at which it is to be played; 0 when nobody knows


@dataclass(slots=True, eq=False)
class Job:
    id: int
    name: str
    submitted: float  # seconds of the epoch
    template: dict[str, Any] = field(default_factory=dict)  # until it has ended
    values: dict[str, Any] = field(default_factory=dict)
    settings: JobSettings = JobSettings()
    added: list[dict[str, Any]] = field(default_factory=list)  # values with which tasks were added later
    state: JobState = JobState.QUEUED
    started: float | None = None
    ended: float | None = None
    reason: str = ""  # the first line that says why a task failed
    noted: list[str] = field(default_factory=list)  # the warnings that are kept in its row
    standing: Standing = field(default_factory=Standing)
    turns: float | None = None  # when its gate opens or closes by itself next, for which an alarm is set
    gate: str = ""  # why none of its tasks may be ordered now, "" when they may
    in_use: int = 0  # slots that its orders take
    overtook: bool = False  # it has begun before an older one of the same owner, which waited for more room
    strikes: Strikes = field(default_factory=Strikes)
    shown: Shown | None = None  # the newest picture of its frames
    steps: list[Step] = field(default_factory=list)
    orders: dict[int, Order] = field(default_factory=dict)  # that clients hold
    past: list[FinishedStep] = field(default_factory=list)  # in place of `steps` once it has ended

    def __post_init__(self) -> None:
        self.strikes.avoided = self.standing.avoided  # one dict: what is kept is what counts

    def follow(self, plan: Plan, shapes: Shapes) -> None:
        self.template, self.values = plan.template, plan.values
        self.steps = [
            Step(self, index, step, TaskSet.waiting(step.tasks), self.shape_of(index, step, shapes))
            for index, step in enumerate(plan.steps)
        ]
        for step in self.steps:
            step.tasks.begin_in(self.settings.order)

    def shape_of(self, index: int, step: StepPlan, shapes: Shapes, peak: int = 0) -> Shape:
        """Where the tasks of a step may run; `peak` is the memory that they were seen to use."""
        return shapes.of(step.requires, self.settings, self.standing.too_little.get(index, 0), peak)

    def depending_on(self, steps: Iterable[int]) -> list[Step]:
        """The steps that depend on these, directly or by way of others."""
        reached = set(steps)
        while more := [step.index for step in self.steps if reached.intersection(step.plan.depends_on)]:
            if reached.issuperset(more):
                break
            reached.update(more)
        return [self.steps[index] for index in sorted(reached - set(steps))]

    def needed_by(self, steps: Iterable[int]) -> list[Step]:
        """The steps that these depend on, directly or by way of others."""
        reached, ways = set[int](), list(steps)
        while ways:
            more = [index for index in self.steps[ways.pop()].plan.depends_on if index not in reached]
            reached.update(more)
            ways += more
        return [self.steps[index] for index in sorted(reached)]

    @property
    def owner(self) -> str:
        return self.settings.owner

    @property
    def priority(self) -> int:
        return self.settings.priority

    @property
    def picture(self) -> int:
        """How many pictures of its frames have come."""
        return self.shown.number if self.shown else 0

    @property
    def finished(self) -> bool:
        return self.state in FINISHED_JOB

    @property
    def warnings(self) -> Sequence[str]:
        """For whoever looks at it."""
        return [*self.noted, LEAVING] if self.standing.deleted else self.noted

    @property
    def runs(self) -> bool:
        """Its ready tasks may be ordered."""
        return self.state in {JobState.QUEUED, JobState.ACTIVE} and not self.gate

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
