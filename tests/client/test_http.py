"""Plain HTTP: lost answers, strange answers, a standby, streams that break anywhere."""

import json
import socket
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from brender.client import Farm
from brender.client.errors import Failed, NotFound, Unreachable
from brender.client.http import Api
from tests.client.case import reactor


class Canned(Factory):
    """Answers each connection with the next of some bytes, and notes what was asked."""

    noisy = False

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers)
        self.asked: list[bytes] = []

    def buildProtocol(self, addr: Any) -> Protocol:
        made = CannedAnswer()
        made.factory = self
        return made


class CannedAnswer(Protocol):
    factory: Canned

    def dataReceived(self, data: bytes) -> None:
        assert self.transport is not None
        if not data.startswith((b"GET", b"POST", b"PATCH")):
            self.factory.asked[-1] += data
        else:
            self.factory.asked.append(data)
        asked = self.factory.asked[-1]
        if b"\r\n\r\n" in asked and (asked.startswith(b"GET") or asked.endswith(b"}")):
            self.transport.write(self.factory.answers.pop(0))
            self.transport.loseConnection()


def answer(body: str, status: str = "200 OK") -> bytes:
    data = body.encode()
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(data)}\r\nConnection: close\r\n\r\n".encode() + data


def stream(text: str) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n" + text.encode()


