"""What the result of a task means: it is done, it is tried again, or it was the last try; and what is learnt from it.

How does this work?  `take` is called for tasks that a client was given and whose result is awaited.  It learns how long
they took, has `failing` decide about failures, ends the second start of what is done, and has `following` look at
what follows for the step, its dependents and its job.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from brender.farm import following
from brender.farm.estimating.durations import code_of
from brender.farm.failures import failing
from brender.farm.failures.failing import Failure
from brender.farm.job import Step
from brender.farm.order import Order
from brender.farm.scheduling import second_starts
from brender.farm.transitions import TaskEvent, TaskState

if TYPE_CHECKING:
    from brender.farm.farm import Farm

MOST_SECONDS, MOST_MEMORY = 1e9, 2**62  # that a worker may say of a task: sums of more are no numbers


def take(
    farm: "Farm",
    order: Order,
    tasks: Sequence[int],
    outcome: TaskState,
    failure: Failure,
    seconds: float,
    now: float,
) -> None:
    """These tasks of an order have ended as one; `failure` has the peak of memory whatever the outcome."""
    step, each_took = farm.step_of(order), min(MOST_SECONDS, max(0.0, seconds)) / len(tasks)
    failure = failure._replace(peak=min(MOST_MEMORY, max(0, failure.peak)))  # a worker's word, as the seconds are
    if outcome is TaskState.COMPLETED:
        learn(farm, step, order, each_took, failure.peak, now)
    if outcome is not TaskState.CANCELED:
        note_time(step, order, tasks, each_took)
    if outcome is TaskState.FAILED:
        failing.strike(farm, step, order, failure, now)
    for task in tasks:
        if order.holds(task):
            end(farm, step, order, task, outcome, failure, now)
    following.look_at(farm, step, now)


def learn(farm: "Farm", step: Step, order: Order, seconds: float, peak: int, now: float) -> None:
    """From a task that is done: what others will take, how fast the client is, and that the step works there."""
    typical = step.estimate.seconds
    second_starts.learn_slowness(farm, order, step, seconds)
    step.estimate.learn(seconds)
    if typical is None:
        farm.measured.append(step.estimate)
        # those that began before anything was known
        for other in step.job.orders.values():
            if other.step == step.index and other is not order and other.running is not None:
                second_starts.suspect(farm, other, now)
    step.rests = 0
    step.job.strikes.succeeded(order.client)
    failing.learn_memory(farm, step, peak)


def note_time(step: Step, order: Order, tasks: Sequence[int], seconds: float) -> None:
    """Each of them took so long."""
    code = code_of(seconds)
    for task in tasks:
        order.took.note(task - order.first, code, order.tasks)
        step.took.note(task, code, step.tasks)


def end(farm: "Farm", step: Step, order: Order, task: int, outcome: TaskState, failure: Failure, now: float) -> None:
    """One of them has ended; another client may run it too, as a second start."""
    twin = second_starts.twin_of(farm, step, order, task)
    if outcome is TaskState.COMPLETED:
        step.tasks.move(task, TaskEvent.SUCCEEDED)
        if twin:
            second_starts.stop_twin(farm, step, twin, task, now)
    elif outcome is TaskState.FAILED:
        outcome = failing.failed(farm, step, order, task, failure, now, runs_on=twin is not None)
    elif twin is None:  # ended without anybody here having asked for it: its machine was needed, or is going
        outcome = following.try_again(farm, step, task)
    farm.settle(order, task, outcome, now)
    if outcome is TaskState.COMPLETED:
        following.free_frames(farm, step, task)
