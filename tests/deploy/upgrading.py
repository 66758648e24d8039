"""The server's side of a WebSocket that says all that it hears, to see what a web server in front hands on."""

import socket
from contextlib import suppress
from threading import Thread

from tests.line.harness import PATIENCE

HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
AGREED = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"


class Upgrading:
    """A server that agrees to any upgrade, notes what it was asked, and says all that it hears."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self.asked = ""
        self._thread = Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                wire, _ = self._listening.accept()
                with wire:
                    wire.settimeout(PATIENCE)
                    self.asked = read_until(wire, b"\r\n\r\n").decode()
                    wire.sendall(AGREED)
                    while heard := wire.recv(1000):
                        wire.sendall(heard)

    def end(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(PATIENCE)


def read_until(wire: socket.socket, end: bytes) -> bytes:
    """What comes, up to this."""
    read = b""
    while not read.endswith(end) and (more := wire.recv(1)):
        read += more
    return read
