"""Lists: which things, in which order, how many of them, and where the next page begins.

How does this work?  `Query` is what may be said of a list on any face.  `page` searches, sorts and cuts what a filter
has chosen; `Columns` reads each attribute that this needs once, without views where that can be.  The cursor is the
values that the last thing shown is sorted by, its id among them, so that nothing is shown twice or left out when things
come and go between two pages.
"""

import base64
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Annotated, Any

import msgspec

from brender.farm.submission.problems import shown
from brender.verbs.items.attributes import Attribute
from brender.verbs.items.known import Item
from brender.verbs.lists.orders import Arranged, By, Column, remembered_for
from brender.verbs.lists.searching import either
from brender.verbs.said.unfit import Unfit, meant
from brender.verbs.verb import Call, Done, Given, Outcome, Verb, Which

USUAL, LONGEST = 100, 1_000  # things of a page
FEW = 8  # one in so many was found, at most: then those are sorted by themselves


class Query(Given, frozen=True):
    """How a list is to be."""

    sort: Annotated[str, msgspec.Meta(description="attributes with commas between; - before one turns it round")] = ""
    fields: Annotated[str, msgspec.Meta(description="only these attributes, with commas between")] = ""
    search: Annotated[str, msgspec.Meta(description="only things with this text in one of their texts")] = ""
    limit: Annotated[int, msgspec.Meta(ge=1, le=LONGEST, description="how many at most")] = USUAL
    offset: Annotated[int, msgspec.Meta(ge=0, le=2**53, description="how many are left out before")] = 0
    after: Annotated[str, msgspec.Meta(description="the `next` of the page before")] = ""


def reader_of(item: Item) -> Verb:
    """The verb `read` of an item."""
    sentence = f"List {item.plural}, or those that a filter chooses."
    return Verb(item, "read", sentence, page, Which.ANY, Query, changes=False)


async def page(call: Call) -> Done:
    """One page of the things that were chosen."""
    query: Query = call.given
    keys = sorting(call, query.sort)
    things = arranged(call, keys, None if query.after else query.offset + query.limit)
    begin = query.offset + (place(things, keys, query.after) if query.after else 0)
    found = things[begin : begin + query.limit]
    more = found and begin + query.limit < len(things)
    return Done(
        [Outcome(thing) for thing in found],
        {"matched": len(things), "next": cursor(keys, found[-1]) if more else None},
    )


class Columns:
    """What is read of the things of a list."""

    def __init__(self, call: Call, things: Sequence[Any]) -> None:
        self.things = things
        self.remembered = remembered_for(call.service)
        self._item = call.item
        self._reader = call.item.reader(call.service.farm)
        self._read: dict[str, Column] = {}

    def of(self, attribute: Attribute) -> Column:
        if attribute.name not in self._read:
            self._read[attribute.name] = self._column(attribute, f"{self._item.name}.{attribute.name}")
        return self._read[attribute.name]

    def _column(self, attribute: Attribute, name: str) -> Column:
        if attribute.constant and (kept := self.remembered.read_of(name, self.things)):
            return kept
        return self.remembered.column(name, list(map(self._reader(attribute), self.things)), self.things)


def arranged(call: Call, keys: Sequence["Key"], seen: int | None = None) -> Sequence[Any]:
    """All of them: searched and sorted.  Where only so many of the first are `seen`, no others can be looked up."""
    query: Query = call.given
    columns, found = Columns(call, call.things), None
    if query.search:
        call.item.bear(call.things, "To search")
        found = searched(columns, call.item, query.search.lower())
        if len(found) * FEW <= len(call.things):  # to sort these alone is quicker
            columns, found = Columns(call, [call.things[place] for place in found]), None
    if query.sort:
        call.item.bear(columns.things, "To sort")
    return in_order(columns, found, keys, seen)


def searched(columns: Columns, item: Item, wanted: str) -> list[int]:
    """The places of those with the text in one of their texts, without regard to case."""
    attributes = [item.attributes[name] for name in item.searched]
    looked_at = [each for each in attributes if not each.choices or any(wanted in choice for choice in each.choices)]
    read = [columns.of(attribute) for attribute in looked_at]
    what = (item.name, wanted, *(column.name for column in read))
    found = columns.remembered.places
    return found(what, read, len(columns.things), lambda: either([column.having(wanted) for column in read]))


