"""A client: what the farm knows of one machine, and what that machine holds.

How does this work?  `Machine` is what a worker says of itself when it greets.  `RuntimeClient` is the
farm's record of it in memory: `status` is what the admin wants, `online` what is, and `activity`
follows from the orders that it holds.  A step that states how many vcpus it needs takes so many
slots; one that does not takes the whole machine (`cost`).
"""

from dataclasses import dataclass, field
from enum import StrEnum
from math import ceil
from typing import Annotated

import msgspec

from brender.farm.order import Order
from brender.farm.requirements import Abilities, Requirements


class Status(StrEnum):
    ENABLED = "enabled"
    DISABLED = "disabled"


Name = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]


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
    blenders: tuple[Blender, ...] = ()
    program: str = ""  # name and version of the worker's program

    def abilities(self) -> Abilities:
        """The machine in OpenJD's words: amounts and attributes (specification 3.3)."""
        return Abilities(
            amounts={
                "amount.worker.vcpu": float(self.slots),
                "amount.worker.memory": self.memory / 2**20,  # MiB
                "amount.worker.gpu": float(len(self.gpus)),
            },
            attributes={
                "attr.worker.os.family": (self.system,),
                "attr.worker.cpu.arch": (self.arch,),
                "attr.blender": tuple(version_tag(blender.version) for blender in self.blenders),
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
    leaving: bool = False  # its worker finishes what it runs and takes nothing new
    since: float = 0.0  # seconds of the epoch: of the last change of `online`
    load: float = 0.0  # of the machine's processors, percent
    orders: dict[int, Order] = field(default_factory=dict)
    used: int = 0  # slots that its orders cost, running or not
    offers: int = 0  # its slots as the farm counts them: none while it may not be given an order
    verdicts: dict[str, str | None] = field(default_factory=dict)  # shape of a step -> why it cannot run here

    @property
    def name(self) -> str:
        return self.machine.name

    @property
    def slots(self) -> int:
        return self.machine.slots

    @property
    def works(self) -> bool:
        """May be given an order now."""
        return self.online and not self.leaving and self.status is Status.ENABLED

    @property
    def activity(self) -> str:
        return "busy" if any(order.running is not None for order in self.orders.values()) else "idle"

    def cost(self, requires: Requirements) -> int:
        """How many of this client's slots a task with these requirements takes."""
        if requires.vcpus is None:
            return self.slots
        return max(1, ceil(requires.vcpus))

    def hold(self, order: Order) -> None:
        self.orders[order.id] = order
        self.used += order.cost

    def release(self, order: Order) -> None:
        if self.orders.pop(order.id, None) is not None:
            self.used -= order.cost
