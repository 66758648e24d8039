"""Where a step may run: the rules that no waiting will change, and the rules of room.

How does this work?  All that decides where the tasks of a step may go is gathered in its `Shape`; steps
with equal needs share one, so that what was decided for one client and one shape is remembered
(`RuntimeClient.verdicts`) until either changes.  `verdict` says why a client can never run a shape,
`room` why it cannot take one more now; both give None when it can, and else the part of a sentence that
follows "it waits: ".  `why` shows what they say; nothing decides but they.
"""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

import msgspec

from brender.farm.scheduling.requirements import VCPU, Requirements, refusal, shown_amount, verb_for
from brender.farm.settings import JobSettings, Limit

if TYPE_CHECKING:
    from brender.farm.client import RuntimeClient

SHARED_OUT = ("amount.worker.gpu.memory",)  # a property of each device, not a stock that tasks use up
MEMORY = "amount.worker.memory"
GPU = "amount.worker.gpu"
MIB = 2**20
REMEMBERED = 4096  # verdicts of one client: shapes that nobody has any more are among them


class Shape(msgspec.Struct, eq=False, weakref=True):
    """What the tasks of a step need.  Two of one key are the same object."""

    key: str
    requires: Requirements
    slots: int | None  # of a task; none: a whole machine
    needs: tuple[tuple[str, float], ...]  # amounts that a task uses up, besides slots
    limits: tuple[tuple[str, int], ...]
    pool: str
    only: tuple[str, ...]
    never: tuple[str, ...]
    more_than: int  # bytes of memory that were too little

    def cost(self, client: "RuntimeClient") -> int:
        """How many of the client's slots a task takes."""
        return client.slots if self.slots is None else self.slots


class Shapes:
    """Every shape that some step has, once."""

    def __init__(self) -> None:
        self._known: WeakValueDictionary[str, Shape] = WeakValueDictionary()

    def of(self, requires: Requirements, settings: JobSettings, more_than: int = 0, peak: int = 0) -> Shape:
        """The shape for these requirements; `peak` is the memory that its tasks were seen to use, in bytes."""
        limits = tuple(sorted(settings.limits.items()))
        places = (settings.pool, settings.only, settings.never, limits)
        needs = uses_up(requires, peak)
        key = msgspec.json.encode((requires, *places, more_than, needs)).decode()
        shape = self._known.get(key)
        if shape is None:
            slots = None if requires.vcpus is None else max(1, requires.vcpus)
            shape = Shape(key, requires, slots, needs, limits, settings.pool, settings.only, settings.never, more_than)
            self._known[key] = shape
        return shape


def uses_up(requires: Requirements, peak: int) -> tuple[tuple[str, float], ...]:
    """The amounts that a task takes from its client; one that has the whole machine takes all there is."""
    if requires.vcpus is None:
        return ()
    stated = {name: least for name, (least, _) in requires.amounts.items() if least and name not in (VCPU, *SHARED_OUT)}
    if peak:
        stated[MEMORY] = max(stated.get(MEMORY, 0.0), peak / MIB)
    return tuple(stated.items())


class Verdicts(dict[Shape, str | None]):
    """Why a client can never run a shape, or None: decided once for each, until the client is another."""

    def __init__(self, client: "RuntimeClient") -> None:
        self._client = client

    def __missing__(self, shape: Shape) -> str | None:
        if len(self) >= REMEMBERED:
            self.clear()
        found = self[shape] = never(self._client, shape)
        return found


def verdict(client: "RuntimeClient", shape: Shape) -> str | None:
    """Why this client can never run the shape, or None."""
    return client.verdicts[shape]


def never(client: "RuntimeClient", shape: Shape) -> str | None:
    """The first rule that keeps the shape from the client for good."""
    return unwanted(client, shape) or too_small(client, shape) or refusal(shape.requires, client.abilities)


