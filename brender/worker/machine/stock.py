"""What a machine has to give: slots, amounts such as memory, and graphics cards one by one.

How does this work?  A `Need` is what an order takes while it runs.  `Stock.need` reads it from the order; one that
asks for more of something than there is gets all of it.  `fits` says whether a need has room beside others.
A session that asks for graphics cards is given as many that nobody else has (`cards`), by their index; one that has
the whole machine sees all of them, and any other sees none, as they are others' to be given.
"""

from collections.abc import Iterable
from typing import NamedTuple

from brender.farm.client import Machine
from brender.farm.scheduling.requirements import VCPU
from brender.farm.scheduling.shape import GPU
from brender.farm.settings import ClientSettings
from brender.protocols import messages as say

Cards = tuple[int, ...] | None  # indexes in `Machine.gpus`; None: all


class Need(NamedTuple):
    """What is taken of a machine."""

    slots: int
    amounts: dict[str, float]

    def covers(self, other: "Need") -> bool:
        """Whether what needs the other may run with this."""
        mine = self.amounts
        return other.slots <= self.slots and all(much <= mine.get(name, 0.0) for name, much in other.amounts.items())


class Stock:
    def __init__(self, machine: Machine) -> None:
        self.slots = machine.slots
        self._cards = len(machine.gpus)
        amounts = machine.abilities(ClientSettings()).amounts  # what people keep back is the server's to count
        self._amounts = {name.lower(): amount for name, amount in amounts.items() if name != VCPU}

    def need(self, order: say.Order) -> Need:
        amounts = {name: min(much, self._amounts.get(name, 0.0)) for name, much in order.amounts.items()}
        return Need(min(order.slots, self.slots), {name: much for name, much in amounts.items() if much})

    def fits(self, need: Need, beside: Iterable[Need]) -> bool:
        """Whether there is room for this beside all of those."""
        others = list(beside)
        if need.slots + sum(other.slots for other in others) > self.slots:
            return False
        return all(
            much + sum(other.amounts.get(name, 0.0) for other in others) <= self._amounts[name]
            for name, much in need.amounts.items()
        )

    def cards(self, need: Need, given: Iterable[Cards]) -> Cards:
        """The graphics cards that a new session sees; `given` are those of the sessions that are there."""
        count = int(need.amounts.get(GPU, 0))
        if not count and need.slots >= self.slots:
            return None
        taken = {card for cards in given if cards is not None for card in cards}
        return tuple([card for card in range(self._cards) if card not in taken][:count])
