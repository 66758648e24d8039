"""A TCP proxy that can be a bad network: slow, dead, cut, or reset.

How does this work?  Every connection is a `Pipe` with two `Direction`s.  A direction queues what comes in with the time
at which it may go on, and stops reading when its queue is long, so that a slow network is felt by who sends.
`dead` lets nothing through in either direction, an end of a connection neither; `cut` ends what is connected and
refuses the rest; `reset` ends what is connected once.  `heard` is told what passes, at the time when it was sent.
"""

from collections import deque
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import maybeDeferred
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure

MOST_QUEUED = 65536  # bytes, from which on a direction reads no more
TICK = 0.02  # seconds between two parts of what is let through slowly

Heard = Callable[[bytes], None]


class Bad:
    """How bad the network is now."""

    def __init__(self) -> None:
        self.mend()

    def mend(self) -> None:
        self.cut = self.dead = False
        self.latency = 0.0  # seconds
        self.rate = 0.0  # bytes a second; 0: as fast as it goes


class Direction:
    """What one side says to the other."""

    def __init__(self, reactor: Any, bad: Bad, heard: Heard | None) -> None:
        self._reactor = reactor
        self._bad = bad
        self._heard = heard
        self._queue: deque[tuple[float, bytes]] = deque()
        self._queued = 0
        self._call: IDelayedCall | None = None
        self._over = False
        self.source: Any = None  # transports
        self.sink: Any = None

    def feed(self, data: bytes) -> None:
        if self._heard:
            self._heard(data)
        self._queue.append((self._reactor.seconds() + self._bad.latency, data))
        self._queued += len(data)
        if self._queued > MOST_QUEUED:
            self.source.pauseProducing()
        self.pump()

    def over(self) -> None:
        """Its source has hung up: so does the other end, once it has got what was said."""
        self._over = True
        self.pump()

    def pump(self) -> None:
        """Let through what may go now, and come back for the rest."""
        if self._call and self._call.active():
            self._call.cancel()
        if self._bad.dead or self.sink is None:
            return
        self._pass_on()
        if self._queue:
            self._call = self._reactor.callLater(max(TICK, self._queue[0][0] - self._reactor.seconds()), self.pump)
        elif self._over:
            self.sink.loseConnection()

    def _pass_on(self) -> None:
        room = int(self._bad.rate * TICK) or self._queued
        while room > 0 and self._queue and self._queue[0][0] <= self._reactor.seconds():
            due, data = self._queue.popleft()
            if len(data) > room:
                self._queue.appendleft((due, data[room:]))
            self.sink.write(data[:room])
            self._queued -= len(data[:room])
            room -= len(data)
        if self.source and self._queued <= MOST_QUEUED and not self._over:
            self.source.resumeProducing()

    def stop(self) -> None:
        self._queue.clear()
        if self._call and self._call.active():
            self._call.cancel()


class End(Protocol):
    """One end of a pipe: what it hears goes into `out`."""

    transport: Any

    def __init__(self, pipe: "Pipe", out: Direction, back: Direction) -> None:
        self._pipe, self._out, self._back = pipe, out, back

    def connectionMade(self) -> None:
        self._out.source = self._back.sink = self.transport
        self.transport.setTcpNoDelay(True)
        self._pipe.made(self)

    def dataReceived(self, data: bytes) -> None:
        self._out.feed(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._back.stop()
        self._out.over()
        self._pipe.lost(self)


class Pipe:
    """One connection through the proxy."""

    def __init__(self, proxy: "Proxy") -> None:
        self._proxy = proxy
        heard = proxy.listen_in() if proxy.listen_in else (None, None)
        self.there = Direction(proxy.reactor, proxy.bad, heard[0])
        self.back = Direction(proxy.reactor, proxy.bad, heard[1])
        self.near = End(self, self.there, self.back)
        self.far = End(self, self.back, self.there)
        self._ends: list[End] = []

    def made(self, end: End) -> None:
        self._ends.append(end)
        if end is self.near:
            self._proxy.pipes.add(self)
            far = Factory.forProtocol(lambda: self.far)
            far.noisy = False
            endpoint = TCP4ClientEndpoint(self._proxy.reactor, "127.0.0.1", self._proxy.to, timeout=5)
            endpoint.connect(far).addErrback(lambda _: self.abort())
        else:
            self.there.pump()

    def lost(self, end: End) -> None:
        self._ends.remove(end)
        if not self._ends:
            self._proxy.pipes.discard(self)

    def pump(self) -> None:
        self.there.pump()
        self.back.pump()

    def abort(self) -> None:
        for direction in (self.there, self.back):
            direction.stop()
        for end in list(self._ends):
            end.transport.abortConnection()


class Proxy(Factory):
    noisy = False

    def __init__(self, reactor: Any, to: int, listen_in: Callable[[], tuple[Heard, Heard]] | None = None) -> None:
        self.reactor = reactor
        self.to = to  # port of loopback
        self.listen_in = listen_in  # for each connection: who hears what goes there, and what comes back
        self.bad = Bad()
        self.pipes: set[Pipe] = set()
        self._port = reactor.listenTCP(0, self, interface="127.0.0.1")
        self.port: int = self._port.getHost().port

    def buildProtocol(self, addr: Any) -> End | None:
        return None if self.bad.cut else Pipe(self).near

    def reset(self) -> None:
        for pipe in list(self.pipes):
            pipe.abort()

    def cut(self) -> None:
        self.bad.cut = True
        self.reset()

    def mend(self) -> None:
        self.bad.mend()
        for pipe in list(self.pipes):
            pipe.pump()

    async def close(self) -> None:
        self.reset()
        await maybeDeferred(self._port.stopListening)
