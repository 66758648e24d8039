"""Every verb is a method: with the parameters of its definition, its types, and what the farm itself would answer."""

import asyncio
import inspect
from typing import Any

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from brender.client import AsyncFarm, Farm, Outcome, Outcomes
from brender.client.addresses import question
from brender.client.deriving import NAMES
from brender.client.types import FILE, text
from brender.farm.views.client_past import LoadView
from brender.verbs.doing.job_failures import Excerpt
from brender.verbs.examples import EXAMPLES
from brender.verbs.known import VERBS
from brender.verbs.performing import Request
from brender.verbs.verb import Which
from brender.web.tree import Route
from tests.client.case import ClientCase
from tests.verbs.example_farm import ExampleFarm
from tests.web.fakes import Web


def resource(farm: Farm | AsyncFarm, request: Request) -> Any:
    item = VERBS[request.item, request.action].item
    return getattr(farm, item.plural)(request.job) if item.of_job else getattr(farm, item.plural)


def method(farm: Farm | AsyncFarm, request: Request) -> Any:
    return getattr(resource(farm, request), NAMES.get(request.action, request.action))


def said(request: Request) -> tuple[list[Any], dict[str, Any]]:
    chosen = {} if request.filter is None else {"filter": request.filter}
    return [] if request.id is None else [request.id], {**chosen, **request.values}


class Definitions(SynchronousTestCase):
    def test_the_parameters_of_a_method_are_those_of_its_verb(self) -> None:
        for farm in (Farm(), AsyncFarm()):
            for key, verb in VERBS.items():
                form = inspect.signature(method(farm, Request(*key, job=1)))
                names = [name for name in form.parameters if name not in ("id", "filter")]
                fields = [each for each in verb.takes.__struct_fields__ if each != "filter"]
                self.assertEqual(names, fields, key)
                self.assertEqual("id" in form.parameters, verb.which in (Which.ONE, Which.MANY), key)
                for each in msgspec.structs.fields(verb.takes):
                    self.assertEqual(form.parameters[each.name].default is inspect.Parameter.empty, each.required, key)

    def test_the_types_are_those_that_the_definitions_make(self) -> None:
        self.assertEqual(FILE.read_text(encoding="utf-8"), text(), "python -m brender.client.types writes it anew")

    def test_what_a_verb_does_not_take_is_refused_before_anything_is_sent(self) -> None:
        jobs: Any = Farm().jobs
        for wrong in (
            lambda: jobs.cancel(4, frames="1"),
            jobs.cancel,
            lambda: jobs.cancel(4, filter="all"),
            lambda: jobs.add(4),
            lambda: jobs.list(4),
        ):
            self.assertRaises(TypeError, wrong)

    def test_a_name_that_there_is_none_of_is_told_with_the_one_that_was_meant(self) -> None:
        for method_name, named, sentence in (
            ("update", {"filter": "all", "priorty": 3}, 'jobs.update takes no "priorty"; did you mean priority?'),
            ("list", {"limt": 3}, 'jobs.list takes no "limt"; did you mean limit?'),
            ("update", {"filter": "all", "state": "active"}, '"state" of a job cannot be set.'),
            ("cancel", {"filter": "all", "frames": "1"}, 'jobs.cancel takes no "frames"; there is filter.'),
        ):
            for farm in (Farm(), AsyncFarm()):
                with self.assertRaises(TypeError) as caught:
                    getattr(farm.jobs, method_name)(**named)
                self.assertEqual(str(caught.exception), sentence)


class Addresses(ClientCase):
    def test_each_is_one_of_the_table_for_that_verb(self) -> None:
        table = [route for route in Web(self).site.table if getattr(route.handler, "args", ())]
        for key, verb in VERBS.items():
            for id_, chosen in (("1", ""), (None, "all")):
                if (id_ is None and verb.which is Which.ONE) or (id_ and verb.which in (Which.NONE, Which.ANY)):
                    continue
                asked = question(verb, id_, chosen if verb.which is not Which.NONE else "", {}, job=1)
                found = [route for route in table if route.method == asked.method and fits(route, asked.path)]
                self.assertIn((verb,), [route.handler.args for route in found], key)  # type: ignore[attr-defined]


def fits(route: Route, path: str) -> bool:
    parts, wanted = path.split("/"), route.path.split("/")
    return len(parts) == len(wanted) and all(
        one == other or other.startswith("{") for one, other in zip(parts, wanted, strict=True)
    )


class EveryVerb(ClientCase):
    """Filled below: a test for each, through both faces."""

    async def hold_against_the_farm(self, request: Request) -> None:
        wanted = plain((await (await ExampleFarm.made(self)).perform(request)).plain())
        await self.serve()
        given, named = said(request)
        found = await self.asked(lambda: fetched(method(self.farm, request)(*given, **named)))
        self.assertEqual(told(found, wanted), wanted)
        await self.serve()
        found = await self.asked(lambda: asyncio.run(fetched_later(method(self.other, request), given, named)))
        self.assertEqual(told(found, wanted), wanted)


def fetched(found: Any) -> Any:
    return list(found) if hasattr(found, "page") else found


async def fetched_later(call: Any, given: list[Any], named: dict[str, Any]) -> Any:
    found = call(*given, **named)
    return [each async for each in found] if hasattr(found, "page") else await found


def plain(value: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value))


def told(found: Any, wanted: Any) -> Any:
    """What the client gave, in the shape of the farm's own answer."""
    match found:
        case str():
            return {**wanted, next(name for name in ("why", "log") if name in wanted): found}
        case dict():
            data = [{**each, "why": found[each["id"]]} for each in wanted.get("data", ())]
            return {**wanted, "data": data} if data else found  # of a job that is not there yet
        case list():
            named = next((name for name in ("timeline", "failures") if name in wanted), "data")
            return {**wanted, named: plain(found)}
        case LoadView() | Excerpt():
            return {**wanted, "load" if "load" in wanted else "excerpt": plain(found)}
        case Outcome():
            return fields(found)
        case Outcomes():
            counts = {"matched": found.matched, "changed": found.changed}
            return {**wanted, **counts, "data": [fields(each) for each in found]}
    raise AssertionError(f"Nobody knows what {found!r} is.")


def fields(outcome: Outcome[Any]) -> dict[str, Any]:
    return {**plain(outcome.view), **plain(outcome.more)}


def add(item: str, action: str) -> None:
    async def test(self: EveryVerb) -> None:
        await self.hold_against_the_farm(EXAMPLES[item, action])

    setattr(EveryVerb, f"test_{item}_{action}", test)


for key in VERBS:
    add(*key)
