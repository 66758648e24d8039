"""Several attributes of a thing at once, for rows of tables and files; and by what it is found again."""

from collections.abc import Callable, Sequence
from typing import Any

from brender.farm.farm import Farm
from brender.verbs.items.attributes import Attribute
from brender.verbs.items.item import Item


def several(item: Item, farm: Farm, attributes: Sequence[Attribute]) -> Callable[[Any], list[Any]]:
    """Reads them from a thing; its view is made once, and only where one of them needs it."""
    if all(each.name in item.direct or each.path[0] == "settings" for each in attributes):
        direct = [item.reader(farm)(each) for each in attributes]
        return lambda thing: [read(thing) for read in direct]
    reads = [each.read for each in attributes]

    def of_view(thing: Any) -> list[Any]:
        view = item.show(thing, farm)
        return [read(view) for read in reads]

    return of_view


def id_of(item: Item, thing: Any) -> Any:
    """What `find` finds it by."""
    return thing.id if "id" in item.attributes else thing.name
