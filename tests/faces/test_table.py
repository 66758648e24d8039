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
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase

from brender.client import AsyncFarm
from brender.client import Farm as Client
from brender.farm.interfaces import FarmService
from brender.protocols.commands import answer
from brender.protocols.json_lines import JsonLines
from brender.verbs.examples import EXAMPLES, TEMPLATE
from brender.verbs.items.known import ITEMS, Item
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
    own = [item for item in ITEMS.values() if not item.of_job and item.name != "audit"]  # it tells by which face
    items = {item.name: shown(farm, item) for item in own}
    jobs = {f"job {number}": parts(farm, job) for number, job in farm.service.farm.jobs.items()}
    return plain({**items, **jobs})


def parts(farm: ExampleFarm, job: Any) -> Mapping[str, Any]:
    """The steps, tasks and orders of a job."""
    return {item.plural: shown(farm, item, job) for item in ITEMS.values() if item.of_job}


def shown(farm: ExampleFarm, item: Item, job: Any = None) -> list[Any]:
    """Each thing as it is shown; what has to be waited for, or fails, is no list that is empty."""
    told: list[Any] = []
    Deferred.fromCoroutine(all_of(farm.service, item, job)).addBoth(told.append)
    (found,) = told
    if isinstance(found, Failure):
        found.raiseException()
    return [item.show(thing, farm.service.farm) for thing in found]


async def all_of(service: FarmService, item: Item, job: Any) -> Sequence[Any]:
    return await item.things(service, job)


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


class Seen(TestCase):
    async def test_steps_tasks_and_orders_of_every_job_are_compared_too(self) -> None:
        farm = await ExampleFarm.made(self)
        before = seen(farm)
        for number in farm.service.farm.jobs:
            of_job = before[f"job {number}"]
            self.assertEqual([*of_job], ["steps", "tasks", "orders"])
            self.assertTrue(of_job["steps"] and of_job["tasks"], number)
            self.assertEqual(bool(of_job["orders"]), number != 2, number)  # the one that never ran
        await farm.do("task", "retry", filter="state=failed", job=1)
        after = seen(farm)
        self.assertNotEqual(after["job 1"]["tasks"], before["job 1"]["tasks"])
        self.assertEqual(after["job 2"], before["job 2"])


ROWS: Mapping[str, Request] = {**{"_".join(key): EXAMPLES[key] for key in VERBS}, **FURTHER}
for each in ROWS:
    for name in FACES:
        add(each, ROWS[each], name)
