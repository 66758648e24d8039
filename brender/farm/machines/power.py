"""Waking machines for work that waits, and switching off those that nobody needs.

How does this work?  `look` is called after work was given out.  What is ready then, and what waits behind other
work, found no slot: for each such step as many `sleepers` are woken as it has tasks to fill their slots with, those
that are on their way counted in, and none when what works now is done with it `SOON`.  A machine gets no second
call before `WAKE_AGAIN`, and is awaited for `ON_ITS_WAY`, after which others are called in its stead.  A `saver` that
held nothing, and that nobody used, for its `off_seconds` is told so when nothing waits that it may run; its worker
has the last word (`stays`).  Farms without either pay nothing; the others look once in `EVERY` at most.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from brender.farm.client import RuntimeClient
from brender.farm.job import Step
from brender.farm.machines.seats import Power
from brender.farm.scheduling import when
from brender.farm.scheduling.picking import next_task
from brender.farm.scheduling.shape import Shape, licence, most_at_once, verdict
from brender.farm.scheduling.windows import Hours
from brender.farm.transitions import TaskState

if TYPE_CHECKING:
    from brender.farm.farm import Farm

EVERY = 2.0  # seconds
SOON = 60.0  # seconds: about what a machine takes to start
ON_ITS_WAY = 180.0  # seconds from the call
WAKE_AGAIN = 300.0
LOOK_AGAIN = 30.0  # while work waits: a sleep may have ended, a call may have been in vain
MOST_WORDS = 1000  # characters of what a worker says
LOOKED_AT = 64  # orders that wait behind others; steps, of which a machine that nobody uses may run one
MOST_STEPS = 4096  # that are ready


def look(farm: "Farm", now: float) -> None:
    """Note in the farm's changes who is to be woken, and who is needed no more."""
    switches = farm.switches
    if not (switches.sleepers or switches.savers):
        return
    if now < switches.looked + EVERY:
        look_at(farm, switches.looked + EVERY)
        return
    switches.looked = now
    if switches.sleepers and wake(farm, now):
        look_at(farm, now + LOOK_AGAIN)
    for client in list(switches.savers.values()):
        save(farm, client, now)


def look_at(farm: "Farm", moment: float) -> None:
    """Look again by then; work is given out, and this looked at, whenever an alarm rings."""
    switches = farm.switches
    if switches.rings is not None and switches.rings <= moment:
        return

    def ring(_: float) -> None:
        if switches.rings == moment:
            switches.rings = None

    switches.rings = moment
    farm.alarms.at(moment, ring)


# --- waking


def wake(farm: "Farm", now: float) -> bool:
    """Call as many machines as what waits has tasks for; False when nothing waits."""
    machines = [Sleeper(client, now) for client in farm.switches.sleepers.values() if may_come(farm, client, now)]
    machines.sort(key=lambda each: (not each.called, each.client.power.woken, -each.slots, each.client.id))
    shapes: dict[str, tuple[int, list[Sleeper]]] = {}  # what works now runs at once of it, and which sleepers could
    waits = False
    for step, tasks in waiting_steps(farm):
        waits, shape = True, step.shape
        if shape.key not in shapes:
            fit = [each for each in machines if each.slots and verdict(each.client, shape) is None]
            shapes[shape.key] = farm.floor.places(shape), fit
        running, fit = shapes[shape.key]
        if fit and not done_soon(step, tasks, running):
            fill(farm, step, min(tasks, licensed(farm, shape)), fit, now)
            fit[:] = [each for each in fit if each.slots]
    return waits


def fill(farm: "Farm", step: Step, tasks: int, machines: list["Sleeper"], now: float) -> None:
    """Give the tasks a place on machines that could run them, and call those that were not called."""
    for each in machines:
        if tasks <= 0:
            return
        begun = each.begin(farm, step, tasks)
        tasks -= begun
        if begun and not each.called:
            each.called, each.client.power.woken = True, now
            farm.changes.woken.append(each.client)


