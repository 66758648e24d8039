"""The ports of a server: each is opened once, and who answers there may change.

How does this work?  `Seats.open` listens where an endpoint's description says; whoever connects meets the factory
that has the seat.  A server that waits for its farm opens the ports for people with factories that say so; opened again
by the same name, the seat is handed over to the real one, while the socket goes on listening.  `close` closes them all.
"""

from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

from twisted.internet.address import UNIXAddress
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IAddress, IListeningPort, IProtocolFactory
from twisted.internet.protocol import Factory
from twisted.logger import Logger

EXAMPLE = '"tcp:7000:interface=127.0.0.1"'
BACKLOG = 1024  # connections that the system has made and nobody has taken yet; it may allow fewer


Secure = Callable[[IProtocolFactory], IProtocolFactory]


class CannotListen(Exception):
    """A port cannot be opened; the message is a sentence for people."""


class Seat(Factory):
    """What listens: it makes what another factory makes, and that may be followed by yet another."""

    noisy = False

    def __init__(self, factory: IProtocolFactory) -> None:
        self._factory = factory
        self.network = False  # whether other machines can connect

    def doStart(self) -> None:
        self._factory.doStart()

    def doStop(self) -> None:
        self._factory.doStop()

    def buildProtocol(self, addr: Any) -> Any:
        return self._factory.buildProtocol(addr)

    def hand_over(self, factory: IProtocolFactory) -> None:
        before, self._factory = self._factory, factory
        factory.doStart()
        before.doStop()


class Nobody(Factory):
    noisy = False


class Seats:
    log = Logger()

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._seats: dict[str, Seat] = {}
        self._ports: list[IListeningPort] = []

    async def open(
        self,
        name: str,
        description: str,
        factory: IProtocolFactory,
        secure: Secure | None = None,
        closed: Callable[[], str] = lambda: "",
    ) -> bool:
        """The factory answers at this port from now on; `secure` is put before it where other machines can connect.

        Gives whether they can.  Raises `CannotListen`, also where they can and `closed` says why they must not.
        """
        if seat := self._seats.get(name):
            check_open(seat, closed)
            seat.hand_over(secure(factory) if secure and seat.network else factory)
            return seat.network
        seat = Seat(Nobody())  # whom nobody meets: it is known in this turn who answers
        port = await self._listen(name, description, seat)
        self._ports.append(port)
        seat.network = not is_local(port.getHost())
        check_open(seat, closed)
        seat.hand_over(secure(factory) if secure and seat.network else factory)
        self._seats[name] = seat
        self.log.info("{name} on {address}", name=name, address=port.getHost())
        return seat.network

    async def _listen(self, name: str, description: str, seat: Seat) -> IListeningPort:
        try:
            port: IListeningPort = await serverFromString(self._reactor, queueing(description)).listen(seat)
            return port
        except CannotListenError as error:
            raise CannotListen(
                f"The {name} port cannot be opened: {error.port} is in use or not allowed ({error.socketError}). "
                f"Stop what uses it, or set another one in brender.toml: [server] {name} = {EXAMPLE}."
            ) from error
        except Exception as error:  # an endpoint's own parser may raise anything
            raise CannotListen(
                f'The {name} port "{description}" is not an endpoint: {error}. '
                f"Write one in brender.toml like this: [server] {name} = {EXAMPLE}."
            ) from error

    async def close(self) -> None:
        for port in self._ports:
            await as_deferred(port.stopListening())


def check_open(seat: Seat, closed: Callable[[], str]) -> None:
    """Nobody is let in where other machines can connect and must not; raises `CannotListen`."""
    if seat.network and (reason := closed()):
        seat.hand_over(Nobody())
        raise CannotListen(reason)


def is_local(address: IAddress) -> bool:
    """Whether only programs of this machine reach it."""
    if isinstance(address, UNIXAddress):
        return True
    host = getattr(address, "host", "")
    try:
        return ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def as_deferred(result: Any) -> Deferred[Any]:
    """What a port's `stopListening` gives, as something to wait for."""
    if isinstance(result, Deferred):
        return result
    done: Deferred[Any] = Deferred()
    done.callback(result)
    return done


def queueing(description: str) -> str:
    """With room for as many that connect at the same moment as a farm has workers, who all come back after a restart.

    Twisted's own is 50; whoever comes when the queue is full is told nothing, and waits or is reset by the system.
    """
    wants = description.startswith("tcp") and ":backlog=" not in description
    return f"{description}:backlog={BACKLOG}" if wants else description
