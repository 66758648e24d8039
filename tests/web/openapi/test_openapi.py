"""The OpenAPI document: it is valid, it has every address, and the answers are as it says.

How does this work?  The document is asked for as programs ask.  The example of every verb is done over HTTP on a
farm of its own, about one thing and about many, and the answer is held against the schema that the document has.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate
from twisted.trial.unittest import TestCase

from brender.verbs.examples import EXAMPLES
from brender.verbs.known import VERBS
from brender.verbs.performing import Request
from brender.verbs.verb import Which
from brender.web.face import API
from brender.web.openapi.others import OTHERS
from brender.web.tree import Route
from tests.verbs.example_farm import ExampleFarm
from tests.web.fakes import Reply, Web, document

PAGES = re.compile(r"/(?!api/|metrics$)")


def operations() -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def validator(schema: Mapping[str, Any]) -> OAS31Validator:
    return OAS31Validator({**schema, "components": document()["components"]})


class Document(TestCase):
    def test_it_is_valid(self) -> None:
        validate(document())

    def test_it_is_the_same_whenever_it_is_made(self) -> None:
        first, second = (Web(self).get(f"{API}/openapi.json") for _ in range(2))
        self.assertEqual(first.body, second.body)
        self.assertEqual(first.headers["etag"], second.headers["etag"])

    def test_it_has_every_address_but_pages(self) -> None:
        rows = [row for row in Web(self).site.table if not PAGES.match(row.path)]
        told = {(method, path) for method, path, _ in operations()}
        self.assertEqual({(row.method, plain(row)) for row in rows}, told)

    def test_what_is_told_by_hand_is_told_of_an_address_that_there_is(self) -> None:
        rows = {(row.method, row.path) for row in Web(self).site.table}
        self.assertLessEqual(set(OTHERS), rows)

    def test_every_operation_has_a_name_of_its_own_a_sentence_and_a_tag(self) -> None:
        names = [operation["operationId"] for _, _, operation in operations()]
        self.assertEqual(len(names), len(set(names)))
        tags = {tag["name"] for tag in document()["tags"]}
        for method, path, operation in operations():
            self.assertRegex(operation["summary"], r"^[A-Z].*\.$", f"{method} {path}")
            self.assertLessEqual(set(operation["tags"]), tags)

    def test_it_has_the_parameters_that_the_address_takes(self) -> None:
        rows = {(row.method, plain(row)): row for row in Web(self).site.table}
        for method, path, operation in operations():
            told = {each["name"] for each in operation["parameters"] if each["in"] == "query"}
            self.assertEqual(told, set(rows[method, path].query), f"{method} {path}")

    def test_every_schema_is_used(self) -> None:
        text = json.dumps(document())
        for name in document()["components"]["schemas"]:
            self.assertIn(f'"#/components/schemas/{name}"', text)

    def test_every_example_is_one_of_its_schema(self) -> None:
        for method, path, operation in operations():
            content = operation.get("requestBody", {}).get("content", {})
            told = [*operation["parameters"], *content.values()]
            for each in told:
                if "example" in each:
                    wrong = list(validator(each["schema"]).iter_errors(each["example"]))
                    self.assertEqual(wrong, [], f"{method} {path}")

    def test_units_and_ranges_are_told(self) -> None:
        schemas = document()["components"]["schemas"]
        self.assertEqual(schemas["ClientView"]["properties"]["memory"]["description"], "of the machine, in bytes")
        self.assertEqual(schemas["ClientView"]["properties"]["status"]["enum"], ["enabled", "disabled"])
        self.assertEqual(schemas["JobChange"]["properties"]["priority"]["maximum"], 100)


def plain(row: Route) -> str:
    return row.path.replace(":name}", "}")


class Answers(TestCase):
    """Filled below: a test for each verb, about one thing and about those that a filter chooses."""

    async def hold(self, request: Request) -> None:
        farm = await ExampleFarm.made(self)
        web = Web(self, farm=farm)
        operation, path = self.operation(request)
        reply = self.ask(web, operation, path, request)
        told = operation["responses"][str(reply.status)]
        self.assertLess(reply.status, 300, reply.body)
        kind = reply.headers["content-type"].partition(";")[0]
        schema = told["content"][kind]["schema"]
        body = reply.json if kind == "application/json" else reply.body.decode()
        self.assertEqual([error.message for error in validator(schema).iter_errors(body)], [])
        for name, header in told.get("headers", {}).items():
            self.assertTrue(name.lower() in reply.headers or not header["required"], name)

    def operation(self, request: Request) -> tuple[Mapping[str, Any], str]:
        """The one of this request, and its path."""
        verb = VERBS[request.item, request.action]
        one = request.id is not None
        for row in Web(self).site.table:
            about_one = f"{{{request.item}" in row.path
            if row.verb is verb and about_one == one and not row.path.endswith((".json", ".csv")):
                return document()["paths"][plain(row)][row.method.lower()] | {"method": row.method}, plain(row)
        raise AssertionError(f"{request} has no address.")

    def ask(self, web: Web, operation: Mapping[str, Any], path: str, request: Request) -> Reply:
        verb = VERBS[request.item, request.action]
        for name, value in (("job", request.job), (request.item, request.id)):
            path = path.replace(f"{{{name}}}", quote(str(value), safe="")) if value is not None else path
        query = {"filter": request.filter} if request.filter else {}
        query |= {} if verb.by_body else request.values
        address = f"{path}?{urlencode(query, quote_via=quote)}"
        return web.ask(operation["method"], address, request.values if verb.by_body else None)


def many(request: Request) -> Request:
    """The same about all that a filter chooses."""
    return Request(request.item, request.action, None, request.filter or "all", request.values, request.job)


def add(name: str, request: Request) -> None:
    async def test(self: Answers) -> None:
        await self.hold(request)

    setattr(Answers, f"test_{name}_is_as_the_document_says", test)


for key, example in EXAMPLES.items():
    add("_".join(key), example)
    if VERBS[key].which in (Which.MANY, Which.ANY) and VERBS[key].name != "read":
        add("_".join(key) + "_of_many", many(example))
