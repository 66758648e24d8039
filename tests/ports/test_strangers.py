"""Limits on strangers: who makes room for whom, counted; and the real ports on real sockets, with crowds before them.

How does this work?  `Counting` puts echoes behind the limits, on transports in memory.  `Ports` has shell, SSH, workers
and web of one small farm listen on loopback, with little room, and crowds that say nothing, or half of something, or
read nothing; then somebody comes who means it, on each of the ports, and is served; by SSH they log in.  Time is the
farm's own clock.
"""

# mypy: disable-error-code="no-untyped-call,misc"

import contextlib
import socket
import ssl
import struct
from collections.abc import Callable
from typing import Any, cast

from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL.crypto import X509, PKey
from twisted.conch.ssh.userauth import SSHUserAuthClient
from twisted.internet import reactor
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IHalfCloseableProtocol, IProtocolFactory
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.ssl import CertificateOptions
from twisted.internet.task import Clock, LoopingCall
from twisted.internet.testing import StringTransportWithDisconnection
from twisted.internet.threads import deferToThread
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase, TestCase

from brender.config.settings import StrangerSettings
from brender.farm.client import Machine
from brender.farm.people.users import Role
from brender.ports.sockets import RESERVE, host_of, room_for_connections, take_within
from brender.ports.strangers import QUIET, Strangers, Visit, Visitor
from brender.protocols import messages as say
from brender.protocols.codec import encode
from brender.protocols.door import ShellFactory
from brender.protocols.ssh import LOGIN_WITHIN
from brender.protocols.worker import WorkerFactory
from brender.web import make_site
from brender.web.http.forwarded import Proxies
from tests.deploy.certificates import self_signed
from tests.fakes import SmallFarm
from tests.people.over_ssh import Client, Line, Open, connected, factory_of, logged_in

PATIENCE = 60.0  # seconds


class Echo(Protocol):
    visit = Visit()

    def __init__(self) -> None:
        self.got = b""
        self.lost = False

    def dataReceived(self, data: bytes) -> None:
        self.got += data

    def connectionLost(self, reason: Failure = Failure(ConnectionDone())) -> None:  # noqa: B008
        self.lost = True


class Wire(StringTransportWithDisconnection):
    aborted = False

    def abortConnection(self) -> None:
        self.aborted = True
        self.protocol.connectionLost(Failure(ConnectionDone()))


class Guest:
    """Somebody who connects."""

    def __init__(self, guarded: IProtocolFactory, host: str = "10.0.0.1") -> None:
        self.wire = Wire()
        built = guarded.buildProtocol(IPv4Address("TCP", host, 40_000))
        assert built is not None
        self.front: Any = built
        self.wire.protocol = self.front
        self.behind = cast("Echo", getattr(built, "_behind", None))
        self.front.makeConnection(self.wire)

    @property
    def there(self) -> bool:
        return not self.wire.aborted

    def says(self, data: bytes) -> None:
        self.front.dataReceived(data)

    def leaves(self) -> None:
        self.front.connectionLost(Failure(ConnectionDone()))