def in_order(
    columns: Columns, found: list[int] | None, keys: Sequence["Key"], seen: int | None = None
) -> Sequence[Any]:
    """Those that were found, or all, sorted; they come as they are listed, which is the order of the exact keys."""
    things, wanted = columns.things, [key for key in keys if not key.exact]
    if not wanted:
        return things if found is None else Arranged(things, found)
    whole = found is None or len(found) == len(things)
    by = [By(columns.of(key.attribute), key.reverse) for key in wanted]
    order = columns.remembered.order(by, seen if whole else None)
    if found is None or whole:
        return Arranged(things, order, len(things))
    what = ("found", *((key.attribute.name, key.reverse) for key in wanted))
    return Arranged(things, columns.remembered.places(what, (found, order), len(things), lambda: kept_of(order, found)))


def kept_of(order: Sequence[int], found: Sequence[int]) -> list[int]:
    """Those of an order that were found."""
    kept = bytearray(len(order))
    for place in found:
        kept[place] = True
    return list(compress(order, map(kept.__getitem__, order)))


# --- sorting


@dataclass(frozen=True)
class Key:
    """One of the attributes that a list is sorted by; what is absent comes last, whichever way round."""

    attribute: Attribute
    read: Callable[[Any], Any]
    reverse: bool
    exact: bool = False  # capitals count; it is one of those by which things are listed anyhow

    def value(self, thing: Any) -> Any:
        value = self.read(thing)
        return value.lower() if isinstance(value, str) and not self.exact else value

    def compare(self, ours: Any, theirs: Any) -> int:
        """Less than 0 where ours stands before theirs."""
        if ours == theirs:
            return 0
        if ours is None or theirs is None:
            return 1 if ours is None else -1
        return 1 if (ours > theirs) != self.reverse else -1

    def fits(self, value: Any) -> bool:
        """Whether it can be compared with the values of things."""
        kind = self.attribute.of
        return value is None or isinstance(value, int | float if kind in (int, float, bool) else kind or object)


def sorting(call: Call, text: str) -> list[Key]:
    """What to sort by; ends with what no two of them have the same of, where there is that."""
    reader, item = call.item.reader(call.service.farm), call.item
    wanted = [(sortable(item, word), word.startswith("-")) for word in names_in(text, "sort")]
    found = [Key(attribute, reader(attribute), reverse) for attribute, reverse in wanted]
    exact = map(item.attributes.__getitem__, item.ordered_by)
    return [*found, *(Key(each, reader(each), item.newest_first, exact=True) for each in exact)]


def names_in(text: str, at: str) -> list[str]:
    """The names in a text that has commas between them; raises `Unfit` where there is none on a side of a comma."""
    names = [name.strip() for name in text.split(",")] if text else []
    if "" in names:
        raise Unfit(f"{at} should have a name on each side of every comma, as in id,name.", at)
    return names


def sortable(item: Item, word: str) -> Attribute:
    """The attribute that is named, with + or - before it or without; raises `Unfit`."""
    known = {each.name: each for each in item.attributes.values() if each.asked and not each.many}
    name = word[1:] if word.startswith(("+", "-")) else word
    name = item.aliases.get(name, name)
    if name not in known:
        raise Unfit(f'{item.plural} cannot be sorted by "{shown(name)}"; {meant(name, known)}', "sort")
    return known[name]


# --- where the next page begins


def cursor(keys: Sequence[Key], last: Any) -> str | None:
    """By which the next page is asked for; None where things have no id, and `offset` has to do."""
    if not keys:
        return None
    return base64.urlsafe_b64encode(msgspec.json.encode([key.value(last) for key in keys])).decode().rstrip("=")


def place(things: Sequence[Any], keys: Sequence[Key], text: str) -> int:
    """How many things stand up to the cursor."""
    try:
        values = msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=list)
    except (ValueError, msgspec.MsgspecError):
        values = []
    if not keys or len(values) != len(keys) or not all(map(Key.fits, keys, values)):
        raise Unfit("after is not a `next` of this list; begin with its first page.", "after")
    return bisect_right(things, 0, key=lambda thing: compared(keys, thing, values))


def compared(keys: Sequence[Key], thing: Any, values: Sequence[Any]) -> int:
    sides = (key.compare(key.value(thing), value) for key, value in zip(keys, values, strict=True))
    return next((side for side in sides if side), 0)
