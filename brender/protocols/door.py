"""The shell's port: a person or a program, told apart by the first byte.

How does this work?  A connection that begins with `{` is a program's: it is not greeted, and gets JSON lines.  Any
other is a person's.  A moment is waited for that byte, which nobody at a keyboard notices, and then the greeting is
sent.  A program that begins later has a greeting before its first answer, in lines that do not begin with `{`.  A
script has sent its first line by then, and is not asked whether it is a terminal.  Who is not known
after `login_within` seconds, as nothing was said or nobody logged in, is sent away.
"""

# mypy: disable-error-code="no-untyped-call"

import time
from collections.abc import Callable

from twisted.internet.interfaces import IAddress, IDelayedCall, IHalfCloseableProtocol, IReactorTime, ITransport
from twisted.internet.protocol import Protocol, ServerFactory, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from brender.farm.interfaces import FarmService
from brender.ports.strangers import Visit
from brender.protocols.commands import answer
from brender.protocols.conversation import Conversation
from brender.protocols.json_lines import JsonLines
from brender.protocols.options import IAC
from brender.protocols.shell import Answering, Shell

MOMENT = 0.2  # seconds
PROGRAM = b"{"
LOGIN_WITHIN = 120.0  # seconds


@implementer(IHalfCloseableProtocol)
class Door(Protocol):
    transport: ITransport
    visit = Visit()

    def __init__(
        self,
        service: FarmService,
        clock: IReactorTime,
        now: Callable[[], float],
        answer: Answering = answer,
        login_within: float = LOGIN_WITHIN,
    ) -> None:
        self._service = service
        self._clock = clock
        self._now = now
        self._answer = answer
        self._inside: Shell | JsonLines | None = None
        self._silent = True  # nothing has come yet
        self._waiting: IDelayedCall | None = None
        self._login_within = login_within
        self._patience: IDelayedCall | None = None  # with a stranger

    def connectionMade(self) -> None:
        self._patience = self._clock.callLater(self._login_within, self._too_late)
        self._waiting = self._clock.callLater(MOMENT, self._person, asks=True)

    def dataReceived(self, data: bytes) -> None:
        silent, self._silent = self._silent, False
        if silent and data.startswith(PROGRAM):
            self._program()
        elif self._inside is None:
            self._person(asks=data[0] == IAC)
        self._in().dataReceived(data)

    def _look_who_is_there(self) -> None:
        """After an answer: whoever is known, by a login or because this farm has no users, is no stranger any more."""
        if self._patience is not None and self._inside is not None and self._inside.caller.is_known:
            self._lose_patience()
            self.visit.known()

    def _too_late(self) -> None:
        self._patience = None
        self.transport.write(f"\r\nNobody was known here after {self._login_within:g} seconds.\r\n".encode())
        self.transport.loseConnection()

    def _lose_patience(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _person(self, asks: bool) -> None:
        shell = Shell(self._service, self._now, self._answer, self._later)
        self._open(shell)
        shell.greet(asks)

    def _program(self) -> None:
        if self._inside is not None:
            self._inside.release()
            self.transport.write(b"\r\n")  # its answers begin on a line of their own
        self._open(JsonLines(self._service, self._now, self._later))

    def _later(self, work: Callable[[], None]) -> None:
        self._look_who_is_there()
        self._clock.callLater(0, work)

    def _open(self, conversation: Shell | JsonLines) -> None:
        if self._waiting is not None and self._waiting.active():
            self._waiting.cancel()
        self._inside = conversation
        conversation.makeConnection(self.transport)

    @property
    def is_terminal(self) -> bool:
        """Each key comes by itself."""
        return isinstance(self._inside, Shell) and self._inside.is_terminal

    def _in(self) -> Conversation:
        if self._inside is None:
            self._person(asks=False)
        assert self._inside is not None
        return self._inside

    def readConnectionLost(self) -> None:
        self._in().readConnectionLost()

    def writeConnectionLost(self) -> None:
        self._in().writeConnectionLost()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._lose_patience()
        if self._waiting is not None and self._waiting.active():
            self._waiting.cancel()
        if self._inside is not None:
            self._inside.connectionLost(reason)


class ShellFactory(ServerFactory):
    noisy = False

    def __init__(
        self,
        service: FarmService,
        clock: IReactorTime,
        now: Callable[[], float] = time.time,
        login_within: float = LOGIN_WITHIN,
    ) -> None:
        self._service = service
        self._clock = clock
        self._now = now
        self._login_within = login_within

    def buildProtocol(self, addr: IAddress | None) -> Door:
        door = Door(self._service, self._clock, self._now, login_within=self._login_within)
        door.factory = self
        return door
