"""The shell of a farm over SSH, at a real port: everybody connects once, and says line after line.

How does this work?  `SshPort` listens for the farm of a test, and keeps a connection for each name and proof.  `line`
has a line answered as `ssh HOST LINE` has, and gives the exit status too; `typed` by a shell that stays open.  Whoever
is not let in is told so by `NotLetIn`.
"""

# What is inherited from Conch has no types there.
# mypy: disable-error-code="no-untyped-call,misc,no-untyped-def"

from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from twisted.conch.ssh.channel import SSHChannel
from twisted.conch.ssh.common import NS
from twisted.conch.ssh.connection import SSHConnection
from twisted.conch.ssh.keys import Key
from twisted.conch.ssh.transport import SSHClientTransport
from twisted.conch.ssh.userauth import SSHUserAuthClient
from twisted.internet import reactor as global_reactor
from twisted.internet.defer import Deferred, succeed
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase

from brender.protocols.commands import Answer
from brender.protocols.ssh import SshFactory
from tests.fakes import SmallFarm
from tests.people.at_ports import Listening

reactor: Any = global_reactor
HOST_KEY = Key(Ed25519PrivateKey.generate())
PROMPT = b"> "
NO_STATUS = -1  # a line has ended without one
Proof = str | Key  # a password, or a key


Known = tuple[str, bytes]


def known(name: str, proof: Proof) -> Known:
    return name, proof.encode() if isinstance(proof, str) else proof.blob()


class NotLetIn(Exception):
    """The server has ended the connection, and nobody had logged in."""


def factory_of(farm: SmallFarm) -> SshFactory:
    def later(call: Any) -> None:
        reactor.callLater(0, call)

    return SshFactory(farm.service, farm.now, HOST_KEY, later, farm.clock)


class SshPort:
    def __init__(self, test: TestCase, farm: SmallFarm) -> None:
        self._number = Listening(test, farm, factory_of(farm)).number
        self._there: dict[Known, SSHConnection] = {}
        self._shells: dict[Known, Open] = {}
        self._test = test

    async def line(self, name: str, proof: Proof, line: str) -> Answer:
        """What is answered to one line.  Raises `NotLetIn`."""
        channel = Line(line)
        (await self._connection(name, proof)).openChannel(channel)
        text = (await channel.ended).decode()
        return Answer(text, channel.status)

    async def greeting(self, name: str, proof: Proof) -> str:
        """With what a shell begins.  Raises `NotLetIn`."""
        return (await self._shell(name, proof)).greeting.decode()

    async def typed(self, name: str, proof: Proof, line: str) -> str:
        """What is answered to one line by a shell.  Raises `NotLetIn`."""
        return (await (await self._shell(name, proof)).says(line)).decode()

    async def _shell(self, name: str, proof: Proof) -> "Open":
        who = known(name, proof)
        if who not in self._shells:
            shell = Open()
            (await self._connection(name, proof)).openChannel(shell)
            await shell.greeted()
            self._shells[who] = shell
        return self._shells[who]

    async def _connection(self, name: str, proof: Proof) -> SSHConnection:
        who = known(name, proof)
        if who not in self._there:
            client = await logged_in(self._number, Client(name, proof))
            self._test.addCleanup(client.leave)
            self._there[who] = client.conversation
        return self._there[who]


async def logged_in(number: int, client: "Client") -> "Client":
    """One that has logged in at this port.  Raises `NotLetIn`."""
    await connected(number, client)
    await client.ready
    return client


async def connected(number: int, client: "Client") -> None:
    await connectProtocol(TCP4ClientEndpoint(reactor, "127.0.0.1", number), client)


class Client(SSHClientTransport):
    def __init__(self, name: str, proof: Proof) -> None:
        self.ready: Deferred[None] = Deferred()
        self.gone: Deferred[None] = Deferred()
        self.conversation = Conversation(self.ready)
        self._logging_in = LoggingIn(name.encode(), proof, self.conversation)

    def verifyHostKey(self, hostKey: bytes, fingerprint: str) -> Any:
        return succeed(1)

    def connectionSecure(self) -> None:
        self.requestService(self._logging_in)

    def connectionLost(self, reason: Failure | None = connectionDone) -> None:
        super().connectionLost(reason)
        if not self.ready.called:
            self.ready.errback(NotLetIn("Nobody was let in."))
        self.gone.callback(None)

    async def leave(self) -> None:
        if self.transport is not None:
            self.transport.loseConnection()
        await self.gone


class LoggingIn(SSHUserAuthClient):
    """It has one password or one key, and tries that once."""

    def __init__(self, name: bytes, proof: Proof, instance: SSHConnection) -> None:
        super().__init__(name, instance)
        self._proofs: list[Any] = [proof]

    def getPassword(self, prompt: Any = None) -> Any:
        return succeed(self._proofs.pop().encode()) if self._has(str) else None

    def getPublicKey(self) -> Any:
        if not self._has(Key):
            return None
        self._key = self._proofs.pop()
        return self._key.public()

    def getPrivateKey(self) -> Any:
        return succeed(self._key)

    def _has(self, kind: type) -> bool:
        return bool(self._proofs) and isinstance(self._proofs[0], kind)


class Conversation(SSHConnection):
    def __init__(self, ready: "Deferred[None]") -> None:
        super().__init__()
        self._ready = ready

    def serviceStarted(self) -> None:
        super().serviceStarted()
        self._ready.callback(None)


class Line(SSHChannel):
    """One line, and what is answered before the channel is closed."""

    name = b"session"
    conn: Any

    def __init__(self, line: str) -> None:
        super().__init__()
        self.ended: Deferred[bytes] = Deferred()
        self.status = NO_STATUS
        self._line, self._heard = line.encode(), b""

    def channelOpen(self, specificData: bytes) -> None:
        self.conn.sendRequest(self, b"exec", NS(self._line))

    def openFailed(self, reason: Any) -> None:
        self.ended.errback(reason)

    def request_exit_status(self, data: bytes) -> int:
        self.status = int.from_bytes(data)
        return 1

    def dataReceived(self, data: bytes) -> None:
        self._heard += data

    def closed(self) -> None:
        self.ended.callback(self._heard)


class Open(SSHChannel):
    """A shell that stays open: a line, and what is answered before the next prompt."""

    name = b"session"
    conn: Any

    def __init__(self) -> None:
        super().__init__()
        self.greeting = self._heard = b""
        self._answered: Deferred[bytes] = Deferred()

    def channelOpen(self, specificData: bytes) -> None:
        self.conn.sendRequest(self, b"shell", b"")

    def openFailed(self, reason: Any) -> None:
        self._answered.errback(reason)

    async def greeted(self) -> None:
        self.greeting = await self._answered

    async def says(self, line: str) -> bytes:
        self._answered = Deferred()
        self.write(f"{line}\n".encode())
        return await self._answered

    def dataReceived(self, data: bytes) -> None:
        self._heard += data
        if self._heard.endswith(b"\n" + PROMPT):
            heard, self._heard = self._heard.removesuffix(PROMPT), b""
            self._answered.callback(heard)
