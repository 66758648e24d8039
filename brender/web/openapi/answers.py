"""What each verb gives back, as JSON schemas: the view of a thing, and what the verb tells beside it.

How does this work?  An answer is one thing where one was named or made, else a list.  A thing is its view, or its id
and name, with what the verb adds (`ADDS`, the one place that says so; a test holds the answers of all examples to it).
Refusals are the same everywhere: `refusals` says which of them an address can give.
"""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, get_args, get_origin

from brender.verbs.verb import Verb
from brender.web.http.wrong import REASONS
from brender.web.openapi.schemas import Schema, Schemas, ref

TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer", "minimum": 0}
YES: Schema = {"type": "boolean"}
COUNTS: Schema = {"type": "object", "additionalProperties": WHOLE}


def said(schema: Schema, meaning: str) -> Schema:
    return {**schema, "description": meaning}


def several(of: Schema, meaning: str) -> Schema:
    return {"type": "array", "items": of, "description": meaning}


AGAIN = {"again": said(COUNTS, "how many tasks run again, by step"), "stale": several(TEXT, "steps made from them")}
MOVED = {"clients_changed": said(WHOLE, "how many clients")}
LOOKED: Mapping[str, Schema] = {
    "orders": several(ref("OrderView"), "the oldest first"),
    "template": said({"type": ["object", "string", "null"]}, "as it was handed in"),
    "values": said({"type": ["object", "null"]}, "as they were handed in"),
    "running": several({"type": "object"}, "its tasks that run"),
    "why": said(TEXT, "why it does not get on, when it does not"),
    "avoided_names": several(TEXT, "the clients that it avoids"),
}
PLANNED: Mapping[str, Schema] = {
    "ok": said(YES, "whether it would be taken"),
    "description": said(TEXT, "the template's own"),
    "tasks": said({"type": ["integer", "null"]}, "how many it would have; null while something is wrong"),
    "steps": several(ref("StepOutline"), "what it would do"),
    "parameters": several(ref("JobParameter"), "of the template, with what counts"),
    "problems": several(ref("Wrong"), "all that is wrong"),
    "warnings": several(TEXT, "what the job would warn of"),
}
# What a verb tells of each thing, beside its view.
ADDS: Mapping[tuple[str, str], Mapping[str, Schema]] = {
    ("job", "show"): LOOKED,
    ("job", "plan"): PLANNED,
    ("template", "show"): {
        "template": said(TEXT, "its text"),
        "form": several(ref("JobParameter"), "its parameters, as a form needs them"),
        "problems": several(ref("Wrong"), "why no job can be made of it"),
    },
    ("job", "why"): {"why": TEXT},
    ("client", "why"): {"why": TEXT},
    ("task", "why"): {"why": TEXT},
    ("job", "cancel"): {"stopped": said(WHOLE, "how many tasks it ended")},
    ("job", "save"): {"saved": said(WHOLE, "how many writes there were since the start of the server")},
    ("job", "delete"): {"deleted": said(YES, "whether it is gone; else it goes when clients have ended what they run")},
    ("job", "pause"): {"finishing": said(WHOLE, "how many tasks still run")},
    ("job", "forgive"): {"forgiven": several(WHOLE, "clients by id"), "forgiven_names": several(TEXT, "their names")},
    ("job", "retry"): AGAIN,
    ("job", "requeue"): AGAIN,
    ("job", "add"): {"added": said(WHOLE, "how many tasks")},
    ("step", "retry"): {"again": said(WHOLE, "how many tasks")},
    ("step", "requeue"): {"again": said(WHOLE, "how many tasks")},
    **{(item, action): MOVED for item in ("pool", "tag") for action in ("create", "update", "delete")},
}
ALSO: Mapping[tuple[str, str], Mapping[str, Schema]] = {  # beside a whole list
    **{("task", action): {"again": said(COUNTS, "how many run again, by step")} for action in ("retry", "requeue")},
}
CHANGED = {"changed": said(YES, "whether it is another one now")}
REFUSED = {"error": said(TEXT, "why nothing was done with this one")}
COUNT = said(WHOLE, "how many were chosen")

