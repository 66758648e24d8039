"""The site on a real port, with real sockets: limits, streams, and stopping while pages are open."""

from typing import Any, cast

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.interfaces import IPushProducer, ITCPTransport
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.tcp import Port
from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogPublisher
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase
from zope.interface import provider

from brender.web import make_site
from tests.fakes import SmallFarm
from tests.web.fakes import Reply, replies, request


class Reader(Protocol):
    """Takes what comes; `until` waits for a piece of it, `whole` for its end."""

    transport: ITCPTransport  # a Protocol's is None before the connection

    def __init__(self) -> None:
        self.data = b""
        self.whole: Deferred[bytes] = Deferred()
        self._piece = b""
        self._found: Deferred[None] = Deferred()

    def until(self, piece: bytes) -> Deferred[None]:
        self._piece, self._found = piece, Deferred()
        self.dataReceived(b"")
        return self._found

    def dataReceived(self, data: bytes) -> None:
        self.data += data
        if self._piece and self._piece in self.data:
            self._piece = b""
            self._found.callback(None)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.whole.callback(self.data)


class RealSockets(TestCase):
    def setUp(self) -> None:
        self.farm = SmallFarm(self)
        self.site = make_site(self.farm.service, "2.0", clock=reactor)
        self.port = cast("Port", reactor.listenTCP(0, cast("Any", self.site), interface="127.0.0.1"))
        self.addCleanup(self.port.stopListening)

    async def connect(self) -> Reader:
        endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", self.port.getHost().port)
        reader: Reader = await connectProtocol(endpoint, Reader())
        self.addCleanup(self.hang_up, reader)
        return reader

    async def hang_up(self, reader: Reader) -> None:
        reader.transport.abortConnection()
        if not reader.whole.called:
            await reader.whole

    async def told(self, *parts: bytes) -> Reply:
        reader = await self.connect()
        for part in parts:
            reader.transport.write(part)
        return replies(await reader.whole)[0]

    async def test_a_page_is_served(self) -> None:
        self.assertEqual((await self.told(request("GET", "/", Connection="close"))).status, 200)

    async def test_a_request_that_is_refused_is_a_line_of_the_log_and_one_that_looks_is_none(self) -> None:
        """API-04"""
        lines: list[str] = []

        @provider(ILogObserver)
        def note(event: LogEvent) -> None:
            lines.append(formatEvent(event))

        globalLogPublisher.addObserver(note)
        self.addCleanup(globalLogPublisher.removeObserver, note)
        for body in (b'{"priority": NaN}', b"\xff", b"[]"):
            reply = await self.told(request("POST", "/api/v1/jobs", body, Connection="close"))
            self.assertEqual(reply.status, 400)
            (line,) = (line for line in lines if "/api/v1/jobs" in line)
            self.assertRegex(line, r'^"127\.0\.0\.1" - - \[.+\] "POST /api/v1/jobs HTTP/1\.1" 400 \d+ ')
            lines.clear()
        await self.told(b"GET /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n")
        self.assertTrue(any("Refused a request of" in line and "400 That is not HTTP" in line for line in lines), lines)
        lines.clear()
        await self.told(request("GET", "/api/v1/jobs", Connection="close"))
        self.assertEqual([line for line in lines if "/api/v1/jobs" in line], [])

    async def test_somebody_who_sends_far_too_much_still_reads_why_it_was_refused(self) -> None:
        head = b"POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 104857600\r\n\r\n"
        reply = await self.told(head, *[b"x" * 100_000] * 40)
        self.assertEqual((reply.status, reply.message), (413, "The body has more than 16777216 bytes."))
        self.assertEqual((await self.told(request("GET", "/api/v1/farm", Connection="close"))).status, 200)

    async def test_an_address_that_is_too_long_is_told_so(self) -> None:
        self.assertEqual((await self.told(b"GET /?" + b"x" * 20_000 + b" HTTP/1.1\r\n\r\n")).status, 414)

    async def test_events_reach_a_real_reader_and_end_with_the_port(self) -> None:
        reader = await self.connect()
        reader.transport.write(request("GET", "/api/v1/events"))
        await reader.until(b"retry: 1000")
        await self.farm.job()
        self.farm.clock.advance(0.2)
        await reader.until(b"event: job")
        stopped = self.port.stopListening()
        await reader.until(b"0\r\n\r\n")
        await stopped

    async def test_a_reader_who_reads_nothing_is_reset_and_memory_stays_bounded(self) -> None:
        reader = await self.connect()
        reader.transport.write(request("GET", "/api/v1/events"))
        await reader.until(b"retry: 1000")
        IPushProducer(reader.transport).pauseProducing()
        (stream,) = self.site.streams._open
        for _ in range(4000):  # until the system's buffers are full, which are as large as it likes
            await self.flood()
            if stream._behind:
                break
        self.assertTrue(stream._behind)
        self.assertEqual(len(stream._waiting), 0)
        IPushProducer(reader.transport).resumeProducing()
        await reader.until(b"event: reset")

    async def flood(self) -> None:
        """Many large events, then a turn of the reactor."""
        for _ in range(10):
            self.farm.service._events.publish("job", {"text": "x" * 8_000})
        turn: Deferred[None] = Deferred()
        reactor.callLater(0, turn.callback, None)
        await turn
