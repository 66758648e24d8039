"""The shell: a LineReceiver for people with telnet, and nothing about farms.

How does this work?  `telnet.Typing` makes plain lines of whatever bytes arrive.  `Shell` takes one line,
asks the verbs, writes the answer and a prompt, and only then takes the next: while it waits it does
not read, so a pasted block is answered in its order.  It does not read either while its answers are
not read, so nobody can make it keep more than one answer.  A verb that fails is logged, costs
its answer, and nothing else.
"""

# mypy: disable-error-code="no-untyped-call"

import time
from collections.abc import Callable, Mapping

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, IConsumer, IHalfCloseableProtocol, IPushProducer, ITCPTransport
from twisted.internet.protocol import ServerFactory, connectionDone
from twisted.logger import Logger
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure
from zope.interface import implementer

from brender.farm.interfaces import FarmService
from brender.protocols.commands import VERBS, greeting
from brender.protocols.tables import visible
from brender.protocols.telnet import CTRL_C, Typing, typed
from brender.protocols.verbs import Leave, Verb, answer

PROMPT = "> "


@implementer(IPushProducer, IHalfCloseableProtocol)
class Shell(LineReceiver):
    transport: ITCPTransport
    delimiter = b"\n"
    MAX_LENGTH = 16384  # a long submit, not a program
    log = Logger()

    def __init__(self, service: FarmService, now: Callable[[], float], verbs: Mapping[str, Verb] = VERBS) -> None:
        self._service = service
        self._now = now
        self._verbs = verbs
        self._typing = Typing()
        self._rest = b""  # what came after a line that was too long
        self._busy = False  # a verb is at work
        self._full = False  # the person does not read
        self._last = False  # the person sends nothing more
        self._gone = False

    def connectionMade(self) -> None:
        IConsumer(self.transport).registerProducer(self, True)
        if ITCPTransport.providedBy(self.transport):
            self.transport.setTcpKeepAlive(True)  # a person may be silent for days, but not gone
        self._say(greeting(self._service))

    def dataReceived(self, data: bytes) -> None:
        plain, reply = self._typing.read(data)
        if reply:
            self.transport.write(reply)
        super().dataReceived(plain)
        while self._rest:
            rest, self._rest = self._rest, b""
            super().dataReceived(rest)

    def lineReceived(self, line: bytes) -> None:
        self._busy = True
        self._read_or_wait()
        Deferred.fromCoroutine(self._reply(typed(line))).addErrback(self._broken).addBoth(self._ready)

    async def _reply(self, line: str) -> None:
        try:
            text = await answer(self._verbs, self._service, line.removesuffix(CTRL_C), self._now())
        except Leave:
            self._leave()
        except Exception as fault:
            self.log.failure("The shell could not answer {line!r}", line=line)
            self._say(f"That went wrong inside brender ({type(fault).__name__}); the log of the server tells how.")
        else:
            self._say(text, line.endswith(CTRL_C))

    def _broken(self, failure: Failure) -> None:
        self.log.failure("The shell could not write its answer", failure)

    def _ready(self, _: object) -> None:
        self._busy = False
        if self._last:
            self._leave()
        else:
            self._read_or_wait()

    # --- lines that are too long

    def lineLengthExceeded(self, line: bytes) -> None:
        _, ended, self._rest = line.partition(self.delimiter)
        if not ended:
            self.setRawMode()
        self._say(f"A line may have {self.MAX_LENGTH:,} bytes; that one had more and was dropped.")

    def rawDataReceived(self, data: bytes) -> None:
        _, ended, self._rest = data.partition(self.delimiter)
        if ended:
            self.setLineMode()

    # --- when to read

    def pauseProducing(self) -> None:
        self._full = True
        self._read_or_wait()

    def resumeProducing(self) -> None:
        self._full = False
        self._read_or_wait()

    def stopProducing(self) -> None:
        self._full = True

    def _read_or_wait(self) -> None:
        wait = self._busy or self._full
        if wait and not self.paused:
            super().pauseProducing()
        elif self.paused and not wait:
            super().resumeProducing()

    # --- the end

    def readConnectionLost(self) -> None:
        """The person sends nothing more; a last line without an end is answered all the same."""
        self._last = True
        line = self.clearLineBuffer()
        if line and self.line_mode:
            self.lineReceived(line)
        elif not self._busy:
            self._leave()

    def writeConnectionLost(self) -> None:
        self.transport.loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._gone = self._full = True

    def _leave(self) -> None:
        if not self._gone:
            self._gone = self._full = True  # what was pasted after it is not answered
            IConsumer(self.transport).unregisterProducer()
        self.transport.loseConnection()

    def _say(self, text: str, on_a_new_line: bool = False) -> None:
        lines = [visible(line) for line in text.split("\n")] if text or on_a_new_line else []
        self.transport.write("".join(f"{line}\r\n" for line in lines).encode() + PROMPT.encode())


class ShellFactory(ServerFactory):
    noisy = False

    def __init__(self, service: FarmService, now: Callable[[], float] = time.time) -> None:
        self._service = service
        self._now = now

    def buildProtocol(self, addr: IAddress | None) -> Shell:
        shell = Shell(self._service, self._now)
        shell.factory = self
        return shell
