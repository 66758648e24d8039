"""The first call of a machine that has nothing but a join token.

How does this work?  It calls by TLS, and before it says anything looks whether the server is the one that the token
names (`farms_own`).  Then it says the secret of the token and asks for a certificate for its key, which is kept before
that and never leaves this machine.  A server that is not there, or whose answer is lost, is called again, as
`connection` does, and asked for the same; one
that is another or that refuses the token ends it with a sentence.
"""

from collections.abc import Callable
from time import time
from typing import Any

from cryptography import x509
from OpenSSL import SSL
from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as TooLate
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.interfaces import IHandshakeListener, IOpenSSLClientConnectionCreator
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from brender.protocols import messages as say
from brender.protocols.codec import MOST_FROM_WORKER, BadMessage, Decoder, encode
from brender.security.checking import farms_own
from brender.security.problems import NotSecure, told
from brender.security.requests import PrivateKey, request_for
from brender.security.tokens import Token
from brender.worker.calling.addresses import named, split
from brender.worker.calling.connection import pause
from brender.worker.calling.wallet import Pass, passed

ANSWER_WITHIN = 20.0  # seconds


class Refused(Exception):
    """It makes no sense to call again; the message is a sentence for people."""


class NotThere(Exception):
    """Nobody who could answer; the message says what was wrong."""


@implementer(IOpenSSLClientConnectionCreator)
class Unknown:
    """TLS with a server of which it is looked at afterwards who it is."""

    def clientConnectionForTLS(self, tlsProtocol: Any) -> SSL.Connection:
        context = SSL.Context(SSL.TLS_METHOD)
        context.set_min_proto_version(SSL.TLS1_2_VERSION)
        return SSL.Connection(context, None)


@implementer(IHandshakeListener)
class Joining(Protocol):
    transport: Any

    def __init__(self, token: Token, host: str, machine: str, used: str, key: PrivateKey) -> None:
        self._token, self._host, self._machine, self._used = token, host, machine, used
        self._key = key
        self._authority: x509.Certificate | None = None
        self._decoder: Decoder[say.FromServer] = Decoder(say.FromServer, MOST_FROM_WORKER)
        self.done: Deferred[Pass] = Deferred(lambda _: self.transport.abortConnection())

    def handshakeCompleted(self) -> None:
        chain = self.transport.getHandle().get_peer_cert_chain(as_cryptography=True) or []
        try:
            self._authority = farms_own(chain, self._token.fingerprint, self._host, time())
        except NotSecure as error:
            self._end(Failure(Refused(str(error))))
            return
        wanted = say.Join(say.VERSION, self._token.secret, self._machine, request_for(self._key))
        self.transport.write(encode(wanted))

    def dataReceived(self, data: bytes) -> None:
        try:
            for message in self._decoder.feed(data):
                self._heard(message)
        except BadMessage as bad:
            self._end(Failure(Refused(f"The server said what this worker does not understand: {bad}")))

    def _heard(self, message: say.FromServer) -> None:
        match message:
            case say.Certificate(certificate) if self._authority:
                try:
                    self._end(passed(self._key, certificate, self._authority, self._used, self._machine))
                except NotSecure as error:
                    self._end(Failure(Refused(str(error))))
            case say.Refused(reason, again):
                self._end(Failure(NotThere(reason) if again else Refused(reason)))

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        why = told(reason.value, self._host) if reason.value else ""
        self._end(Failure(Refused(f"The server at {self._host}: {why}.") if why else NotThere("it has hung up")))

    def _end(self, result: Any) -> None:
        if not self.done.called:
            self.transport.abortConnection()
            self.done.callback(result)


class Newcomer:
    """A machine that wants to join."""

    log = Logger()

    def __init__(self, server: str, token: Token, machine: str, reactor: Any, key: PrivateKey) -> None:
        self._key = key
        self._server = server
        self._token = token
        self._machine = machine
        self._reactor = reactor

    async def join(self, wanted: Callable[[], bool], used: str) -> Pass | None:
        """Until it has; None when it is not wanted any more.  Raises `Refused`."""
        failed = 0
        while wanted():
            for host, port in split(self._server):
                try:
                    return await self._call(host, port, used)
                except NotThere as error:
                    self.log.info("Cannot join at {where}: {error}", where=named(host, port), error=error)
            await deferLater(self._reactor, pause(failed))
            failed += 1
        return None

    async def _call(self, host: str, port: int, used: str) -> Pass:
        joining = Joining(self._token, host, self._machine, used, self._key)
        factory = Factory.forProtocol(lambda: joining)
        factory.noisy = False
        endpoint: Any = wrapClientTLS(Unknown(), HostnameEndpoint(self._reactor, host, port))
        try:
            await endpoint.connect(factory)
        except Exception as error:
            raise NotThere(str(error)) from error
        try:
            return await joining.done.addTimeout(ANSWER_WITHIN, self._reactor)
        except TooLate as error:
            raise NotThere("it does not answer") from error
