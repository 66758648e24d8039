"""Idle machines: a client that somebody uses takes nothing, when its settings or somebody there say so.

How does this work?  A worker says when somebody begins to use its machine, and when nobody does any more (`told`).
`look_at_seat` keeps `RuntimeClient.occupied` to that and to `idle_seconds` of the client's settings, and sets an alarm
for the moment at which nobody has used it for long enough.  A machine that somebody there holds (`brender hold`) takes
nothing, whatever its settings are.  What has not begun goes back when somebody comes; what
runs is finished, or (`when_used`) handed back as well: it runs elsewhere, and no try is counted.  Of a
machine that cannot tell, and until its worker has spoken, somebody is taken to use it.
"""

from typing import TYPE_CHECKING

from brender.farm.client import RuntimeClient
from brender.farm.machines.seats import Seat
from brender.farm.scheduling import holding

if TYPE_CHECKING:
    from brender.farm.farm import Farm


def told(farm: "Farm", client: RuntimeClient, here: bool, idle: float | None, now: float, held: bool = False) -> None:
    """Its worker says whether somebody uses the machine or holds it, and for how many seconds nobody has used it."""
    client.seat.told, client.seat.here, client.seat.held = True, here, held
    client.seat.seen = None if idle is None else now - max(0.0, idle)
    look_at_seat(farm, client, now)
    farm.changed(client)


def forget(farm: "Farm", client: RuntimeClient, now: float) -> None:
    """Its worker has greeted, or is gone: what it said before does not hold any more."""
    client.seat = Seat()
    look_at_seat(farm, client, now)


def look_at_seat(farm: "Farm", client: RuntimeClient, now: float) -> None:
    """Whether the client leaves its machine to somebody now, and when that is over by itself."""
    free_from = when_free(client)
    client.occupied = client.online and (free_from is None or now < free_from)
    change = free_from if client.occupied else None
    if client.occupied and (client.seat.here or client.seat.held):
        make_way(farm, client, now)

    def ring(then: float) -> None:
        if client.seat.turns == change:
            client.seat.turns = None
            look_at_seat(farm, client, then)
            farm.changed(client)

    if change is not None and change != client.seat.turns:
        farm.alarms.at(change, ring)
    client.seat.turns = change


def when_free(client: RuntimeClient) -> float | None:
    """From when on it may work as far as people at the machine are concerned; None when nobody knows."""
    wanted, seat = client.settings.idle_seconds, client.seat
    if seat.held:
        return None
    if wanted is None:
        return 0.0
    return None if seat.here or seat.seen is None else seat.seen + wanted


def make_way(farm: "Farm", client: RuntimeClient, now: float) -> None:
    """Somebody has come back to the machine."""
    if client.settings.when_used == "finish":
        holding.call_back(farm, client.orders.values())
        return
    for order in [order for order in client.orders.values() if order.open]:
        holding.take_away(farm, order, now)


def in_use(client: RuntimeClient, now: float) -> str:
    """The part of a sentence that says why an occupied client takes nothing."""
    wanted, seat = client.settings.idle_seconds or 0.0, client.seat
    if seat.held:
        return "is held by somebody there; brender release on it lets it work"
    if not seat.told:
        return "may be in use; its worker has not said yet"
    if seat.seen is None:
        return "may be in use: its worker cannot tell whether somebody uses the machine"
    if seat.here:
        return "is in use by somebody, and works when nobody is there"
    return f"is in use (idle for {span(now - seat.seen, wanted)})"


def span(so_far: float, wanted: float) -> str:
    """ "3 of 10 minutes"."""
    unit, name = (60.0, "minutes") if wanted >= 120 else (1.0, "seconds")
    return f"{max(0.0, so_far) / unit:.0f} of {wanted / unit:.0f} {name}"
