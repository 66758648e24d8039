"""Addresses and methods: what is there is answered, what is not is told so, and nothing brings a 500."""

from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase

from brender.farm.interfaces import NotFound
from brender.web.http.answers import Answer, json_answer
from brender.web.http.asking import Ask
from brender.web.http.knowing import Knowing
from brender.web.tree import Desk, Route, grown
from tests.web.fakes import Web, Wire, request


def headers(answer: bytes) -> list[bytes]:
    """Status and headers, but the time."""
    lines = answer.partition(b"\r\n\r\n")[0].split(b"\r\n")
    return [line for line in lines if not line.startswith(b"Date:")]


class Addresses(TestCase):
    def setUp(self) -> None:
        self.web = Web(self)

    def test_what_is_not_there_is_404_with_its_address(self) -> None:
        for path in ("/nothing", "/api/v1", "/api/v2/jobs", "/api/v1/jobs/1/nothing", "/api/v1/jobs/x",
                     "/api/v1/jobs/-1", "/jobs/1.xml", "/api//v1/farm", "/%00", "/api/v1/jobs/%D9%A3"):  # fmt: skip
            reply = self.web.get(path)
            self.assertEqual((reply.status, reply.json["code"]), (404, "not-found"), path)
            self.assertEqual((reply.json["status"], reply.json["title"]), (404, "Not Found"))

    def test_an_address_that_is_no_text_is_400(self) -> None:
        for path in ("/%ff", "/api/v1/jobs/%ff", "/jobs/%c3%28", "/api/v1/farm?%ff=1"):
            self.assertEqual(self.web.get(path).status, 400, path)

    def test_numbers_larger_than_any_id_are_not_there(self) -> None:
        for digits in (16, 400, 5000):
            self.assertEqual(self.web.get("/api/v1/jobs/" + "9" * digits).status, 404)

    def test_no_address_leads_out_of_the_tree(self) -> None:
        for path in ("/static/../api/v1/farm", "/static/%2e%2e%2f%2e%2e%2fetc%2fpasswd", "/static/..%2fsite.py",
                     "//etc/passwd", "/static//etc/passwd", "/static/index.html", "/static/",
                     "/api/v1/jobs/../farm"):  # fmt: skip
            self.assertEqual(self.web.get(path).status, 404, path)

    def test_a_slash_at_the_end_changes_nothing(self) -> None:
        self.assertEqual(self.web.get("/api/v1/clients/").json, self.web.get("/api/v1/clients").json)

    def test_people_are_told_in_html_and_what_they_typed_stays_text(self) -> None:
        reply = self.web.get("/<script>alert(1)</script>", Accept="text/html,*/*")
        self.assertEqual((reply.status, reply.headers["content-type"]), (404, "text/html; charset=utf-8"))
        self.assertIn(b"&lt;script&gt;", reply.body)
        self.assertNotIn(b"<script>alert", reply.body)
        told = self.web.get("/api/v1/x", Accept="text/html")
        self.assertEqual(told.headers["content-type"], "application/problem+json")


class Methods(TestCase):
    def setUp(self) -> None:
        self.web = Web(self)

    def test_a_method_that_is_not_there_is_405_with_those_that_are(self) -> None:
        for method in ("PUT", "DELETE", "PATCH", "BREW"):
            reply = self.web.ask(method, "/api/v1/archive", {})
            self.assertEqual((reply.status, reply.headers["allow"]), (405, "GET, POST, HEAD, OPTIONS"), method)

    def test_options_tells_what_is_possible(self) -> None:
        reply = self.web.ask("OPTIONS", "/api/v1/archive")
        self.assertEqual((reply.status, reply.headers["allow"], reply.body), (204, "GET, POST, HEAD, OPTIONS", b""))

    def test_head_has_the_headers_of_get_and_no_body(self) -> None:
        for path in ("/", "/api/v1/farm", "/api/v1/nothing", "/static/icon.svg"):
            get, head = self.web.wire(), self.web.wire()
            get.send(request("GET", path))
            head.send(request("HEAD", path))
            self.assertEqual(head.got().partition(b"\r\n\r\n")[2], b"")
            self.assertEqual(headers(head.got()), headers(get.got()))

    def test_head_of_the_events_ends(self) -> None:
        wire = self.web.wire()
        wire.send(request("HEAD", "/api/v1/events") + request("GET", "/api/v1/farm"))
        self.assertIn(b"text/event-stream", wire.got())
        self.assertIn(b'"version":"2.0"', wire.got())
        self.assertEqual(len(self.web.site.streams), 0)


class Handlers(TestCase):
    """A tree of our own, to see what becomes of what a handler does."""

    def setUp(self) -> None:
        self.web = Web(self)
        self.gate: Deferred[None] = Deferred()
        self.web.site.resource = grown(
            [
                Route("GET", "/slow", self.slow),
                Route("GET", "/broken", self.broken),
                Route("GET", "/gone/{job}.json", self.gone),
            ],
            Desk(lambda: "", ["localhost"], Knowing(self.web.farm.service), lambda: 0),
        )

    async def slow(self, _: Ask) -> Answer:
        await self.gate
        return json_answer({"slow": True})

    async def broken(self, _: Ask) -> Answer:
        raise ZeroDivisionError("one")

    async def gone(self, ask: Ask) -> Answer:
        raise NotFound(f"There is no job {ask.ids['job']}.")

    def wire(self, path: str) -> Wire:
        wire = self.web.wire()
        wire.send(request("GET", path))
        return wire

    def test_an_answer_may_take_its_time(self) -> None:
        wire = self.wire("/slow")
        self.assertEqual(wire.got(), b"")
        self.gate.callback(None)
        self.assertEqual(wire.reply().json, {"slow": True})

    def test_a_reader_who_has_gone_is_not_answered(self) -> None:
        wire = self.wire("/slow")
        wire.close()
        self.gate.callback(None)
        self.assertEqual(wire.got(), b"")

    def test_our_own_mistakes_are_logged_under_the_number_that_the_reader_is_told(self) -> None:
        reply = self.wire("/broken").reply()
        self.assertEqual(reply.status, 500)
        self.assertRegex(reply.message, "log has the details under “Mistake [0-9]+”")
        self.assertNotIn(b"ZeroDivision", reply.body)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_what_the_farm_does_not_have_is_404(self) -> None:
        self.assertEqual(self.wire("/gone/7.json").reply().message, "There is no job 7.")
