"""Work of higher priority: what it calls back, and what it ends.

How does this work?  Before a step's tasks are put behind others, `end_for` ends what runs of jobs of lower priority
that allow it (`preemptible`): on one client after the other the fewest orders that make room, the youngest first,
and for as many tasks as are ready.  After that `call_back_before` calls back orders of lower priority that wait
behind what runs, so that the step takes their place.
"""

from collections import Counter
from itertools import islice

from brender.farm.client import RuntimeClient
from brender.farm.farm import Farm
from brender.farm.job import Step
from brender.farm.order import Order
from brender.farm.scheduling import holding
from brender.farm.scheduling.floor import BACKLOG
from brender.farm.scheduling.picking import next_task
from brender.farm.scheduling.shape import licence, verdict
from brender.farm.scheduling.taking_over import waits
from brender.farm.transitions import TaskState

LOOKED_AT = 256  # orders that wait, of which some may be called back


def end_for(farm: Farm, step: Step, now: float) -> None:
    """Work of higher priority for which no slot is free ends what gives way to it, and no more than it needs."""
    wanted = step.counts[TaskState.READY] - sum(other is step for other in farm.giving_way.values())
    for order in list(farm.floor.yielding) if step in farm.queue else ():
        if order.priority >= step.job.priority or wanted <= 0:
            return
        client = farm.clients[order.client]
        if order.ending or not order.open or (ends := in_the_way(farm, client, step)) is None:
            continue
        holding.call_back(farm, [other for other in client.orders.values() if other.priority < step.job.priority])
        for other in ends:
            holding.take_away(farm, other, now)
        farm.giving_way.update((other.id, step) for other in ends[:1])
        wanted -= 1


def in_the_way(farm: Farm, client: RuntimeClient, step: Step) -> list[Order] | None:
    """The fewest orders that have to be ended for a task of the step to run there; None when it could not even then."""
    if not client.works or verdict(client, step.shape) or next_task(farm, step, client) is None:
        return None
    if step.shape.limits and licence(client, step.shape, 1, farm.counted):
        return None
    below = [order for order in client.orders.values() if order.priority < step.job.priority]
    ends = [order for order in farm.floor.yielding if order in below and not order.untouched]
    stay = [order for order in client.orders.values() if not (order in ends or (order.untouched and order in below))]
    stay = [order for order in stay if not (order.ending or order.recalled) or order.id in farm.giving_way]
    if not fits_beside(client, step, stay):
        return None
    for order in list(reversed(ends)):
        if fits_beside(client, step, [*stay, order]):
            ends.remove(order)
            stay.append(order)
    return ends


def fits_beside(client: RuntimeClient, step: Step, others: list[Order]) -> bool:
    """Whether a task of the step could run beside these orders."""
    most = client.settings.most_tasks
    if sum(order.cost for order in others) + step.shape.cost(client) > client.slots or most == len(others):
        return False
    taken: dict[str, float] = {}
    for name, amount in (*step.shape.needs, *(need for order in others for need in order.needs)):
        taken[name] = taken.get(name, 0.0) + amount
    return all(amount <= client.capacity(name) for name, amount in taken.items())


def call_back_before(farm: Farm, step: Step) -> None:
    """What waits behind others gives way to work of higher priority, until that has room to wait in its place."""
    wanted = step.counts[TaskState.READY] if step in farm.queue else 0
    freed: Counter[int] = Counter()
    for order in list(islice(farm.floor.behind, LOOKED_AT)) if wanted else ():
        client = farm.clients[order.client]
        if order.priority >= step.job.priority or wanted <= 0:
            return
        if not waits(farm, order) or not client.works or verdict(client, step.shape):
            continue
        holding.recall(farm, order)
        freed[client.id] += order.cost
        if client.used - freed[client.id] + step.shape.cost(client) <= BACKLOG * client.slots:
            freed[client.id] -= step.shape.cost(client)
            wanted -= 1
