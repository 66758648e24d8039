"""The addresses at which the farm's server may be: tried in turn, beginning with the one that answered last.

How does this work?  `Addresses` is an endpoint, as Twisted has them, made of several: `connect` calls one after
the other and gives the first connection that stands; only when none answers has the call failed.  An address that
refuses costs no time, and one that says nothing `ANSWER_WITHIN` seconds, the look-up of its name included: that is
short, because a call that was begun while the network was away has to end soon after it is back.  `move_on` has the
next call begin with another address: a standby accepts connections before it is in charge.
"""

from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.error import ConnectError, ConnectingCancelledError
from twisted.internet.interfaces import IProtocol, IProtocolFactory, IReactorTime, IStreamClientEndpoint
from twisted.python.failure import Failure
from zope.interface import implementer

ANSWER_WITHIN = 2.0  # seconds for a connection to stand

Secure = Callable[[IStreamClientEndpoint, str], IStreamClientEndpoint]  # its host
Address = tuple[str, IStreamClientEndpoint]  # its name for people


class BadAddress(Exception):
    """The message is a sentence for people."""


@implementer(IStreamClientEndpoint)
class Addresses:
    def __init__(self, addresses: Sequence[Address], clock: IReactorTime) -> None:
        self._addresses = addresses
        self._clock = clock
        self._current = 0

    @property
    def current(self) -> str:
        """The one that is called, or was called last."""
        return self._addresses[self._current][0]

    def __str__(self) -> str:
        return " or ".join(name for name, _ in self._addresses)

    def move_on(self) -> None:
        self._current = (self._current + 1) % len(self._addresses)

    def connect(self, protocolFactory: IProtocolFactory) -> "Deferred[IProtocol]":
        return Deferred.fromCoroutine(self._connect(protocolFactory))

    async def _connect(self, factory: IProtocolFactory) -> IProtocol:
        problem: Exception = ConnectError()
        for _ in self._addresses:
            try:
                return await self._call(factory)
            except (CancelledError, ConnectingCancelledError):  # nobody wants the connection any more
                raise
            except Exception as error:  # whatever it is, there is another one
                problem = error
                self.move_on()
        raise problem

    def _call(self, factory: IProtocolFactory) -> "Deferred[IProtocol]":
        connecting: Deferred[Any] = self._addresses[self._current][1].connect(factory)
        return connecting.addTimeout(ANSWER_WITHIN, self._clock, too_late)


def too_late(result: object, seconds: float) -> Failure:
    return Failure(ConnectError(string=f"no answer for {seconds:g} s"))


def split(text: str) -> list[tuple[str, int]]:
    """Host and port of each address in "farm:6001, standby:6001".  Raises `BadAddress`."""
    return [host_and_port(each.strip()) for each in text.split(",")]


def host_and_port(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise BadAddress(
            "The server's address has to be HOST:PORT, such as farm:6001, or several with commas between them; "
            f'"{text}" is not.'
        )
    return host.strip("[]"), int(port)


def plain(endpoint: IStreamClientEndpoint, host: str) -> IStreamClientEndpoint:
    """As it is: without TLS."""
    return endpoint


def addresses_of(text: str, reactor: Any, secured: Secure = plain) -> Addresses:
    """`secured` puts TLS before each.  Raises `BadAddress`."""
    found = [(host, port, HostnameEndpoint(reactor, host, port)) for host, port in split(text)]
    return Addresses([(named(host, port), secured(endpoint, host)) for host, port, endpoint in found], reactor)


def named(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