class ApiCase(TestCase):
    timeout = 30

    def serve(self, *answers: bytes) -> tuple[Api, Canned]:
        factory = Canned(*answers)
        port = reactor.listenTCP(0, factory, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        return Api(f"http://127.0.0.1:{port.getHost().port}/"), factory

    async def failing(self, question: "Deferred[Any]") -> Failed:
        try:
            found = await question
        except Failed as failed:
            return failed
        raise AssertionError(f"It did not fail: {found!r}")


class Asking(ApiCase):
    async def test_a_change_whose_answer_is_lost_is_asked_again_under_the_same_key(self) -> None:
        api, served = self.serve(b"", answer('{"id": 7}', "201 Created"))
        self.assertEqual(await deferToThread(api.post, "/api/v1/jobs", {"template": "blender"}), {"id": 7})
        keys = [
            [line for line in asked.split(b"\r\n") if line.lower().startswith(b"idempotency-key")]
            for asked in served.asked
        ]
        self.assertEqual((len(keys), keys[0]), (2, keys[1]))
        self.assertEqual(served.asked[0], served.asked[1])

    async def test_a_change_whose_answer_is_lost_twice_has_failed(self) -> None:
        api, served = self.serve(b"", b"")
        failed = await self.failing(deferToThread(api.post, "/api/v1/jobs", {}))
        self.assertIsInstance(failed, Unreachable)
        self.assertEqual(len(served.asked), 2)

    async def test_what_the_server_refuses_is_told_in_its_words(self) -> None:
        problems = [{"at": "steps[0].name", "message": "Missing."}, {"at": "name", "message": "Too long."}]
        error = {"code": "refused", "message": "The job was not taken.", "at": ""}
        said = {"type": "about:blank", "status": 422, "code": "refused", "detail": error["message"]}
        api, _ = self.serve(answer(json.dumps({**said, "problems": problems}), "422 Refused"))
        failed = await self.failing(deferToThread(api.get, "/"))
        self.assertEqual(failed.lines(), ["The job was not taken.", "  steps[0].name: Missing.", "  name: Too long."])
        self.assertEqual(failed.as_json(), {"ok": False, "error": error, "problems": problems})
        self.assertNotIsInstance(failed, NotFound)

    async def test_a_single_problem_is_told_once_with_its_place(self) -> None:
        self.assertEqual(Failed("No.", code="x", problems=[{"at": "a", "message": "No."}]).lines(), ["a: No."])

    def test_what_is_no_text_is_refused_before_anything_is_sent(self) -> None:
        for ask in (lambda farm: farm.users.show("\ud800"), lambda farm: list(farm.jobs.list(filter="name=\ud800"))):
            with self.assertRaisesRegex(Failed, r"^The address has half a surrogate pair \(like \\ud800\)") as caught:
                ask(Farm("http://127.0.0.1:1"))
            self.assertEqual(caught.exception.code, "bad-request")

    async def test_answers_that_are_not_ours_are_told_as_such(self) -> None:
        for body in ("<html>", "[]", '{"detail": "x"}', "{}"):
            api, _ = self.serve(answer(body, "502 Bad Gateway"))
            failed = await self.failing(deferToThread(api.get, "/"))
            self.assertTrue(str(failed).endswith("answers 502 Bad Gateway; is it a brender server?"), failed)

    async def test_an_answer_that_is_not_json_is_told_as_such(self) -> None:
        api, _ = self.serve(answer("<html>hello</html>"))
        failed = await self.failing(deferToThread(api.get, "/api/v1/jobs"))
        self.assertIn("is it a brender server?", str(failed))

    async def test_an_answer_that_breaks_off_is_no_answer(self) -> None:
        api, _ = self.serve(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"data"')
        self.assertIsInstance(await self.failing(deferToThread(api.get, "/")), Unreachable)


class Several(ApiCase):
    """A farm and its standby."""

    def both(self, first: Api, second: Api) -> Api:
        return Api(f"{first.base}, {second.base}")

    def refusing(self) -> Api:
        """Where nobody listens."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            return Api(f"http://127.0.0.1:{free.getsockname()[1]}")

    async def test_the_next_one_is_asked_when_one_does_not_answer_and_stays_the_one(self) -> None:
        second, served = self.serve(answer("[1]"), answer("[2]"))
        api = self.both(self.refusing(), second)
        self.assertEqual(await deferToThread(api.post, "/x"), [1])
        self.assertEqual(api.base, second.base)
        self.assertEqual(await deferToThread(api.get, "/x"), [2])
        self.assertEqual(len(served.asked), 2)

    async def test_the_next_one_is_asked_when_one_is_a_standby(self) -> None:
        standby = json.dumps({"code": "standby", "detail": "That one has the farm."})
        first, _ = self.serve(answer(standby, "503 Service Unavailable"))
        second, _ = self.serve(answer("[1]"))
        self.assertEqual(await deferToThread(self.both(first, second).get, "/x"), [1])

    async def test_what_the_standby_says_is_told_when_nobody_has_the_farm(self) -> None:
        standby = json.dumps({"code": "standby", "detail": "It waits."})
        second, _ = self.serve(answer(standby, "503 Service Unavailable"))
        failed = await self.failing(deferToThread(self.both(self.refusing(), second).get, "/x"))
        self.assertEqual((str(failed), failed.code), ("It waits.", "standby"))

    async def test_a_change_that_may_have_been_done_is_asked_of_nobody_else(self) -> None:
        first, served = self.serve(b"", b"")
        second, other = self.serve(answer("[1]"))
        api = self.both(first, second)
        self.assertIsInstance(await self.failing(deferToThread(api.post, "/x")), Unreachable)
        self.assertEqual((len(served.asked), len(other.asked)), (2, 0))

    async def test_a_question_whose_answer_is_lost_is_asked_of_the_next_one(self) -> None:
        first, _ = self.serve(b"")
        second, _ = self.serve(answer("[1]"))
        self.assertEqual(await deferToThread(self.both(first, second).get, "/x"), [1])


class Events(ApiCase):
    async def read(self, text: str) -> list[tuple[str, Any]]:
        api, _ = self.serve(stream(text))
        found: list[tuple[str, Any]] = await deferToThread(lambda: list(api.events("job")))
        return found

    async def test_events_comments_and_resets_are_told_apart(self) -> None:
        text = (
            "retry: 1000\n\n: still here\n\nid: 5\nevent: job\ndata: {\"id\": 1}\n\n"
            "event: reset\r\ndata: {\"last_event\": 9}\r\n\r\n"
        )  # fmt: skip
        self.assertEqual(
            await self.read(text),
            [("open", None), ("", None), ("", None), ("", None), ("job", {"id": 1}), ("reset", {"last_event": 9})],
        )

    async def test_an_event_that_breaks_off_is_left_out(self) -> None:
        self.assertEqual(await self.read('event: job\ndata: {"id": 1}\n\nevent: job\ndata: {"id"'),
                         [("open", None), ("job", {"id": 1})])  # fmt: skip

    async def test_a_broken_event_is_a_failure_and_no_crash(self) -> None:
        api, _ = self.serve(stream("event: job\ndata: {oops\n\n"))
        await self.failing(deferToThread(lambda: list(api.events("job"))))
