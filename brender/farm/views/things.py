"""What every face shows of the farm: plain structs, made from the objects when somebody looks.

How does this work?  `client_view`, `job_view` and `order_view` read the farm's objects and give structs
that msgspec turns into JSON.  Shell, web, events and command line all show these, so they cannot
differ.  What a field means, and in which unit it is, stands beside its type.
"""

import re
from collections.abc import Iterable
from typing import Annotated

import msgspec

from brender.farm.client import Blender, RuntimeClient, Status
from brender.farm.estimating.time_left import left, left_of_all, unmeasured
from brender.farm.farm import Farm
from brender.farm.job import FinishedStep, Job, Step
from brender.farm.order import Order
from brender.farm.people.joining import is_shut_out
from brender.farm.scheduling import when
from brender.farm.scheduling.windows import week
from brender.farm.settings import ClientSettings, JobSettings
from brender.farm.transitions import JobState, TaskState


def shows(sentence: str, unit: str = "", values: Iterable[str] = ()) -> msgspec.Meta:
    """What a field means, for help and documents on every face; its unit; its values where they are few."""
    return msgspec.Meta(description=sentence, extra={"unit": unit, "values": tuple(map(str, values))})


EPOCH, SECONDS, BYTES, PERCENT = "seconds of the epoch", "seconds", "bytes", "percent"
ONE_FRAME = re.compile(r"(-?\d+)-\1")  # of a chunk that has no other
ACTIVITIES = ("idle", "busy", "asleep", "occupied", "unwell", "off")


class RunningView(msgspec.Struct, frozen=True):
    order: int
    job: int
    job_name: str
    step: str
    task: int
    what: Annotated[str, shows('the task for people: "frame 14", or "task 3" where it has no frame')]
    since: Annotated[float | None, shows("when it began", EPOCH)]
    percent: Annotated[float | None, shows("how much of it is done", PERCENT)]
    status: Annotated[str, shows("what it says of itself")]


class ClientView(msgspec.Struct, frozen=True):
    id: Annotated[int, shows("its number, for good")]
    name: Annotated[str, shows("of the machine")]
    status: Annotated[str, shows("what the administrator wants", values=Status)]
    connection: Annotated[str, shows("whether its worker is connected", values=("online", "offline"))]
    activity: Annotated[str, shows("what it does", values=ACTIVITIES)]
    since: Annotated[float, shows("when its connection changed", EPOCH)]
    revoked: Annotated[bool, shows("whether it is shut out: no certificate of its machine counts")]
    load: Annotated[float, shows("of its processors", PERCENT)]
    memory_used: Annotated[int | None, shows("of the machine's, as far as its worker says", BYTES)]
    gpu_load: Annotated[float | None, shows("of its graphics cards, on average", PERCENT)]
    gpu_memory_used: Annotated[int | None, shows("of the card on which most is in use", BYTES)]
    disk_free: Annotated[int | None, shows("where its scratch folders are", BYTES)]
    slots: Annotated[int, shows("how many tasks it may run side by side")]
    used: Annotated[int, shows("slots that are in use")]
    memory: Annotated[int, shows("of the machine", BYTES)]
    system: Annotated[str, shows("linux, windows or macos")]
    gpus: Annotated[tuple[str, ...], shows("its graphics cards")]
    blenders: Annotated[tuple[Blender, ...], shows("the Blenders that were found on it")]
    slowness: Annotated[float, shows("how long it takes for what takes others 1")]
    sleep_zone: Annotated[str, shows("the time zone in which its hours of sleep are meant")]
    sleep_week: Annotated[
        tuple[tuple[int, int, int], ...],
        shows("its hours of sleep, drawn: day (0 is Monday), begin and end in minutes after midnight"),
    ]
    settings: ClientSettings
    running: Annotated[list[RunningView], shows("the tasks that it runs")]


class StepView(msgspec.Struct, frozen=True):
    name: Annotated[str, shows("as the template has it")]
    tasks: Annotated[int, shows("how many it has")]
    waiting: Annotated[int, shows("tasks that wait for others")]
    ready: Annotated[int, shows("tasks that may be ordered")]
    active: Annotated[int, shows("tasks that were ordered")]
    completed: Annotated[int, shows("tasks that are done")]
    failed: Annotated[int, shows("tasks that failed for good")]
    canceled: Annotated[int, shows("tasks that were canceled")]
    stale: Annotated[bool, shows("done from tasks that were run again since")] = False


