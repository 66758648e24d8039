"""DataTables' server-side protocol, at the address of every list: what its request means, and the form of its answer.

How does this work?  A query with `draw` in it is DataTables' (https://datatables.net/manual/server-side).  `start`
and `length` cut, `search[value]` is looked for in the texts of an item, `columns[i][search][value]` in one column,
and `order[i][column]` names the column by which it is sorted: its `data` (or `name`) is an attribute.  `filter` and
`fields` are as in any list; `recordsTotal` counts what the filter chooses.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from brender.verbs.items.attributes import Attribute
from brender.verbs.items.known import Item
from brender.verbs.lists.pages import LONGEST, USUAL, Query, page
from brender.verbs.lists.searching import Texts, having
from brender.verbs.performing import Request, Result, choose, fields, job_of
from brender.verbs.said.unfit import Unfit, meant
from brender.verbs.verb import Call, Verb
from brender.web.face import Face, asked
from brender.web.http.answers import Answer, json_answer
from brender.web.http.asking import Ask

SEARCH = r"\[search\]\[(?:value|regex)\]"
PARAMETER = re.compile(
    r"draw|start|length|search\[(?:value|regex)\]|order\[[0-9]{1,4}\]\[(?:column|dir|name)\]|"
    rf"columns\[[0-9]{{1,4}}\](?:\[(?:data|name|searchable|orderable)\]|{SEARCH})"
)
OWN = ("filter", "fields")


def is_parameter(name: str) -> bool:
    """Whether it is one of DataTables' own."""
    return PARAMETER.fullmatch(name) is not None


async def table(face: Face, verb: Verb, ask: Ask) -> Answer:
    """One page of a table."""
    item, service, now = verb.item, face.service, face.now()
    query = query_of(checked(ask.query))
    if query.fields:
        fields(item, query.fields)
    wanted = Request(item.name, verb.name, filter=asked(verb, ask).filter, job=asked(verb, ask).job, who=ask.who)
    job = job_of(item, service.farm, wanted.job)
    things = await choose(verb, service, wanted, job, now)
    call = Call(service, item, in_columns(face, item, things, ask.query), query, now, job=job)
    done = await page(call)
    result = Result(verb, query, done.outcomes, {}, False, service.farm)
    return json_answer({
        "draw": number(ask.query, "draw", 0),
        "recordsTotal": len(things),
        "recordsFiltered": done.also["matched"],
        "data": result.listed()["data"],
    })  # fmt: skip


def checked(said: Mapping[str, str]) -> Mapping[str, str]:
    """What other lists take is said in another way here."""
    for name in said:
        if name not in OWN and not is_parameter(name):
            raise Unfit(f"{name} is not asked for beside draw; a table has start, length, order and search.", name)
    return said


def query_of(said: Mapping[str, str]) -> Query:
    length = number(said, "length", USUAL, least=-1, most=LONGEST)
    if not length:
        raise Unfit(f"length is a whole number from 1 to {LONGEST}, or -1 for as many as that.", "length")
    return Query(
        sort=",".join(sorting(said)),
        fields=said.get("fields", ""),
        search=text(said, "search"),
        limit=LONGEST if length == -1 else length,
        offset=number(said, "start", 0),
    )


def sorting(said: Mapping[str, str]) -> Iterator[str]:
    """The attributes to sort by, the most important one first."""
    for place in sorted({int(name.split("[")[1][:-1]) for name in said if name.startswith("order[")}):
        name = said.get(f"order[{place}][name]") or column(said, number(said, f"order[{place}][column]", 0))
        way = said.get(f"order[{place}][dir]", "asc")
        if way not in ("asc", "desc"):
            raise Unfit(f"order[{place}][dir] is asc or desc.", f"order[{place}][dir]")
        yield f"{'-' if way == 'desc' else ''}{attribute_name(name)}"


def column(said: Mapping[str, str], place: int) -> str:
    """What a column shows."""
    name = said.get(f"columns[{place}][name]") or said.get(f"columns[{place}][data]")
    if not name:
        raise Unfit(f"columns[{place}][data] does not say which attribute column {place} shows.", f"columns[{place}]")
    return name


def attribute_name(name: str) -> str:
    """A table shows settings as `settings.pool`; the attribute is `pool`."""
    return name.removeprefix("settings.")


def in_columns(face: Face, item: Item, things: Sequence[Any], said: Mapping[str, str]) -> Sequence[Any]:
    """Those that have in each column what is looked for there."""
    reader = item.reader(face.service.farm)
    for place in sorted({int(name.split("[")[1][:-1]) for name in said if name.startswith("columns[")}):
        if wanted := text(said, f"columns[{place}][search]").lower():
            read = reader(searchable(item, attribute_name(column(said, place)), f"columns[{place}][search]"))
            found = having(wanted, Texts([str(read(thing)) for thing in things]))
            things = [things[each] for each in found]
    return things


def searchable(item: Item, name: str, at: str) -> Attribute:
    known = {each.name: each for each in item.attributes.values() if each.asked}
    if name not in known:
        raise Unfit(f'There is no attribute "{name}" to search in; {meant(name, known)}', at)
    return known[name]


def text(said: Mapping[str, str], what: str) -> str:
    """What is looked for."""
    if said.get(f"{what}[regex]") == "true" and said.get(f"{what}[value]"):
        raise Unfit(f"{what}[regex]: a text is looked for as it is here; filter= knows patterns.", f"{what}[regex]")
    return said.get(f"{what}[value]", "")


def number(said: Mapping[str, str], name: str, otherwise: int, *, least: int = 0, most: int = 2**53) -> int:
    value = said.get(name, str(otherwise))
    if not re.fullmatch(r"-?[0-9]{1,16}", value) or not least <= int(value) <= most:
        raise Unfit(f"{name} is a whole number from {least} to {most}.", name)
    return int(value)
