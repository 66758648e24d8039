"""How much anybody may ask of the server before it is known who that is: one mechanism for every port.

How does this work?  `Strangers.at` wraps the factory of a port.  Who connects is a stranger, until the protocol behind
says `visit.known()`: a worker that was welcomed, a person whose first line was heard, a request that is whole.  There
is room for so many strangers, of one address and in all; a newcomer beyond that takes the place of the stranger who has
waited longest, so that a crowd that says nothing cannot lock anybody out.  What strangers have sent and nobody has
dealt with is counted over all of them, and the one that holds most makes room.  Those that are known keep their place;
when all of the process's descriptors but a reserve are used, newcomers are closed at once.  How long a stranger may
take, each protocol says itself; a peer that takes nothing of what waits for it the system drops (`take_within`).
"""

# mypy: disable-error-code="no-untyped-call"

from collections import Counter
from collections.abc import Callable
from typing import Any, cast

from twisted.internet.interfaces import (
    IHalfCloseableProtocol,
    IHandshakeListener,
    IProtocolFactory,
    IReactorTime,
)
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import alsoProvides

from brender.config.settings import StrangerSettings
from brender.ports.sockets import MOST_DESCRIPTORS, host_of, take_within

QUIET = 10.0  # seconds between two lines of the log


class Visit:
    """What the protocol behind a port says of whoever is there.  By itself it is for where nobody counts."""

    def known(self) -> None:
        """It is no stranger any more."""

    def stranger(self) -> None:
        """It is one again: what it wanted is done, and nothing speaks for it."""


