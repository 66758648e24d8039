"""What wakes a machine: its bytes, over a real socket, and what becomes of an address that cannot be."""

import socket

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import DatagramProtocol
from twisted.logger import capturedLogs
from twisted.trial.unittest import TestCase

from brender.farm.client import Machine
from brender.service.waking import Waker, magic_packet
from tests.fakes import SmallFarm

MACHINE = Machine("key", "desk-3", 1, macs=("00:1b:21:0a:0b:0c", "00:1b:21:0a:0b:0d"))


class Card(DatagramProtocol):
    """Notes what comes until there are two."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.both: Deferred[list[bytes]] = Deferred()

    def datagramReceived(self, datagram: bytes, addr: object) -> None:
        self.heard.append(datagram)
        if len(self.heard) == 2:
            self.both.callback(self.heard)


class WakingTests(TestCase):
    def test_six_bytes_of_255_and_sixteen_times_the_address(self) -> None:
        packet = magic_packet("00:1b:21:0a:0b:0c")
        self.assertEqual((len(packet), packet[:6], packet[6:12]), (102, b"\xff" * 6, b"\x00\x1b\x21\x0a\x0b\x0c"))
        self.assertEqual(packet[6:], packet[6:12] * 16)

    async def test_each_card_of_a_machine_is_sent_its_packet(self) -> None:
        card = Card()
        port = reactor.listenUDP(0, card, interface="127.0.0.1")  # type: ignore[attr-defined]
        self.addCleanup(port.stopListening)
        Waker(reactor, "127.0.0.1", port.getHost().port).wake(MACHINE)
        self.assertEqual(sorted(await card.both), [magic_packet(mac) for mac in MACHINE.macs])

    def test_an_address_that_cannot_be_is_told_in_the_log_and_nothing_breaks(self) -> None:
        self.assertEqual(self.logged("no address"), ["{name} cannot be woken: {error}"])

    def logged(self, address: str) -> list[str]:
        with capturedLogs() as captured:
            Waker(reactor, address, 9).wake(MACHINE)
        told = [event for event in captured if event["log_namespace"].startswith("brender.service.waking")]
        return [event["log_format"] for event in told]

    async def test_the_service_tells_workers_that_nobody_needs_them_and_wakes_them_when_something_waits(
        self,
    ) -> None:
        farm = SmallFarm(self)
        woken: list[str] = []
        farm.service._wake = lambda machine: woken.append(machine.name)
        client = await farm.client("desk-3", macs=MACHINE.macs)
        await farm.service.set_clients([client], {"wake": True, "off_seconds": 60})
        farm.service.attended(client.id, False, 1000.0)
        farm.clock.pump([30.0, 30.0, 5.0])
        self.assertIn(("power_off", 60.0), farm.links[client.id].said)
        farm.service.leaving(client.id, off=True)
        farm.gone(client)
        await farm.job()
        farm.clock.pump([10.0] * 6)
        self.assertEqual((woken, client.activity), (["desk-3"], "off"))

    def test_broadcasts_are_allowed(self) -> None:
        """Without leave from the socket the system refuses them."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plain:
            self.assertEqual(plain.getsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST), 0)
            self.assertRaises(PermissionError, plain.sendto, b"x", ("127.255.255.255", 9))
        self.assertEqual(self.logged("127.255.255.255"), ["Woke {name} ({macs})"])