class Counting(SynchronousTestCase):
    def room(self, most: int = 1000, most_a_second: int = 0, **limits: Any) -> Callable[..., Guest]:
        """What lets guests in."""
        self.clock = Clock()
        settings = StrangerSettings(**{"at_once": 10, "of_an_address": 3, "of_this_machine": 5, **limits})
        self.strangers = Strangers(settings, self.clock, Proxies(["10.9.0.0/16"]).know, most)
        guarded = self.strangers.at(Factory.forProtocol(Echo), most_a_second)
        return lambda host="10.0.0.1": Guest(guarded, host)

    def test_a_newcomer_takes_the_place_of_the_longest_waiting_stranger_of_its_address(self) -> None:
        come = self.room()
        other = come("10.0.0.2")
        guests = [come() for _ in range(5)]
        self.assertEqual([each.there for each in guests], [False, False, True, True, True])
        self.assertTrue(other.there)
        self.assertTrue(guests[0].behind.lost)

    def test_when_there_are_too_many_in_all_the_longest_waiting_one_goes(self) -> None:
        come = self.room()
        guests = [come(f"10.0.0.{number}") for number in range(12)]
        self.assertEqual([each.there for each in guests], [False] * 2 + [True] * 10)

    def test_who_is_known_keeps_the_place(self) -> None:
        come = self.room()
        first = come()
        first.behind.visit.known()
        guests = [come() for _ in range(4)]
        self.assertTrue(first.there)
        self.assertEqual([each.there for each in guests], [False, True, True, True])

    def test_who_is_a_stranger_again_waits_behind_those_that_came_since(self) -> None:
        come = self.room()
        first = come()
        first.behind.visit.known()
        others = [come(), come()]
        first.behind.visit.stranger()
        come()
        self.assertEqual([first.there, *(each.there for each in others)], [True, False, True])

    def test_an_address_has_no_more_than_its_connections_however_well_known(self) -> None:
        come = self.room(connections_of_an_address=4, of_an_address=10)
        known = [come() for _ in range(4)]
        for each in known:
            each.behind.visit.known()
        self.assertFalse(come().there)
        self.assertTrue(come("10.0.0.2").there)
        known[0].leaves()
        self.assertTrue(come().there)
        self.assertTrue(all(each.there for each in known))

    def test_this_machine_and_servers_in_front_have_more_room(self) -> None:
        come = self.room(connections_of_an_address=4)
        for host in ("127.0.0.1", "10.9.1.1"):
            guests = [come(host) for _ in range(6)]
            self.assertEqual([each.there for each in guests], [False, True, True, True, True, True])
            for each in guests[1:]:
                each.behind.visit.known()
            self.assertTrue(come(host).there)

    def test_when_strangers_have_sent_too_much_the_one_that_sent_most_goes(self) -> None:
        come = self.room(megabytes=1)
        small, large, last = come("10.0.0.1"), come("10.0.0.2"), come("10.0.0.3")
        small.says(b"x" * 300_000)
        large.says(b"x" * 700_000)
        last.says(b"x" * 100_000)
        self.assertEqual([small.there, large.there, last.there], [True, False, True])
        self.assertEqual(self.strangers.figures, (2, 2, 400_000))

    def test_what_a_known_one_has_sent_counts_no_more(self) -> None:
        come = self.room(megabytes=1)
        for _ in range(3):
            guest = come()
            guest.says(b"x" * 900_000)
            guest.behind.visit.known()
            guest.says(b"x" * 900_000)
        self.assertEqual(self.strangers.figures, (3, 0, 0))

    def test_a_stranger_that_sends_too_much_in_a_second_goes_and_nothing_of_that_is_looked_at(self) -> None:
        come = self.room(most_a_second=1000)
        guest = come()
        for _ in range(3):
            guest.says(b"x" * 900)
            self.clock.advance(1)
        guest.says(b"x" * 500)
        self.assertTrue(guest.there)
        guest.says(b"y" * 501)
        self.assertFalse(guest.there)
        self.assertNotIn(b"y", guest.behind.got)

    def test_when_the_descriptors_are_used_newcomers_are_closed_and_nobody_else(self) -> None:
        come = self.room(most=4)
        guests = [come(f"10.0.0.{number}") for number in range(4)]
        self.assertEqual([each.there for each in guests], [False, False, True, True])  # half of them are for strangers
        for each in guests[2:]:
            each.behind.visit.known()
        known = [come("10.0.1.1"), come("10.0.1.2")]
        for each in known:
            each.behind.visit.known()
        self.assertFalse(come("10.0.2.1").there)
        self.assertTrue(all(each.there for each in (*guests[2:], *known)))

    def test_nothing_is_counted_of_who_has_left(self) -> None:
        come = self.room()
        for _ in range(3):
            guest = come()
            guest.says(b"x" * 1000)
            guest.leaves()
        known = come()
        known.behind.visit.known()
        known.leaves()
        self.assertEqual(self.strangers.figures, (0, 0, 0))
        self.assertEqual(self.strangers._open, {})
        self.assertEqual(self.strangers._of, {})

    def test_a_crowd_does_not_fill_the_log(self) -> None:
        come = self.room()
        lines: list[str] = []
        warn = staticmethod(lambda text, **how: lines.append(text.format(**how)))
        self.patch(Strangers, "log", type("Log", (), {"warn": warn}))
        for _ in range(500):
            come()
        self.clock.advance(QUIET)
        come()
        self.assertEqual(len(lines), 2)
        self.assertIn("Closed 497 connections of strangers, lately of 10.0.0.1", lines[1])

    def test_one_machine_has_a_whole_network_of_ipv6(self) -> None:
        hosts = {host_of(IPv6Address("TCP", f"2001:db8:1:2::{number:x}", 1)) for number in range(1, 50)}
        self.assertEqual(hosts, {"2001:db8:1:2::/64"})
        self.assertEqual(host_of(IPv6Address("TCP", "::ffff:10.0.0.1", 1)), "10.0.0.1")
        self.assertEqual(host_of(IPv6Address("TCP", "::1", 1)), "::1")
        self.assertEqual(host_of(UNIXAddress(None)), "")

    def test_half_closing_is_for_those_that_understand_it(self) -> None:
        farm = SmallFarm(cast("Any", self))
        strangers = Strangers(StrangerSettings(), farm.clock, Proxies().know)
        shell = strangers.at(ShellFactory(farm.service, farm.clock)).buildProtocol(None)
        site = strangers.at(make_site(farm.service, "2.0", clock=farm.clock)).buildProtocol(None)
        self.assertTrue(IHalfCloseableProtocol.providedBy(shell))
        self.assertFalse(IHalfCloseableProtocol.providedBy(site))

    def test_descriptors_are_kept_for_other_things(self) -> None:
        room = room_for_connections()
        self.assertGreater(room, 0)
        self.assertEqual(room_for_connections(), room)
        self.assertGreater(RESERVE, 0)


