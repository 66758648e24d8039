"""The values that attributes have on a farm, for Tab: asked of its server, which has a second to answer.

How does this work?  The newest or first things of an item are looked at for one attribute.  A farm that does not answer
in time has no values: a person who presses Tab does not wait, and is told nothing of what is wrong.
"""

from collections.abc import Iterable
from typing import Any

from brender.client.addresses import question
from brender.client.errors import Failed
from brender.client.http import Api
from brender.client.tokens import token_for
from brender.verbs.items.item import Item
from brender.verbs.known import VERBS
from brender.verbs.typed.completing import Values

PATIENCE = 1.0  # seconds
MOST = 500  # things


def values_of(server: str) -> Values:
    """Knows the values of the farm of this server."""
    api = Api(server, PATIENCE, token_for(server))

    def values(item: Item, name: str) -> Iterable[str]:
        if item.of_job or name not in item.attributes:
            return []
        try:
            answer = api.ask(question(VERBS[item.name, "read"], values={"fields": name, "limit": MOST}))
        except Failed:
            return []
        return dict.fromkeys(text for each in answer["data"] for text in texts(each[name]))

    return values


def texts(value: Any) -> Iterable[str]:
    if value is None or value == "":
        return ()
    return map(str, value) if isinstance(value, list | dict) else (str(value),)
