"""One POST: taken, or why not, for everything that networks and people do."""

import socket
from typing import Any

from twisted.internet import reactor as global_reactor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.trial.unittest import TestCase

from brender.webhooks.posting import SECONDS, NotTaken, Post
from tests.webhooks.receiver import HANG, Receiver, until


class Mail(Protocol):
    """Somebody else's server."""

    def connectionMade(self) -> None:
        self.transport.write(b"220 mail.example ready\r\n")  # type: ignore[union-attr]  # it is connected
        self.transport.loseConnection()  # type: ignore[union-attr]


class Posting(TestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.receiver = Receiver(self)
        self.reactor: Any = global_reactor
        self.post = Post(self.reactor, self.clock)

    def send(self, url: str = "") -> Deferred[None]:
        return Deferred.fromCoroutine(self.post(url or self.receiver.url, {"Brender-Event": "job"}, b"{}"))

    async def why_not(self, sent: Deferred[None]) -> str:
        try:
            await sent
        except NotTaken as error:
            return str(error)
        return ""

    async def test_what_is_sent_arrives_as_it_is(self) -> None:
        self.assertEqual(await self.why_not(self.send()), "")
        (got,) = self.receiver.got
        self.assertEqual((got.body, got.headers["Brender-Event"], got.headers["Content-Length"]), (b"{}", "job", "2"))

    async def test_only_an_answer_that_says_so_means_that_it_was_taken(self) -> None:
        self.receiver.answers = [200, 202, 204, 301, 307, 400, 410, 500]
        said = [await self.why_not(self.send()) for _ in range(8)]
        self.assertEqual(said, ["", "", "", *(f"it answered {status}" for status in (301, 307, 400, 410, 500))])
        self.assertEqual(len(self.receiver.got), 8)  # nothing was followed

    async def test_one_that_never_answers_has_ten_seconds(self) -> None:
        self.receiver.answers = [HANG]
        sent = self.send()
        await until(lambda: len(self.receiver.hanging) == 1)
        self.clock.advance(SECONDS)
        self.assertEqual(await self.why_not(sent), "it did not answer within 10 s")
        self.assertEqual(self.clock.getDelayedCalls(), [])

    async def test_one_that_begins_an_answer_and_never_ends_it_has_as_long(self) -> None:
        self.receiver.answers = [HANG]
        sent = self.send()
        await until(lambda: len(self.receiver.hanging) == 1)
        self.receiver.hanging[0].write(b"wait for it")
        self.clock.advance(SECONDS)
        self.assertEqual(await self.why_not(sent), "it did not answer within 10 s")

    async def test_a_stop_of_the_server_ends_it(self) -> None:
        self.receiver.answers = [HANG]
        sent = self.send()
        await until(lambda: len(self.receiver.hanging) == 1)
        sent.cancel()
        self.assertEqual(await self.why_not(sent), "the server stopped")

    async def test_who_is_not_there_is_told_as_it_is(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        self.assertRegex(await self.why_not(self.send(f"http://127.0.0.1:{port}/")), "refused")

    async def test_who_does_not_speak_http_is_told_as_it_is(self) -> None:
        port = self.reactor.listenTCP(0, Factory.forProtocol(Mail), interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        self.assertNotEqual(await self.why_not(self.send(f"http://127.0.0.1:{port.getHost().port}/")), "")
