"""Whole lists as files: `.json` and `.csv` at the end of a list's address.

How does this work?  All that a filter chooses is sorted at once and then written in pieces, one in each turn of the
reactor and only while the reader keeps up (`pieces`), so that a list of a hundred thousand holds nobody up.  A thing
is shown as it is when its piece is written.  With a `limit`, an `offset` or a cursor it is that page only.  CSV is as
RFC 4180 has it; a text that a spreadsheet would take for a formula gets a ' before it.
"""

import csv
from collections.abc import Callable, Mapping, Sequence
from io import StringIO
from typing import Any

from brender.farm.farm import Farm
from brender.verbs.items.attributes import Attribute
from brender.verbs.items.known import Item
from brender.verbs.items.reading import several
from brender.verbs.lists.pages import Query, arranged, sorting
from brender.verbs.performing import choose, fields, job_of, of_view
from brender.verbs.said.given import read
from brender.verbs.verb import Call, Verb
from brender.web.face import Face, asked
from brender.web.http.answers import JSON, Answer, Streaming, encoded
from brender.web.http.asking import Ask
from brender.web.http.pieces import Written, streaming
from brender.web.tables import table

CSV = "text/csv; charset=utf-8; header=present"
PAGING = frozenset({"limit", "offset", "after"})
FORMULAS = ("=", "+", "-", "@", "\t", "\r")


class Listing:
    def __init__(self, face: Face) -> None:
        self._face = face

    async def page(self, verb: Verb, ask: Ask) -> Answer | Streaming:
        """The list at its own address, which is DataTables' too."""
        return await (table if "draw" in ask.query else Face.look)(self._face, verb, ask)

    async def json(self, verb: Verb, ask: Ask) -> Answer | Streaming:
        if "draw" in ask.query:
            return await table(self._face, verb, ask)
        item, things, query, matched = await self._things(verb, ask)
        more = b"null" if matched is None else encoded(matched["next"]).strip()
        total = len(things) if matched is None else matched["matched"]
        end = b'],"matched":%d,"next":%s}\n' % (total, more)
        written = Written(things, b'{"data":[', json_rows(item, self._farm, query), end, b",")
        return streaming(ask, written, JSON, self._face.clock)

    async def csv(self, verb: Verb, ask: Ask) -> Streaming:
        item, things, query, _ = await self._things(verb, ask)
        attributes = fields(item, query.fields) if query.fields else plain(item)
        head = lines([[each.name for each in attributes]])
        name = {"Content-Disposition": f'attachment; filename="{item.plural}.csv"'}
        written = Written(things, head, csv_rows(item, self._farm, attributes))
        return streaming(ask, written, CSV, self._face.clock, name)

    @property
    def _farm(self) -> Farm:
        return self._face.service.farm

    async def _things(self, verb: Verb, ask: Ask) -> tuple[Item, Sequence[Any], Query, Mapping[str, Any] | None]:
        """All of them; or a page, and what there is to say beside it."""
        wanted, service = asked(verb, ask), self._face.service
        query = read(wanted.values, Query, texts=True)
        if PAGING & wanted.values.keys():
            result = await self._face.perform(wanted)
            return verb.item, [each.thing for each in result.outcomes], query, result.also
        if query.fields:
            fields(verb.item, query.fields)
        job = job_of(verb.item, service.farm, wanted.job)
        things = await choose(verb, service, wanted, job, self._face.now())
        call = Call(service, verb.item, things, query, self._face.now(), job=job)
        return verb.item, arranged(call, sorting(call, query.sort)), query, None


def json_rows(item: Item, farm: Farm, query: Query) -> Callable[[Sequence[Any]], bytes]:
    wanted = fields(item, query.fields) if query.fields else []
    names, values = [each.name for each in wanted], several(item, farm, wanted)

    def row(thing: Any) -> bytes:
        shown = dict(zip(names, values(thing), strict=True)) if wanted else of_view(item.show(thing, farm))
        return encoded(shown)[:-1]

    return lambda things: b",".join(map(row, things))


def csv_rows(item: Item, farm: Farm, attributes: Sequence[Attribute]) -> Callable[[Sequence[Any]], bytes]:
    values = several(item, farm, attributes)
    return lambda things: lines([map(cell, values(thing)) for thing in things])


def plain(item: Item) -> list[Attribute]:
    """What fits into a cell."""
    return [each for each in item.attributes.values() if each.asked]


def lines(rows: Sequence[Any]) -> bytes:
    text = StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode("utf-8", "backslashreplace")


def cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple | Mapping):
        value = ", ".join(map(str, value))
    if isinstance(value, str) and value.startswith(FORMULAS):
        return f"'{value}"
    return value
