"""Logging in, as every face has it: what is said, and what somebody is told of who they are.

How does this work?  A session is no item of the farm: it belongs to a connection or to a browser.  So each face has it
in its own way, with the same words: `LogIn` begins one, `about` tells whose it is and which verbs they may use.
"""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from brender.farm.people.users import Rights
from brender.farm.settings import says
from brender.verbs.verb import Given, Verb


class LogIn(Given, frozen=True):
    """A name and a password, or a token."""

    name: Annotated[str, msgspec.Meta(max_length=64), says("who you are")] = ""
    password: Annotated[str, msgspec.Meta(max_length=1024), says("and how you prove it")] = ""
    token: Annotated[str, msgspec.Meta(max_length=256), says("or an API token")] = ""
    keep: Annotated[str, msgspec.Meta(max_length=128), says("make an API token instead of a session, for this")] = ""


def about(verbs: Mapping[tuple[str, str], Verb], rights: Rights) -> dict[str, Any]:
    """Who they are, the verbs that they may use, and the items of which they may change only their own."""
    found: dict[str, list[str]] = {}
    own = []
    for verb in verbs.values():
        if rights.covers(*verb.key, verb.needs):
            found.setdefault(verb.item.name, []).append(verb.name)
            if verb.changes and verb.item.owned and not rights.role.covers(verb.item.others):
                own.append(verb.item.name)
    return {"name": rights.name, "role": rights.role.value, "verbs": found, "own": list(dict.fromkeys(own))}
