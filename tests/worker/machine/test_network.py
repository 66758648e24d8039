"""The network cards by which a machine can be woken."""

import socket
from pathlib import Path

import msgspec
import psutil
from twisted.trial.unittest import SynchronousTestCase

from brender.farm.client import Machine
from brender.worker.machine import network


class Address(msgspec.Struct):
    family: int
    address: str


def interface(mac: str, *addresses: str) -> list[Address]:
    return [Address(psutil.AF_LINK, mac), *(Address(socket.AF_INET, each) for each in addresses)]


class NetworkTests(SynchronousTestCase):
    def macs(self, *cards: str, **interfaces: list[Address]) -> tuple[str, ...]:
        """Of these interfaces, of which some are cards."""
        folder = Path(self.mktemp())
        for name in interfaces:
            (folder / name / ("device" if name in cards else "virtual")).mkdir(parents=True)
        self.patch(network, "CARDS", folder)
        self.patch(psutil, "net_if_addrs", lambda: interfaces)
        return network.macs()

    def test_cards_count_and_what_is_made_of_them_does_not(self) -> None:
        found = self.macs(
            "eth0",
            "wlan0",
            lo=interface("00:00:00:00:00:00", "127.0.0.1"),
            eth0=interface("00:1B:21:0A:0B:0C", "192.168.1.7"),
            wlan0=interface("00:1b:21:0a:0b:0d"),
            docker0=interface("02:42:00:00:00:01", "172.17.0.1"),
        )
        self.assertEqual(found, ("00:1b:21:0a:0b:0c", "00:1b:21:0a:0b:0d"))

    def test_where_no_card_is_known_what_has_an_address_counts(self) -> None:
        found = self.macs(
            lo=interface("00:00:00:00:00:00", "127.0.0.1"),
            en0=interface("00-1b-21-0a-0b-0c", "192.168.1.7"),
            bridge=interface("02:42:00:00:00:01"),
            ib0=interface("80:00:02:08:fe:80:00:00:00:00:00:00", "10.0.0.1"),
        )
        self.assertEqual(found, ("00:1b:21:0a:0b:0c",))

    def test_what_this_machine_has_can_be_said_of_it(self) -> None:
        machine = Machine("key", "here", 1, macs=network.macs())
        self.assertEqual(msgspec.json.decode(msgspec.json.encode(machine), type=Machine), machine)
