"""The floor: which clients have room, and which of their orders may be moved.

How does this work?  Whatever happens to a client, `stand` puts it where it belongs: among the `idle` ones
(work, and have a slot free), among the `shallow` ones (slots taken, room for an order that waits behind), or
with neither.  Orders that wait `behind` the slots of their clients may be called back, those in `yielding`
may be ended for work of higher priority, and the `suspects` may be stragglers.  So whoever looks for
a client or for an order to move looks at a few, not at all.
"""

from collections import OrderedDict
from collections.abc import Iterator

from brender.farm.client import RuntimeClient
from brender.farm.order import Order
from brender.farm.scheduling.shape import Shape, most_at_once, verdict

BACKLOG = 2  # slots' worth of orders a client may hold, those that run included


class ByPriority:
    """Orders by the priority of their jobs, the lowest first; of one priority the newest first."""

    def __init__(self) -> None:
        self._orders: dict[int, OrderedDict[int, Order]] = {}  # priority -> by id

    def __len__(self) -> int:
        return sum(map(len, self._orders.values()))

    def __contains__(self, order: Order) -> bool:
        return order.id in self._orders.get(order.priority, ())

    def __iter__(self) -> Iterator[Order]:
        return (order for priority in sorted(self._orders) for order in reversed(self._orders[priority].values()))

    def __reversed__(self) -> Iterator[Order]:
        return (order for priority in sorted(self._orders, reverse=True) for order in self._orders[priority].values())

    def add(self, order: Order) -> None:
        mine = self._orders.setdefault(order.priority, OrderedDict())
        late = bool(mine) and next(reversed(mine)) > order.id
        mine[order.id] = order
        if late:
            self._orders[order.priority] = OrderedDict(sorted(mine.items()))

    def discard(self, order: Order) -> None:
        mine = self._orders.get(order.priority)
        if mine and mine.pop(order.id, None) and not mine:
            del self._orders[order.priority]


class Floor:
    def __init__(self) -> None:
        self.slots = 0  # of all clients that may be given an order now
        self.idle: dict[int, RuntimeClient] = {}
        self.shallow: dict[int, RuntimeClient] = {}
        self.behind = ByPriority()
        self.yielding = ByPriority()
        self.suspects: dict[int, Order] = {}
        self._able: dict[Shape, tuple[int, ...]] = {}
        self._places: dict[Shape, int] = {}
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

    @property
    def working(self) -> int:
        """How many clients may be given an order."""
        return len(self._working)

    def reconsider(self) -> None:
        """Who works, or what somebody can do, has changed."""
        self._able.clear()
        self._places.clear()

    def able(self, shape: Shape) -> tuple[int, ...]:
        """The clients that work and could run the shape, with room or without."""
        if shape not in self._able:
            working = self._working.values()
            self._able[shape] = tuple(client.id for client in working if verdict(client, shape) is None)
        return self._able[shape]

    def places(self, shape: Shape) -> int:
        """How many tasks of the shape the working clients could run side by side."""
        if shape not in self._places:
            self._places[shape] = sum(most_at_once(self._working[number], shape) for number in self.able(shape))
        return self._places[shape]

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