HELLO = say.Hello(say.VERSION, "run 1", Machine(key="a key", name="attic", slots=1), {})
HALF = {  # of the first thing that anybody says
    "shell": b"help",
    "ssh": b"SSH-2.0-somebody",
    "workers": encode(HELLO)[:40],
    "web": b"GET /api/v1/farm HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
}
WHOLE = {"shell": b"help\r\n", "workers": encode(HELLO), "web": HALF["web"] + b"no\r\n\r\n"}
ANSWER = {"shell": b"List the commands", "workers": b'"type":"welcome"', "web": b"HTTP/1.1 200 OK"}
CROWD = 150  # connections at each port


class Silent(Client):
    """Somebody who goes so far by SSH, and then says nothing."""

    def __init__(self) -> None:
        super().__init__("ada", "ada has one")
        self.so_far: Deferred[None] = Deferred()
        self.ready.addErrback(lambda _: None)  # they are let go


class WithoutKeys(Silent):
    """They never answer with theirs."""

    def ssh_KEXINIT(self, packet: bytes) -> None:
        self.so_far.callback(None)


class WithoutAQuestion(Silent):
    """They have keys, and do not want to log in."""

    def connectionSecure(self) -> None:
        self.so_far.callback(None)


class WithoutAnAnswer(Silent):
    """They are asked who they are."""

    def connectionSecure(self) -> None:
        self.requestService(Mute(b"ada", self.conversation))


class Mute(SSHUserAuthClient):
    transport: Any

    def serviceStarted(self) -> None:
        self.transport.so_far.callback(None)


