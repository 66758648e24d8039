"""The item `view`: saved looks at lists."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from brender.farm.farm import Farm
from brender.farm.interfaces import FarmService, NotFound
from brender.farm.people.saved_view import SavedView
from brender.farm.submission.problems import shown
from brender.verbs.items.attributes import attributes_of
from brender.verbs.items.item import Item, itself


async def views(service: FarmService, _: Any) -> Sequence[Any]:
    return [view for _, view in sorted(service.farm.views.items())]


def view_of(farm: Farm, number: Any) -> SavedView:
    if number not in farm.views:
        raise NotFound(f"There is no view {shown(number)}.")
    return farm.views[number]


FIELDS = SavedView.__struct_fields__

VIEW = Item(
    "view",
    "views",
    "a saved look at a list",
    SavedView,
    views,
    itself,
    view_of,
    attributes_of(SavedView, stored=FIELDS, settable=("name", "owner", "filter", "fields", "sort")),
    searched=("name", "owner", "item", "filter"),
    owner=attrgetter("owner"),
)