PROBLEM: Schema = {
    "description": "What was wrong and how to mend it, as RFC 9457 has it.",
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "title": said(TEXT, "the status in words"),
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": said(TEXT, "one sentence for people"),
        "code": said(TEXT, "for programs; finer than the status, and always the same"),
        "at": said(TEXT, "the field, the parameter, the header, or the place in a template"),
        "position": said(WHOLE, "the character of a filter where it begins to be wrong"),
        "problems": several(ref("ProblemPlace"), "all that is wrong with a job or its settings"),
    },
    "required": ["type", "title", "status", "detail", "code", "problems"],
    "additionalProperties": False,
}
PLACE: Schema = {
    "type": "object",
    "properties": {"at": TEXT, "message": TEXT},
    "required": ["at", "message"],
    "additionalProperties": False,
}

ALWAYS = (400, 401, 403, 408, 413, 414, 421, 431, 500, 503)  # what any request can get
CHANGING = (403, 409, 415)  # and any change


def thing(verb: Verb, schemas: Schemas, *, one: bool) -> Schema:
    """One thing and what became of it."""
    added = dict(ADDS.get(verb.key, {})) | given(verb, schemas)
    if verb.changes and not verb.makes:
        required = list(added) if one else []
        added |= CHANGED if one else CHANGED | REFUSED
        required.append("changed")
    else:
        required = list(added) if one or verb.alone else []
        added |= {} if one or verb.shows else CHANGED | REFUSED
    if not verb.shows:
        return named(added, required)
    view = schemas.ref(verb.item.view)
    more = {"type": "object", "properties": added, "required": required}
    return {"allOf": [view, more]} if added else view


def given(verb: Verb, schemas: Schemas) -> dict[str, Schema]:
    """What a verb gives that is no text."""
    if get_origin(verb.gives) is list:
        return {verb.name: several(schemas.ref(get_args(verb.gives)[0]), "the newest first")}
    return {} if verb.gives is str else {verb.name: schemas.ref(verb.gives)}


def named(added: Mapping[str, Schema], required: list[str]) -> Schema:
    """A thing by its id and name alone, as far as it has them."""
    properties = {"id": {"type": ["integer", "string"]}, "name": TEXT, **added}
    return {"type": "object", "properties": properties, "required": required}


def answer(verb: Verb, schemas: Schemas, *, one: bool) -> Schema:
    """What is in the body when it went well."""
    if one or verb.alone:
        return thing(verb, schemas, one=True)
    if verb.name == "read":
        return ref(f"{verb.item.view.__name__}s")
    properties = {"data": several(thing(verb, schemas, one=False), "each of them"), **ALSO.get(verb.key, {})}
    required = list(properties)
    if verb.changes:
        properties |= {"matched": COUNT, "changed": said(WHOLE, "how many of them were changed")}
        required = list(properties)
    elif verb.item.name == "task":
        properties["matched"] = COUNT
    return {"type": "object", "properties": properties, "required": required}


def page(row: Schema) -> Schema:
    """A list, or one page of it."""
    properties = {
        "data": {"type": "array", "items": row},
        "matched": COUNT,
        "next": said({"type": ["string", "null"]}, "what `after` says of the next page; null where there is none"),
    }
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def table(row: Schema) -> Schema:
    """A page as DataTables wants it."""
    properties = {
        "draw": WHOLE,
        "recordsTotal": COUNT,
        "recordsFiltered": WHOLE,
        "data": {"type": "array", "items": row},
    }
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def refusals(statuses: Iterable[int]) -> dict[str, Schema]:
    return {str(status): {"$ref": f"#/components/responses/{name_of(status)}"} for status in sorted(statuses)}


def name_of(status: int) -> str:
    return "".join(word.capitalize() for word in HTTPStatus(status).phrase.replace("-", " ").split())


def problems() -> dict[str, Any]:
    """The answer of each refusal, for the components."""
    return {name_of(status): problem(status, code) for status, code in REASONS.items()}


def problem(status: int, code: str) -> Schema:
    found: Schema = {
        "description": f"{HTTPStatus(status).phrase}: `{code}`, or a finer code.",
        "content": {"application/problem+json": {"schema": ref("Problem")}},
    }
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        found["headers"] = {"Retry-After": {"schema": TEXT, "description": "seconds"}}
    return found
