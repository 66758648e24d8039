"""What could be smuggled past a web server in front is refused, on the wire in memory and on a real socket."""

import socket
from typing import Any, cast

from twisted.internet import reactor
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from brender.web import make_site
from tests.fakes import SmallFarm
from tests.web.fakes import Web, replies
from tests.web.smuggled import AMBIGUOUS, GET, HIDDEN, PLAIN

PATIENCE = 60.0  # seconds


class Smuggling(TestCase):
    def setUp(self) -> None:
        self.web = Web(self)

    def test_what_can_be_read_in_two_ways_is_refused_and_nothing_after_it_is_heard(self) -> None:
        for name, sent in AMBIGUOUS.items():
            for parts in ((sent + HIDDEN,), (sent[: len(sent) // 2], sent[len(sent) // 2 :], HIDDEN)):
                wire = self.web.wire()
                for part in parts:
                    wire.send(part)
                (reply,) = replies(wire.got())
                self.assertEqual((reply.status, reply.headers["connection"]), (400, "close"), name)
                self.assertTrue(wire.transport.half_closed, name)
                wire.close()

    def test_what_is_odd_and_clear_is_one_request(self) -> None:
        for name, sent in PLAIN.items():
            wire = self.web.wire()
            wire.send(sent + GET + b"\r\n")
            self.assertEqual([reply.status for reply in replies(wire.got())][1:], [200], name)
            wire.close()

    def test_a_body_that_was_squeezed_is_not_taken(self) -> None:
        for coding in ("gzip", "deflate", "br", "gzip, identity", "x"):
            reply = self.web.ask("POST", "/api/v1/jobs", {}, Content_Encoding=coding)
            self.assertEqual((reply.status, reply.json["at"]), (415, "Content-Encoding"))
        self.assertEqual(self.web.ask("POST", "/api/v1/jobs", {}, Content_Encoding="identity").status, 400)


class OnASocket(TestCase):
    def setUp(self) -> None:
        farm = SmallFarm(self)
        site = make_site(farm.service, "2.0", clock=cast("Any", reactor))
        port: Any = cast("Any", reactor).listenTCP(0, site, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        self.port = port.getHost().port

    def said(self, data: bytes) -> bytes:
        """All that is answered, until the server has closed."""
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as wire:
            wire.sendall(data)
            got = b""
            while more := wire.recv(65_536):
                got += more
            return got

    async def test_the_connection_is_closed_after_one_refusal(self) -> None:
        for name, sent in AMBIGUOUS.items():
            got = await deferToThread(self.said, sent + HIDDEN)
            self.assertEqual(got.count(b"HTTP/1."), 1, name)
            self.assertTrue(got.startswith(b"HTTP/1.1 400 "), name)
