"""What every face shows of the farm: plain structs, made from the objects when somebody looks.

How does this work?  `client_view`, `job_view` and `order_view` read the farm's objects and give structs
that msgspec turns into JSON.  Shell, web, events and command line all show these, so they cannot
differ.  Times are seconds of the epoch, durations seconds, memory bytes, load percent.
"""

import msgspec

from brender.farm.client import Blender, RuntimeClient
from brender.farm.farm import Farm
from brender.farm.job import FinishedStep, Job, Step
from brender.farm.order import Order
from brender.farm.settings import ClientSettings, JobSettings
from brender.farm.time_left import left, left_of_all, unmeasured
from brender.farm.transitions import TaskState


class RunningView(msgspec.Struct, frozen=True):
    order: int
    job: int
    job_name: str
    step: str
    task: int
    what: str  # the task for people: "frame 14", or "task 3" where it has no frame
    since: float | None
    percent: float | None
    status: str


class ClientView(msgspec.Struct, frozen=True):
    id: int
    name: str
    status: str  # enabled, disabled
    connection: str  # online, offline
    activity: str  # idle, busy, asleep, occupied, off
    since: float  # when `connection` changed
    load: float
    slots: int
    used: int
    memory: int
    system: str
    gpus: tuple[str, ...]
    blenders: tuple[Blender, ...]
    slowness: float  # how long it takes for what takes others 1
    settings: ClientSettings
    running: list[RunningView]


class StepView(msgspec.Struct, frozen=True):
    name: str
    tasks: int
    waiting: int
    ready: int
    active: int
    completed: int
    failed: int
    canceled: int
    stale: bool = False  # done from tasks that were run again since


class JobView(msgspec.Struct, frozen=True):
    id: int
    name: str
    owner: str
    priority: int
    state: str  # queued, active, paused, completed, failed, canceled
    tasks: int
    completed: int
    failed: int
    active: int
    progress: float  # percent of the tasks that are finished, whatever way
    submitted: float
    started: float | None
    ended: float | None
    seconds_left: float | None  # as likely too many as too few
    seconds_left_early: float | None  # one chance in ten that it is sooner
    seconds_left_late: float | None  # ... that it is later
    seconds_a_task: float | None
    reason: str
    waits: str  # why none of its tasks may be ordered now: its hours, a job that it comes after; or ""
    wants_approval: bool  # of its preview
    avoided: list[int]  # clients that failed it too often
    settings: JobSettings
    warnings: list[str]
    steps: list[StepView]
    picture: int  # counts the pictures shown of this job; 0 is none yet


class OrderView(msgspec.Struct, frozen=True):
    """One order of a job: which client had which tasks, and what became of them."""

    id: int
    step: str
    client: str
    first: int
    count: int
    attempt: int
    issued: float
    ended: float | None
    completed: int
    failed: int
    reason: str  # why a task of it failed; of several, the last one
    chunk: bool  # its tasks ran as one
    second: bool  # a straggler's second start

    @property
    def name(self) -> str:
        """Its tasks for people: "task 3", "tasks 3 to 9"."""
        last = self.first + self.count - 1
        return f"task {self.first}" if self.count == 1 else f"tasks {self.first} to {last}"


def client_view(client: RuntimeClient, farm: Farm) -> ClientView:
    machine = client.machine
    running = [
        RunningView(
            order=order.id,
            job=job.id,
            job_name=job.name,
            step=step.name,
            task=order.running,
            what=what(step, order.running),
            since=order.began,
            percent=order.percent,
            status=order.status,
        )
        for order in client.orders.values()
        if order.running is not None and not (job := farm.jobs[order.job]).finished and (step := job.steps[order.step])
    ]
    return ClientView(
        id=client.id,
        name=client.name,
        status=client.status.value,
        connection="online" if client.online else "offline",
        activity=client.activity,
        since=client.since,
        load=client.load,
        slots=client.slots,
        used=min(client.used, client.slots),
        memory=machine.memory,
        system=machine.system,
        gpus=machine.gpus,
        blenders=machine.blenders,
        slowness=round(client.slowness, 2),
        settings=client.settings,
        running=running,
    )


def order_view(order: Order, job: Job, farm: Farm) -> OrderView:
    steps = job.steps or job.past
    counts = [order.tasks.count(state) for state in TaskState]
    client = farm.clients.get(order.client)
    return OrderView(
        id=order.id,
        step=steps[order.step].name,
        client=client.name if client else f"client {order.client}",
        first=order.first,
        count=order.count,
        attempt=order.attempt,
        issued=order.issued,
        ended=order.ended,
        completed=counts[TaskState.COMPLETED],
        failed=counts[TaskState.FAILED],
        reason=order.reason,
        chunk=order.together,
        second=order.second,
    )


def what(step: Step, task: int) -> str:
    """A task in a person's words."""
    return f"frame {step.plan.parameters(task)[step.plan.frame]}" if step.plan.has_frames else f"task {task}"


def step_view(step: Step | FinishedStep, job: Job) -> StepView:
    counts = {state.name.lower(): step.counts[state] for state in TaskState}
    return StepView(name=step.name, tasks=sum(step.counts), stale=step.index in job.standing.stale, **counts)


def job_view(job: Job, farm: Farm) -> JobView:
    steps = [step_view(step, job) for step in job.steps or job.past]
    time = left(job, farm)
    tasks = sum(step.tasks for step in steps)
    finished = sum(step.completed + step.failed + step.canceled for step in steps)
    slowest = max(job.steps, key=lambda step: step.unfinished * (step.estimate.seconds or 0), default=None)
    return JobView(
        id=job.id,
        name=job.name,
        owner=job.owner,
        priority=job.priority,
        state=job.state.value,
        tasks=tasks,
        completed=sum(step.completed for step in steps),
        failed=sum(step.failed for step in steps),
        active=sum(step.active for step in steps),
        progress=100.0 * finished / tasks if tasks else 100.0,
        submitted=job.submitted,
        started=job.started,
        ended=job.ended,
        seconds_left=time and time.seconds,
        seconds_left_early=time and time.early,
        seconds_left_late=time and time.late,
        seconds_a_task=slowest.estimate.seconds if slowest else None,
        reason=job.reason,
        waits=job.gate,
        wants_approval=any(step.wants_approval for step in job.steps),
        avoided=sorted(job.standing.avoided),
        settings=job.settings,
        warnings=job.warnings,
        steps=steps,
        picture=job.picture,
    )


class TimeView(msgspec.Struct, frozen=True):
    """When all that may run is done, if nothing more comes."""

    seconds_left: float | None
    seconds_left_early: float | None
    seconds_left_late: float | None
    unmeasured: int  # tasks of it that are only guessed, as none of their step has ended yet


def time_view(farm: Farm) -> TimeView:
    time = left_of_all(farm)
    return TimeView(time and time.seconds, time and time.early, time and time.late, unmeasured(farm))
