"""Long lists in order: what is read of all their things, and the orders by that, as places in the list.

How does this work?  A `Column` is what one attribute is of each thing of a list, and what was made of that: the texts
in small letters, in which is searched and by which is sorted.  An order moves no thing: `Arranged` looks one up when
somebody asks for it.  Who pages through a hundred thousand asks for the same again and again.  So each request reads
all values anew, which is quick, but for those that are constant in things that are the same; `Remembered` gives the
column that it has where every value is what it was, and what was found in these very columns, and the order that was
made of them.  None of it can be wrong.  Whoever looks at the beginning of an order that was not made yet does not wait
for all of it: the first few are picked out; whoever goes on from there gets all of it.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from heapq import nlargest, nsmallest
from typing import Any, NamedTuple, TypeVar, overload
from weakref import ref

from brender.farm.interfaces import FarmService
from brender.verbs.lists.searching import Kinds, Texts, are_kinds, having

Values = list[Any]  # one for each thing; None for what is absent
MOST = 12  # columns that are remembered, and of what was made of them
LEAST = 1_000  # things; of fewer all is made as quickly
BEGINNING = 64  # one in so many, at most: to pick those out is quicker than to sort all

Key = TypeVar("Key")
Kept = TypeVar("Kept")


class Column:
    """One attribute of every thing of a list; nobody changes the values."""

    def __init__(self, name: str, values: Values) -> None:
        self.name = name
        self.values = values

    @cached_property
    def texts(self) -> Texts:
        """What is absent stands there as an empty text."""
        return Texts([value or "" for value in self.values] if self.gaps else self.values)

    @cached_property
    def kinds(self) -> Kinds | None:
        """None where there are too many."""
        return Kinds(self.values) if are_kinds(self.values) else None

    def having(self, wanted: str) -> bytes:
        """For each thing a byte, whether its text has this in it; `wanted` is in small letters."""
        if self.kinds:
            return self.kinds.having(wanted)
        mask = bytearray(len(self.values))
        for place in having(wanted, self.texts):
            mask[place] = True
        return bytes(mask)

    @cached_property
    def gaps(self) -> bool:
        """Whether something is absent."""
        return None in self.values

    @cached_property
    def comparable(self) -> Values:
        """The values such that any two can be compared."""
        first = next((value for value in self.values if value is not None), None)
        if isinstance(first, str):
            return self.texts.each
        return [first if value is None else value for value in self.values] if self.gaps else self.values


class By(NamedTuple):
    """One of the columns that a list is sorted by."""

    column: Column
    reverse: bool


class Arranged(Sequence[Any]):
    """Things in an order, or some of them; of `count` only as many can be looked up as the order has."""

    def __init__(self, things: Sequence[Any], order: Sequence[int], count: int | None = None) -> None:
        self._things = things
        self._order = order
        self._count = len(order) if count is None else count

    def __len__(self) -> int:
        return self._count

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


def order_of(keys: Sequence[By]) -> list[int]:
    """By the first key; what is alike there by the second, and so on; what is alike in all stays as it was."""
    order: Sequence[int] = range(len(keys[0].column.values))
    for by in reversed(keys):
        order = by_one(order, by)
    return list(order)


def by_one(order: Sequence[int], by: By) -> list[int]:
    """What is absent comes last, whichever way round."""
    values, comparable = by.column.values, by.column.comparable
    if not by.column.gaps:
        return sorted(order, key=comparable.__getitem__, reverse=by.reverse)
    present = [place for place in order if values[place] is not None]
    absent = [place for place in order if values[place] is None]
    return sorted(present, key=comparable.__getitem__, reverse=by.reverse) + absent


def beginning_of(keys: Sequence[By], seen: int) -> list[int]:
    """The first places of an order; none where to sort all is as quick, or needed."""
    column = keys[0].column
    if len(keys) > 1 or column.gaps or seen * BEGINNING > len(column.values):
        return []
    pick = nlargest if keys[0].reverse else nsmallest
    return pick(seen, range(len(column.values)), key=column.comparable.__getitem__)


class Remembered:
    """The last few columns of long lists, and what was made of them."""

    def __init__(self) -> None:
        self._columns: OrderedDict[tuple[str, int], tuple[Column, ref[Any] | None]] = OrderedDict()
        self._made: OrderedDict[tuple[Any, ...], tuple[Sequence[Any], list[int]]] = OrderedDict()

    def column(self, name: str, values: Values, things: Sequence[Any] = ()) -> Column:
        """A column with these values, the one that there was if it has the same; `name` says of which item, too."""
        what = (name, len(values))  # longer and shorter lists of the same are looked at in turn
        kept, _ = self._columns.get(what, (None, None))
        column = kept if kept is not None and kept.values == values else Column(name, values)
        if len(values) >= LEAST:
            keep(self._columns, what, (column, reference(things)))
        return column

    def read_of(self, name: str, things: Sequence[Any]) -> Column | None:
        """The column that was last read, if that was of these very things; of what is constant it has the values."""
        column, before = self._columns.get((name, len(things)), (None, None))
        return column if before is not None and before() is things else None

    def order(self, keys: Sequence[By], seen: int | None = None) -> list[int]:
        """All places, or at least the first ones where only so many are `seen`."""
        columns = [by.column for by in keys]
        what, count = tuple((by.column.name, by.reverse) for by in keys), len(columns[0].values)
        if seen is not None and self._kept(what, columns, count) is None:
            begun = self.places(("begun", *what), columns, count, lambda: beginning_of(keys, seen))
            if seen <= len(begun):
                return begun
        return self.places(what, columns, count, lambda: order_of(keys))

    def places(
        self, what: tuple[Any, ...], source: Sequence[Any], count: int, make: Callable[[], list[int]]
    ) -> list[int]:
        """Some of so many places: those that were made of these very objects, or new ones; nobody changes them."""
        kept = self._kept(what, source, count)
        made = make() if kept is None else kept
        if count >= LEAST:
            keep(self._made, (*what, count), (source, made))
        return made

    def _kept(self, what: tuple[Any, ...], source: Sequence[Any], count: int) -> list[int] | None:
        before, made = self._made.get((*what, count), (None, []))
        same = before is not None and all(ours is theirs for ours, theirs in zip(source, before, strict=True))
        return made if same else None


def reference(things: Sequence[Any]) -> ref[Any] | None:
    """None where that cannot be, as with a plain list: then nobody can tell whether they are the same."""
    try:
        return ref(things)
    except TypeError:
        return None


def keep(kept: OrderedDict[Key, Kept], key: Key, value: Kept) -> None:
    """As the newest of at most so many."""
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > MOST:
        kept.popitem(last=False)


def remembered_for(service: FarmService) -> Remembered:
    """Where those who list the things of this farm remember what they have read."""
    found: Remembered = service.remembered.setdefault(__name__, Remembered())
    return found
