"""Who gets what: ready tasks matched with clients that have room.

How does this work?  The farm's queue lists the steps with ready tasks in the order of work.  `match`
walks it for one client and issues orders until the client is full: first its slots, then (`BACKLOG`
times its slots) orders that wait behind them, so that a slot never waits for the network.  `match_all`
fills every client's slots before anybody's backlog.  A client with a free slot and nothing to do
takes back an order that waits behind another one's slots (`take_back`).
"""

from brender.farm.client import RuntimeClient
from brender.farm.estimates import run_length
from brender.farm.farm import Farm
from brender.farm.job import Step
from brender.farm.requirements import refusal
from brender.farm.retries import elsewhere
from brender.farm.transitions import TaskState

BACKLOG = 2  # slots' worth of orders a client may hold, those that run included


def match_all(farm: Farm, now: float) -> None:
    working = [client for client in farm.clients.values() if client.works]
    for depth in range(1, BACKLOG + 1):
        for client in working:
            if not farm.queue:
                break
            fill(farm, client, depth * client.slots, now)
    for client in working:
        take_back(farm, client)


def match(farm: Farm, client: RuntimeClient, now: float) -> None:
    if client.works and client.used < BACKLOG * client.slots:
        fill(farm, client, BACKLOG * client.slots, now)
        take_back(farm, client)


def fill(farm: Farm, client: RuntimeClient, limit: int, now: float) -> None:
    """Issue orders to a client until they cost `limit` slots or nothing fits."""
    place = 0
    while place < len(farm.queue) and client.used < limit:
        step = farm.queue[place]
        if verdict(client, step) is None:
            cost = client.cost(step.requires)
            while client.used + cost <= limit and (run := next_run(farm, step, client, farm.slots // cost)):
                farm.issue(client, step, *run, now)
        if place < len(farm.queue) and farm.queue[place] is step:  # issuing its last ready task took it out
            place += 1


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
        if not elsewhere(tries, client.id, able(farm, step)):
            return first, 1
        first = step.tasks.next_ready(first + 1)
    return None


def untried(step: Step, first: int, count: int) -> int:
    """How many tasks from `first` on have not failed before."""
    if not step.tries:
        return count
    return next((task - first for task in range(first, first + count) if task in step.tries), count)


def able(farm: Farm, step: Step) -> list[int]:
    return [client.id for client in farm.clients.values() if client.works and verdict(client, step) is None]


def take_back(farm: Farm, client: RuntimeClient) -> None:
    """Recall an order that waits behind another client's slots while this one has a slot free."""
    if client.used >= client.slots:
        return
    for order in farm.orders.values():
        holder = farm.clients[order.client]
        if holder is client or holder.used <= holder.slots or not order.untouched:
            continue
        step = farm.step_of(order)
        if verdict(client, step) is None and client.used + client.cost(step.requires) <= client.slots:
            farm.recall(order)
            return
