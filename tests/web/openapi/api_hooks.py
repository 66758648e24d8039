"""What Schemathesis has to be told besides the document: texts that JSON Schema has no words for, and what not to do.

How does this work?  The filters of each item have a format of their own in the document; here are texts that can be
read, made of a comparison of each attribute.  Schemathesis loads this module by SCHEMATHESIS_HOOKS.
"""

from typing import Any

import schemathesis
from hypothesis import strategies as st

from brender.verbs.items.attributes import Attribute, Unit
from brender.verbs.items.item import Item
from brender.verbs.items.known import ITEMS

JOINED = ("{}", "{} and {}", "{} or not {}", "({}) {}")


def filters(item: Item) -> st.SearchStrategy[str]:
    """Filters of an item that can be read."""
    leaves = ["all", *(f"{name}{ending(each)}" for name, each in item.attributes.items() if each.asked)]
    pick = st.sampled_from(leaves)
    return st.builds(lambda form, one, other: form.format(one, other), st.sampled_from(JOINED), pick, pick)


def ending(attribute: Attribute) -> str:
    """An operator and a value that go with it."""
    if attribute.of is str:
        return f"={attribute.choices[0]}" if attribute.choices else "~a*"
    if attribute.of is bool:
        return "=yes"
    return ">=today" if attribute.unit is Unit.EPOCH else "<=3"


for known in ITEMS.values():
    schemathesis.openapi.format(f"{known.name}-filter", filters(known))


schemathesis.openapi.format("cursor", st.just(""))  # the `next` of a page is of that very list


@schemathesis.hook
def filter_query(context: Any, query: Any) -> bool:
    """In an address nothing, null and a list without anything in it are the same text; that is no wrong request."""
    return not any(name in (query or ()) and not query[name] for name in ("fields", "sort"))


@schemathesis.hook
def filter_body(context: Any, body: Any) -> bool:
    """No archive is written into a folder of the machine that the test is run on, and nobody becomes the first user.

    There has to be an admin first; after that the farm would ask everybody, this test too, to log in.
    """
    folder = isinstance(body, dict) and str(body.get("folder", "")).startswith("/")
    return not folder and not makes_admin(body)


def makes_admin(said: Any) -> bool:
    """Anywhere in it, as in one request of a batch."""
    if isinstance(said, dict):
        return said.get("role") == "admin" or any(makes_admin(each) for each in said.values())
    return isinstance(said, list) and any(makes_admin(each) for each in said)
