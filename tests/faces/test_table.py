"""Every verb on every face: the same request on the same farm has the same result.

How does this work?  For each verb its example is done by the verbs themselves on one farm, and by one of the faces on
another one like it: over HTTP, in a batch, as a JSON line, as a line in the shell, by the command, by the Python client
of either kind.  The answers have to be the same, and so has everything that can be seen of the two farms afterwards.
`FURTHER` has what a verb does besides: a job that is deleted while it runs.
"""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase

from brender.farm.interfaces import FarmService
from brender.verbs.examples import EXAMPLES, TEMPLATE
from brender.verbs.items.known import ITEMS, Item
from brender.verbs.known import VERBS
from brender.verbs.performing import Request, Result
from brender.verbs.telling import tell, told_of
from brender.web.face import TEXT_VERB
from tests.cli.case import Ran
from tests.client.test_verbs import told
from tests.faces.calling import FACES, Asked
from tests.faces.saying import line_of, plain
from tests.verbs.example_farm import ExampleFarm
from tests.web.fakes import Reply

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


# --- what each face answers


class Expected(NamedTuple):
    """What became of the request where the verbs themselves have done it."""

    result: Result
    text: str  # for people


def of_http(test: "Table", reply: Reply, expected: Expected) -> None:
    verb = expected.result.verb
    test.assertEqual(reply.status, 201 if verb.makes else 200, reply.body)
    if verb.name == TEXT_VERB:
        test.assertEqual(reply.body.decode(), expected.result.outcomes[0].more[TEXT_VERB])
    else:
        test.assertEqual(reply.json, plain(expected.result.plain()))


def of_batch(test: "Table", reply: Reply, expected: Expected) -> None:
    (part,) = reply.json["answers"]
    test.assertEqual(
        part, {"status": 201 if expected.result.verb.makes else 200, "body": plain(expected.result.plain())}
    )


def of_json_line(test: "Table", answer: Any, expected: Expected) -> None:
    test.assertEqual(answer, {"ok": True, **plain(expected.result.listed())})


def of_shell(test: "Table", text: str, expected: Expected) -> None:
    test.assertEqual(text, expected.text)


def of_command(test: "Table", ran: Ran, expected: Expected) -> None:
    """Of a list it prints the things alone, of a text what it is the text of too; a name that is typed is a filter."""
    verb = expected.result.verb
    refused = any("error" in each.more for each in expected.result.outcomes)
    test.assertEqual(ran.code, 1 if refused else 0, ran.err)
    wanted = plain(expected.result.listed() if "matched" in ran.json else expected.result.plain())
    if verb.name == TEXT_VERB:
        test.assertEqual(ran.json[TEXT_VERB], wanted[TEXT_VERB])
    else:
        test.assertEqual(ran.json, wanted if verb.changes else wanted.get("data", wanted))


def of_python(test: "Table", found: Any, expected: Expected) -> None:
    """What a program got is what the farm would say."""
    wanted = plain(expected.result.plain())
    test.assertEqual(told(found, wanted), wanted)


CHECKS: Mapping[str, Callable[["Table", Any, Expected], None]] = {
    "http": of_http,
    "batch": of_batch,
    "json_line": of_json_line,
    "shell": of_shell,
    "command": of_command,
    "python": of_python,
    "asyncio": of_python,
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


def add(named: str, request: Request, face: str) -> None:
    async def test(self: Table) -> None:
        ours, theirs = await ExampleFarm.made(self), await ExampleFarm.made(self)
        self.assertEqual(seen(ours), seen(theirs))
        result = await ours.perform(request)
        line = f"{line_of(request, self.template())}{' --json' if face == 'command' else ''}"
        answer = await FACES[face](self, theirs, Asked(request, line))
        CHECKS[face](self, answer, Expected(result, tell(told_of(result, ours.now(), str(request.filter or "")))))
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
