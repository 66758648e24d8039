"""A request as each face says it: its address, its line in the shell, its line of JSON."""

import json
from datetime import UTC
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from brender.verbs.known import VERBS
from brender.verbs.performing import Request
from brender.verbs.said.forms import form_of
from brender.verbs.typed.usage import beginning
from brender.verbs.verb import Verb
from brender.web.routes import METHODS, base_of, one_of


def plain(value: Any) -> Any:
    return json.loads(msgspec.json.encode(value))


def verb_of(request: Request) -> Verb:
    return VERBS[request.item, request.action]


def method(verb: Verb) -> str:
    return METHODS.get(verb.name, "POST") if verb.by_body else "GET"


def address(verb: Verb, request: Request) -> str:
    base = (one_of if request.id is not None else base_of)(verb.item)
    for name in ("job", verb.item.name):
        number = request.id if name == verb.item.name and request.id is not None else request.job
        for kind in ("", ":name"):
            base = base.replace(f"{{{name}{kind}}}", quote(str(number), safe=""))
    own = "" if verb.name in (*METHODS, "create", "read", "show") else f"/{verb.name}"
    query = {"filter": request.filter} if request.filter else {}
    asked = urlencode({**query, **({} if verb.by_body else request.values)}, quote_via=quote, safe=",*:")
    return f"{base}{own}{'?' if asked else ''}{asked}"


def json_of(request: Request) -> dict[str, Any]:
    said = {"item": request.item, "action": request.action, "id": request.id, "filters": request.filter}
    said |= {"job": request.job, "values": plain(request.values) or None}
    return {name: value for name, value in said.items() if value is not None}


def line_of(request: Request, template: str) -> str:
    """As somebody types it; `template` is a file with the template of a new job."""
    verb = verb_of(request)
    if verb.key in (("job", "create"), ("job", "plan")):
        return f"{beginning(verb)} {template} --name three --owner ada --priority 60"
    which = request.id if request.id is not None else quoted(str(request.filter or ""))
    begin = "why client" if verb.key == ("client", "why") else beginning(verb)  # a number alone is a job
    words = [begin, request.job or "", which, *map(typed, said(verb, request))]
    return " ".join(str(word) for word in words if word != "")


def quoted(wanted: str) -> str:
    return f'"{wanted}"' if " " in wanted else wanted


def said(verb: Verb, request: Request) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    hints = {each.name: each.type for each in msgspec.structs.fields(verb.takes)}
    for name, value in request.values.items():
        if isinstance(value, dict):
            found += [(key, str(each)) for key, each in value.items()]
        else:
            text = value if isinstance(value, str) else form_of(name, hints[name], UTC).write(value)
            found.append((name, text))
    return found


def typed(pair: tuple[str, str]) -> str:
    return f"{pair[0]}={quoted(pair[1])}"
