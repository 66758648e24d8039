"""One POST to a receiver: done when it was taken, and otherwise the sentence that says why it was not.

How does this work?  `Post` uses Twisted's `Agent`, with a new connection for each POST and one time-out for all of it.
Only a status from 200 to 299 says that a delivery was taken; a redirect is not followed, as a body that was signed for
one address should not be handed to another.  What the receiver says besides is read and forgotten, and not all of it.
"""

from collections.abc import Mapping
from typing import Any

from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.interfaces import IConsumer, IReactorTime, ITransport
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.client import Agent, HTTPConnectionPool, _HTTP11ClientFactory
from twisted.web.http_headers import Headers
from twisted.web.iweb import IBodyProducer, IResponse
from zope.interface import implementer

SECONDS = 10.0  # that a POST may take
MOST_ANSWER = 65_536  # bytes that are read of an answer


class NotTaken(Exception):
    """The receiver has not taken a delivery; the message says why."""


class Quiet(_HTTP11ClientFactory):
    """Twisted's own, which would write two lines to the log for each POST."""

    noisy = False


class Post:
    def __init__(self, reactor: Any, clock: IReactorTime) -> None:
        self._clock = clock
        pool = HTTPConnectionPool(reactor, persistent=False)
        pool._factory = Quiet
        self._agent = Agent(reactor, connectTimeout=SECONDS, pool=pool)

    async def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """Raises `NotTaken`."""
        begun = self._clock.seconds()
        try:
            asked = Deferred.fromCoroutine(self._status(url, headers, body))
            status = await asked.addTimeout(SECONDS, self._clock)
        except Exception as error:  # whatever names, networks and certificates can do
            late = self._clock.seconds() - begun >= SECONDS
            raise NotTaken(f"it did not answer within {SECONDS:g} s" if late else reason_of(error)) from error
        if not 200 <= status < 300:
            raise NotTaken(f"it answered {status}")

    async def _status(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        raw = Headers({name: [value] for name, value in headers.items()})
        response: IResponse = await self._agent.request(b"POST", url.encode(), raw, Body(body))
        await drained(response)
        return int(response.code)


@implementer(IBodyProducer)
class Body:
    """A body that is there already."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.length = len(content)

    def startProducing(self, consumer: IConsumer) -> Deferred[None]:
        consumer.write(self._content)
        return succeed(None)

    def pauseProducing(self) -> None:
        """It is all written."""

    def resumeProducing(self) -> None:
        """It is all written."""

    def stopProducing(self) -> None:
        """It is all written."""


class Drain(Protocol):
    """Reads an answer and forgets it."""

    transport: ITransport  # a Protocol's is None before the connection

    def __init__(self) -> None:
        self.done: Deferred[None] = Deferred(lambda _: self.transport.loseConnection())
        self._size = 0

    def dataReceived(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > MOST_ANSWER:
            self.transport.loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if not self.done.called:
            self.done.callback(None)


def drained(response: IResponse) -> Deferred[None]:
    drain = Drain()
    response.deliverBody(drain)
    return drain.done


def reason_of(error: Exception) -> str:
    """In a few words; the reason that Twisted has wrapped, where it did."""
    inner = getattr(error, "reasons", None)
    if inner:
        return reason_of(inner[0].value)
    if isinstance(error, CancelledError):
        return "the server stopped"
    return f"{error}".strip().rstrip(".") or type(error).__name__
