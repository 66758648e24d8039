"""Time left: when a job is done as it goes now, and when the whole farm is.

How does this work?  A job is its steps one after the other, each on as many slots as it has at the moment.
For the farm it does not matter whose turn it is: what is left of all jobs that may run, in slots times
seconds, is shared out among the slots of the clients that work.  It takes at least as long as the steps of any job one
after the other, and as what only few clients can run takes on those.  What nobody has measured yet is guessed from
other steps (`unmeasured` says how much that is).
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import reduce
from math import sqrt
from statistics import fmean, pstdev
from typing import NamedTuple

from brender.farm.client import RuntimeClient
from brender.farm.estimating.estimates import CERTAIN, Forecast, after, forecast
from brender.farm.farm import Farm
from brender.farm.job import Job, Step
from brender.farm.order import Order
from brender.farm.scheduling.shape import Shape
from brender.farm.transitions import TaskState


def left(job: Job, farm: Farm) -> Forecast | None:
    """When the job is done as it goes now: its steps one after the other."""
    if not job.runs:
        return None
    together = side_by_side(job, farm)
    return reduce(after, (forecast(step.estimate, step.unfinished, together) for step in job.steps), None)


def side_by_side(job: Job, farm: Farm) -> int:
    """How many of the job's orders have a slot now; the others wait behind them."""
    clients = {order.client for order in job.orders.values()}
    return sum(each.job == job.id for client in clients for each in begun(farm.clients[client]))


def begun(client: RuntimeClient) -> Iterator[Order]:
    """The orders of a client that fit its slots, oldest first."""
    used = 0
    for order in client.orders.values() if client.online else ():
        used += order.cost
        if order.open and used <= client.slots:
            yield order


class Task(NamedTuple):
    """What a task of a step takes, seconds, and how unsure that is (a standard deviation)."""

    mean: float
    unsure: float


def left_of_all(farm: Farm) -> Forecast | None:
    """When all jobs that may run are done, if no more come; None when nothing is known, or nobody works."""
    slots, steps, guessed = farm.floor.slots, list(unfinished(farm)), guess(farm)
    takes = {step: task for step in steps if (task := measured(step) or guessed)}
    if not slots or not steps or len(takes) < len(steps):
        return None
    shares = [slot_seconds(farm, step, task.mean) / slots for step, task in takes.items()]
    work = sum(shares)
    last = sum(share * task.mean for share, task in zip(shares, takes.values(), strict=True)) / work if work else 0.0
    alone = max(alone_of_its_kind(farm, takes), *(chain(job, takes) for job in {step.job for step in steps}))
    middle = max(work + last / 2, alone)
    unsure = CERTAIN * sqrt(sum((slot_seconds(farm, step, task.unsure) / slots) ** 2 for step, task in takes.items()))
    return Forecast(middle, max(0.0, 0.9 * middle - unsure), 1.15 * middle + unsure)


def unmeasured(farm: Farm) -> int:
    """How many tasks that may run are only guessed, as none of their step has ended yet."""
    return sum(step.unfinished for step in unfinished(farm) if measured(step) is None)


def unfinished(farm: Farm) -> Iterator[Step]:
    return (step for job in farm.jobs.unfinished() if job.runs for step in job.steps if step.unfinished)


def measured(step: Step) -> Task | None:
    estimate = step.estimate
    return None if estimate.mean is None else Task(estimate.mean, estimate.spread / sqrt(len(estimate.last)))


def guess(farm: Farm) -> Task | None:
    """What a task takes of a step of which none has ended: what those of other steps took lately."""
    means = [estimate.mean for estimate in farm.measured if estimate.mean is not None]
    return Task(fmean(means), pstdev(means) if len(means) > 1 else means[0]) if means else None


def slot_seconds(farm: Farm, step: Step, seconds: float) -> float:
    """What is left of a step whose tasks take so many seconds; of those that run, a half."""
    return seconds * (step.unfinished - step.counts[TaskState.ACTIVE] / 2) * cost(farm, step)


def cost(farm: Farm, step: Step) -> float:
    """The slots of one of its tasks: what it asks for, or a whole machine, as large as they are on the average."""
    slots = step.shape.slots
    return farm.floor.slots / farm.floor.working if slots is None else slots


def chain(job: Job, takes: Mapping[Step, Task]) -> float:
    """The least that is left of a job, however many machines there are: a task of each step after the other."""
    return sum(takes[step].mean for step in job.steps if step.counts[TaskState.READY] + step.counts[TaskState.WAITING])


def alone_of_its_kind(farm: Farm, takes: Mapping[Step, Task]) -> float:
    """The seconds of whatever takes longest on those clients that can run it, if they did nothing else."""
    seconds: defaultdict[Shape, float] = defaultdict(float)
    for step, task in takes.items():
        seconds[step.shape] += task.mean * (step.unfinished - step.counts[TaskState.ACTIVE] / 2)
    places = farm.floor.places
    return max((much / places(shape) for shape, much in seconds.items() if places(shape)), default=0.0)
