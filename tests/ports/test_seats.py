"""The ports of a server: what they do when a whole farm connects at the same moment."""

import socket

from twisted.internet import reactor
from twisted.internet.protocol import Factory, Protocol
from twisted.trial.unittest import SynchronousTestCase, TestCase

from brender.cli.ports import free_port
from brender.ports.seats import BACKLOG, Seats, queueing

CROWD = 200  # more than Twisted's own queue of 50


class Crowds(TestCase):
    async def test_all_workers_that_come_back_at_once_are_connected_while_the_server_is_busy(self) -> None:
        seats, port = Seats(reactor), free_port(0)
        self.addCleanup(seats.close)
        await seats.open("workers", f"tcp:{port}:interface=127.0.0.1", Factory.forProtocol(Protocol))
        for _ in range(CROWD):  # the reactor does not turn meanwhile: nobody is taken out of the queue
            wire = socket.create_connection(("127.0.0.1", port), timeout=0.9)
            self.addCleanup(wire.close)


class Descriptions(SynchronousTestCase):
    def test_what_the_farm_says_of_its_queue_counts(self) -> None:
        self.assertEqual(queueing("tcp:6001"), f"tcp:6001:backlog={BACKLOG}")
        self.assertEqual(queueing("tcp:6001:backlog=7"), "tcp:6001:backlog=7")
        self.assertEqual(queueing("unix:/run/farm"), "unix:/run/farm")
