"""What is sent at once, on real sockets: all of it arrives, in its order, also where there was no room for it."""

import socket
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import StringTransport
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from brender.cli.ports import free_port
from brender.web.following.sending import send

MANY = [b"%d," % number * (number % 700) for number in range(4000)]  # five megabytes: more than a socket takes


class Sending(TestCase):
    async def connected(self) -> tuple[Any, socket.socket]:
        """The transport of a server's connection, and the peer's socket."""
        port, came = free_port(0), Deferred[Any]()

        class Told(Protocol):
            def connectionMade(self) -> None:
                came.callback(self.transport)

        listening = await TCP4ServerEndpoint(reactor, port, interface="127.0.0.1").listen(Factory.forProtocol(Told))
        self.addCleanup(listening.stopListening)
        peer = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.addCleanup(peer.close)
        return await came, peer

    async def test_a_few_bytes_are_there_before_the_reactor_turns(self) -> None:
        transport, peer = await self.connected()
        send(transport, b"at once")
        self.assertEqual(peer.recv(100), b"at once")
        transport.abortConnection()

    async def test_what_finds_no_room_comes_in_its_order(self) -> None:
        transport, peer = await self.connected()
        for each in MANY:
            send(transport, each)
        transport.write(b"as ever")
        send(transport, b", and at last")
        transport.loseConnection()
        self.assertEqual(await deferToThread(all_of, peer), b"".join(MANY) + b"as ever, and at last")

    async def test_who_is_gone_is_told_nothing_and_nothing_breaks(self) -> None:
        transport, peer = await self.connected()
        transport.abortConnection()
        send(transport, b"too late")
        self.assertEqual(await deferToThread(all_of, peer), b"")

    def test_another_transport_writes_as_ever(self) -> None:
        transport = StringTransport()
        send(transport, b"here")
        self.assertEqual(transport.value(), b"here")


def all_of(peer: socket.socket) -> bytes:
    found = bytearray()
    try:
        while data := peer.recv(65_536):
            found += data
    except ConnectionResetError:
        pass
    return bytes(found)
