"""Every verb on every face: the same request on the same farm has the same result.

How does this work?  For each verb its example is done by the verbs themselves on one farm, and by one of the faces on
another one like it: over HTTP, as a JSON line, as a line in the shell.  The answers have to be the same, and so has
everything that can be seen of the two farms afterwards.
"""

import json
import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import TestCase

from brender.protocols.commands import answer
from brender.protocols.json_lines import JsonLines
from brender.verbs.examples import EXAMPLES, TEMPLATE
from brender.verbs.items.known import ITEMS
from brender.verbs.known import VERBS
from brender.verbs.performing import Request, Result
from brender.verbs.telling import tell, told_of
from brender.web.face import TEXT_VERB
from tests.faces.saying import address, json_of, line_of, method, plain, verb_of
from tests.verbs.example_farm import ExampleFarm
from tests.web.fakes import Web

Key = tuple[str, str]
Face = Callable[["Table", ExampleFarm, Request, Result], Awaitable[None]]


def seen(farm: ExampleFarm) -> Any:
    """All that can be seen of a farm, but what is counted since the start of a process."""
    items = {
        item.name: [item.show(thing, farm.service.farm) for thing in things(farm, item.name)]
        for item in ITEMS.values()
        if not item.of_job and item.name != "audit"  # it tells by which face
    }
    return plain(items)


def things(farm: ExampleFarm, item: str) -> Any:
    found: list[Any] = []
    coroutine = ITEMS[item].things(farm.service, None)
    Deferred.fromCoroutine(coroutine).addCallback(found.extend)  # type: ignore[arg-type]
    return found


# --- the faces


async def http(test: "Table", farm: ExampleFarm, request: Request, expected: Result) -> None:
    verb, web = verb_of(request), Web(test, farm=farm)
    reply = web.ask(method(verb), address(verb, request), plain(request.values) if verb.by_body else None)
    test.assertEqual(reply.status, 201 if verb.makes else 200, reply.body)
    if verb.name == TEXT_VERB:
        test.assertEqual(reply.body.decode(), expected.outcomes[0].more[TEXT_VERB])
    else:
        test.assertEqual(reply.json, plain(expected.plain()))


async def json_line(test: "Table", farm: ExampleFarm, request: Request, expected: Result) -> None:
    program, transport = JsonLines(farm.service, farm.now), StringTransport()
    program.makeConnection(transport)  # type: ignore[no-untyped-call]
    program.dataReceived(json.dumps(json_of(request)).encode() + b"\n")
    test.assertEqual(json.loads(transport.value()), {"ok": True, **plain(expected.listed())})


async def shell(test: "Table", farm: ExampleFarm, request: Request, expected: Result) -> None:
    text = await answer(farm.service, line_of(request, test.template()), farm.now())
    test.assertEqual(text, tell(told_of(expected, farm.now(), str(request.filter or ""))))


FACES: Mapping[str, Face] = {"http": http, "json_line": json_line, "shell": shell}


# --- the table


class Table(TestCase):
    """Filled below: a test for each verb on each face."""

    def template(self) -> str:
        """The file of a template."""
        path: str = os.path.abspath(self.mktemp())
        with open(path, "w", encoding="utf-8") as file:
            json.dump(TEMPLATE, file)
        return path


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
