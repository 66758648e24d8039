"""Events over a WebSocket, for programs that also want to say what they hear (RFC 6455).

How does this work?  A request for the events' address that asks for an upgrade is checked here, as strictly as one
that changes something: a browser lets every site's page open a WebSocket to us.  Twisted's own `WebSocketResource` then
takes the connection over from HTTP, and a `Socket` stands behind it: a `Reader` whose events are JSON messages.  A
message of the client, `{"kinds": [...], "filter": "...", "job": 3}`, changes what it hears, and is answered.  A ping at
every beat finds peers that are gone; what is too long, or no text, ends the connection with the RFC's code for it.

Twisted keeps a message until it is whole, however long it is, so `Socket.received` stands in front of that and looks at
what is kept.  And it closes a connection in a way that throws the last word away when the peer is still sending, so
`close` closes our half and reads on for a moment.  Tests with real clients watch over the names with an underscore.
"""

# What is inherited from twisted.web has no types there.
# mypy: allow-untyped-calls

import re
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Protocol, cast

import msgspec
from msgspec import UNSET, UnsetType
from twisted.internet.interfaces import IConsumer, IDelayedCall, IPushProducer, IReactorTime, ITCPTransport
from twisted.python.failure import Failure
from twisted.web.http import Request
from twisted.web.http_headers import Headers
from twisted.web.websocket import WebSocketResource, WebSocketTransport
from wsproto.events import CloseConnection
from wsproto.utilities import LocalProtocolError, ProtocolError
from zope.interface import implementer

from brender.farm.interfaces import NotFound
from brender.farm.people.users import LOCAL, Who
from brender.farm.submission.problems import shown
from brender.verbs.filters import BadFilter
from brender.verbs.said.given import read
from brender.verbs.said.strict import parsed
from brender.verbs.said.unfit import Unfit
from brender.web.following.readers import Batch, Question, Reader, Said
from brender.web.http.asking import Ask
from brender.web.http.guard import other_site
from brender.web.http.wrong import Wrong, unfit

MOST_MESSAGE = 16_384  # bytes of a client's message
MOST_UNANSWERED = 3  # pings
LINGER = 5.0  # seconds that a peer has to take what was said last
KEY = re.compile(r"[A-Za-z0-9+/]{22}==")  # 16 bytes
GOING_AWAY, NO_TEXT, TOO_LONG = 1001, 1003, 1009  # of RFC 6455


class Wanted(msgspec.Struct, frozen=True):
    """What a client may say: what is not there stays as it is."""

    kinds: list[str] | UnsetType = UNSET
    filter: str | UnsetType = UNSET
    job: int | UnsetType | None = UNSET


class Sockets(Protocol):
    """What a socket asks of the streams."""

    def last_event(self) -> int:
        """The number of the last event."""

    def add(self, reader: Reader, since: int | None) -> None:
        """Tell it what it missed, and from now on everything."""

    def ask(self, reader: Reader, question: Question) -> object:
        """What it wants to hear from now on; raises `BadFilter`, `Unfit` or `NotFound`, and then nothing changes."""

    def remove(self, reader: Reader) -> None:
        """Tell it nothing more."""


def asks_for_socket(ask: Ask) -> bool:
    return ask.method == "GET" and "websocket" in tokens(ask.header("upgrade"))


def check_handshake(ask: Ask) -> None:
    """It is one of RFC 6455, and no page of another site stands behind it."""
    if site := other_site(ask):
        raise Wrong(403, f"A page of {shown(site)} may not follow this farm.", at="Origin")
    if "upgrade" not in tokens(ask.header("connection")):
        sentence = "Who asks for a WebSocket says Connection: Upgrade; a proxy may have left it out."
        raise Wrong(400, sentence, at="Connection")
    if ask.header("sec-websocket-version") != "13":
        sentence = "The version of WebSocket that is spoken here is 13."
        raise Wrong(400, sentence, at="Sec-WebSocket-Version", headers={"Sec-WebSocket-Version": "13"})
    if not KEY.fullmatch(ask.header("sec-websocket-key")):
        raise Wrong(400, "Sec-WebSocket-Key has to be 16 bytes in Base64.", at="Sec-WebSocket-Key")


def tokens(value: str) -> list[str]:
    return [word.strip().lower() for word in value.split(",")]


def take_over(request: Request, socket: "Socket", since: int | None) -> None:
    """Make the request's connection a WebSocket; of its headers Twisted is shown only what was checked."""
    key = request.getHeader(b"sec-websocket-key") or b""
    request.requestHeaders = Headers({
        b"Host": [b"here"],
        b"Upgrade": [b"websocket"],
        b"Connection": [b"Upgrade"],
        b"Sec-WebSocket-Version": [b"13"],
        b"Sec-WebSocket-Key": [key],
    })  # fmt: skip
    socket.since = since
    WebSocketResource(cast("Any", Maker(socket))).render_GET(cast("Any", request))
    socket.guard()


