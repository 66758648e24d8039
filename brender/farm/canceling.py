"""Tasks that nobody wants any more, of a job that goes on without them.

How does this work?  Those that wait are canceled where they stand.  Those that a client has are taken out of their
order: its worker is told to end them (`holding.end_tasks`) and goes on with the others; a chunk runs as one, so it is
ended, and the others of it run again.  What follows is what follows when a task has failed for good: steps that depend
on it are abandoned, and the job ends when nothing of it is left.  To bring tasks back is to ask for them again.
"""

from collections.abc import Sequence

from brender.farm import following
from brender.farm.choosing import Chosen
from brender.farm.farm import Farm
from brender.farm.job import Job, Step
from brender.farm.order import Order
from brender.farm.scheduling import holding, second_starts
from brender.farm.transitions import FINISHED_TASK, TaskEvent, TaskState


def cancel_tasks(farm: Farm, job: Job, chosen: Chosen, now: float) -> dict[int, list[int]]:
    """Gives those that were canceled, by step: those that had not ended."""
    wanted = (
        (index, sorted({task for task in tasks if goes_on(job.steps[index], task)})) for index, tasks in chosen.items()
    )
    found = {index: tasks for index, tasks in wanted if tasks}
    for index, tasks in found.items():
        step = job.steps[index]
        for task in tasks:
            step.tasks.move(task, TaskEvent.CANCEL)
        canceled = set(tasks)
        for order in [order for order in job.orders.values() if order.step == index and order.open]:
            if taken := sorted(canceled.intersection(order.awaited())):
                take_out(farm, order, taken, now)
        farm.keep_states(step)
        farm.stirred[step] = None  # in place of one of its preview another may be given out
    for index in found:
        following.look_at(farm, job.steps[index], now)
    if found:
        farm.changes.jobs[job.id] = job
    return found


def goes_on(step: Step, task: int) -> bool:
    return 0 <= task < len(step.tasks) and step.tasks[task] not in FINISHED_TASK


def take_out(farm: Farm, order: Order, tasks: Sequence[int], now: float) -> None:
    """An order goes on without these tasks, as far as it can."""
    for task in tasks:
        order.settle(task, TaskState.CANCELED, now)
        second_starts.untwin(farm, order, task)
        farm.changes.orders[order.id] = order
    if not order.open:
        holding.end_order(farm, order)
    elif order.together:
        holding.take_away(farm, order, now)
    else:
        holding.end_tasks(farm, order, tasks)
