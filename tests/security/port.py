"""A port for workers that speaks TLS, on a real socket, and machines that call it with Python's own `ssl`.

How does this work?  `Port` is the real service on doubles behind the real handshakes.  `Caller` is a peer that has
nothing in common with ours: blocking sockets in a thread.  What it hears are lines of JSON; what the handshake says no
to comes as `ssl.SSLError`.
"""

import contextlib
import json
import socket
import ssl
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from twisted.internet import reactor as global_reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from brender.farm.client import Machine
from brender.farm.people.invitation import Badge
from brender.protocols import messages as say
from brender.protocols.codec import encode
from brender.protocols.papers import NOT_JOINED
from brender.protocols.worker import WorkerFactory
from brender.security.authority import DAY, Authority, keep
from brender.security.locks import Locks
from brender.security.requests import PrivateKey, key_pem, new_key, request_for
from brender.security.secret_files import folder_in
from tests.fakes import SmallFarm

reactor: Any = global_reactor
PATIENCE = 20.0  # seconds
PLAINLY = encode(say.Refused(NOT_JOINED, again=False))


class Port:
    """Of a farm with a CA of its own."""

    def __init__(self, test: TestCase, ahead: float = 0.0) -> None:
        folder = tempfile.TemporaryDirectory(prefix="brender-tls-")
        test.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.test = test
        self.ahead = ahead  # seconds by which the server's clock is
        self.farm = SmallFarm(test)
        self.service = self.farm.service
        self.locks = self.made_locks("server")
        self.authority = self.locks.authority
        self.service.authority = self.authority.fingerprint
        self.number = 0

    def made_locks(self, name: str) -> Locks:
        return Locks(self.folder / name, ["farm.studio"], reactor, lambda: time.time() + self.ahead)

    async def open(self, interface: str = "127.0.0.1", greet_within: float = 10.0) -> None:
        factory = WorkerFactory(self.service, reactor, 10.0, self.locks.gate, greet_within)
        self.number = await self.listen(self.locks.workers(factory, PLAINLY), interface)

    async def listen(self, factory: Any, interface: str = "127.0.0.1") -> int:
        port = await serverFromString(reactor, f"tcp:0:interface={interface}").listen(factory)

        async def close() -> None:
            await port.stopListening()
            for connection in list(factory.protocols):
                connection.abortConnection()
            await until(lambda: not factory.protocols)

        self.test.addCleanup(lambda: Deferred.fromCoroutine(close()))
        return int(port.getHost().port)

    async def token(self, uses: int = 1, seconds: float = 3600.0) -> str:
        _, token = await self.service.invite("", uses, seconds)
        return token

    # --- machines

    def certificate(
        self, key: str, number: int = 1, days_ago: float = 0.0, by: Authority | None = None
    ) -> tuple[PrivateKey, bytes]:
        """A machine's, as it was made so many days ago; and its key."""
        private = new_key()
        when = time.time() - days_ago * DAY
        signed = (by or self.authority).for_worker(request_for(private), Badge(key, number), when)
        return private, signed.pem.encode()

    def context(self, own: tuple[PrivateKey, bytes] | None = None) -> ssl.SSLContext:
        """Of a machine that trusts the farm, and shows this."""
        context = ssl.create_default_context(cadata=self.authority.certificate_pem.decode())
        if own:
            path = self.folder / f"shown-{len(list(self.folder.iterdir()))}.pem"
            path.write_bytes(own[1] + key_pem(own[0]))
            context.load_cert_chain(path)
        return context

    def machine(self, key: str, number: int = 1) -> ssl.SSLContext:
        return self.context(self.certificate(key, number))

    async def says(self, *messages: Any, context: ssl.SSLContext | None = None, host: str = "localhost") -> list[Any]:
        """Call, say these, and give what is heard until the server closes or nothing is left to be heard."""
        said = b"".join(encode(each) for each in messages)
        return await deferToThread(heard, self.number, said, context, host)

    async def writes(self, said: bytes) -> bytes:
        """Say these bytes without TLS, and give all that is heard until the server closes."""
        return await deferToThread(answered, self.number, said)

    async def call(self, context: ssl.SSLContext) -> "Call":
        return await deferToThread(Call, self.number, context)


def other_farm(port: Port) -> Authority:
    made = Authority.made(time.time())
    keep(made, folder_in(port.folder / "other"))
    return made


def hello(key: str, name: str = "render-01", run: str = "run") -> say.Hello:
    return say.Hello(say.VERSION, run, Machine(key, name, 1), {})


def connected(number: int, context: ssl.SSLContext | None, host: str) -> socket.socket:
    plain = socket.create_connection(("127.0.0.1", number), PATIENCE)
    return context.wrap_socket(plain, server_hostname=host) if context else plain


def heard(number: int, said: bytes, context: ssl.SSLContext | None, host: str) -> list[Any]:
    with connected(number, context, host) as connection:
        connection.sendall(said)
        received = b""
        while data := connection.recv(65536):
            received += data
    return [json.loads(line) for line in received.splitlines()]


def answered(number: int, said: bytes) -> bytes:
    with connected(number, None, "") as connection:
        connection.sendall(said)
        received = b""
        with contextlib.suppress(ConnectionError):
            while data := connection.recv(65536):
                received += data
    return received


class Call:
    """A connection that stays open."""

    def __init__(self, number: int, context: ssl.SSLContext) -> None:
        self._socket = connected(number, context, "localhost")
        self._file = self._socket.makefile("rb")

    def _say(self, messages: Sequence[Any]) -> None:
        self._socket.sendall(b"".join(encode(each) for each in messages))

    async def say(self, *messages: Any) -> None:
        await deferToThread(self._say, messages)

    def _hear(self, kind: str) -> Any:
        for line in self._file:
            if (found := json.loads(line))["type"] == kind:
                return found
        return None

    async def hear(self, kind: str) -> Any:
        """The next message of this kind; None when the server has closed before."""
        return await deferToThread(self._hear, kind)

    def close(self) -> None:
        self._socket.close()


async def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        await deferLater(reactor, 0.01)
