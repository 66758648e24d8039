"""What every face shows of a client's past: how busy it was, and which orders it had.

How does this work?  `load_view` gives the rings of `load` as lists, `turn_view` an order with the job that it was of.
A result that somebody has withdrawn, as the task was asked for again, was a result of this client all the same.
"""

from collections.abc import Collection
from typing import Annotated, Literal

import msgspec

from brender.farm.client import RuntimeClient
from brender.farm.farm import Farm
from brender.farm.order import WITHDRAWN, Order
from brender.farm.transitions import TaskState
from brender.farm.views.things import BYTES, EPOCH, PERCENT, SECONDS, shows

Stretch = Literal["hour", "day"]
STATES = ("running", "waiting", "completed", "failed", "canceled", "returned")


class LoadView(msgspec.Struct, frozen=True):
    """How busy a client was; of each figure a value for each step, empty where it was never known."""

    since: Annotated[float, shows("when the first step begins", EPOCH)]
    step: Annotated[int, shows("of time, for each value", SECONDS)]
    cpu: Annotated[list[float | None], shows("of its processors", PERCENT)]
    memory: Annotated[list[float | None], shows("of the machine's, in use", PERCENT)]
    gpu: Annotated[list[float | None], shows("of its graphics cards, on average", PERCENT)]
    disk: Annotated[list[float | None], shows("free where its scratch folders are", BYTES)]


class TurnView(msgspec.Struct, frozen=True):
    """One order that a client had."""

    order: Annotated[int, shows("its number, for good")]
    job: Annotated[int, shows("of which job")]
    job_name: Annotated[str, shows("and what that is called")]
    step: Annotated[str, shows("of which step its tasks are")]
    first: Annotated[int, shows("its first task")]
    count: Annotated[int, shows("how many tasks it has")]
    attempt: Annotated[int, shows("how often its first task had been ordered, this time included")]
    state: Annotated[str, shows("what became of it; failed when a task of it did", values=STATES)]
    issued: Annotated[float, shows("when it was given", EPOCH)]
    ended: Annotated[float | None, shows("when its last task ended", EPOCH)]
    completed: Annotated[int, shows("tasks that are done")]
    failed: Annotated[int, shows("tasks that failed")]
    failed_tasks: Annotated[list[int], shows("which these are")]
    reason: Annotated[str, shows("why a task of it failed; of several, the last one")]

    @property
    def name(self) -> str:
        """Its tasks for people: "task 3", "tasks 3 to 9"."""
        last = self.first + self.count - 1
        return f"task {self.first}" if self.count == 1 else f"tasks {self.first} to {last}"


def load_view(client: RuntimeClient, stretch: Stretch, now: float) -> LoadView:
    span = client.figures.hour(now) if stretch == "hour" else client.figures.day(now)
    return LoadView(span.since, span.step, *map(list, span[2:]))


def turn_view(order: Order, farm: Farm) -> TurnView:
    job = farm.jobs[order.job]
    became = [state & ~WITHDRAWN for state in order.tasks]
    failed = [task for task, state in enumerate(became, order.first) if state == TaskState.FAILED]
    return TurnView(
        order=order.id,
        job=job.id,
        job_name=job.name,
        step=(job.steps or job.past)[order.step].name,
        first=order.first,
        count=order.count,
        attempt=order.attempt,
        state=state_of(order, became),
        issued=order.issued,
        ended=order.ended,
        completed=became.count(TaskState.COMPLETED),
        failed=len(failed),
        failed_tasks=failed,
        reason=order.reason,
    )


def state_of(order: Order, became: Collection[int]) -> str:
    if order.open:
        return "waiting" if order.running is None else "running"
    for state in (TaskState.FAILED, TaskState.COMPLETED, TaskState.CANCELED):
        if state in became:
            return state.name.lower()
    return "returned"