class Strangers:
    """Who is there, on all ports."""

    log = Logger()

    def __init__(
        self,
        limits: StrangerSettings,
        clock: IReactorTime,
        near: Callable[[Any], bool],
        most: int = MOST_DESCRIPTORS,
    ) -> None:
        """`near` tells addresses of this machine and of web servers in front; `most` connections there may be."""
        self.limits = limits
        self.clock = clock
        self._near = near
        self._most = most
        self._waiting: dict[Visitor, None] = {}  # the strangers, the longest there first
        self._of: dict[str, dict[Visitor, None]] = {}  # and of each address
        self._open: Counter[str] = Counter()  # connections of each address
        self._connections = 0
        self._held = 0  # bytes that strangers have sent
        self._closed = 0  # since the log said so
        self._told = -QUIET

    def at(self, factory: IProtocolFactory, most_a_second: int = 0) -> "Guarded":
        """A port's factory, with these limits in front; of a stranger so many bytes a second, or as it likes."""
        return Guarded(self, factory, most_a_second)

    @property
    def figures(self) -> tuple[int, int, int]:
        """Connections, strangers among them, and bytes that those have sent."""
        return self._connections, len(self._waiting), self._held

    # --- what the visitors say

    def lets_in(self, address: Any) -> bool:
        """Whether there is room for one more, if need be in the place of another stranger."""
        limits, near, host = self.limits, self._near(address), host_of(address)
        if self._connections >= self._most:
            return self._no(host, "all descriptors are used")
        if not near and self._open[host] >= limits.connections_of_an_address:
            return self._no(host, f"it has {limits.connections_of_an_address} connections already")
        of_it = self._of.get(host, {})
        if len(of_it) >= (limits.of_this_machine if near else limits.of_an_address):
            self.drop(next(iter(of_it)), "too many strangers of one address")
        elif len(self._waiting) >= min(limits.at_once, max(1, self._most // 2)):
            self.drop(next(iter(self._waiting)), "too many strangers")
        return True

    def came(self, visitor: "Visitor") -> None:
        self._open[visitor.host] += 1
        self._connections += 1
        self.waits(visitor)

    def waits(self, visitor: "Visitor") -> None:
        self._waiting[visitor] = None
        self._of.setdefault(visitor.host, {})[visitor] = None

    def waits_no_more(self, visitor: "Visitor") -> None:
        """It is known, or dropped."""
        if visitor not in self._waiting:
            return
        del self._waiting[visitor]
        self._held -= visitor.held
        visitor.held = 0
        of_it = self._of[visitor.host]
        del of_it[visitor]
        if not of_it:
            del self._of[visitor.host]

    def heard(self, visitor: "Visitor", size: int) -> None:
        visitor.held += size
        self._held += size
        if self._held > self.limits.megabytes * 2**20:
            self.drop(max(self._waiting, key=lambda each: each.held), "it has sent most of what strangers have")

    def left(self, visitor: "Visitor") -> None:
        self.waits_no_more(visitor)
        self._connections -= 1
        self._open[visitor.host] -= 1
        if not self._open[visitor.host]:
            del self._open[visitor.host]

    def drop(self, visitor: "Visitor", why: str) -> None:
        self.waits_no_more(visitor)
        self._no(visitor.host, why)
        visitor.end()

    def _no(self, host: str, why: str) -> bool:
        """Say so, but not for each: a log that a stranger can fill is a fault of its own."""
        self._closed += 1
        if self.clock.seconds() - self._told >= QUIET:
            self._told = self.clock.seconds()
            said = "Closed {closed} connections of strangers, lately of {host}: {why}"
            self.log.warn(said, closed=self._closed, host=host or "a socket", why=why)
            self._closed = 0
        return False


class Guarded(Factory):
    """The factory of a port, with the limits in front of it."""

    noisy = False

    def __init__(self, strangers: Strangers, factory: IProtocolFactory, most_a_second: int) -> None:
        self._strangers = strangers
        self._factory = factory
        self._most_a_second = most_a_second

    def doStart(self) -> None:
        self._factory.doStart()

    def doStop(self) -> None:
        self._factory.doStop()

    def buildProtocol(self, addr: Any) -> Protocol | None:
        if not self._strangers.lets_in(addr):
            return Unwelcome()
        behind: Any = self._factory.buildProtocol(addr)
        return behind and Visitor(self._strangers, host_of(addr), behind, self._most_a_second)


class Unwelcome(Protocol):
    """There is no room: closed, also where TLS is in front and would not understand that nobody is there."""

    def connectionMade(self) -> None:
        cast("Any", self.transport).abortConnection()


class Visitor(Protocol, Visit):
    """One connection: it hands everything on, and counts as long as a stranger is there."""

    def __init__(self, strangers: Strangers, host: str, behind: Any, most_a_second: int) -> None:
        self.host = host
        self.held = 0  # bytes that it has sent as a stranger
        self._strangers = strangers
        self._behind = behind
        self._most_a_second = most_a_second
        self._stranger = True
        self._over = False
        self._second, self._lately = 0.0, 0  # when this second began, and the bytes that have come in it
        behind.visit = self
        for interface in (IHalfCloseableProtocol, IHandshakeListener):
            if interface.providedBy(behind):
                alsoProvides(self, interface)

    def logPrefix(self) -> str:
        return str(self._behind.logPrefix())

    # --- the connection

    def connectionMade(self) -> None:
        self._strangers.came(self)
        take_within(cast("Any", self.transport), self._strangers.limits.take_within)
        self._behind.makeConnection(self.transport)

    def dataReceived(self, data: bytes) -> None:
        if self._stranger:
            self._count(len(data))
        if not self._over:
            self._behind.dataReceived(data)

    def _count(self, size: int) -> None:
        self._strangers.heard(self, size)
        now = self._strangers.clock.seconds()
        if now - self._second >= 1:
            self._second, self._lately = now, 0
        self._lately += size
        if 0 < self._most_a_second < self._lately and not self._over:
            self._strangers.drop(self, "it sends too much at once")

    def readConnectionLost(self) -> None:
        self._behind.readConnectionLost()

    def writeConnectionLost(self) -> None:
        self._behind.writeConnectionLost()

    def handshakeCompleted(self) -> None:
        self._behind.handshakeCompleted()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._over = True
        self._strangers.left(self)
        self._behind.connectionLost(reason)

    def end(self) -> None:
        self._over = True
        cast("Any", self.transport).abortConnection()

    # --- what the protocol behind says

    def known(self) -> None:
        if self._stranger:
            self._stranger = False
            self._strangers.waits_no_more(self)

    def stranger(self) -> None:
        if not (self._stranger or self._over):
            self._stranger = True
            self._strangers.waits(self)
