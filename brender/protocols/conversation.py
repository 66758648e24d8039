"""What a person's and a program's connection have in common: one line in, one answer out, in order.

How does this work?  While an answer is being made nothing is read, so pasted or pipelined lines are answered in their
order; and others have a turn between two of them.  Nothing is read either while answers are not read, so nobody can
make the server keep more than one.  A line that is too long is dropped while it comes.  Whoever sends nothing more
still gets the answers that are due.
"""

# mypy: disable-error-code="no-untyped-call"

from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IConsumer, IHalfCloseableProtocol, IPushProducer, ITCPTransport
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure
from zope.interface import implementer

from brender.protocols.codec import length

Later = Callable[[Callable[[], None]], object]  # calls a function in another turn of the reactor


@implementer(IPushProducer, IHalfCloseableProtocol)
class Conversation(LineReceiver, ABC):
    transport: ITCPTransport
    delimiter = b"\n"
    log = Logger()

    def __init__(self, later: Later | None = None) -> None:
        self._later = later
        self._rest = b""  # what came after a line that was too long
        self.busy = False  # an answer is being made
        self.full = False  # the other side does not read
        self._last = False  # the other side sends nothing more
        self.gone = False

    def connectionMade(self) -> None:
        IConsumer(self.transport).registerProducer(self, True)
        if ITCPTransport.providedBy(self.transport):
            self.transport.setTcpKeepAlive(True)  # a person may be silent for days, but not gone

    def dataReceived(self, data: bytes) -> None:
        self.hear(data)

    def hear(self, data: bytes) -> None:
        """Take lines out of what came."""
        super().dataReceived(data)
        while self._rest:
            rest, self._rest = self._rest, b""
            super().dataReceived(rest)

    # --- what the two do in their own way

    @abstractmethod
    def too_long(self) -> None:
        """Say that a line was."""

    def go_on(self) -> None:
        """Something may go on that waited."""

    def work(self, answer: Coroutine[Any, Any, None]) -> None:
        """Make an answer; nothing is read until it is given."""
        self.busy = True
        self._read_or_wait()
        Deferred.fromCoroutine(answer).addErrback(self._broken).addBoth(self._ready)

    def _broken(self, failure: Failure) -> None:
        self.log.failure("An answer could not be written", failure)

    def _ready(self, _: object) -> None:
        if self._later:
            self._later(self._next)  # others have a turn between two answers
        else:
            self._next()

    def _next(self) -> None:
        self.busy = False
        self.go_on()
        if self.busy:
            return
        if self._last:
            self.leave()
        else:
            self._read_or_wait()

    # --- lines that are too long

    def lineLengthExceeded(self, line: bytes) -> None:
        first, ended, self._rest = line.partition(self.delimiter)
        if length(first) > self.MAX_LENGTH:
            if not ended:
                self.setRawMode()
            self.too_long()
        elif ended:
            self._rest = first.removesuffix(b"\r") + ended + self._rest
        else:
            self._buffer = first  # half of the line end of Windows has come

    def rawDataReceived(self, data: bytes) -> None:
        _, ended, self._rest = data.partition(self.delimiter)
        if ended:
            self.setLineMode()

    # --- when to read

    def pauseProducing(self) -> None:
        self.full = True
        self._read_or_wait()

    def resumeProducing(self) -> None:
        self.full = False
        self.go_on()
        self._read_or_wait()

    def stopProducing(self) -> None:
        self.full = True

    def _read_or_wait(self) -> None:
        wait = self.busy or self.full
        if wait and not self.paused:
            super().pauseProducing()
        elif self.paused and not wait:
            super().resumeProducing()

    # --- the end

    def readConnectionLost(self) -> None:
        """The other side sends nothing more; a last line without an end is answered all the same."""
        self._last = True
        line = self.clearLineBuffer()
        if line and self.line_mode:
            self.lineReceived(line)
        elif not self.busy:
            self.leave()

    def writeConnectionLost(self) -> None:
        self.transport.loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.gone = self.full = True

    def release(self) -> None:
        """Somebody else has the connection from now on."""
        IConsumer(self.transport).unregisterProducer()
        self.gone = self.full = True

    def leave(self) -> None:
        if not self.gone:
            self.release()  # what was pasted after it is not answered
        self.transport.loseConnection()
