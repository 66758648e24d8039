"""Lists: which things, in which order, how many of them, and where the next page begins.

How does this work?  `Query` is what may be said of a list on any face.  `page` sorts and cuts what a filter has
chosen.  The cursor is the values that the last thing shown is sorted by, its id among them, so that nothing is shown
twice or left out when things come and go between two pages.  Things are read without their views where that can be.
"""

import base64
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec

from brender.farm.submission.problems import shown
from brender.verbs.attributes import Attribute
from brender.verbs.items import Item
from brender.verbs.orders import By
from brender.verbs.orders import arranged as arranged_by
from brender.verbs.searching import having
from brender.verbs.unfit import Unfit, meant
from brender.verbs.verb import Call, Done, Given, Outcome, Verb, Which

USUAL, LONGEST = 100, 1_000  # things of a page


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
    things = arranged(call, keys)
    begin = query.offset + (place(things, keys, query.after) if query.after else 0)
    found = things[begin : begin + query.limit]
    more = found and begin + query.limit < len(things)
    return Done(
        [Outcome(thing) for thing in found],
        {"matched": len(things), "next": cursor(keys, found[-1]) if more else None},
    )


def arranged(call: Call, keys: Sequence["Key"]) -> Sequence[Any]:
    """All of them: searched and sorted."""
    query: Query = call.given
    things = searched(call, call.things, query.search)
    if query.sort:
        call.item.bear(things, "To sort")
    return in_order(things, keys)


def searched(call: Call, things: Sequence[Any], text: str) -> Sequence[Any]:
    """Those with the text in one of their texts, without regard to case."""
    if not text:
        return things
    call.item.bear(things, "To search")
    reader, wanted = call.item.reader(call.service.farm), text.lower()
    found: list[list[int]] = []
    for attribute in map(call.item.attributes.__getitem__, call.item.searched):
        if attribute.choices and not any(wanted in choice for choice in attribute.choices):
            continue
        if places := having(wanted, list(map(reader(attribute), things))):
            found.append(places)
    places = found[0] if len(found) == 1 else sorted(set().union(*found))
    return things if len(places) == len(things) else [things[place] for place in places]


# --- sorting


@dataclass(frozen=True)
class Key:
    """One of the attributes that a list is sorted by; what is absent comes last, whichever way round."""

    read: Callable[[Any], Any]
    reverse: bool
    exact: bool = False  # capitals count; it is one of those by which things are listed anyhow
    name: str = ""

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


def sorting(call: Call, text: str) -> list[Key]:
    """What to sort by; ends with what no two of them have the same of, where there is that."""
    reader, item = call.item.reader(call.service.farm), call.item
    words = [word for word in (part.strip() for part in text.split(",")) if word]
    wanted = [(sortable(item, word.lstrip("+-")), word.startswith("-")) for word in words]
    found = [Key(reader(attribute), reverse, name=attribute.name) for attribute, reverse in wanted]
    place = [Key(reader(item.attributes[name]), item.newest_first, exact=True) for name in item.ordered_by]
    return found + place


def sortable(item: Item, name: str) -> Attribute:
    known = {each.name: each for each in item.attributes.values() if each.asked and not each.many}
    name = item.aliases.get(name, name)
    if name not in known:
        raise Unfit(f'{item.plural} cannot be sorted by "{shown(name)}"; {meant(name, known)}', "sort")
    return known[name]


def in_order(things: Sequence[Any], keys: Sequence[Key]) -> Sequence[Any]:
    """Sorted; they come as they are listed, which is the order of the exact keys."""
    wanted = [key for key in keys if not key.exact]
    return arranged_by(things, [(By(key.name, key.reverse), list(map(key.read, things))) for key in wanted])


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
        return bisect_right(things, 0, key=lambda thing: compared(keys, thing, values))
    except (ValueError, TypeError, msgspec.MsgspecError):
        raise Unfit("after is not a `next` of this list; begin with its first page.", "after") from None


def compared(keys: Sequence[Key], thing: Any, values: Sequence[Any]) -> int:
    sides = (key.compare(key.value(thing), value) for key, value in zip(keys, values, strict=True))
    return next((side for side in sides if side), 0)
