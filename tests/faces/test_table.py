"""Every verb on every face: the same request on the same farm has the same result.

How does this work?  For each verb its example is done by the verbs themselves on one farm, and by one of the faces on
another one like it: over HTTP, as a JSON line, as a line in the shell.  The answers have to be the same, and so has
everything that can be seen of the two farms afterwards.
"""

import json
import os
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import TestCase

from brender.protocols.commands import answer
from brender.protocols.json_lines import JsonLines
from brender.verbs.examples import EXAMPLES, TEMPLATE
from brender.verbs.forms import form_of
from brender.verbs.items import ITEMS
from brender.verbs.known import VERBS
from brender.verbs.performing import Request, Result
from brender.verbs.telling import tell, told_of
from brender.verbs.typed.usage import beginning
from brender.verbs.verb import Verb
from brender.web import make_site
from brender.web.face import TEXT_VERB
from brender.web.routes import METHODS, base_of, one_of
from tests.verbs.example_farm import ExampleFarm
from tests.web.fakes import Web

Key = tuple[str, str]
Face = Callable[["Table", ExampleFarm, Request, Result], Awaitable[None]]


def seen(farm: ExampleFarm) -> Any:
    """All that can be seen of a farm, but what is counted since the start of a process."""
    items = {
        item.name: [item.show(thing, farm.service.farm) for thing in things(farm, item.name)]
        for item in ITEMS.values()
        if not item.of_job
    }
    return plain(items)


def things(farm: ExampleFarm, item: str) -> Any:
    found: list[Any] = []
    coroutine = ITEMS[item].things(farm.service, None)
    Deferred.fromCoroutine(coroutine).addCallback(found.extend)  # type: ignore[arg-type]
    return found


def plain(value: Any) -> Any:
    return json.loads(msgspec.json.encode(value))


# --- the faces


async def http(test: "Table", farm: ExampleFarm, request: Request, expected: Result) -> None:
    verb = VERBS[request.item, request.action]
    web = test.web(farm)
    if verb.changes:
        reply = web.ask(method(verb), address(verb, request), plain(request.values))
    else:
        reply = web.get(address(verb, request, request.values))
    test.assertEqual(reply.status, 201 if verb.makes else 200, reply.body)
    if verb.name == TEXT_VERB:
        test.assertEqual(reply.body.decode(), expected.outcomes[0].more[TEXT_VERB])
    else:
        test.assertEqual(reply.json, plain(expected.plain()))


def method(verb: Verb) -> str:
    return METHODS.get(verb.name, "POST")


def address(verb: Verb, request: Request, values: Mapping[str, Any] | None = None) -> str:
    base = (one_of if request.id is not None else base_of)(verb.item)
    for name in ("job", verb.item.name):
        number = request.id if name == verb.item.name and request.id is not None else request.job
        for kind in ("", ":name"):
            base = base.replace(f"{{{name}{kind}}}", quote(str(number), safe=""))
    own = "" if verb.name in (*METHODS, "create", "read", "show") else f"/{verb.name}"
    query = {"filter": request.filter} if request.filter else {}
    asked = urlencode({**query, **(values or {})}, quote_via=quote)
    return f"{base}{own}{'?' if asked else ''}{asked}"


async def json_line(test: "Table", farm: ExampleFarm, request: Request, expected: Result) -> None:
    said = {"item": request.item, "action": request.action, "id": request.id, "filters": request.filter}
    said |= {"job": request.job, "values": request.values}
    program, transport = JsonLines(farm.service, farm.now), StringTransport()
    program.makeConnection(transport)  # type: ignore[no-untyped-call]
    line = {name: value for name, value in said.items() if value is not None}
    program.dataReceived(json.dumps(line).encode() + b"\n")
    test.assertEqual(json.loads(transport.value()), {"ok": True, **plain(expected.listed())})


async def shell(test: "Table", farm: ExampleFarm, request: Request, expected: Result) -> None:
    verb = VERBS[request.item, request.action]
    text = await answer(farm.service, test.line(verb, request), farm.now())
    test.assertEqual(text, tell(told_of(expected, farm.now(), str(request.filter or ""))))


FACES: Mapping[str, Face] = {"http": http, "json_line": json_line, "shell": shell}


# --- the table


class Table(TestCase):
    """Filled below: a test for each verb on each face."""

    def web(self, farm: ExampleFarm) -> Web:
        web = Web.__new__(Web)
        web.farm = farm
        web.site = make_site(farm.service, "2.0", clock=farm.clock, now=farm.now)
        return web

    def line(self, verb: Verb, request: Request) -> str:
        """As somebody types it."""
        if verb.key == ("job", "create"):
            path = self.mktemp()
            with open(path, "w", encoding="utf-8") as file:
                json.dump(TEMPLATE, file)
            return f"submit {os.path.abspath(path)} --name three --owner ada --priority 60"
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
    return f'{pair[0]}="{pair[1]}"'


def add(key: Key, name: str, face: Face) -> None:
    async def test(self: Table) -> None:
        ours, theirs = await ExampleFarm.made(self), await ExampleFarm.made(self)
        self.assertEqual(seen(ours), seen(theirs))
        expected = await ours.perform(EXAMPLES[key])
        await face(self, theirs, EXAMPLES[key], expected)
        self.assertEqual(seen(ours), seen(theirs))

    setattr(Table, f"test_{'_'.join(key)}_by_{name}", test)


for each in VERBS:
    for name, face in FACES.items():
        add(each, name, face)
