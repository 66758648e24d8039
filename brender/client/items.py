"""The classes of all items, for both faces; `items.pyi` has their types, and is made by `brender.client.types`."""

from brender.client.deriving import AsyncResource, Resource, resource
from brender.verbs.items.known import ITEMS

MADE = {
    f"{asynchronous}{item.plural.capitalize()}": resource(item, base)
    for asynchronous, base in (("", Resource), ("Async", AsyncResource))
    for item in ITEMS.values()
}
globals().update(MADE)
