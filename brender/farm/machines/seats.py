"""What the farm knows of a machine besides its work: who uses it, and whether it is switched on.

How does this work?  A client has a `Seat` (what its worker says of people at the machine) and a `Power` (what was
done about its being on).  `presence` and `power` have the rules that go by them.  `Switches` are the few clients that
those of `power` look at: the `sleepers`, which could be woken over the network, and the `savers`, which are to be
switched off when nobody needs them.  A client that is neither costs nothing.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from brender.farm.client import RuntimeClient

NEVER = float("-inf")


@dataclass(slots=True)
class Seat:
    """Whether somebody uses the machine."""

    told: bool = False  # its worker has said something of it since it greeted
    here: bool = False  # somebody uses it now
    held: bool = False  # somebody there has said that it is to take nothing
    seen: float | None = None  # when somebody did last; none: nobody can tell
    turns: float | None = None  # when nobody has for long enough, for which an alarm is set


@dataclass(slots=True)
class Power:
    woken: float = NEVER  # when it was last sent what switches it on
    asked: float = NEVER  # when its worker was last told that nobody needs it
    off: bool = False  # its worker said that it switches the machine off
    stays: str = ""  # why it was not switched off when it was told that


@dataclass(slots=True)
class Switches:
    sleepers: dict[int, "RuntimeClient"] = field(default_factory=dict)
    savers: dict[int, "RuntimeClient"] = field(default_factory=dict)
    looked: float = NEVER
    rings: float | None = None  # when they are looked at again, for which an alarm is set

    def stand(self, client: "RuntimeClient") -> None:
        """Put the client where it belongs."""
        settings, enabled = client.settings, client.status == "enabled"
        self.forget(client)
        if settings.wake and client.machine.macs and enabled and not client.online:
            self.sleepers[client.id] = client
        elif settings.off_seconds and enabled and client.online:
            self.savers[client.id] = client

    def forget(self, client: "RuntimeClient") -> None:
        self.sleepers.pop(client.id, None)
        self.savers.pop(client.id, None)
