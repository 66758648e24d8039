"""A crowd before three ports that never says who it is: `python -m bench.siege SHELL WORKERS WEB CROWD`.

How does this work?  It keeps `CROWD` connections open, a third at each port, and opens anew what the server has
closed, `ANEW` a second.  Half of them say nothing at all; the others drip: half of a first line, and another byte of it
every few seconds, as slowloris does.  A line of JSON each second tells how many are open and how many were closed.
"""

import errno
import select
import socket
import sys
from contextlib import suppress
from random import Random
from time import monotonic

import msgspec

ANEW = 200  # connections a second
DRIP_EVERY = 5.0  # seconds between two bytes on one connection
HALF = (b"help", b'{"type":"hello","version":1,"run":"', b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")


class Told(msgspec.Struct):
    open: int
    opened: int
    closed: int  # by the server


class Siege:
    def __init__(self, ports: list[int], crowd: int) -> None:
        self._ports = ports
        self._crowd = crowd
        self._poll = select.epoll()
        self._open: dict[int, tuple[socket.socket, int]] = {}  # by descriptor: with the number of its port
        self._random = Random(8)
        self.told = Told(0, 0, 0)

    def open(self) -> None:
        place = self.told.opened % len(self._ports)
        wire = socket.socket()
        wire.setblocking(False)
        if wire.connect_ex(("127.0.0.1", self._ports[place])) not in (0, errno.EINPROGRESS):
            wire.close()
            return
        self._open[wire.fileno()] = wire, place
        self._poll.register(wire, select.EPOLLIN | select.EPOLLRDHUP)
        self.told.opened += 1

    def look(self, seconds: float) -> None:
        """Close what the server has closed."""
        for descriptor, event in self._poll.poll(seconds):
            wire, _ = self._open[descriptor]
            data = b""
            if not event & (select.EPOLLHUP | select.EPOLLERR):
                with suppress(OSError):
                    data = wire.recv(65_536)
            if not data:
                self._poll.unregister(descriptor)
                del self._open[descriptor]
                wire.close()
                self.told.closed += 1

    def drip(self, share: float) -> None:
        """Another byte on some of those that drip; it is their first half of a line that they begin with."""
        dripping = [each for descriptor, each in self._open.items() if descriptor % 2]
        for wire, place in self._random.sample(dripping, int(len(dripping) * share)):
            with suppress(OSError):
                wire.send(HALF[place] if self._random.random() < 0.1 else b"x")

    def run(self) -> None:
        for _ in range(self._crowd):
            self.open()
            self.look(0)
        while True:
            began = monotonic()
            for _ in range(min(ANEW, self._crowd - len(self._open))):
                self.open()
            self.drip(1 / DRIP_EVERY)
            while (left := began + 1 - monotonic()) > 0:
                self.look(left)
            self.told.open = len(self._open)
            sys.stdout.buffer.write(msgspec.json.encode(self.told) + b"\n")
            sys.stdout.flush()


if __name__ == "__main__":
    *where, many = map(int, sys.argv[1:])
    Siege(where, many).run()
