"""The network between a worker and its server, as a test wants it: slow to notice, deaf on one side, cut.

How does this work?  `Cable` listens on a port of its own and hands on what it hears, both ways, in threads.  `lose_up`
and `lose_down` throw away what workers or the server say on the connections that stand now, without a word to
either; those that come later are good.  `lose_down` keeps the server's end open even when the worker hangs up, as
a machine does that was cut off: the server has to find out by itself.
"""

import socket
from contextlib import suppress
from dataclasses import dataclass
from threading import Thread


@dataclass(eq=False)
class Line:
    """One connection: the worker's end, and the server's."""

    worker: socket.socket
    server: socket.socket
    up: bool = True  # what the worker says arrives
    down: bool = True
    said: bool = False  # something the worker said has arrived


class Cable:
    def __init__(self, port: int) -> None:
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.lines: list[Line] = []
        self.beats = 0  # of workers' hearts, that were handed on
        Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                worker, _ = self._listener.accept()
                try:
                    server = socket.create_connection(("127.0.0.1", self._to))
                except OSError:
                    worker.close()
                    continue
                line = Line(worker, server)
                self.lines.append(line)
                Thread(target=self._up, args=(line,), daemon=True).start()
                Thread(target=self._down, args=(line,), daemon=True).start()

    def _up(self, line: Line) -> None:
        with suppress(OSError):
            while data := line.worker.recv(65536):
                if line.up:
                    line.server.sendall(data)
                    line.said = True
                    self.beats += data.count(b'"beat"')
        if line.down:
            close(line.server)

    def _down(self, line: Line) -> None:
        with suppress(OSError):
            while data := line.server.recv(65536):
                if line.down:
                    line.worker.sendall(data)
        close(line.worker)

    def lose_up(self) -> None:
        for line in self.lines:
            line.up = False

    def lose_down(self) -> None:
        for line in self.lines:
            line.down = False

    def end(self) -> None:
        close(self._listener)
        for line in self.lines:
            close(line.worker)
            close(line.server)


def close(end: socket.socket) -> None:
    """Also for the thread that waits at it."""
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
