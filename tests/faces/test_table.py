"""Every verb on every face: the same request on the same farm has the same result.

How does this work?  For each verb its example is done by the verbs themselves on one farm, and by one of the faces on
another one like it: over HTTP, in a batch, as a JSON line, as a line in the shell, by the command, by the Python client
of either kind.  The answers have to be the same, and so has everything that can be seen of the two farms afterwards.
`FURTHER` has what a verb does besides: a job that is deleted while it runs.
"""

import asyncio
import json
import os
import shlex
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import TestCase

from brender.client import AsyncFarm
from brender.client import Farm as Client
from brender.protocols.commands import answer
from brender.protocols.json_lines import JsonLines
from brender.verbs.examples import EXAMPLES, TEMPLATE
from brender.verbs.items.known import ITEMS
from brender.verbs.known import VERBS
from brender.verbs.performing import Request, Result
from brender.verbs.telling import tell, told_of
from brender.web.face import TEXT_VERB
from tests.client.test_verbs import fetched, fetched_later, said, told
from tests.client.test_verbs import method as method_of
from tests.faces.calling import brender, in_a_thread, serve
from tests.faces.saying import address, json_of, line_of, method, plain, verb_of
from tests.verbs.example_farm import ExampleFarm
from tests.web.fakes import Web

Face = Callable[["Table", ExampleFarm, Request, Result], Awaitable[None]]
FURTHER: Mapping[str, Request] = {
    "job_delete_while_it_runs": Request("job", "delete", id=1),
    "job_delete_of_many": Request("job", "delete", filter="owner=ada"),
    "job_cancel_of_one_that_is_done": Request("job", "cancel", filter="id=2,3"),
}


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


async def batch(test: "Table", farm: ExampleFarm, request: Request, expected: Result) -> None:
    reply = Web(test, farm=farm).ask("POST", "/api/v1/batch", {"requests": [json_of(request)]})
    (part,) = reply.json["answers"]
    test.assertEqual(part, {"status": 201 if expected.verb.makes else 200, "body": plain(expected.plain())})


async def json_line(test: "Table", farm: ExampleFarm, request: Request, expected: Result) -> None:
    program, transport = JsonLines(farm.service, farm.now), StringTransport()
    program.makeConnection(transport)  # type: ignore[no-untyped-call]
    program.dataReceived(json.dumps(json_of(request)).encode() + b"\n")
    test.assertEqual(json.loads(transport.value()), {"ok": True, **plain(expected.listed())})


async def shell(test: "Table", farm: ExampleFarm, request: Request, expected: Result) -> None:
    text = await answer(farm.service, line_of(request, test.template()), farm.now())
    test.assertEqual(text, tell(told_of(expected, farm.now(), str(request.filter or ""))))


async def command(test: "Table", farm: ExampleFarm, request: Request, expected: Result) -> None:
    """Of a list it prints the things alone, of a text what it is the text of too; a name that is typed is a filter."""
    verb, words = expected.verb, shlex.split(line_of(request, test.template()))
    ran = await brender(test, serve(test, farm), *words, "--json")
    refused = any("error" in each.more for each in expected.outcomes)
    test.assertEqual(ran.code, 1 if refused else 0, ran.err)
    wanted = plain(expected.listed() if "matched" in ran.json else expected.plain())
    if verb.name == TEXT_VERB:
        test.assertEqual(ran.json[TEXT_VERB], wanted[TEXT_VERB])
    else:
        test.assertEqual(ran.json, wanted if verb.changes else wanted.get("data", wanted))


async def python(test: "Table", farm: ExampleFarm, request: Request, expected: Result) -> None:
    given, named = said(request)
    call = method_of(Client(serve(test, farm)), request)
    test.same(await in_a_thread(lambda: fetched(call(*given, **named))), expected)


async def asyncio_python(test: "Table", farm: ExampleFarm, request: Request, expected: Result) -> None:
    given, named = said(request)
    call = method_of(AsyncFarm(serve(test, farm)), request)
    test.same(await in_a_thread(lambda: asyncio.run(fetched_later(call, given, named))), expected)


FACES: Mapping[str, Face] = {
    "http": http,
    "batch": batch,
    "json_line": json_line,
    "shell": shell,
    "command": command,
    "python": python,
    "asyncio": asyncio_python,
}


# --- the table


class Table(TestCase):
    """Filled below: a test for each verb on each face."""

    timeout = 60

    def template(self) -> str:
        """The file of a template."""
        path: str = os.path.abspath(self.mktemp())
        with open(path, "w", encoding="utf-8") as file:
            json.dump(TEMPLATE, file)
        return path

    def same(self, found: Any, expected: Result) -> None:
        """What a program got is what the farm would say."""
        wanted = plain(expected.plain())
        self.assertEqual(told(found, wanted), wanted)


def add(named: str, request: Request, face: str) -> None:
    async def test(self: Table) -> None:
        ours, theirs = await ExampleFarm.made(self), await ExampleFarm.made(self)
        self.assertEqual(seen(ours), seen(theirs))
        expected = await ours.perform(request)
        await FACES[face](self, theirs, request, expected)
        self.assertEqual(seen(ours), seen(theirs))

    setattr(Table, f"test_{named}_by_{face}", test)


ROWS: Mapping[str, Request] = {**{"_".join(key): EXAMPLES[key] for key in VERBS}, **FURTHER}
for each in ROWS:
    for name in FACES:
        add(each, ROWS[each], name)
