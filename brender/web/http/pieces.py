"""A long answer, written piece by piece.

How does this work?  `Written` makes bytes of some of its things at a time.  `Pieces` writes one piece in each turn of
the reactor: nothing else waits long, and nothing is made that the connection has no room for yet.  A list that fits
into one piece is sent at once.  Should something go wrong on the way, the connection is closed without the answer's
end, so that nobody takes half a list for a whole one.
"""

# What is inherited from twisted.web has no types there.
# mypy: allow-untyped-calls

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from twisted.internet.interfaces import IDelayedCall, IPushProducer, IReactorTime
from twisted.logger import Logger
from twisted.web.http import Request
from zope.interface import implementer

from brender.web.http.answers import Streaming
from brender.web.http.asking import Ask
from brender.web.http.squeezing import LEVEL, wants_gzip

PIECE = 20  # things; a few milliseconds

log = Logger()


def streaming(
    ask: Ask, written: "Written", kind: str, clock: IReactorTime, headers: Mapping[str, str] | None = None
) -> Streaming:
    """The answer, as gzip where that is wanted."""
    squeezed = wants_gzip(ask.header("accept-encoding"))
    about = {"Vary": "Accept-Encoding", **({"Content-Encoding": "gzip"} if squeezed else {}), **(headers or {})}
    return Streaming(lambda request: Pieces(request, written, clock, squeezed).start(), kind, about)


@dataclass(frozen=True)
class Written:
    """A list as bytes: what stands before it, rows, and what stands behind."""

    things: Sequence[Any]
    head: bytes
    rows: Callable[[Sequence[Any]], bytes]
    end: bytes = b""
    between: bytes = b""  # one piece and the next
    strategy: int = zlib.Z_DEFAULT_STRATEGY  # how it is compressed

    def piece(self, begin: int) -> bytes:
        last = begin + PIECE >= len(self.things)
        before = self.between if begin else self.head
        return before + self.rows(self.things[begin : begin + PIECE]) + (self.end if last else b"")


@implementer(IPushProducer)
class Pieces:
    def __init__(self, request: Request, written: Written, clock: IReactorTime, squeezed: bool) -> None:
        self._request = request
        self._written = written
        self._clock = clock
        self._gzip = zlib.compressobj(LEVEL, wbits=31, strategy=written.strategy) if squeezed else None
        self._next = 0
        self._paused = False
        self._call: IDelayedCall | None = None

    def start(self) -> None:
        self._request.notifyFinish().addErrback(lambda _: self.stopProducing())
        self._request.registerProducer(self, True)
        self._more()

    def _more(self) -> None:
        self._call = None
        try:
            piece = self._written.piece(self._next)
        except Exception:  # what was sent already cannot be taken back
            log.failure("A list could not be written to its end")
            self._request.unregisterProducer()
            self._request.loseConnection()
            return
        self._next += PIECE
        done = self._next >= len(self._written.things)
        if data := self._squeezed(piece, done):
            self._request.write(data)
        if done:
            self._request.unregisterProducer()
            self._request.finish()
        elif not self._paused:
            self._call = self._clock.callLater(0, self._more)

    def _squeezed(self, piece: bytes, done: bool) -> bytes:
        if self._gzip is None:
            return piece
        return self._gzip.compress(piece) + (self._gzip.flush() if done else b"")

    def pauseProducing(self) -> None:
        self._paused = True
        self.stopProducing()

    def resumeProducing(self) -> None:
        self._paused = False
        if self._call is None:
            self._call = self._clock.callLater(0, self._more)

    def stopProducing(self) -> None:
        if self._call is not None and self._call.active():
            self._call.cancel()
        self._call = None
