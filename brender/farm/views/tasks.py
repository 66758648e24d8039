"""The tasks of a job for every face: one by one only where somebody looks.

How does this work?  `Tasks` is a sequence of all tasks of some steps, or of some of them; a `Task` in it, a step and an
index, is made when it is asked for.  So a million tasks can be counted, cut into pages and chosen by their state
without a million of anything.  `task_view` shows one; who has it is found in the orders that clients hold of its job,
through an index that is made anew when an order was issued since.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, compress
from typing import Annotated, Any, NamedTuple, overload

import msgspec

from brender.farm.estimating.durations import seconds_of
from brender.farm.farm import Farm
from brender.farm.job import Job, Step
from brender.farm.order import Order
from brender.farm.transitions import TaskState
from brender.farm.views.things import EPOCH, PERCENT, SECONDS, shows, what

STATES = tuple(state.name.lower() for state in TaskState)
BETWEEN = ":"  # the name of a step and the number of a task


class TaskView(msgspec.Struct, frozen=True):
    id: Annotated[str, shows('its step and its number, "Render:12"')]
    step: Annotated[str, shows("of which step it is")]
    place: Annotated[int, shows("which of the job's steps that is, counted from 0")]
    task: Annotated[int, shows("its number in the step, counted from 0")]
    what: Annotated[str, shows('for people: "frame 14", or "task 3" where it has no frame')]
    frame: Annotated[int | None, shows("its frame, the first of several")]
    state: Annotated[str, shows("how far it is", values=STATES)]
    parameters: Annotated[str, shows("its values, as its command is told them")]
    client: Annotated[str | None, shows("who has it, or failed it last; of a job that has ended its orders tell")]
    order: Annotated[int | None, shows("the order in which a client has it")]
    failures: Annotated[int | None, shows("how often it has failed since it was asked for, while its job goes on")]
    seconds: Annotated[float | None, shows("how long it took when it ran last; of a chunk its share", SECONDS)]
    since: Annotated[float | None, shows("when it began", EPOCH)]
    percent: Annotated[float | None, shows("how much of it is done", PERCENT)]
    status: Annotated[str, shows("what it says of itself")]


class Task(NamedTuple):
    """One task, as long as nobody needs to know more."""

    step: Step
    number: int

    @property
    def id(self) -> str:
        return f"{self.step.name}{BETWEEN}{self.number}"

    @property
    def name(self) -> str:
        return what(self.step, self.number)


class Part(NamedTuple):
    """Some tasks of one step, in their order."""

    step: Step
    indexes: Sequence[int]  # all that follow one another, or any

    def only(self, chosen: Collection[int]) -> "Part":
        """Those of it that are chosen."""
        numbers = sorted(chosen)
        if not isinstance(self.indexes, range):
            have = set(self.indexes)
            return Part(self.step, [number for number in numbers if number in have])
        return Part(self.step, [number for number in numbers if number in self.indexes])


class Tasks(Sequence[Task]):
    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = parts
        self._ends = list(accumulate(len(part.indexes) for part in parts))

    @classmethod
    def of(cls, steps: Sequence[Step]) -> "Tasks":
        return cls([Part(step, range(len(step.tasks))) for step in steps])

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __iter__(self) -> Iterator[Task]:
        return (Task(step, index) for step, indexes in self.parts for index in indexes)

    @overload
    def __getitem__(self, place: int) -> Task: ...

    @overload
    def __getitem__(self, place: slice) -> list[Task]: ...

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return [self._at(each) for each in range(*place.indices(len(self)))]
        if not -len(self) <= place < len(self):
            raise IndexError(place)
        return self._at(place % len(self))

    def _at(self, place: int) -> Task:
        number = bisect_right(self._ends, place)
        step, indexes = self.parts[number]
        return Task(step, indexes[place - (self._ends[number - 1] if number else 0)])


def in_states(part: Part, states: Collection[int]) -> Part:
    """Those that are in one of these states."""
    chosen = bytes(state in states for state in range(256))
    found = bytes(part.step.tasks).translate(chosen)
    if isinstance(part.indexes, range):
        found = found[part.indexes.start : part.indexes.stop]
        return Part(part.step, array("Q", compress(part.indexes, found)))
    return Part(part.step, [index for index in part.indexes if found[index]])


# --- one of them


def live(task: Task, farm: Farm) -> Step:
    """Its step as it is now: a job that had ended may have been opened again."""
    job = farm.jobs.get(task.step.job.id)
    return job.steps[task.step.index] if job and job.steps else task.step


def state_of(task: Task) -> str:
    return STATES[task.step.tasks[task.number]]


def frame_of(task: Task) -> int | None:
    plan = task.step.plan
    return next(plan.frames(task.number), None) if plan.has_frames else None


def took(task: Task) -> float | None:
    return seconds_of(task.step.took[task.number])


def parameters_of(task: Task) -> str:
    return ", ".join(f"{name}={value}" for name, value in task.step.plan.parameters(task.number).items())


def task_view(task: Task, farm: Farm) -> TaskView:
    task = Task(live(task, farm), task.number)
    step, index = task
    order = holder(step, index, farm) if step.tasks[index] is TaskState.ACTIVE else None
    tries = step.tries.get(index)
    had = order.client if order else tries.clients[-1] if tries and tries.clients else None
    running = order if order and order.running == index else None
    return TaskView(
        id=task.id,
        step=step.name,
        place=step.index,
        task=index,
        what=task.name,
        frame=frame_of(task),
        state=state_of(task),
        parameters=parameters_of(task),
        client=None if had is None else name_of(farm, had),
        order=order.id if order else None,
        failures=None if step.job.finished else len(tries.clients) if tries else 0,
        seconds=took(task),
        since=running.began if running else None,
        percent=running.percent if running else None,
        status=running.status if running else "",
    )


def name_of(farm: Farm, client: int) -> str:
    found = farm.clients.get(client)
    return found.name if found else farm.departed.get(client, f"client {client}")


# --- who has it


class Holders:
    """The orders of a job that clients hold, by step and first task."""

    def __init__(self, job: Job) -> None:
        self._orders: dict[int, list[Order]] = {}
        for order in sorted(job.orders.values(), key=lambda order: order.first):
            self._orders.setdefault(order.step, []).append(order)
        self._longest = max((order.count for order in job.orders.values()), default=0)

    def find(self, step: int, task: int) -> Order | None:
        """The order that still has the task; of two, the one that runs it."""
        orders = self._orders.get(step, [])
        place = bisect_left(orders, task - self._longest + 1, key=lambda order: order.first)
        found: Order | None = None
        while place < len(orders) and orders[place].first <= task:
            if orders[place].holds(task) and (found is None or found.running != task):
                found = orders[place]
            place += 1
        return found


def holder(step: Step, task: int, farm: Farm) -> Order | None:
    return holders(step.job, farm.last_order).find(step.index, task)


@lru_cache(maxsize=1)
def holders(job: Job, last_order: int) -> Holders:
    """They are the same until another order was issued, but for those that do not have their tasks any more."""
    return Holders(job)
