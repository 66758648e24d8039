"""TLS where other machines can connect, and only there; the settings that decide about it."""

from pathlib import Path
from typing import Any

from twisted.internet import reactor as global_reactor
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase, TestCase

from brender.config import load
from brender.config.mistakes import BadSettings
from brender.config.settings import ServerSettings, for_others
from brender.ports.seats import Seats, is_local

reactor: Any = global_reactor


class Named(Factory):
    def __init__(self, name: str) -> None:
        self.name = name

    def buildProtocol(self, addr: Any) -> Protocol:
        made = Protocol()
        made.factory = self
        return made


class Secured(SynchronousTestCase):
    """A reactor in memory says of each port that it listens on all addresses."""

    def setUp(self) -> None:
        self.memory: Any = MemoryReactorClock()
        self.seats = Seats(self.memory)

    def who(self) -> str:
        (_, seat, *_rest) = self.memory.tcpServers[-1]
        return str(seat.buildProtocol(None).factory.name)

    def test_what_other_machines_can_reach_is_secured_from_the_first_connection_on(self) -> None:
        opened = self.seats.open("workers", "tcp:6001", Named("plain"), lambda factory: Named("secured"))
        with self.assertRaises(StopIteration) as done:
            opened.send(None)
        self.assertTrue(done.exception.value)
        self.assertEqual(self.who(), "secured")

    def test_who_takes_the_seat_of_a_standby_is_secured_too(self) -> None:
        def secure(factory: Any) -> Any:
            return Named(f"secured {factory.name}")

        for name in ("standby", "farm"):
            with self.assertRaises(StopIteration):
                self.seats.open("web", "tcp:8080", Named(name), secure).send(None)
        self.assertEqual(self.who(), "secured farm")
        self.assertEqual(len(self.memory.tcpServers), 1)


class Plain(TestCase):
    async def test_on_loopback_it_stays_as_it_is(self) -> None:
        seats = Seats(reactor)
        self.addCleanup(lambda: Deferred.fromCoroutine(seats.close()))
        asked: list[Any] = []

        def secure(factory: Any) -> Any:
            asked.append(factory)
            return factory

        network = await seats.open("workers", "tcp:0:interface=127.0.0.1", Named("plain"), secure)
        self.assertEqual((network, asked), (False, []))


class Addresses(SynchronousTestCase):
    def test_only_loopback_and_sockets_in_folders_are_this_machines_own(self) -> None:
        for address in (IPv4Address("TCP", "127.0.0.1", 1), IPv6Address("TCP", "::1", 1), UNIXAddress("/run/farm")):
            self.assertTrue(is_local(address), address)
        for host in ("0.0.0.0", "10.0.0.5", ""):
            self.assertFalse(is_local(IPv4Address("TCP", host, 1)), host)
        for host in ("::", "fd00::5", "fe80::1%eth0"):
            self.assertFalse(is_local(IPv6Address("TCP", host, 1)), host)

    def test_the_settings_tell_it_before_anybody_listens(self) -> None:
        for endpoint in ("tcp:6001", "tcp6:6001", "tcp:6001:interface=10.0.0.5", r"tcp6:6001:interface=\:\:"):
            self.assertTrue(for_others(endpoint), endpoint)
        for endpoint in ("tcp:6001:interface=127.0.0.1", r"tcp6:6001:interface=\:\:1", "unix:/run/farm"):
            self.assertFalse(for_others(endpoint), endpoint)

    def test_the_web_is_https_for_others_unless_a_server_in_front_does_that(self) -> None:
        for settings, secured in (
            (ServerSettings(), False),
            (ServerSettings(web="tcp:8080"), True),
            (ServerSettings(web="tcp:8080", proxies=("10.0.0.9",)), False),
            (ServerSettings(web="tcp:8080", web_tls="never"), False),
            (ServerSettings(web_tls="always"), True),
        ):
            self.assertEqual(settings.web_is_secured, secured, settings)


class Settings(SynchronousTestCase):
    def mistake(self, text: str) -> str:
        path = Path(self.mktemp())
        path.write_text(f"[server]\n{text}\n")
        with self.assertRaises(BadSettings) as caught:
            load(str(path))
        return str(caught.exception)

    def test_certificate_and_key_go_together(self) -> None:
        self.assertIn("in line 2: web_certificate and web_key go together", self.mistake('web_certificate = "a.pem"'))

    def test_workers_bring_their_own_tls(self) -> None:
        self.assertIn('in line 2: workers is written as in "tcp:6001"', self.mistake('workers = "ssl:6001"'))
