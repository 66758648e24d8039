"""What a thing has and nobody can set: told as that, and not as a name that there is none of.

How does this work?  `cannot_be_set` finds the items that are made or changed with a struct, and looks whether the
name is one of their attributes.  Every face asks it before it says that there is no such field.
"""

from collections.abc import Mapping
from functools import cache

import msgspec

from brender.farm.submission.problems import listed

MOST_TOLD = 8  # fields that a sentence ends with
VOWELS = tuple("aeio")  # a user is none of those that begin with one


def cannot_be_set(name: str, shape: type[msgspec.Struct]) -> str:
    """The sentence for a name that is an attribute of what is made or changed with such a struct; else nothing."""
    of = fixed(shape).get(name)
    if not of:
        return ""
    fields = shape.__struct_fields__
    rest = f"; {listed(fields)} can" if len(fields) <= MOST_TOLD else ""
    return f'"{name}" of {of} cannot be set{rest}.'


@cache
def fixed(shape: type[msgspec.Struct]) -> Mapping[str, str]:
    """Attributes that cannot be set, each with what it is of: "a job", "a pool or a tag"."""
    from brender.verbs.known import VERBS  # noqa: PLC0415 (verbs are made of these structs)

    found: dict[str, list[str]] = {}
    for verb in VERBS.values():
        if verb.takes is shape and (verb.makes or verb.name == "update"):
            for attribute in verb.item.attributes.values():
                if not attribute.settable and attribute.name not in shape.__struct_fields__:
                    found.setdefault(attribute.name, []).append(with_article(verb.item.name))
    return {name: " or ".join(items) for name, items in found.items()}


def with_article(noun: str) -> str:
    return f"{'an' if noun.startswith(VOWELS) else 'a'} {noun}"
