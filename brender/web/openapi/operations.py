"""An operation of the OpenAPI document: one method of one address, from the verb that it does.

How does this work?  The path and the verb say which parameters there are; what the verb takes stands in the query
where it only looks, and in the body where it changes something.  The answers are those of `openapi_answers`.
Examples are the verb's own (`verbs.examples`).
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from brender.verbs.examples import EXAMPLES
from brender.verbs.items.item import Item
from brender.verbs.items.known import ITEMS
from brender.verbs.lists.pages import Query
from brender.verbs.performing import Request
from brender.verbs.verb import Nothing, Verb, Which
from brender.web.face import GONE, TEXT_VERB
from brender.web.http.once import LONGEST_KEY
from brender.web.openapi.answers import ALWAYS, CHANGING, TEXT, answer, refusals
from brender.web.openapi.schemas import Schema, Schemas
from brender.web.tree import Route

ID = re.compile(r"\{(\w+)(:name)?\}")
LARGEST = 10**15 - 1  # of an id in an address
FILTER = "which of them: words like `online`, names, ids, `ATTRIBUTE OPERATOR VALUE`, `and`, `or`, `not`, brackets"
TABLE = (
    "With `draw` it answers DataTables, as https://datatables.net/manual/server-side has it: `start`, `length`, "
    "`search[value]`, `order[0][column]`, `order[0][dir]`, `columns[0][data]`, `columns[0][search][value]`, and beside "
    "them `filter` and `fields`."
)
ETAG = {"ETag": {"schema": TEXT, "description": "which version this is", "required": True}}
LOCATION = {"Location": {"schema": TEXT, "description": "the address of the new one", "required": True}}
NOT_CHANGED = {"description": "It is as it was when you had this ETag."}


def operation(route: Route, verb: Verb, schemas: Schemas) -> Schema:
    one = "{" + verb.item.name in route.path
    ending = route.path.rpartition(".")[2] if "." in route.path else ""
    found: Schema = {
        "operationId": name_of(verb, ending, one=one),
        "tags": [verb.item.plural],
        "summary": verb.help,
        "parameters": list(parameters(route, verb, schemas, one=one)),
    }
    if text := description(route, verb, ending):
        found["description"] = text
    if verb.by_body:
        least = {"minProperties": 1} if verb.name == "update" else {}
        found["requestBody"] = body(schemas.ref(verb.takes) | least, dict(EXAMPLES[verb.key].values))
    found["responses"] = {**answers(verb, schemas, ending, one=one), **refusals(wrong(route, verb, one=one))}
    return found


def name_of(verb: Verb, ending: str, *, one: bool) -> str:
    """`listClients`, `updateClient`, `updateClients`, `clientLog`."""
    item = verb.item.name.capitalize() if one or verb.alone else verb.item.plural.capitalize()
    action = {"read": "list", TEXT_VERB: "logOf"}.get(verb.name, verb.name)
    return f"{action}{item}{ending.capitalize()}"


def description(route: Route, verb: Verb, ending: str) -> str:
    told = ["" if verb.bare else verb.more]  # else it is about words that are typed
    if verb.name == "read":
        told += [TABLE] if ending != "csv" else []
        told += ["Without `limit`, `offset` and `after` it is the whole list, streamed."] if ending else []
        told += ["A text that a spreadsheet would take for a formula has a ' before it."] if ending == "csv" else []
    told += [f"Also at {', '.join(f'`{plain(path)}`' for path in route.also)}."] if route.also else []
    return "\n\n".join(filter(None, told))


def plain(path: str) -> str:
    """An address as the document has it."""
    return ID.sub(r"{\1}", path)


# --- what is said


def parameters(route: Route, verb: Verb, schemas: Schemas, *, one: bool) -> Iterator[Schema]:
    example = EXAMPLES[verb.key]
    yield from path_parameters(route, verb, example)
    if "filter" in route.query:
        yield filter_parameter(verb, example)
    if verb.sent:
        yield idempotency_key()
        return
    if not verb.changes:
        yield from query_parameters(verb, schemas, example)
        if route.path.rpartition(".")[2] not in ("json", "csv"):
            yield header("If-None-Match", "the ETag of what you have: 304 when it is still so")
        return
    if one:
        yield header("If-Match", "the ETag of what you have: 412 when somebody has set something of it since")
    yield idempotency_key()


def path_parameters(route: Route, verb: Verb, example: Request) -> Iterator[Schema]:
    for name, by_name in ID.findall(route.path):
        given = example.id if name == verb.item.name else example.job
        usual = EXAMPLES[name, "show"].id
        yield path_parameter(ITEMS[name], usual if given is None else given, by_name=bool(by_name))


def path_parameter(item: Item, example: Any, *, by_name: bool) -> Schema:
    schema = {"type": "string", "minLength": 1} if by_name else {"type": "integer", "minimum": 0, "maximum": LARGEST}
    what = "name" if by_name else "number"
    return {
        "name": item.name,
        "in": "path",
        "required": True,
        "description": f"the {what} of the {item.name}",
        "schema": schema,
        "example": example,
    }


def filter_parameter(verb: Verb, example: Request) -> Schema:
    """It has to be there where a change would else be one of everything."""
    usual = EXAMPLES[verb.item.name, "read"].filter or "all"
    needed = verb.which is Which.MANY
    schema = {"type": "string", "format": f"{verb.item.name}-filter"} | ({"minLength": 1} if needed else {})
    return {
        "name": "filter",
        "in": "query",
        "required": needed,
        "description": f"{FILTER}. `all` is all of them.",
        "schema": schema,
        "example": example.filter or usual,
    }


def query_parameters(verb: Verb, schemas: Schemas, example: Request) -> Iterator[Schema]:
    for name, schema in schemas.properties(verb.takes).items():
        kept = present(schema)
        found = {"name": name, "in": "query", "description": kept.pop("description", ""), "schema": kept}
        if name in schemas.required(verb.takes):
            found["required"] = True
        if verb.takes is Query and name in LISTS:
            found |= {"schema": LISTS[name](verb.item), "style": "form", "explode": False}
        elif verb.takes is Query and name == "after":
            kept["format"] = "cursor"
        if name in example.values:
            found["example"] = sampled(found["schema"], example.values[name])
        yield found


def sampled(schema: Schema, value: Any) -> Any:
    return value.split(",") if schema.get("type") == "array" else value


def fields_of(item: Item) -> Schema:
    """Attributes of an item, as a list with commas between."""
    return {"type": "array", "items": {"enum": [*item.attributes, *item.aliases]}}


def sorts_of(item: Item) -> Schema:
    """What it can be sorted by."""
    single = [name for name, each in item.attributes.items() if each.asked and not each.many]
    return {"type": "array", "items": {"enum": [f"{sign}{name}" for sign in ("", "-", "+") for name in single]}}


LISTS: Mapping[str, Callable[[Item], Schema]] = {"fields": fields_of, "sort": sorts_of}


def present(schema: Schema) -> Schema:
    """Without null: a parameter that has no value is not there."""
    kinds = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    if len(kinds) != 1:
        return dict(schema)
    rest = {key: value for key, value in schema.items() if key not in ("anyOf", "default")}
    return {**kinds[0], **rest}


def header(name: str, meaning: str, **more: Any) -> Schema:
    return {"name": name, "in": "header", "description": meaning, "schema": {**TEXT, **more}}


def idempotency_key() -> Schema:
    """Of every change."""
    meaning = "a word of your own: a change that is sent again with it is not done again"
    return header("Idempotency-Key", meaning, maxLength=LONGEST_KEY)


def body(schema: Schema, example: Any) -> Schema:
    media: Schema = {"schema": schema, "example": example}
    return {"required": True, "content": {"application/json": media}}


# --- what comes back


def answers(verb: Verb, schemas: Schemas, ending: str, *, one: bool) -> Schema:
    found: Schema = {"description": "Made." if verb.makes else "Done." if verb.changes else "Found."}
    headers: Mapping[str, Any] = {}
    if verb.name == TEXT_VERB:
        found["content"], headers = {"text/plain": {"schema": TEXT}}, ETAG
    elif ending == "csv":
        found["content"] = {"text/csv": {"schema": TEXT}}
    else:
        found["content"] = {"application/json": {"schema": answer(verb, schemas, one=one)}}
        with_tag = not ending if not verb.by_body else (one or verb.makes) and verb.name != GONE
        headers = {**(ETAG if with_tag else {}), **(LOCATION if verb.makes else {})}
    if verb.name == "read" and not ending:
        headers = {"ETag": {**ETAG["ETag"], "required": False}}  # not of a table
    if headers:
        found["headers"] = headers
    all_of_them: Schema = {"201" if verb.makes else "200": found}
    return all_of_them | ({"304": NOT_CHANGED} if headers and not verb.by_body else {})


def wrong(route: Route, verb: Verb, *, one: bool) -> Sequence[int]:
    """The statuses of what can be wrong."""
    found = {*ALWAYS}
    if "{" in route.path:
        found.add(404)
    if verb.changes or verb.takes not in (Query, Nothing):
        found |= {404, 422}  # what is said may be of nothing that there is, or be refused by the rules
    if verb.by_body:
        found |= {*CHANGING, *([412] if one else [])}
    return sorted(found)
