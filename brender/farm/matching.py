"""Who gets what: ready tasks matched with clients that have room.

How does this work?  The farm's queue lists the steps with ready tasks in the order of work.  `match`
walks it for one client and issues orders until the client is full: first its slots, then (`BACKLOG`
times its slots) orders that wait behind them, so that a slot never waits for the network.  `match_all`
fills every client's slots before anybody's backlog.  A step for which there is no room now is not
overtaken by later ones in the backlog, so that small tasks never starve a large one.  A client with a
free slot and nothing to do takes back an order that waits behind another one's slots (`take_back`).
"""

from brender.farm.client import RuntimeClient
from brender.farm.estimates import run_length
from brender.farm.farm import Farm
from brender.farm.job import Step
from brender.farm.order import Order
from brender.farm.requirements import refusal
from brender.farm.retries import Tries, elsewhere
from brender.farm.transitions import TaskState

BACKLOG = 2  # slots' worth of orders a client may hold, those that run included


def match_all(farm: Farm, now: float) -> None:
    working = [client for client in farm.clients.values() if client.works]
    for depth in range(1, BACKLOG + 1):
        for client in working:
            if not farm.queue:
                break
            fill(farm, client, depth * client.slots, now)
    idle = [client for client in working if client.used < client.slots]
    waiting = backlog(farm) if idle else []
    for client in idle:
        take_back(farm, client, waiting)


def match(farm: Farm, client: RuntimeClient, now: float) -> None:
    if client.works and client.used < BACKLOG * client.slots:
        fill(farm, client, BACKLOG * client.slots, now)
        if client.used < client.slots:
            take_back(farm, client, backlog(farm))


def fill(farm: Farm, client: RuntimeClient, limit: int, now: float) -> None:
    """Issue orders to a client until they cost `limit` slots or nothing fits."""
    place, wanted = 0, has_use(farm, client, limit)
    while wanted and place < len(farm.queue):
        step = farm.queue[place]
        if verdict(client, step) is None:
            cost = client.cost(step.requires)
            while client.used + cost <= limit and (run := next_run(farm, step, client, farm.slots // cost)):
                farm.issue(client, step, *run, now)
            if is_at(farm, place, step) and overfull(client) and client.used + cost > limit:
                return  # it is next here: whatever overtook it now would make it wait longer
            wanted = has_use(farm, client, limit)
        place += is_at(farm, place, step)  # issuing its last ready task took it out


def has_use(farm: Farm, client: RuntimeClient, limit: int) -> bool:
    """Whether any step in the queue could run on the client and has room there; looks at one of each shape."""
    return any(
        verdict(client, step) is None and client.used + client.cost(step.requires) <= limit
        for step in map(next, map(iter, farm.shapes.values()))
    )


def is_at(farm: Farm, place: int, step: Step) -> bool:
    return place < len(farm.queue) and farm.queue[place] is step


def verdict(client: RuntimeClient, step: Step) -> str | None:
    """Why this client can never run the step, or None; remembered by the step's shape."""
    if step.shape not in client.verdicts:
        client.verdicts[step.shape] = refusal(step.requires, client.machine.abilities())
    return client.verdicts[step.shape]


def next_run(farm: Farm, step: Step, client: RuntimeClient, slots: int) -> tuple[int, int] | None:
    """The next ready tasks (first, count) of a step for this client.

    A task that has failed before goes alone, and not to a client that should leave it to another.
    """
    first = step.tasks.next_ready()
    while first >= 0:
        tries = step.tries.get(first)
        if tries is None:
            most = run_length(step.estimate, step.counts[TaskState.READY], slots)
            return first, untried(step, first, step.tasks.ready_run(first, most))
        if not leaves(farm, step, tries, client):
            return first, 1
        first = step.tasks.next_ready(first + 1)
    return None


def untried(step: Step, first: int, count: int) -> int:
    """How many tasks from `first` on have not failed before."""
    if not step.tries:
        return count
    return next((task - first for task in range(first, first + count) if task in step.tries), count)


def leaves(farm: Farm, step: Step, tries: Tries, client: RuntimeClient) -> bool:
    """Whether the client should leave a task that has failed to another one that could run it."""
    able = (other.id for other in farm.clients.values() if other.works and verdict(other, step) is None)
    return elsewhere(tries, client.id, able)


def backlog(farm: Farm) -> list[Order]:
    """The orders that wait behind the slots of their clients and may be recalled."""
    return [order for order in farm.orders.values() if overfull(farm.clients[order.client]) and order.untouched]


def overfull(client: RuntimeClient) -> bool:
    return client.used > client.slots


def take_back(farm: Farm, client: RuntimeClient, waiting: list[Order]) -> None:
    """Recall an order that waits behind another client's slots while this one has a slot free."""
    for order in waiting:
        if order.client != client.id and not order.recalled and suits(farm, order, client):
            farm.recall(order)
            return


def suits(farm: Farm, order: Order, client: RuntimeClient) -> bool:
    """Whether the client would be given the order's tasks if they were ready."""
    step = farm.step_of(order)
    tries = step.tries.get(order.first)
    return (
        verdict(client, step) is None
        and client.used + client.cost(step.requires) <= client.slots
        and not (tries and leaves(farm, step, tries, client))
    )
