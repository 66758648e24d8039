"""Who gets what: ready tasks matched with clients that have room.

How does this work?  `match` looks only at what is new: clients that were roused are filled from the order of
work, and steps that were stirred are offered to the clients that have room.  Slots are filled first, then
(`BACKLOG` times the slots) orders that wait behind them, so that a slot never waits for the network.  In the
backlog a step for which there is no room now is not overtaken by later ones: so small tasks never starve a
large one, which begins when what runs there now has ended.  For tasks shorter than `affinity` seconds a client
keeps to the scene that it has open, for so long at most while others of the same priority wait for it.  What is
left idle after that calls back orders that wait behind the slots of others, and starts stragglers a second time;
work of higher priority calls back what waits, and ends what runs of jobs that allow it (`taking_over`, `urgency`).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from brender.farm.client import RuntimeClient
from brender.farm.farm import Farm
from brender.farm.job import Step
from brender.farm.scheduling.floor import BACKLOG
from brender.farm.scheduling.order_of_work import Lane, Level, Refuses
from brender.farm.scheduling.picking import next_task, run_from, scene_of
from brender.farm.scheduling.shape import Shape, licence, room, space, verdict
from brender.farm.scheduling.taking_over import start_elsewhere, use_idleness
from brender.farm.scheduling.urgency import call_back_before, end_for

Roomy = dict[Shape, list[RuntimeClient]]  # who may have room for a shape
DEPTHS = tuple(range(1, BACKLOG + 1))  # slots are filled first, then what waits behind them


def match(farm: Farm, now: float) -> None:
    """Give out what can be given out since the last time."""
    while farm.stirred or farm.roused or farm.suspected:
        roused, farm.roused = farm.roused, {}
        stirred, farm.stirred = farm.stirred, {}
        suspected, farm.suspected = farm.suspected, []
        for depth in DEPTHS:
            for client in roused.values():
                fill(farm, client, depth, now)
            if stirred:
                offer_all(farm, stirred, others_with_room(farm, roused, depth), depth, now)
        for step in stirred:
            call_back_before(farm, step)
        for client in roused.values():
            use_idleness(farm, client, now)
        for order in suspected:
            start_elsewhere(farm, order, now)


def fill(farm: Farm, client: RuntimeClient, depth: int, now: float) -> None:
    """Give a client orders until it has no room, or nothing is left for it."""
    while client.used < depth * client.offers and give_one(farm, client, depth, now):
        pass


def offer_all(farm: Farm, stirred: Iterable[Step], clients: list[RuntimeClient], depth: int, now: float) -> None:
    roomy = defaultdict[Shape, list[RuntimeClient]](lambda: clients)
    for step in stirred if clients else ():
        offer(farm, step, roomy, depth, now)
    for step in stirred if depth == 1 else ():
        end_for(farm, step, now)


def others_with_room(farm: Farm, filled: Mapping[int, RuntimeClient], depth: int) -> list[RuntimeClient]:
    """The clients that may have room; those that were just filled are left as they are."""
    near = (farm.floor.idle,) if depth == 1 else (farm.floor.idle, farm.floor.shallow)
    return [client for clients in near for number, client in clients.items() if number not in filled]


def offer(farm: Farm, step: Step, roomy: Roomy, depth: int, now: float) -> None:
    """Give clients with room what is next for them, as long as the step has ready tasks: each one order a round."""
    given = True
    while given and step in farm.queue:
        given = False
        for client in candidates(farm, step, roomy, depth):
            if step not in farm.queue:
                return
            given |= give_one(farm, client, depth, now)


def candidates(farm: Farm, step: Step, roomy: Roomy, depth: int) -> list[RuntimeClient]:
    """Those with room for the step; the ones that have its scene open first, then those that are quick.

    While orders are given out nobody gets more room: for a shape only those are asked that had some when last asked.
    But who takes a limit that is held by clients has it for further tasks too.
    """
    scene, shape = (step.job.id, step.index), step.shape
    found = [
        client
        for client in roomy[shape]
        if verdict(client, shape) is None and room(client, shape, depth, farm.counted) is None
    ]
    if not any(name in farm.counted and farm.counted[name].limit.each == "client" for name, _ in shape.limits):
        roomy[shape] = found
    return sorted(found, key=lambda client: (client.scene != scene, client.slowness > 1.5))


def give_one(farm: Farm, client: RuntimeClient, depth: int, now: float) -> bool:
    """Issue the order that is next for a client; False when there is none."""
    kept = keeps_free_for(farm, client)
    for level, lane, step in farm.queue.walk(what_refuses(farm, client, kept, depth)):
        if kept and step is not kept and step.job.priority == kept.job.priority:
            continue
        first = next_task(farm, step, client)
        if first is None:
            continue
        if space(client, step.shape, depth):
            return False  # it is next here: whatever overtook it now would make it wait longer
        if step.shape.limits and licence(client, step.shape, depth, farm.counted):
            if step is kept or (depth > 1 and keep_free(farm, client, step)):
                return False
            continue
        keep = at_hand(farm, client, level, lane, step, depth, now) if step is not kept else None
        chosen, first = keep or (step, first)
        client.keeps_since = (now if client.keeps_since is None else client.keeps_since) if keep else None
        if level.passed:
            level.passed.pop(farm.queue.whose(chosen.job), None)  # it has what it waited for
        farm.issue(client, chosen, *run_from(farm, chosen, client, first), now)
        return True
    return False


def what_refuses(farm: Farm, client: RuntimeClient, kept: Step | None, depth: int) -> Refuses:
    """What of the order of work need not be looked at for the client."""
    if depth == 1:
        return no_room(farm, client, kept.shape if kept else None)
    return no_licence(farm, client, depth) if farm.counted else client.verdicts.__getitem__


def no_licence(farm: Farm, client: RuntimeClient, depth: int) -> Refuses:
    """What cannot run on the client, or could only wait there for a limit that others hold."""
    known: dict[Shape, str | None] = {}

    def refuses(shape: Shape) -> str | None:
        if shape not in known:
            lacking = shape.limits and not space(client, shape, depth)
            known[shape] = verdict(client, shape) or (licence(client, shape, 1, farm.counted) if lacking else None)
        return known[shape]

    return refuses


def no_room(farm: Farm, client: RuntimeClient, kept: Shape | None) -> Refuses:
    """What cannot begin on the client now; the shape for which it drains is not passed over."""
    known: dict[Shape, str | None] = {}

    def refuses(shape: Shape) -> str | None:
        if shape not in known:
            known[shape] = verdict(client, shape) or (None if shape is kept else room(client, shape, 1, farm.counted))
        return known[shape]

    return refuses


def keep_free(farm: Farm, client: RuntimeClient, step: Step) -> bool:
    """The client drains for the step if only slots are lacking there: it is next when they are free."""
    if licence(client, step.shape, 1, farm.counted):
        return False
    farm.kept_free[client.id] = step
    return True


def keeps_free_for(farm: Farm, client: RuntimeClient) -> Step | None:
    """The step for which the client drains: it needs a limit, which nobody is to hold while he waits for slots."""
    step = farm.kept_free.get(client.id)
    if step and not would_begin(farm, client, step):
        step = farm.kept_free.pop(client.id) and None
    return step


def would_begin(farm: Farm, client: RuntimeClient, step: Step) -> bool:
    """Whether nothing but slots keeps a task of the step from the client."""
    if step not in farm.queue or verdict(client, step.shape) or next_task(farm, step, client) is None:
        return False
    return licence(client, step.shape, 1, farm.counted) is None


def at_hand(
    farm: Farm, client: RuntimeClient, level: Level, lane: Lane, due: Step, depth: int, now: float
) -> tuple[Step, int] | None:
    """The step whose scene the client has open, if what is due has not waited for such for too long."""
    same = scene_of(farm, client)
    if same is None or same is due or same.job.priority != due.job.priority or same not in farm.queue:
        return None
    takes = same.estimate.seconds
    if takes is None or takes >= farm.settings.affinity:
        return None  # to open another scene is little beside a task that takes longer than that
    waited = now - min(level.passed.get(lane.whose, now), now if client.keeps_since is None else client.keeps_since)
    if waited >= farm.settings.affinity:
        return None
    if verdict(client, same.shape) is None and room(client, same.shape, depth, farm.counted) is None:
        first = next_task(farm, same, client)
        if first is not None:
            level.passed.setdefault(lane.whose, now)
            return same, first
    return None