class Sleeper:
    """A machine that is off, and what it would have room for."""

    __slots__ = ("called", "client", "slots", "tasks")

    def __init__(self, client: RuntimeClient, now: float) -> None:
        self.client = client
        self.called = now < client.power.woken + ON_ITS_WAY
        self.slots = client.slots
        self.tasks = client.settings.most_tasks or client.slots

    def begin(self, farm: "Farm", step: Step, tasks: int) -> int:
        """How many of the tasks it could begin; the room for them is taken then."""
        if not suits(farm, step, self.client):
            return 0
        cost = step.shape.cost(self.client)
        begun = min(tasks, self.tasks, self.slots // cost, most_at_once(self.client, step.shape))
        self.slots -= begun * cost
        self.tasks -= begun
        return begun


def waiting_steps(farm: "Farm") -> Iterator[tuple[Step, int]]:
    """Steps with how many of their tasks wait: for a client, or behind what runs on one."""
    behind: Counter[Step] = Counter()
    for order in islice(reversed(farm.floor.behind), LOOKED_AT):
        if order.untouched:
            behind[farm.step_of(order)] += order.count
    for step in islice(farm.queue, MOST_STEPS):
        yield step, step.counts[TaskState.READY] + behind.pop(step, 0)
    yield from behind.items()


def licensed(farm: "Farm", shape: Shape) -> int:
    """How many more tasks of the shape may begin as far as counted limits are concerned."""
    counted = [(farm.counted[name], number) for name, number in shape.limits if name in farm.counted]
    free = [(each.limit.count - each.held) // number for each, number in counted if each.limit.each == "task"]
    return min(free, default=sys.maxsize)


def done_soon(step: Step, tasks: int, running: int) -> bool:
    """Whether those who work now are through with it before another machine has started."""
    seconds = step.estimate.seconds
    return bool(running) and seconds is not None and seconds * tasks / running < SOON


def suits(farm: "Farm", step: Step, client: RuntimeClient) -> bool:
    """Whether it would be given something of the step if it were on."""
    if verdict(client, step.shape) is not None:
        return False
    if step in farm.queue and next_task(farm, step, client) is None:
        return False
    return not step.shape.limits or licence(client, step.shape, 1, farm.counted) is None


def may_come(farm: "Farm", client: RuntimeClient, now: float) -> bool:
    """It is on its way, or was not called lately and does not sleep by its own hours."""
    if client.power.woken + ON_ITS_WAY <= now < client.power.woken + WAKE_AGAIN:
        return False
    sleeps = client.settings.sleeps
    return not (sleeps and Hours.read(sleeps).cover(now, when.zone_for(farm, client)))


def told(clients: list[RuntimeClient], now: float) -> str:
    """ "woke desk-3 12 s ago", of those that were called and are not there yet; "" when none was."""
    woken = [client for client in clients if not client.online and now < client.power.woken + WAKE_AGAIN]
    if not woken:
        return ""
    last = max(woken, key=lambda client: client.power.woken)
    others = f" and {len(woken) - 1} other{'s' if len(woken) > 2 else ''}" if len(woken) > 1 else ""
    return f"woke {last.name}{others} {max(0.0, now - last.power.woken):.0f} s ago"


# --- switching off


def save(farm: "Farm", client: RuntimeClient, now: float) -> None:
    """Tell a machine's worker that it may be switched off, when that is so."""
    due = when_due(client)
    if due is not None and now < due:
        look_at(farm, due)
    elif due is not None and not needed(farm, client):  # whatever changes that is an event, after which we look
        client.power.asked = now
        farm.changes.unneeded.append(client)


def when_due(client: RuntimeClient) -> float | None:
    """When it has done nothing for long enough as it is now; None while it has work, or somebody may use it."""
    seat, seconds = client.seat, client.settings.off_seconds
    if seconds is None or client.orders or client.leaving or seat.here or seat.held or seat.seen is None:
        return None
    return max(client.freed, client.since, seat.seen, client.power.asked) + seconds


def needed(farm: "Farm", client: RuntimeClient) -> bool:
    """Whether something waits that it may run: now, or when nobody uses it any more."""
    return not client.asleep and any(suits(farm, step, client) for step in islice(farm.queue, LOOKED_AT))


def goes_off(farm: "Farm", client: RuntimeClient) -> None:
    """Its worker switches the machine off: it takes nothing more, and is not missed."""
    client.power.off = True
    farm.retire(client)


def stays(farm: "Farm", client: RuntimeClient, reason: str, now: float) -> None:
    """Its worker did not switch it off, and says why: it works on, and is asked again when it is due anew."""
    client.power = Power(asked=now, stays=reason[:MOST_WORDS])
    client.leaving = False
    farm.changed(client)
