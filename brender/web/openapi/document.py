"""The OpenAPI document: every address of the interface for programs that read documents.

How does this work?  `document` walks through the table of addresses.  A row that follows from a verb gets its
operation from the verb's definition (`openapi_operations`), one that is written by hand from `openapi_others`; pages
and their files are left out.  `Document` makes it when it is first asked for, and gives the same bytes ever after.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

from brender.verbs.items.known import ITEMS
from brender.web.face import API
from brender.web.http.answers import Answer, encoded, tag_of
from brender.web.http.asking import Ask
from brender.web.http.knowing import PLAIN, SECURE
from brender.web.openapi.answers import ALWAYS, CHANGING, PLACE, PROBLEM, TEXT, page, problems, refusals, table
from brender.web.openapi.operations import (
    ETAG,
    ID,
    NOT_CHANGED,
    body,
    header,
    idempotency_key,
    operation,
    path_parameter,
    plain,
)
from brender.web.openapi.others import OTHERS, TAGS, Other
from brender.web.openapi.schemas import Schema, Schemas, chosen, ref
from brender.web.tree import Route

HEAD: Schema = {
    "openapi": "3.1.1",
    "info": {
        "title": "brender",
        "summary": "A render farm: clients, jobs and all that people do with them.",
        "description": "All of it follows from the same definitions as the shell and the command line. Times are "
        "seconds of the epoch, durations seconds, memory bytes. Every refusal is a problem as RFC 9457 has it. A "
        "farm with users wants a token, or the cookie of a session; docs/people.md tells more.",
        "license": {"name": "GPL-3.0-or-later", "identifier": "GPL-3.0-or-later"},
    },
    "security": [{"token": []}, {"session": []}, {}],  # nothing, while there are no users
    "servers": [{"url": "../..", "description": "the server that this document is from"}],
}

SECURITY: Schema = {
    "token": {"type": "http", "scheme": "bearer", "description": "an API token"},
    "session": {"type": "apiKey", "in": "cookie", "name": PLAIN, "description": f"over HTTPS `{SECURE}`"},
}

SAMPLE = {"": 1, ":name": "Render:0"}  # an id in an address


class Document:
    """The handler of its address."""

    def __init__(self, table: Sequence[Route], version: str) -> None:
        self.route = Route("GET", f"{API}/openapi.json", self.answer, does="This interface as an OpenAPI document.")
        self._table = [*table, self.route]
        self._version = version

    async def answer(self, _: Ask) -> Answer:
        return self._answer

    @cached_property
    def _answer(self) -> Answer:
        content = encoded(document(self._table, self._version))
        return Answer(content, tag=tag_of(content))


def document(rows: Sequence[Route], version: str) -> Schema:
    schemas = Schemas([row.verb for row in rows if row.verb])
    paths: dict[str, Schema] = {}
    for row in rows:
        if documented(row):
            paths.setdefault(plain(row.path), {})[row.method.lower()] = operation_of(row, schemas)
    return {
        **HEAD,
        "info": {**HEAD["info"], "version": version},
        "tags": list(tags()),
        "paths": paths,
        "components": {"schemas": components(schemas), "responses": problems(), "securitySchemes": SECURITY},
    }


def documented(row: Route) -> bool:
    """Pages and what they are made of are for people."""
    return row.verb is not None or (row.method, row.path) in OTHERS


def operation_of(row: Route, schemas: Schemas) -> Schema:
    if row.verb is not None:
        return operation(row, row.verb, schemas)
    return by_hand(row, OTHERS[row.method, row.path], schemas)


def by_hand(row: Route, other: Other, schemas: Schemas) -> Schema:
    found: Schema = {"operationId": other.id, "tags": [other.tag], "summary": row.does or "The farm in figures."}
    if other.more:
        found["description"] = other.more
    found["parameters"] = [
        *(path_parameter(ITEMS[name], SAMPLE[named], by_name=bool(named)) for name, named in ID.findall(row.path)),
        *(
            {"name": name, "in": "query", "schema": schema, "required": name in other.needs}
            for name, schema in other.query.items()
        ),
        *([header("If-None-Match", "the ETag of what you have")] if other.tagged else ()),
        *([idempotency_key()] if other.keyed else ()),
    ]
    changes = other.takes is not None
    if other.takes is not None:
        taken = other.takes if isinstance(other.takes, dict) else schemas.ref(other.takes)
        found["requestBody"] = body(taken, other.example)
    wrong = {*ALWAYS, *other.wrong, *(CHANGING if changes else ())}
    found["responses"] = {**went_well(other), **refusals(wrong)}
    return found


def went_well(other: Other) -> Schema:
    content = {kind: {"schema": other.gives or TEXT} for kind in (other.kind, *other.also)}
    found: Schema = {"description": "Done." if other.takes is not None else "Found.", "content": content}
    part = {"206": {"description": "A part of it.", "content": content}} if other.parts else {}
    tagged = {"304": NOT_CHANGED} if other.tagged else {}
    return {"200": found | ({"headers": ETAG} if other.tagged else {})} | part | tagged


def components(schemas: Schemas) -> dict[str, Any]:
    """Every schema by its name."""
    lists: dict[str, Any] = {}
    for item in ITEMS.values():
        name = item.view.__name__
        some = f"{item.name.capitalize()}Attributes"
        row = {"anyOf": [ref(name), ref(some)]}
        lists |= {some: chosen(item), f"{name}s": {"anyOf": [page(row), table(row)]}}
    return {**schemas.bodies, **lists, "Problem": PROBLEM, "ProblemPlace": PLACE}


def tags() -> Iterable[Schema]:
    for item in ITEMS.values():
        yield {"name": item.plural, "description": item.meaning}
    for name, meaning in TAGS.items():
        yield {"name": name, "description": meaning}
