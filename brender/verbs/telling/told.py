"""What a verb did, as a person is to be told: the rows of the result, and what a sentence needs besides.

How does this work?  A `Told` has rows (views, and what became of each), never the farm's own objects.  So the same
functions make the words where the farm is (`told_of`, from a `Result`) and where only its JSON came (`rows_of_json`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any

import msgspec

from brender.farm.scheduling.windows import zone_of
from brender.verbs.items.item import Item
from brender.verbs.performing import Result, Row
from brender.verbs.tables import WIDTH
from brender.verbs.verb import Verb


@dataclass(frozen=True)
class Told:
    verb: Verb
    rows: Sequence[Row]
    given: Any  # what the verb was given besides which things are meant
    now: float  # seconds of the epoch
    zone: tzinfo  # in which people of this farm say times
    also: Mapping[str, Any] = field(default_factory=dict)  # beside the rows: how many match, the next page
    filter: str = ""  # as it was typed
    nothing: str = ""  # the sentence for a filter that chose nothing, from who has the farm
    width: int = WIDTH

    @property
    def item(self) -> Item:
        return self.verb.item

    @property
    def views(self) -> Sequence[Any]:
        return [row.view for row in self.rows]

    @property
    def only(self) -> Row:
        """Of what is about one thing."""
        return self.rows[0]


def told_of(result: Result, now: float, filter: str = "", nothing: str = "", width: int = WIDTH) -> Told:  # noqa: A002
    zone = zone_of(result.farm.settings.zone)
    return Told(result.verb, result.rows, result.given, now, zone, result.also, filter, nothing, width)


def rows_of_json(verb: Verb, answer: Any) -> list[Row]:
    """The rows of an answer of the server: of a list, or of one thing."""
    data = answer["data"] if isinstance(answer, Mapping) and isinstance(answer.get("data"), list) else [answer]
    return [row_of_json(verb, fields) for fields in data]


def row_of_json(verb: Verb, fields: Mapping[str, Any]) -> Row:
    names = verb.item.view.__struct_fields__
    if not verb.shows or not all(name in fields for name in required(verb.item.view)):
        return Row(None, fields)  # as much of it as was asked for
    view = msgspec.convert({name: fields[name] for name in names if name in fields}, verb.item.view)
    return Row(view, {name: value for name, value in fields.items() if name not in names})


def required(view: type[msgspec.Struct]) -> list[str]:
    return [each.name for each in msgspec.structs.fields(view) if each.required]
