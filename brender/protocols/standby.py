"""The shell of a server that has no farm yet: one line that says whose the farm is, and the end.

How does this work?  `StandbyFactory` answers in the place of `door.ShellFactory` until the farm is there; every
connection asks for the sentence anew.
"""

from collections.abc import Callable

from twisted.internet.interfaces import IAddress, ITransport
from twisted.internet.protocol import Protocol, ServerFactory


class Waiting(Protocol):
    transport: ITransport

    def __init__(self, why: str) -> None:
        self._why = why

    def connectionMade(self) -> None:
        self.transport.write(f"{self._why}\r\n".encode())
        self.transport.loseConnection()


class StandbyFactory(ServerFactory):
    noisy = False

    def __init__(self, why: Callable[[], str]) -> None:
        self._why = why

    def buildProtocol(self, addr: IAddress | None) -> Waiting:
        return Waiting(self._why())
