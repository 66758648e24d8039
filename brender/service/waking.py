"""Switching machines on over the network: "magic packets" (wake on LAN).

How does this work?  A network card that listens for it while its machine is off is woken by a datagram with six
bytes of 255 and sixteen times its own address.  `Waker` sends one for each card of a machine to `[server]
wake_address`, by default to everybody on the server's network.  Nobody answers: whether the machine comes
up, its worker tells by greeting.
"""

from typing import Any

from twisted.internet.error import CannotListenError
from twisted.internet.protocol import DatagramProtocol
from twisted.logger import Logger

from brender.farm.client import Machine


def magic_packet(mac: str) -> bytes:
    """What wakes the card with this address, such as "00:1b:21:0a:0b:0c"."""
    return b"\xff" * 6 + bytes.fromhex(mac.replace(":", "")) * 16


class Waker:
    log = Logger()

    def __init__(self, reactor: Any, address: str, port: int) -> None:
        self._reactor = reactor
        self._where = (address, port)

    def wake(self, machine: Machine) -> None:
        """Send it what switches it on; that it cannot be sent is logged, and tried again when it is called again."""
        try:
            self._send([magic_packet(mac) for mac in machine.macs])
        except (OSError, ValueError, CannotListenError) as error:
            self.log.error("{name} cannot be woken: {error}", name=machine.name, error=error)
        else:
            self.log.info("Woke {name} ({macs})", name=machine.name, macs=", ".join(machine.macs))

    def _send(self, packets: list[bytes]) -> None:
        port = self._reactor.listenUDP(0, DatagramProtocol())
        try:
            port.setBroadcastAllowed(True)
            for packet in packets:
                port.write(packet, self._where)
        finally:
            port.stopListening()
