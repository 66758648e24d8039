"""Who holds which order, and what that takes: slots, amounts, licences, a place on the floor.

How does this work?  `hold` and `release` are the only ways in and out: they keep the client, the job, the limits,
the order of work and the floor in step.  An order that its worker is told to end (`end_order`) is held until the
worker says that nothing of it is left, and so is what it takes.  Of an order that goes on, some tasks can be ended
(`end_tasks`).
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from brender.farm.job import Step
from brender.farm.order import Order
from brender.farm.transitions import TaskEvent, TaskState

if TYPE_CHECKING:
    from brender.farm.farm import Farm


def recall(farm: "Farm", order: Order) -> None:
    """Ask for an order back, as far as it has not begun."""
    order.recalled = True
    farm.floor.begun(order)
    farm.changes.recalled.append(order)


def call_back(farm: "Farm", orders: Iterable[Order]) -> None:
    for order in orders:
        if order.untouched:
            recall(farm, order)


def take_away(farm: "Farm", order: Order, now: float) -> None:
    """End what a client runs of an order; its tasks run again once that is gone, and no try is counted.

    The client holds the order until its worker says that nothing of it is left.
    """
    step, tasks = farm.step_of(order), order.awaited()
    farm.give_back(order, tasks, now)
    end_order(farm, order)
    for task in tasks:
        if step.tasks[task] is TaskState.READY:
            step.tasks.move(task, TaskEvent.HELD)
    farm.enqueue(step)


def end_order(farm: "Farm", order: Order) -> None:
    """Its worker is told to end it; it is held until the worker says that nothing of it is left."""
    order.ending = True
    farm.floor.gone(order)
    farm.changes.orders[order.id] = order
    farm.changes.canceled.append(order)


def end_tasks(farm: "Farm", order: Order, tasks: Sequence[int]) -> None:
    """Its worker is told to end these and to go on with the others; they run nowhere before it has."""
    if tasks:
        order.stopping.update(tasks)
        farm.changes.stopped.append((order, tasks))


def hold(farm: "Farm", order: Order, step: Step) -> None:
    """The client has the order from now on."""
    client, job = farm.clients[order.client], step.job
    shape, settings = step.shape, job.settings
    order.needs, order.limits, order.priority = shape.needs, shape.limits, settings.priority
    farm.orders[order.id] = job.orders[order.id] = order
    client.hold(order)
    farm.queue.used(job, order.cost)
    if order.limits:
        count(farm, order)
        names = {name for name, _ in order.limits}  # of which too few may be left for those who wait for slots
        farm.drain_no_more(lambda kept: any(name in names for name, _ in kept.shape.limits))
    farm.floor.arrive(order, client.crowded(order), settings.preemptible)
    farm.floor.stand(client)
    if order.second:
        farm.twins.setdefault((job.id, step.index, order.first), []).append(order)


def count(farm: "Farm", order: Order) -> None:
    """The limits that an order holds are in use."""
    for name, number in order.limits:
        if name in farm.counted:
            farm.counted[name].take(order.client, number)


def rank_anew(farm: "Farm", order: Order) -> None:
    """The priority of its job has changed."""
    job, floor, behind = farm.jobs[order.job], farm.floor, order in farm.floor.behind
    suspected = order.id in floor.suspects
    floor.gone(order)
    order.priority = job.priority
    if order.open:
        floor.arrive(order, behind, job.settings.preemptible)
    if suspected:
        floor.suspects[order.id] = order


def release(farm: "Farm", order: Order) -> None:
    if farm.orders.pop(order.id, None) is None:
        return
    farm.tally.order(order)
    client, job = farm.clients[order.client], farm.jobs[order.job]
    job.orders.pop(order.id, None)
    client.release(order)
    farm.queue.used(job, -order.cost)
    for name, number in order.limits:
        if name in farm.counted:
            farm.counted[name].give_back(client.id, number)
            farm.stirred.update(farm.limited.get(name, {}))
    farm.giving_way.pop(order.id, None)
    farm.floor.gone(order)
    farm.floor.stand(client)
    farm.roused[client.id] = client
