"""Where a verb is at the web: method, address and what is sent, from the definitions alone.

How does this work?  The same rules by which `brender.web.routes` makes its table; a test compares the two.  What a verb
takes stands in the query where nothing is changed, and in the body where something is.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import msgspec

from brender.client.http import API, Question, sayable
from brender.verbs.items.item import Item
from brender.verbs.verb import Verb, Which

METHODS = {"update": "PATCH", "delete": "DELETE"}
AT_ITS_THING = ("read", "show", "create")  # have no name in an address


def question(
    verb: Verb,
    id: int | str | None = None,  # noqa: A002 (as in `Request`)
    filter: str = "",  # noqa: A002
    values: Mapping[str, Any] | None = None,
    job: int | None = None,
    whole: str = "",
) -> Question:
    """What to ask; `whole` is ".json" or ".csv" for all of a list."""
    path = address(verb, id, job) + whole
    chosen = {"filter": filter} if filter else {}
    said = msgspec.to_builtins(values or {})
    if verb.by_body:
        return Question(METHODS.get(verb.name, "POST"), path, chosen, said)
    texts = {name: as_text(value) for name, value in said.items() if value is not None}
    return Question("GET", path, {**chosen, **texts})


def address(verb: Verb, id: int | str | None, job: int | None) -> str:  # noqa: A002
    own = "" if verb.name in (*METHODS, *AT_ITS_THING) else f"/{verb.name}"
    with sayable():
        one = "" if id is None or verb.which is Which.NONE else f"/{quote(str(id), safe='')}"
    return base_of(verb.item, job) + one + own


def base_of(item: Item, job: int | None) -> str:
    return f"{API}/jobs/{job}/{item.plural}" if item.of_job else f"{API}/{item.plural}"


def as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
