"""How a filter that somebody is writing may go on: what Tab is in the shell, for pages."""

from typing import Any

from brender.verbs.filters import suggest
from brender.verbs.items.item import Item
from brender.verbs.items.known import ITEMS
from brender.verbs.performing import language
from brender.verbs.said.unfit import Unfit, meant
from brender.verbs.typed.values_there import values_of
from brender.web.face import Face
from brender.web.http.answers import Answer, json_answer
from brender.web.http.asking import Ask

MOST = 12  # words that are offered


class Completing:
    def __init__(self, face: Face) -> None:
        self._values = values_of(face.service)

    async def filter(self, ask: Ask) -> Answer:
        """What may stand at the end of `text`: words, of which each replaces what stands from the place `from` on."""
        item = item_of(ask.query.get("item", ""))
        found = suggest(ask.query.get("text", ""), language(item), lambda name: self._values(item, name))
        start = found[0].start if found else 0
        words: list[dict[str, Any]] = [
            {"text": each.text if each.goes_on else f"{each.text} ", "meaning": each.meaning}
            for each in found
            if each.start == start
        ]
        return json_answer({"from": start, "words": words[:MOST]})


def item_of(name: str) -> Item:
    if name not in ITEMS:
        raise Unfit(f'There is no item "{name}"; {meant(name, ITEMS)}', "item")
    return ITEMS[name]