class Maker:
    """The factory that Twisted asks for."""

    def __init__(self, socket: "Socket") -> None:
        self._socket = socket

    def buildProtocol(self, request: Request) -> "Socket":
        return self._socket


@implementer(IPushProducer)
class Socket(Reader):
    """One reader with a WebSocket; `twisted.web.websocket.WebSocketProtocol`."""

    def __init__(
        self,
        request: Request,
        question: Question,
        clock: IReactorTime,
        streams: Sockets,
        who: Who = LOCAL,
    ) -> None:
        super().__init__(question, streams.last_event, who)
        self.since: int | None = None
        self._channel = cast("Any", request.channel)
        self._connection: ITCPTransport = self._channel.transport
        self._clock = clock
        self._streams = streams
        self._wire: Any = None  # Twisted's
        self._unanswered = 0  # pings
        self._leaving: IDelayedCall | None = None

    # --- what Twisted says

    def negotiationStarted(self, transport: WebSocketTransport) -> None:
        self._wire = transport
        cast("IConsumer", self._connection).unregisterProducer()  # which was HTTP's channel
        transport.attachProducer(self)

    def negotiationFinished(self) -> None:
        self._streams.add(self, self.since)

    def pongReceived(self, payload: bytes) -> None:
        self._unanswered = 0

    def textMessageReceived(self, message: str) -> None:
        self._unanswered = 0
        if len(message) > MOST_MESSAGE:
            self.close(TOO_LONG)
            return
        try:
            self._streams.ask(self, self._wanted(message))
        except (BadFilter, Unfit) as error:
            self._answer("error", unfit(error).body())
        except NotFound as error:
            self._answer("error", Wrong(404, str(error), at="job").body())
        else:
            hears = self.question
            self._answer("hears", {"kinds": sorted(hears.kinds), "filter": hears.filter, "job": hears.job})

    def bytesMessageReceived(self, data: bytes) -> None:
        self.close(NO_TEXT)

    def connectionLost(self, reason: Failure) -> None:
        self._streams.remove(self)
        if self._leaving is not None and self._leaving.active():
            self._leaving.cancel()

    # --- what stands in front of it

    def guard(self) -> None:
        """From now on what comes is looked at before Twisted keeps it."""
        self._channel.dataReceived = self.received

    def received(self, data: bytes) -> None:
        if self._leaving is not None:
            return
        try:
            self._wire.dataReceived(data)
        except ProtocolError:  # it speaks on after its own end
            self._leave()
        if len(self._wire._textBuffer.data) + len(self._wire._bytesBuffer.data) > MOST_MESSAGE:
            self.close(TOO_LONG)

    # --- a reader's part

    def write(self, batch: Batch) -> None:
        for said in batch.said:
            self._send(partial(self._wire.sendTextMessage, said.message))

    def beat(self) -> None:
        if self._unanswered >= MOST_UNANSWERED:
            self._connection.abortConnection()
            return
        self._unanswered += 1
        self._send(self._wire.ping)

    def end(self) -> None:
        self.close(GOING_AWAY)

    def stopProducing(self) -> None:
        self._streams.remove(self)

    def close(self, code: int) -> None:
        if self._leaving is None:
            self._leave()
            with suppress(LocalProtocolError):  # the peer was first
                self._connection.write(self._wire._wsconn.send(CloseConnection(code)))
            self._connection.loseWriteConnection()

    # --- inside

    def _wanted(self, message: str) -> Question:
        wanted = read(parsed(message.encode("utf-8", "replace"), "The message"), Wanted)
        before = self.question
        return before._replace(
            kinds=before.kinds if wanted.kinds is UNSET else frozenset(wanted.kinds),
            filter=before.filter if wanted.filter is UNSET else wanted.filter.strip(),
            job=before.job if wanted.job is UNSET else wanted.job,
        )

    def _answer(self, kind: str, data: dict[str, Any]) -> None:
        self.tell(Batch(Said(self._last_event(), kind, data)))

    def _send(self, call: Callable[[], None]) -> None:
        try:
            call()
        except LocalProtocolError:  # the connection is being closed
            self._leave()

    def _leave(self) -> None:
        """Nothing more is said; a peer that does not take what was said last is not waited for long."""
        self._streams.remove(self)
        if self._leaving is None:
            self._leaving = self._clock.callLater(LINGER, self._connection.abortConnection)
            self._wire.detachProducer()