class Ports(TestCase):
    """The ports of a farm, on loopback; whoever is on this machine is trusted, and ada may log in."""

    timeout = 120

    async def setUp(self) -> None:  # type: ignore[override]
        self.farm = SmallFarm(self)
        farm, clock = self.farm.service, self.farm.clock
        await farm.add_user("ada", Role.ADMIN, "ada has one")
        farm.farm.people.trusting = True
        settings = StrangerSettings(at_once=60, of_this_machine=40, megabytes=4)
        self.strangers = Strangers(settings, clock, Proxies().know)
        factories: dict[str, Any] = {
            "shell": ShellFactory(farm, clock, self.farm.now),
            "ssh": factory_of(self.farm),
            "workers": WorkerFactory(farm, clock, 10.0),
            "web": make_site(farm, "2.0", clock=clock, now=self.farm.now),
        }
        self.ports = {name: self.listen(self.strangers.at(factory)) for name, factory in factories.items()}

    def listen(self, factory: IProtocolFactory) -> int:
        port: Any = cast("Any", reactor).listenTCP(0, factory, interface="127.0.0.1")
        self.addCleanup(self.stop, port)
        return int(port.getHost().port)

    async def stop(self, port: Any) -> None:
        await port.stopListening()
        await self.until(lambda: self.strangers.figures[0] == 0)

    def connect(self, name: str, size: int = 0) -> socket.socket:
        wire = socket.socket()
        self.addCleanup(wire.close)
        if size:
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)
        wire.settimeout(PATIENCE)
        wire.connect(("127.0.0.1", self.ports[name]))
        return wire

    async def crowd(self, name: str, says: bytes = b"", number: int = CROWD) -> list[socket.socket]:
        """So many that connect, say this, and no more."""

        def come() -> socket.socket:
            wire = self.connect(name)
            with contextlib.suppress(OSError):  # it had to make room already
                wire.sendall(says)
            return wire

        return [await deferToThread(come) for _ in range(number)]

    async def until(self, so: Callable[[], object]) -> None:
        """Until something is so; the farm's clock hardly moves meanwhile."""

        def look() -> None:
            self.farm.clock.advance(0.001)
            if so():
                looking.stop()

        looking = LoopingCall(look)
        running: Deferred[Any] = looking.start(0.01)
        await running.addTimeout(PATIENCE, cast("Any", reactor))

    async def served(self, name: str) -> bool:
        """Whether somebody who means it is answered at this port."""
        if name == "ssh":
            return await self.served_by_ssh()

        def ask() -> bytes:
            with self.connect(name) as wire:
                wire.sendall(WHOLE[name])
                got = b""
                while ANSWER[name] not in got and (more := wire.recv(65_536)):
                    got += more
                return got

        return ANSWER[name] in await self.meanwhile(ask)

    async def served_by_ssh(self) -> bool:
        client = await logged_in(self.ports["ssh"], Client("ada", "ada has one"))
        line = Line("login")
        client.conversation.openChannel(line)
        text = await line.ended
        await client.leave()
        return text == b"You are ada, admin.\n"

    async def meanwhile(self, work: Callable[[], bytes]) -> bytes:
        """What comes of it in a thread, while the farm's clock goes on."""
        came: list[bytes] = []
        deferToThread(work).addCallback(came.append)
        await self.until(lambda: came)
        return came[0]

    async def test_a_crowd_that_says_nothing_locks_nobody_out(self) -> None:
        for name in self.ports:
            await self.crowd(name)
        self.assertLessEqual(self.strangers.figures[1], 60)
        for name in self.ports:
            self.assertTrue(await self.served(name), name)

    async def test_a_crowd_that_says_half_of_something_locks_nobody_out(self) -> None:
        for name in self.ports:
            await self.crowd(name, HALF[name])
        for name in self.ports:
            self.assertTrue(await self.served(name), name)

    async def test_who_drips_is_closed_when_the_time_is_over_however_steadily(self) -> None:
        for name, seconds in (("shell", 120), ("ssh", 60), ("workers", 11), ("web", 60)):
            (wire,) = await self.crowd(name, HALF[name], 1)
            await self.until(lambda: self.strangers.figures[1] == 1)
            for _ in range(seconds + 5):
                self.farm.clock.advance(1)
                with contextlib.suppress(OSError):
                    wire.send(b"a")
            await self.until(lambda: self.strangers.figures[0] == 0)

    async def test_where_there_are_users_lines_alone_make_nobody_known(self) -> None:
        self.farm.service.farm.people.trusting = False
        wire = await deferToThread(self.connect, "shell")
        wire.sendall(b"help\r\n")
        self.assertIn(b"login", await self.meanwhile(lambda: wire.recv(65_536)))
        self.assertEqual(self.strangers.figures[:2], (1, 1))
        self.farm.clock.advance(121)
        await self.until(lambda: self.strangers.figures[0] == 0)

    async def test_who_does_not_log_in_by_ssh_is_closed_however_far_they_have_come(self) -> None:
        for silent in (WithoutKeys(), WithoutAQuestion(), WithoutAnAnswer()):
            await connected(self.ports["ssh"], silent)
            await silent.so_far
            self.assertEqual(self.strangers.figures[:2], (1, 1))
            self.farm.clock.advance(LOGIN_WITHIN - 1)
            self.assertFalse(silent.gone.called)
            self.farm.clock.advance(1)
            await silent.gone
            await self.until(lambda: self.strangers.figures[0] == 0)

    async def test_who_has_logged_in_by_ssh_stays_for_as_long_as_they_like(self) -> None:
        client = await logged_in(self.ports["ssh"], Client("ada", "ada has one"))
        self.assertEqual(self.strangers.figures[:2], (1, 0))
        await self.crowd("ssh", HALF["ssh"])
        self.farm.clock.advance(10 * LOGIN_WITHIN)
        shell = Open()
        client.conversation.openChannel(shell)
        await shell.greeted()
        self.assertIn(b"You are ada", await shell.says("login"))
        await client.leave()

    async def test_what_strangers_send_by_ssh_is_bounded_before_they_say_what_they_are(self) -> None:
        (wire,) = await self.crowd("ssh", b"x" * 100_000, 1)
        await self.until(lambda: self.strangers.figures[0] == 0)
        self.assertTrue(self.gone(wire))

    async def test_behind_tls_it_is_the_same_for_those_that_never_shake_hands(self) -> None:
        certificate, key = self_signed("localhost")
        secret = PKey.from_cryptography_key(key)  # type: ignore[arg-type]  # its types know no elliptic curves
        shown = CertificateOptions(secret, X509.from_cryptography(certificate))
        shell = self.strangers.at(ShellFactory(self.farm.service, self.farm.clock, self.farm.now))
        self.ports["shell"] = self.listen(TLSMemoryBIOFactory(shown, False, shell))
        await self.crowd("shell", b"\x16\x03\x01", 80)
        self.assertLessEqual(self.strangers.figures[1], 40)
        trusting = ssl.create_default_context(cadata=certificate.public_bytes(Encoding.PEM).decode())

        def ask() -> bytes:
            with trusting.wrap_socket(self.connect("shell"), server_hostname="localhost") as wire:
                wire.sendall(WHOLE["shell"])
                got = b""
                while ANSWER["shell"] not in got and (more := wire.recv(65_536)):
                    got += more
                return got

        self.assertIn(ANSWER["shell"], await self.meanwhile(ask))

    async def test_known_ones_stay_while_a_crowd_comes(self) -> None:
        wire = await deferToThread(self.connect, "shell")
        wire.sendall(WHOLE["shell"])
        await self.until(lambda: self.strangers.figures[:2] == (1, 0))
        await self.crowd("shell")
        wire.sendall(WHOLE["shell"])
        got = b""

        def hear() -> bytes:
            return wire.recv(65_536)

        while got.count(ANSWER["shell"]) < 2:
            heard = await self.meanwhile(hear)
            self.assertTrue(heard)
            got += heard

    async def test_what_strangers_send_does_not_pile_up(self) -> None:
        much = b'{"item": "' + b"x" * 1_000_000
        wires = await self.crowd("shell", much, 12)
        await self.until(lambda: self.strangers.figures[1] < len(wires))
        self.assertLessEqual(self.strangers.figures[2], 4 * 2**20)
        self.assertTrue(await self.served("shell"))

    async def test_the_web_is_a_strangers_place_again_when_a_request_is_answered(self) -> None:
        wire = await deferToThread(self.connect, "web")
        wire.sendall(WHOLE["web"])
        await deferToThread(wire.recv, 100)
        await self.until(lambda: self.strangers.figures[:2] == (1, 1))
        await self.crowd("web", number=60)
        await self.until(lambda: self.gone(wire))

    @staticmethod
    def gone(wire: socket.socket) -> bool:
        wire.setblocking(False)
        try:
            while wire.recv(65_536):
                pass
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True

    async def test_who_reads_nothing_is_dropped_by_the_system(self) -> None:
        """And its time begins when there is something to read."""
        found: list[Any] = []
        before = Visitor.connectionMade

        def made(visitor: Visitor) -> None:
            before(visitor)
            found.append(cast("Any", visitor.transport).getHandle())

        self.patch(Visitor, "connectionMade", made)
        await deferToThread(self.connect, "web")
        await self.until(lambda: found)
        option = found[0].getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 4)
        self.assertEqual(struct.unpack("i", option), (60_000,))

    async def test_a_peer_that_takes_nothing_is_given_up(self) -> None:
        lost: list[Failure] = []

        class Flood(Protocol):
            def connectionMade(self) -> None:
                take_within(cast("Any", self.transport), 1.0)
                cast("Any", self.transport).write(b"x" * 20_000_000)

            def connectionLost(self, reason: Failure = Failure(ConnectionDone())) -> None:  # noqa: B008
                lost.append(reason)

        self.ports["flood"] = self.listen(Factory.forProtocol(Flood))
        await deferToThread(self.connect, "flood", 4096)
        await self.until(lambda: lost)
        self.assertFalse(lost[0].check(ConnectionDone))
