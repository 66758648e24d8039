"""The floor: which clients have room, and which of their orders may be moved.

How does this work?  Whatever happens to a client, `stand` puts it where it belongs: among the `idle` ones
(work, and have a slot free), among the `shallow` ones (slots taken, room for an order that waits behind), or
with neither.  Orders that wait `behind` the slots of their clients may be called back, those in `yielding`
may be ended for work of higher priority, and the `suspects` may be stragglers.  So whoever looks for
a client or for an order to move looks at a few, not at all.
"""

from operator import attrgetter

from sortedcontainers import SortedKeyList

from brender.farm.client import RuntimeClient
from brender.farm.order import Order
from brender.farm.shape import Shape, verdict

BACKLOG = 2  # slots' worth of orders a client may hold, those that run included
rank_of = attrgetter("rank")


class Floor:
    def __init__(self) -> None:
        self.slots = 0  # of all clients that may be given an order now
        self.idle: dict[int, RuntimeClient] = {}
        self.shallow: dict[int, RuntimeClient] = {}
        self.behind: SortedKeyList[Order] = SortedKeyList(key=rank_of)  # the lowest priority first
        self.yielding: SortedKeyList[Order] = SortedKeyList(key=rank_of)
        self.suspects: dict[int, Order] = {}
        self._able: dict[str, tuple[int, ...]] = {}
        self._working: dict[int, RuntimeClient] = {}

    def stand(self, client: RuntimeClient) -> bool:
        """Put the client where it belongs; True when whether it works has changed."""
        works = client.works
        changed = (client.slots if works else 0) != client.offers
        if changed:
            self._count(client, works)
        number, used, slots = client.id, client.used, client.slots
        self.idle.pop(number, None)
        self.shallow.pop(number, None)
        if works and used < slots:
            self.idle[number] = client
        elif works and used < BACKLOG * slots:
            self.shallow[number] = client
        return changed

    def _count(self, client: RuntimeClient, works: bool) -> None:
        """It works now, or does so no more, or has other slots."""
        self.slots -= client.offers
        client.offers = client.slots if works else 0
        self.slots += client.offers
        self._working.pop(client.id, None)
        if works:
            self._working[client.id] = client
        self.reconsider()

    def reconsider(self) -> None:
        """Who works, or what somebody can do, has changed."""
        self._able.clear()

    def able(self, shape: Shape) -> tuple[int, ...]:
        """The clients that work and could run the shape, with room or without."""
        if shape.key not in self._able:
            working = self._working.values()
            self._able[shape.key] = tuple(client.id for client in working if verdict(client, shape) is None)
        return self._able[shape.key]

    def arrive(self, order: Order, behind: bool, preemptible: bool) -> None:
        """A client holds an order more; `behind`: all its slots were taken."""
        if behind:
            self.behind.add(order)
        if preemptible:
            self.yielding.add(order)

    def begun(self, order: Order) -> None:
        """It waits behind nothing any more."""
        self.behind.discard(order)

    def gone(self, order: Order) -> None:
        self.behind.discard(order)
        self.yielding.discard(order)
        self.suspects.pop(order.id, None)
