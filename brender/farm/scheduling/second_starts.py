"""Stragglers: which tasks are late, and the two orders that run one of them.

How does this work?  When a task begins, `suspect` works out when it should have ended and sets an alarm; what is
late then stands among the floor's suspects, and `matching` may begin it on another client too.  Both orders are
`pair`ed: the first one home wins and the other is ended; when one fails or is lost, the other runs on.
"""

from typing import TYPE_CHECKING

from brender.farm.estimating.estimates import suspect_after
from brender.farm.job import Step
from brender.farm.order import Order
from brender.farm.scheduling.holding import end_order
from brender.farm.transitions import TaskState

if TYPE_CHECKING:
    from brender.farm.farm import Farm

FEW = 4  # tasks of a step, before which nobody is called slow
TOO_SHORT = 0.05  # seconds of a task that tells nothing of its client
NEWEST = 0.3  # the weight of the last task in what is known of a client


def suspect(farm: "Farm", order: Order, now: float) -> None:
    """When should this task have ended?  From then on it may be a straggler, and is looked at now and again."""
    typical, began = farm.step_of(order).estimate.seconds, order.began
    if not typical or began is None or order.count > 1:
        return
    delay = suspect_after(typical, farm.clients[order.client].slowness)
    if delay is None:
        return

    def ring(then: float) -> None:
        if order.id in farm.orders and order.running is not None and order.began == began and order.open:
            farm.floor.suspects[order.id] = order
            farm.suspected.append(order)
            farm.alarms.at(then + max(typical, (then - began) / 2), ring)

    if began + delay > now:
        farm.alarms.at(began + delay, ring)
    else:
        ring(now)


def pair(farm: "Farm", first: Order, task: int) -> None:
    """The task of this order is to be begun on another client too."""
    farm.twins.setdefault((first.job, first.step, task), []).append(first)


def twin_of(farm: "Farm", step: Step, order: Order, task: int) -> Order | None:
    """Another order that still runs the same task."""
    if not farm.twins:
        return None
    both = farm.twins.get((step.job.id, step.index, task), ())
    return next((other for other in both if other is not order and other.holds(task)), None)


def untwin(farm: "Farm", order: Order, task: int) -> None:
    both = farm.twins.get((order.job, order.step, task))
    if both and order in both:
        both.remove(order)
        if len(both) < 2:
            del farm.twins[order.job, order.step, task]


def stop_twin(farm: "Farm", step: Step, twin: Order, task: int, now: float) -> None:
    """The other one came home first."""
    if twin.began is not None:
        learn_slowness(farm, twin, step, now - twin.began, at_least=True)
    twin.settle(task, TaskState.CANCELED, now)
    untwin(farm, twin, task)
    end_order(farm, twin)


def learn_slowness(farm: "Farm", order: Order, step: Step, seconds: float, at_least: bool = False) -> None:
    """How slow a client is, from the seconds that a task took there, or `at_least` would have taken."""
    client, typical = farm.clients[order.client], step.estimate.seconds
    if not typical or len(step.estimate.last) < FEW or seconds < TOO_SHORT:
        return
    found = min(50.0, max(0.02, seconds / typical))
    if found > client.slowness or not at_least:
        client.slowness += NEWEST * (found - client.slowness)