def unwanted(client: "RuntimeClient", shape: Shape) -> str | None:
    """What the job says of clients, and the client of jobs."""
    own = client.settings
    if named(client, shape.never):
        return "its job does not want this client"
    if shape.only and not named(client, shape.only):
        return f"its job wants only {', '.join(shape.only)}"
    if shape.pool and shape.pool not in own.pools:
        return f"it needs a client of pool {shape.pool}; this client is in {', '.join(own.pools) or 'none'}"
    if own.takes and shape.pool not in own.takes:
        return f"this client takes only jobs of pool {' or '.join(own.takes)}"
    return None


def named(client: "RuntimeClient", patterns: Iterable[str]) -> bool:
    return any(pattern == client.name or fnmatchcase(client.name, pattern) for pattern in patterns)


def too_small(client: "RuntimeClient", shape: Shape) -> str | None:
    """What was killed for memory goes only where there is more."""
    if shape.more_than and client.machine.memory <= shape.more_than:
        return f"it needs more than the {shown_amount(MEMORY, shape.more_than / MIB)} with which it was killed"
    return None


def room(client: "RuntimeClient", shape: Shape, depth: int, limits: Mapping[str, "Counted"]) -> str | None:
    """Why the client cannot take one more task of the shape now, or None.

    With a `depth` of 2 it may hold as much again, waiting behind what runs.
    """
    return space(client, shape, depth) or (licence(client, shape, depth, limits) if shape.limits else None)


def space(client: "RuntimeClient", shape: Shape, depth: int) -> str | None:
    """`room` as far as the client itself is concerned."""
    slots, most = client.slots, client.settings.most_tasks
    if client.used + shape.cost(client) > depth * slots:
        return "its slots are taken"
    if most is not None and len(client.orders) >= most:
        return f"it takes {most} at a time"
    for name, amount in shape.needs:
        if client.taken.get(name, 0.0) + min(amount, client.capacity(name)) > depth * client.capacity(name):
            return f"{shown_amount(name, amount)} {verb_for(name, amount)} not free there"
    return None


def most_at_once(client: "RuntimeClient", shape: Shape) -> int:
    """How many tasks of the shape have room side by side on a client that has nothing else."""
    amounts = (int(client.capacity(name) // amount) for name, amount in shape.needs if amount > 0)
    return min([client.slots // shape.cost(client), *amounts])


def licence(client: "RuntimeClient", shape: Shape, depth: int, limits: Mapping[str, "Counted"]) -> str | None:
    """`room` as far as counted limits are concerned; none is held only to wait for a slot that others have."""
    if depth > 1 and (taken := space(client, shape, 1)):
        return taken
    for name, number in shape.limits:
        if name not in limits:
            return f"there is no limit {name} any more"
        if refused := limits[name].refusal(client.id, number):
            return refused
    return None


class Counted:
    """How many of a limit are held, by whom."""

    __slots__ = ("by", "held", "limit", "name")

    def __init__(self, name: str, limit: Limit) -> None:
        self.name = name
        self.limit = limit
        self.held = 0
        self.by: dict[int, list[int]] = {}  # client -> what each of its tasks takes

    def refusal(self, client: int, count: int) -> str | None:
        """Why no task that takes so many may begin on the client, or None."""
        free = self.limit.count - self.held
        if self._more(client, count) <= free:
            return None
        if free > 0:
            are = "is" if free == 1 else "are"
            return f"it needs {count} of limit {self.name}, of which only {free} of {self.limit.count} {are} free"
        if self.limit.count == 1:
            return f"the only one of limit {self.name} is in use"
        return f"all {self.limit.count} of limit {self.name} are in use"

    def take(self, client: int, count: int) -> None:
        self.held += self._more(client, count)
        self.by.setdefault(client, []).append(count)

    def give_back(self, client: int, count: int) -> None:
        mine = self.by[client]
        mine.remove(count)
        if self.limit.each == "task":
            self.held -= count
        else:
            self.held -= max([count, *mine]) - max(mine, default=0)
        if not mine:
            del self.by[client]

    def _more(self, client: int, count: int) -> int:
        if self.limit.each == "task":
            return count
        return max(0, count - max(self.by.get(client, ()), default=0))
