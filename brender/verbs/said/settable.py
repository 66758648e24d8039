"""What a thing has and nobody can set: told as that, and not as a name that there is none of.

How does this work?  Whoever reads a struct with which an item is made or changed hands both to `cannot_be_set`, which
looks whether the name is one of the item's attributes.  Every face asks it before it says that there is no such field.
"""

import msgspec

from brender.farm.submission.problems import listed
from brender.verbs.items.item import Item

MOST_TOLD = 8  # fields that a sentence ends with
VOWELS = tuple("aeio")  # a user is none of those that begin with one


def cannot_be_set(name: str, item: Item | None, shape: type[msgspec.Struct]) -> str:
    """The sentence for a name that is an attribute of what is made or changed with such a struct; else nothing."""
    attribute, fields = item and item.attributes.get(name), shape.__struct_fields__
    if not item or not attribute or attribute.settable or name in fields:
        return ""
    rest = f"; {listed(fields)} can" if len(fields) <= MOST_TOLD else ""
    return f'"{name}" of {with_article(item.name)} cannot be set{rest}.'


def with_article(noun: str) -> str:
    return f"{'an' if noun.startswith(VOWELS) else 'a'} {noun}"
