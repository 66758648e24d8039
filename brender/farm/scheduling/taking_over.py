"""What clients do that are left with free slots: they take over from others.

How does this work?  A client for which nothing is ready calls back orders that wait behind the slots of other
clients (`call_back_for`); they are ready again a moment later, and come here.  When there are none it begins
the task of a straggler a second time (`start_again`), if that is expected to end sooner here.
"""

from brender.farm.client import RuntimeClient
from brender.farm.estimating.estimates import ends_sooner
from brender.farm.failures.failing import avoided, leaves
from brender.farm.farm import Farm
from brender.farm.order import Order
from brender.farm.scheduling import holding, second_starts
from brender.farm.scheduling.shape import room, verdict


def use_idleness(farm: Farm, client: RuntimeClient, now: float) -> None:
    """A client that still has a slot free and nothing to do takes over from others."""
    if client.used < client.offers and not call_back_for(farm, client):
        any(start_again(farm, order, client, now) for order in list(farm.floor.suspects.values()))


def call_back_for(farm: Farm, client: RuntimeClient) -> bool:
    """Call back orders that wait behind the slots of others, the highest priority first, as many as have room here."""
    free, unfit, found = client.slots - client.used, set[str](), list[Order]()
    for order in reversed(farm.floor.behind):
        if free <= 0:
            break
        step = farm.step_of(order)
        cost = step.shape.cost(client)
        if step.shape.key in unfit or cost > free or order.client == client.id or not waits(farm, order):
            continue
        if verdict(client, step.shape) is not None:
            unfit.add(step.shape.key)
        elif suits(farm, order, client):
            found.append(order)
            free -= cost
    for order in found:
        holding.recall(farm, order)
    return bool(found)


def waits(farm: Farm, order: Order) -> bool:
    """Whether it can be called back from behind what runs on a client that would hear of it."""
    client = farm.clients[order.client]
    return order.untouched and client.online and client.crowded(order)


def suits(farm: Farm, order: Order, client: RuntimeClient) -> bool:
    """Whether the client would be given the order's tasks now if they were ready."""
    step = farm.step_of(order)
    return (
        verdict(client, step.shape) is None
        and room(client, step.shape, 1, farm.counted) is None
        and not leaves(farm, step, order.first, client.id)
        and not avoided(farm, step, client.id)
    )


def start_elsewhere(farm: Farm, order: Order, now: float) -> None:
    any(start_again(farm, order, client, now) for client in list(farm.floor.idle.values()))


def start_again(farm: Farm, order: Order, client: RuntimeClient, now: float) -> bool:
    """Begin a straggler's task a second time here, when that is expected to end sooner."""
    if order.running is None or order.began is None or order.count > 1 or order.second or order.client == client.id:
        return False
    step, task = farm.step_of(order), order.first
    if not (farm.settings.second_starts and step.job.settings.second_starts):
        return False
    if not step.job.runs or (order.job, order.step, task) in farm.twins or not suits(farm, order, client):
        return False
    here, elapsed = farm.clients[order.client].slowness, now - order.began
    if not ends_sooner(step.estimate.seconds or 0.0, here, elapsed, client.slowness):
        return False
    second_starts.pair(farm, order, task)
    farm.issue(client, step, task, 1, now, second=True)
    return True
