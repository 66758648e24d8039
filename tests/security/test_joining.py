"""A machine joins, calls, renews, and does not let itself be deceived: our worker's side, on real sockets."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from cryptography import x509
from twisted.internet import reactor as global_reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase

from brender.protocols import messages as say
from brender.protocols.codec import encode
from brender.protocols.worker import WorkerFactory
from brender.security import tokens
from brender.security.authority import DAY, Authority
from brender.security.identity import Identity
from brender.security.problems import NotSecure, told
from brender.security.requests import new_key
from brender.security.serving import Handshakes, Secured
from brender.worker.calling.admission import Admission
from brender.worker.calling.joining import Newcomer, Refused
from brender.worker.calling.wallet import Wallet, hash_of
from tests.security.port import PLAINLY, Port, hello, until

reactor: Any = global_reactor


class Speaker(Protocol):
    """Says one thing, and keeps what it hears."""

    def __init__(self, said: bytes) -> None:
        self._said = said
        self.heard = b""
        self.lost: Deferred[BaseException] = Deferred()

    def connectionMade(self) -> None:
        self.transport.write(self._said)  # type: ignore[union-attr]

    def dataReceived(self, data: bytes) -> None:
        self.heard += data

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.lost.callback(reason.value)  # type: ignore[arg-type]


class Joining(TestCase):
    def setUp(self) -> None:
        self.port = Port(self)
        self.state = Path(self.mktemp())
        self.state.mkdir()

    def wallet(self) -> Wallet:
        return Wallet(self.state, time.time)

    async def joined(
        self, token: str = "", host: str = "localhost", machine: str = "key 1", number: int = 0
    ) -> Wallet:
        token = token or await self.port.token()
        wallet = self.wallet()
        where = f"{host}:{number or self.port.number}"
        newcomer = Newcomer(where, tokens.read(token), machine, reactor, wallet.to_join())
        own = await newcomer.join(lambda: True, hash_of(token))
        assert own is not None
        wallet.keep(own)
        return wallet

    async def refused(self, token: str, host: str = "localhost") -> str:
        with self.assertRaises(Refused) as caught:
            await self.joined(token, host)
        self.assertIsNone(self.wallet().own)
        return str(caught.exception)

    async def speaks(self, wallet: Wallet, host: str = "localhost", said: Any = None) -> Speaker:
        endpoint = wallet.secured(HostnameEndpoint(reactor, "127.0.0.1", self.port.number), host)
        speaker = Speaker(encode(said or hello("key 1")))
        await endpoint.connect(Factory.forProtocol(lambda: speaker))
        return speaker

    async def welcomed(self, wallet: Wallet) -> None:
        speaker = await self.speaks(wallet)
        await until(lambda: b"\n" in speaker.heard)
        self.assertEqual(json.loads(speaker.heard)["type"], "welcome")
        speaker.transport.loseConnection()  # type: ignore[union-attr]
        await speaker.lost

    async def test_it_joins_once_and_is_welcome_from_then_on(self) -> None:
        await self.port.open()
        wallet = await self.joined()
        await self.welcomed(wallet)
        await self.welcomed(self.wallet())
        self.assertEqual((self.state / "security" / "worker.pem").stat().st_mode & 0o777, 0o600)

    async def test_when_the_answer_is_lost_it_asks_again_and_has_joined_once(self) -> None:
        await self.port.open()
        token = await self.port.token()
        lossy, number = await self.lossy()
        wallet = await self.joined(token, number=number)
        self.assertEqual((lossy.cut, lossy.calls), (1, 2), "the answer was not lost")
        self.check_joined_once(wallet)
        await self.welcomed(wallet)

    async def test_a_worker_that_was_killed_before_it_had_the_answer_has_it_at_its_next_start(self) -> None:
        await self.port.open()
        token = await self.port.token()
        lossy, number = await self.lossy()
        newcomer = Newcomer(f"localhost:{number}", tokens.read(token), "key 1", reactor, self.wallet().to_join())
        self.assertIsNone(await newcomer.join(lambda: not lossy.cut, hash_of(token)))
        self.assertIsNone(self.wallet().own)
        self.assertEqual((self.state / "security" / "joining.pem").stat().st_mode & 0o777, 0o600)
        wallet = await self.joined(token)
        self.check_joined_once(wallet)
        await self.welcomed(self.wallet())

    async def lossy(self) -> "tuple[Lossy, int]":
        made = Lossy(self.port.number, lambda: bool(self.port.service.farm.credentials))
        listening = reactor.listenTCP(0, made, interface="127.0.0.1")
        self.addCleanup(listening.stopListening)
        return made, int(listening.getHost().port)

    def check_joined_once(self, wallet: Wallet) -> None:
        farm = self.port.service.farm
        (invitation,) = farm.invitations.values()
        self.assertEqual((invitation.used, farm.credentials["key 1"].issued), (1, 1))
        assert wallet.own is not None
        self.assertEqual(f"{wallet.own.certificate.serial_number:x}", farm.credentials["key 1"].serial)
        self.assertEqual(wallet.own.certificate.not_valid_after_utc.timestamp(), farm.credentials["key 1"].expires)
        self.assertFalse((self.state / "security" / "joining.pem").exists())

    async def test_it_says_nothing_to_a_server_of_another_farm(self) -> None:
        await self.port.open()
        token = (await self.port.token()).rpartition("-")[0] + "-" + "0" * 64
        self.assertIn("is not the one that made this token", await self.refused(token))
        (invitation,) = self.port.service.farm.invitations.values()
        self.assertEqual(invitation.used, 0)

    async def test_it_says_nothing_to_a_worker_that_poses_as_the_server(self) -> None:
        key, pem = self.port.certificate("evil")
        listener = Listener()
        self.port.number = await self.port.listen(self.posing(key, pem, listener))
        await self.refused(await self.port.token())
        self.assertEqual(listener.heard, b"")

    def posing(self, key: Any, pem: bytes, listener: "Listener") -> Secured:
        identity = Identity(key, (x509.load_pem_x509_certificate(pem), self.port.authority.certificate))
        return Secured(Handshakes(lambda: identity, None), Factory.forProtocol(lambda: listener), reactor, b"")

    async def test_it_says_nothing_to_a_server_by_a_name_that_is_not_in_its_certificate(self) -> None:
        await self.port.open("127.0.0.2")
        self.assertIn("Add the name", await self.refused(await self.port.token(), "127.0.0.2"))

    async def test_a_server_that_speaks_plainly_is_told_apart(self) -> None:
        self.port.number = await self.port.listen(Watched(WorkerFactory(self.port.service, reactor, 10.0)))
        self.assertIn("speaks plainly, without TLS", await self.refused(await self.port.token()))

    async def test_once_it_has_joined_it_trusts_this_farm_alone(self) -> None:
        await self.port.open()
        wallet = await self.joined()
        for authority in (Authority.made(time.time()), self.port.authority):
            key = new_key()
            names = ["localhost"] if authority is not self.port.authority else ["other.studio"]
            chain = (authority.for_server(key.public_key(), names, time.time()), authority.certificate)
            listener = Listener()
            handshakes = Handshakes(lambda: Identity(key, chain), None)  # noqa: B023 (it is over before the next)
            factory = Secured(handshakes, Factory.forProtocol(lambda: listener), reactor, b"")  # noqa: B023
            self.port.number = await self.port.listen(factory)
            speaker = await self.speaks(wallet)
            why = told(await speaker.lost, "localhost")
            wanted = "not from the farm" if authority is not self.port.authority else 'not for the name "localhost"'
            self.assertIn(wanted, why)
            self.assertEqual(listener.heard, b"")

    async def test_an_expired_certificate_of_the_server_is_not_believed(self) -> None:
        await self.port.open()
        wallet = await self.joined()
        key = new_key()
        chain = (self.port.authority.for_server(key.public_key(), ["localhost"], time.time() - 91 * DAY),)
        factory = Secured(Handshakes(lambda: Identity(key, chain), None), Factory.forProtocol(Listener), reactor, b"")
        self.port.number = await self.port.listen(factory)
        self.assertIn("or has expired", told(await (await self.speaks(wallet)).lost, "localhost"))

    async def test_what_is_wrong_with_its_own_certificate_is_told_as_a_sentence(self) -> None:
        await self.port.open()
        wallet = await self.joined()
        assert wallet.own is not None
        other = Authority.made(time.time())
        for days, by, wanted in ((366, self.port.authority, "has expired"), (0, other, "was made by another farm")):
            key, pem = self.port.certificate("key 1", days_ago=days, by=by)
            wallet.own = replace(wallet.own, key=key, certificate=x509.load_pem_x509_certificate(pem))
            speaker = await self.speaks(wallet)
            why = told(await speaker.lost, "localhost")
            self.assertIn(wanted, why)
            self.assertIn("brender join-token", why)
            self.assertEqual(speaker.heard, b"")

    async def test_the_servers_next_certificate_is_shown_at_the_next_handshake(self) -> None:
        self.port = Port(self, ahead=-61 * DAY)
        await self.port.open()
        wallet = await self.joined()
        self.port.ahead = 0.0
        before = (self.port.folder / "server" / "security" / "server.pem").read_bytes()
        await self.welcomed(wallet)
        self.assertNotEqual((self.port.folder / "server" / "security" / "server.pem").read_bytes(), before)

    async def test_its_own_certificate_is_renewed_over_its_connection(self) -> None:
        await self.port.open()
        wallet = await self.joined()
        assert wallet.own is not None
        first = wallet.own
        self.assertFalse(wallet.due)
        later = Wallet(self.state, lambda: time.time() + 184 * DAY)
        self.assertTrue(later.due)
        call = await self.speaks(later)
        await until(lambda: b"welcome" in call.heard)
        call.transport.write(encode(say.Renew(later.ask())))  # type: ignore[union-attr]
        await until(lambda: b"certificate" in call.heard)
        later.take(json.loads(call.heard.splitlines()[-1])["certificate"])
        call.transport.loseConnection()  # type: ignore[union-attr]
        await call.lost
        kept = self.wallet().own
        assert kept is not None
        self.assertNotEqual((kept.certificate, kept.key), (first.certificate, first.key))
        self.assertEqual(kept.machine, "key 1")
        await self.welcomed(self.wallet())

    async def test_a_certificate_that_nobody_asked_for_is_not_taken(self) -> None:
        await self.port.open()
        wallet = await self.joined()
        for pem in (self.port.certificate("key 1")[1].decode(), "nothing"):
            with self.assertRaises(NotSecure):
                wallet.take(pem)
            wallet.ask()
            with self.assertRaises(NotSecure):
                wallet.take(pem)
        await self.welcomed(self.wallet())


class Lossy(Factory):
    """A way to the server on which an answer is lost: it is cut once, when something comes and it is `answered`."""

    noisy = False

    def __init__(self, port: int, answered: Callable[[], bool]) -> None:
        self.port, self.answered = port, answered
        self.cut = self.calls = 0

    def buildProtocol(self, addr: Any) -> "There":
        self.calls += 1
        return There(self)


class There(Protocol):
    """Passes on what a worker says."""

    transport: Any

    def __init__(self, way: Lossy) -> None:
        self.way = way
        self.back = Back(self)

    def connectionMade(self) -> None:
        self.transport.pauseProducing()
        endpoint = HostnameEndpoint(reactor, "127.0.0.1", self.way.port)
        endpoint.connect(Factory.forProtocol(lambda: self.back))

    def dataReceived(self, data: bytes) -> None:
        self.back.transport.write(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.back.transport.abortConnection()


class Back(Protocol):
    """Passes on what the server says, or loses it."""

    transport: Any

    def __init__(self, there: There) -> None:
        self.there = there

    def connectionMade(self) -> None:
        self.there.transport.resumeProducing()

    def dataReceived(self, data: bytes) -> None:
        way = self.there.way
        if way.cut or not way.answered():
            self.there.transport.write(data)
            return
        way.cut += 1
        self.there.transport.abortConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.there.transport.loseConnection()


class Watched(Factory):
    """A factory that knows its connections, as `Secured` does."""

    noisy = False

    def __init__(self, factory: Any) -> None:
        self._factory = factory
        self.protocols: list[Any] = []

    def buildProtocol(self, addr: Any) -> Any:
        made = self._factory.buildProtocol(addr)
        self.protocols.append(made.transport)
        self.protocols.clear()
        return made


class Listener(Protocol):
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.heard = b""

    def dataReceived(self, data: bytes) -> None:
        self.heard += data


class Admitted(TestCase):
    def setUp(self) -> None:
        self.port = Port(self)
        self.state = Path(self.mktemp())
        self.state.mkdir()

    def admission(self, server: str = "", token: str | None = None) -> Admission:
        return Admission(self.state, server or f"localhost:{self.port.number}", token, reactor)

    async def test_a_token_may_stay_in_the_file_that_starts_the_worker(self) -> None:
        await self.port.open()
        token = await self.port.token()
        file = self.state / "token"
        file.write_text(f"{token}\n")
        for said in (token, token, f"@{file}"):
            admission = self.admission(token=said)
            await admission.join("key 1", lambda: True)
            self.assertIsNotNone(admission.wallet.own)

    async def test_another_identity_has_to_join_for_itself(self) -> None:
        await self.port.open()
        token = await self.port.token()
        await self.admission(token=token).join("key 1", lambda: True)
        with self.assertRaises(NotSecure) as caught:
            await self.admission().join("key 2", lambda: True)
        self.assertIn("another identity", str(caught.exception))

    def test_a_file_of_a_token_that_is_not_there_is_told(self) -> None:
        for said, wanted in ((f"@{self.state}/none", "cannot be read"), ("@", "cannot be read"), ("x", "is not")):
            with self.assertRaises(NotSecure) as caught:
                self.admission(token=said)
            self.assertIn(wanted, str(caught.exception))

    def test_on_loopback_nothing_has_to_be_set_up(self) -> None:
        self.assertIsNone(self.admission("127.0.0.1:6001,localhost:6001").wallet.own)

    def test_over_a_network_it_says_nothing_before_it_has_joined(self) -> None:
        with self.assertRaises(NotSecure) as caught:
            self.admission("localhost:6001, farm.studio:6001")
        self.assertIn("has not joined the farm at farm.studio", str(caught.exception))

    async def test_a_server_that_is_not_there_is_called_again(self) -> None:
        token = await self.port.token()
        calls = iter([True, True, False])
        self.port.number = 1
        admission = self.admission(token=token)
        await admission.join("key 1", lambda: next(calls))
        self.assertIsNone(admission.wallet.own)
        self.assertIsNone(next(calls, None))

    async def test_a_file_that_cannot_be_read_is_told(self) -> None:
        folder = self.state / "security"
        folder.mkdir()
        (folder / "worker.pem").write_bytes(PLAINLY)
        with self.assertRaises(NotSecure) as caught:
            self.admission()
        self.assertIn("worker.pem", str(caught.exception))
