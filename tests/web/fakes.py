"""A reader of the web without sockets: the real site on the real service, and a transport in memory.

How does this work?  `Web` makes a site for a `SmallFarm`.  `Web.ask` sends one whole request and gives the `Reply`;
`Web.wire` gives a connection for tests that send bytes of their own.  Time moves only when a
test says so.
"""

# What is inherited from twisted.web has no types there.
# mypy: allow-untyped-calls

import json
import re
from collections.abc import Set
from functools import cache
from typing import Any, NamedTuple, cast

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IPushProducer
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase

from brender.web import make_site
from brender.web.face import API
from brender.web.http.channel import Channel
from tests.fakes import SmallFarm

LAST_CHUNK = b"0\r\n\r\n"


class MemoryTransport(StringTransport):
    """A transport that can be half closed, and notes it."""

    def __init__(self) -> None:
        super().__init__()
        self.half_closed = False
        self.aborted = False

    def loseWriteConnection(self) -> None:
        self.half_closed = True

    def abortConnection(self) -> None:
        self.aborted = True


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def message(self) -> str:
        return str(self.json["detail"])


class Wire:
    """One connection to the site."""

    def __init__(self, web: "Web") -> None:
        self.transport = MemoryTransport()
        self.channel = cast("Channel", web.site.buildProtocol(None))
        self.channel.makeConnection(self.transport)

    def send(self, data: bytes) -> None:
        self.channel.dataReceived(data)

    def got(self) -> bytes:
        return bytes(self.transport.value())

    def reply(self, number: int = 0) -> Reply:
        return replies(self.got())[number]

    def pause(self) -> None:
        """The reader's side is full."""
        IPushProducer(self.transport.producer).pauseProducing()

    def resume(self) -> None:
        IPushProducer(self.transport.producer).resumeProducing()

    def close(self) -> None:
        self.channel.connectionLost(Failure(ConnectionDone()))


class Web:
    def __init__(self, test: TestCase, farm: SmallFarm | None = None, **options: Any) -> None:
        self.farm = farm or SmallFarm(test)
        self.site = make_site(self.farm.service, "2.0", clock=self.farm.clock, now=self.farm.now, **options)

    def wire(self) -> Wire:
        return Wire(self)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        """One request on a connection of its own; `body` is sent as JSON unless it is bytes."""
        wire = self.wire()
        wire.send(request(method, path, body, **headers))
        reply = wire.reply()
        check_told(method, path, reply)
        return reply

    def turn(self) -> None:
        """One turn of the reactor: what is due now is done, and not what that makes due."""
        clock = self.farm.clock
        due: list[Any] = [call for call in clock.getDelayedCalls() if call.getTime() <= clock.seconds()]
        for call in due:
            if call.active():
                function, arguments, named = call.func, call.args, call.kw
                call.cancel()
                function(*arguments, **named)

    def get(self, path: str, **headers: str) -> Reply:
        return self.ask("GET", path, **headers)


@cache
def document() -> Any:
    """The OpenAPI document."""
    case = TestCase()
    wire = Web(case).wire()
    wire.send(request("GET", f"{API}/openapi.json"))
    case.doCleanups()
    return wire.reply().json


@cache
def told() -> list[tuple[str, re.Pattern[str], Set[str]]]:
    """Method and address of every operation, and the statuses that the document tells of."""
    return [
        (method.upper(), re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))), operation["responses"].keys())
        for path, methods in document()["paths"].items()
        for method, operation in methods.items()
    ]


def check_told(method: str, path: str, reply: "Reply") -> None:
    """No test ever gets an answer of which the document does not tell."""
    address = path.partition("?")[0]
    statuses = next((known for of, pattern, known in told() if of == method and pattern.fullmatch(address)), None)
    if statuses is not None and str(reply.status) not in statuses:
        raise AssertionError(f"{method} {path} gave {reply.status}, and the document has {', '.join(statuses)}.")


def request(method: str, path: str, body: Any = None, **headers: str) -> bytes:
    content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    said = {"Host": "localhost:8080", **{name.replace("_", "-"): value for name, value in headers.items()}}
    if method not in {"GET", "HEAD", "OPTIONS"}:
        said.setdefault("Content-Type", "application/json")
        said["Content-Length"] = str(len(content))
    head = "".join(f"{name}: {value}\r\n" for name, value in said.items() if value)
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + content


def replies(data: bytes) -> list[Reply]:
    """The answers in what a connection has got; a stream's that goes on is the rest."""
    found = []
    while data:
        head, _, data = data.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1)[:1] + line.split(": ", 1)[1:] for line in lines)
        if headers.get("transfer-encoding") == "chunked" and data.endswith(LAST_CHUNK):
            body, data = unchunked(data)
        else:
            size = int(headers.get("content-length", len(data)))
            body, data = data[:size], data[size:]
        found.append(Reply(int(first.split()[1]), headers, body))
    return found


def unchunked(data: bytes) -> tuple[bytes, bytes]:
    """A body that was sent in chunks, and what comes after it."""
    body, size = b"", -1
    while size:
        digits, _, data = data.partition(b"\r\n")
        size = int(digits, 16)
        body, data = body + data[:size], data[size + 2 :]
    return body, data
