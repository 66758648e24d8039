"""A client: what the farm knows of one machine, and what that machine holds.

How does this work?  `Machine` is what a worker says of itself when it greets.  `RuntimeClient` is the
farm's record of it in memory: `status` is what the admin wants, `online` what is, and `activity`
follows from the orders that it holds.  What tasks use up besides slots is `taken`, of
the `capacity` that the machine has and its own settings leave.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated

import msgspec

from brender.farm.machines.lately import Lately
from brender.farm.machines.load import Load
from brender.farm.machines.seats import Power, Seat
from brender.farm.order import Order
from brender.farm.scheduling.requirements import Abilities
from brender.farm.scheduling.shape import Verdicts
from brender.farm.settings import ClientSettings


class Status(StrEnum):
    ENABLED = "enabled"
    DISABLED = "disabled"


Name = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
Mac = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{2}(:[0-9a-f]{2}){5}$")]


class Blender(msgspec.Struct, frozen=True):
    """One Blender found on a machine."""

    version: str  # "4.5.15"
    kind: str  # "program" or "module" (an interpreter with bpy)
    path: str


class Machine(msgspec.Struct, frozen=True):
    """What a worker says of its machine.  Memory is in bytes."""

    key: Name  # the worker's own stable id, kept in its state folder
    name: Name  # host name, or the name that the worker was given
    slots: Annotated[int, msgspec.Meta(ge=1, le=4096)]
    system: str = "linux"  # linux, windows or macos: OpenJD's attr.worker.os.family
    arch: str = "x86_64"  # OpenJD's attr.worker.cpu.arch
    memory: Annotated[int, msgspec.Meta(ge=0, le=2**62)] = 0
    gpus: tuple[str, ...] = ()
    gpu_memory: Annotated[int, msgspec.Meta(ge=0, le=2**62)] = 0  # of the smallest of them
    blenders: tuple[Blender, ...] = ()
    amounts: dict[str, float] = {}  # of the studio's own: "amount.tape.drives"
    attributes: dict[str, tuple[str, ...]] = {}  # "attr.room": ("basement",)
    zone: str = ""  # time zone, "Europe/Amsterdam"
    program: str = ""  # name and version of the worker's program
    macs: Annotated[tuple[Mac, ...], msgspec.Meta(max_length=64)] = ()  # of its network cards: for waking it

    def abilities(self, settings: ClientSettings) -> Abilities:
        """The machine in OpenJD's words: amounts and attributes (specification 3.3)."""
        return Abilities(
            amounts={
                **self.amounts,
                "amount.worker.vcpu": float(self.slots),
                "amount.worker.memory": max(0, self.memory - settings.keep_memory) / 2**20,  # MiB
                "amount.worker.gpu": float(len(self.gpus)),
                "amount.worker.gpu.memory": self.gpu_memory / 2**20,
            },
            attributes={
                **self.attributes,
                "attr.worker.os.family": (self.system,),
                "attr.worker.cpu.arch": (self.arch,),
                "attr.blender": tuple(version_tag(blender.version) for blender in self.blenders),
                "attr.tag": settings.tags,
            },
        )


def version_tag(version: str) -> str:
    """A version as an attribute's value, which may not begin with a digit or hold a dot: "v4-5"."""
    return "v" + "-".join(version.split(".")[:2])


@dataclass(slots=True)
class RuntimeClient:
    id: int
    machine: Machine
    status: Status = Status.ENABLED
    online: bool = False
    settings: ClientSettings = ClientSettings()
    leaving: bool = False  # its worker finishes what it runs and takes nothing new
    asleep: bool = False  # by its own hours
    unwell: str = ""  # why its worker can run nothing for now
    occupied: bool = False  # somebody uses its machine, and is left alone
    turns: float | None = None  # when they begin or end next, for which an alarm is set
    since: float = 0.0  # seconds of the epoch: of the last change of `online`
    load: float = 0.0  # of the machine's processors, percent
    figures: Load = field(default_factory=Load, repr=False, compare=False)  # and what else is known of how busy it is
    lately: Lately = field(default_factory=Lately, repr=False, compare=False)  # the orders that it had
    orders: dict[int, Order] = field(default_factory=dict)
    used: int = 0  # slots that its orders cost, running or not
    taken: dict[str, float] = field(default_factory=dict)  # of other amounts, what its orders use up
    scene: tuple[int, int] | None = None  # job and step of its last order, whose session may be open
    slots: int = 0  # of the machine, by `reconsider`
    keeps_since: float | None = None  # while its open scene is preferred to what is due
    slowness: float = 1.0  # how long it takes for what takes others 1
    seat: Seat = field(default_factory=Seat)
    power: Power = field(default_factory=Power)
    freed: float = 0.0  # when it ended the last order that it held
    offers: int = 0  # its slots as the farm counts them: none while it may not be given an order
    verdicts: Verdicts = field(init=False)  # shape of a step -> why it cannot run here
    _abilities: Abilities | None = field(default=None, init=False, repr=False, compare=False)  # once somebody has asked

    def __post_init__(self) -> None:
        self.verdicts = Verdicts(self)
        self.reconsider()

    def reconsider(self) -> None:
        """The machine or its settings are others: nothing that was decided for it holds any more."""
        self.slots = self.machine.slots
        self._abilities = None
        self.verdicts.clear()

    @property
    def abilities(self) -> Abilities:
        if self._abilities is None:
            self._abilities = self.machine.abilities(self.settings)
        return self._abilities

    @property
    def name(self) -> str:
        return self.machine.name

    @property
    def works(self) -> bool:
        """May be given an order now."""
        resting = self.leaving or self.asleep or self.occupied or self.unwell
        return self.online and not resting and self.status is Status.ENABLED

    @property
    def activity(self) -> str:
        if any(order.running is not None for order in self.orders.values()):
            return "busy"
        if self.power.off:
            return "off"
        if self.unwell:
            return "unwell"
        return "asleep" if self.asleep else "occupied" if self.occupied else "idle"

    def capacity(self, name: str) -> float:
        """How much of an amount its tasks may use up in all."""
        return self.abilities.amounts.get(name, 0.0)

    def crowded(self, order: Order) -> bool:
        """It holds more than can run at a time of something that the order needs."""
        return self.used > self.slots or any(self.taken.get(name, 0.0) > self.capacity(name) for name, _ in order.needs)

    def hold(self, order: Order) -> None:
        self.orders[order.id] = order
        self.lately.given(order.id)
        self.used += order.cost
        self.scene = (order.job, order.step)
        for name, amount in order.needs:
            self.taken[name] = self.taken.get(name, 0.0) + amount

    def release(self, order: Order) -> bool:
        """False when it does not hold the order."""
        if self.orders.pop(order.id, None) is None:
            return False
        self.used -= order.cost
        for name, amount in order.needs:
            self.taken[name] -= amount
        if not self.orders:
            self.taken.clear()  # sums of fractions leave a rest
            self.freed = order.ended or self.freed
        return True
