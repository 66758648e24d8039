"""Long lists in order: the order as places in the list, remembered while nothing that it comes from has changed.

How does this work?  `arranged` is handed what the things of a list are sorted by, one list of values for each key, and
gives the things in that order without moving any: `Arranged` looks a thing up when somebody asks for it.  Who pages
through a hundred thousand asks for the same order again and again.  So the last few are kept with their values, and
one is used again if every value is what it was: that is quick, and never wrong.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, overload

Values = list[Any]  # one for each thing; None for what is absent
MOST = 16  # orders that are remembered
LEAST = 1_000  # things; of fewer an order is made as quickly


class By(NamedTuple):
    """One of the things that a list is sorted by."""

    name: str
    reverse: bool


class Arranged(Sequence[Any]):
    """Things in an order."""

    def __init__(self, things: Sequence[Any], order: Sequence[int]) -> None:
        self._things = things
        self._order = order

    def __len__(self) -> int:
        return len(self._order)

    @overload
    def __getitem__(self, place: int) -> Any: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Any]: ...
    def __getitem__(self, place: int | slice) -> Any:
        if isinstance(place, slice):
            return [self._things[each] for each in self._order[place]]
        return self._things[self._order[place]]

    def __iter__(self) -> Iterator[Any]:
        return map(self._things.__getitem__, self._order)


def arranged(things: Sequence[Any], keys: Sequence[tuple[By, Values]]) -> Sequence[Any]:
    """By the first key; what is alike there by the second, and so on; what is alike in all stays as it was."""
    if not keys:
        return things
    what, values = tuple(by for by, _ in keys), [each for _, each in keys]
    if len(things) < LEAST:
        return Arranged(things, order_of(keys))
    return Arranged(things, REMEMBERED.order(what, values, lambda: order_of(keys)))


def order_of(keys: Sequence[tuple[By, Values]]) -> list[int]:
    order: Sequence[int] = range(len(keys[0][1]))
    for by, values in reversed(keys):
        order = by_one(order, by, values)
    return list(order)


def by_one(order: Sequence[int], by: By, values: Values) -> list[int]:
    """What is absent comes last, whichever way round."""
    try:
        return sorted(order, key=comparable(values).__getitem__, reverse=by.reverse)
    except TypeError:  # None is among them
        present = [place for place in order if values[place] is not None]
        first = next((values[place] for place in present), None)
        even = [first if value is None else value for value in values]
        absent = [place for place in order if values[place] is None]
        return sorted(present, key=comparable(even).__getitem__, reverse=by.reverse) + absent


def comparable(values: Values) -> Values:
    return list(map(str.lower, values)) if values and isinstance(values[0], str) else values


class Remembered:
    """The last few orders, with the values that they come from."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[By, ...], tuple[list[Values], list[int]]] = OrderedDict()

    def order(self, what: tuple[By, ...], values: list[Values], make: Callable[[], list[int]]) -> list[int]:
        kept = self._kept.get(what)
        if kept is not None and kept[0] == values:
            self._kept.move_to_end(what)
            return kept[1]
        order = make()
        self._kept[what] = values, order
        self._kept.move_to_end(what)
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)
        return order


REMEMBERED = Remembered()
