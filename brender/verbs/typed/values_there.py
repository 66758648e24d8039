"""The values that attributes have on a farm, for Tab and its like: names of clients, owners, pools.

How does this work?  Some of the things are looked at, the newest where there are many; what has to be waited for is
left out, as a person who presses Tab does not wait.
"""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from twisted.internet.defer import Deferred

from brender.farm.interfaces import FarmService
from brender.farm.people.users import Role
from brender.verbs.items.item import Item
from brender.verbs.typed.completing import Values

LOOKED_AT = 2_000  # things
MOST = 500  # values


def values_of(service: FarmService) -> Values:
    """Knows the values of this farm."""

    def values(item: Item, name: str) -> Iterable[str]:
        attribute = item.attributes.get(name)
        if attribute is None or item.of_job or item.private or item.seen_by is not Role.VIEWER:
            return []
        read = item.reader(service.farm)(attribute)
        found: dict[str, None] = {}
        for thing in islice(things_of(service, item), LOOKED_AT):
            found.update(dict.fromkeys(texts(read(thing))))
        return list(islice(found, MOST))

    return values


def things_of(service: FarmService, item: Item) -> Sequence[Any]:
    """All of them, if they are there at once."""
    found: list[Sequence[Any]] = []
    Deferred.fromCoroutine(all_of(service, item)).addCallbacks(found.append, lambda _: None)
    return found[0] if found else []


async def all_of(service: FarmService, item: Item) -> Sequence[Any]:
    return await item.things(service, None)


def texts(value: Any) -> Iterable[str]:
    if value is None or value == "":
        return ()
    return map(str, value) if isinstance(value, list | tuple | dict) else (str(value),)
