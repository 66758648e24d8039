"""The orders that a client had lately: their numbers, so that they can be looked up.

How does this work?  The rows of all orders are in the database; which of them a client had is kept here, the newest
`MOST` and the newest `MOST_FAILED` of those that failed, so that nobody has to search millions of rows, and no index
has to be written for each order.  It is 4 kB for a client that has worked for long.  A start reads the numbers of the
newest orders of the farm again (`changes.Loaded.lately`).
"""

from array import array
from collections.abc import Iterable

MOST, MOST_FAILED = 300, 50
SPARE = 1.1  # it may grow to this much more before the oldest go


class Lately:
    __slots__ = ("_failed", "_given")

    def __init__(self) -> None:
        self._given = array("Q")
        self._failed = array("Q")

    def given(self, order: int) -> None:
        add(self._given, order, MOST)

    def failed(self, order: int) -> None:
        if order not in self._failed[-1:]:
            add(self._failed, order, MOST_FAILED)

    def restore(self, orders: Iterable[tuple[int, bool]]) -> None:
        """After a start: the newest orders, oldest first, and whether a task of each has failed."""
        self._given, self._failed = array("Q"), array("Q")
        for order, failed in orders:
            self.given(order)
            if failed:
                self.failed(order)

    @property
    def orders(self) -> list[int]:
        """The oldest first."""
        return sorted({*self._given[-MOST:], *self._failed[-MOST_FAILED:]})


def add(numbers: "array[int]", number: int, most: int) -> None:
    numbers.append(number)
    if len(numbers) > most * SPARE:
        del numbers[:-most]