class JobView(msgspec.Struct, frozen=True):
    id: Annotated[int, shows("its number, for good")]
    name: Annotated[str, shows("the template's, unless another was given")]
    owner: Annotated[str, shows("whose job it is")]
    priority: Annotated[int, shows("0 to 100; higher goes first")]
    state: Annotated[str, shows("how far it is", values=JobState)]
    tasks: Annotated[int, shows("how many it has")]
    completed: Annotated[int, shows("tasks that are done")]
    failed: Annotated[int, shows("tasks that failed for good")]
    canceled: Annotated[int, shows("tasks that were canceled, or can never run")]
    active: Annotated[int, shows("tasks that were ordered")]
    progress: Annotated[float, shows("of the tasks that are finished, whatever way", PERCENT)]
    submitted: Annotated[float, shows("when it was handed in", EPOCH)]
    started: Annotated[float | None, shows("when its first order was given", EPOCH)]
    ended: Annotated[float | None, shows("when its last task ended", EPOCH)]
    seconds_left: Annotated[float | None, shows("as likely too many as too few", SECONDS)]
    seconds_left_early: Annotated[float | None, shows("one chance in ten that it is sooner", SECONDS)]
    seconds_left_late: Annotated[float | None, shows("one chance in ten that it is later", SECONDS)]
    seconds_a_task: Annotated[float | None, shows("that a task takes", SECONDS)]
    reason: Annotated[str, shows("why a task of it failed")]
    waits: Annotated[str, shows("why none of its tasks may be ordered now: its hours, a job that it comes after")]
    wants_approval: Annotated[bool, shows("whether its preview waits for somebody")]
    avoided: Annotated[list[int], shows("clients that failed it too often")]
    settings: JobSettings
    warnings: Annotated[list[str], shows("what may go wrong with it")]
    steps: Annotated[list[StepView], shows("its steps")]
    picture: Annotated[int, shows("counts the pictures shown of it; 0 is none yet")]
    picture_step: Annotated[str, shows("of which step the newest of them is")]
    picture_task: Annotated[int | None, shows("of which task it is")]


class OrderView(msgspec.Struct, frozen=True):
    """One order of a job: which client had which tasks, and what became of them."""

    id: Annotated[int, shows("its number, for good")]
    step: Annotated[str, shows("of which step its tasks are")]
    client: Annotated[str, shows("who had it")]
    first: Annotated[int, shows("its first task")]
    count: Annotated[int, shows("how many tasks it has")]
    attempt: Annotated[int, shows("how often its first task had been ordered, this time included")]
    issued: Annotated[float, shows("when it was given", EPOCH)]
    ended: Annotated[float | None, shows("when its last task ended", EPOCH)]
    completed: Annotated[int, shows("tasks that are done")]
    failed: Annotated[int, shows("tasks that failed")]
    reason: Annotated[str, shows("why a task of it failed; of several, the last one")]
    chunk: Annotated[bool, shows("whether its tasks ran as one")]
    second: Annotated[bool, shows("whether it is a straggler's second start")]

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
        revoked=is_shut_out(farm, client),
        load=client.load,
        **client.figures.newest._asdict(),
        slots=client.slots,
        used=min(client.used, client.slots),
        memory=machine.memory,
        system=machine.system,
        gpus=machine.gpus,
        blenders=machine.blenders,
        slowness=round(client.slowness, 2),
        sleep_zone=str(when.zone_for(farm, client)),
        sleep_week=week(client.settings.sleeps),
        settings=client.settings,
        running=running,
    )


def order_view(order: Order, job: Job, farm: Farm) -> OrderView:
    steps = job.steps or job.past
    counts = [order.tasks.count(state) for state in TaskState]
    client = farm.clients.get(order.client)
    name = client.name if client else farm.departed.get(order.client, f"client {order.client}")
    return OrderView(
        id=order.id,
        step=steps[order.step].name,
        client=name,
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
    if not step.plan.has_frames:
        return f"task {task}"
    told = step.plan.parameters(task)[step.plan.frame]
    one = ONE_FRAME.fullmatch(told)
    return f"frame {one[1] if one else told}"


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
        canceled=sum(step.canceled for step in steps),
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
        warnings=list(job.warnings),
        steps=steps,
        picture=job.picture,
        picture_step=steps[job.shown.step].name if job.shown else "",
        picture_task=job.shown.task if job.shown else None,
    )


class TimeView(msgspec.Struct, frozen=True):
    """When all that may run is done, if nothing more comes."""

    seconds_left: Annotated[float | None, shows("as likely too many as too few", SECONDS)]
    seconds_left_early: Annotated[float | None, shows("one chance in ten that it is sooner", SECONDS)]
    seconds_left_late: Annotated[float | None, shows("one chance in ten that it is later", SECONDS)]
    unmeasured: Annotated[int, shows("tasks of it that are only guessed, as none of their step has ended yet")]


def time_view(farm: Farm) -> TimeView:
    time = left_of_all(farm)
    return TimeView(time and time.seconds, time and time.early, time and time.late, unmeasured(farm))
