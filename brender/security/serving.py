"""TLS at the ports of a server: 1.2 at least, and only ciphers that keep what was said secret when a key is lost.

How does this work?  `secured` puts TLS before what another factory makes.  At each handshake the certificate of that
moment is shown.  With an authority, the other end may show a certificate; one that this CA has not signed, that
has expired or is no worker's ends the handshake.  Whoever begins with anything but a handshake is told so in its
own words, `plainly`, and nothing that it says reaches the factory.
"""

from collections.abc import Callable
from typing import Any

from cryptography import x509
from OpenSSL import SSL
from OpenSSL.crypto import X509
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator, IProtocolFactory, IReactorTime
from twisted.protocols.tls import BufferingTLSTransport, TLSMemoryBIOFactory
from zope.interface import implementer

from brender.security.identity import Identity

HANDSHAKE = 0x16  # the first byte of TLS
CIPHERS = b"ECDHE+AESGCM:ECDHE+CHACHA20"  # of TLS 1.2; those of 1.3 are all good
# Each connection shows its certificate anew: no tickets.
OPTIONS = SSL.OP_NO_COMPRESSION | SSL.OP_NO_TICKET | SSL.OP_CIPHER_SERVER_PREFERENCE
OPTIONS |= getattr(SSL, "OP_NO_RENEGOTIATION")  # noqa: B009 (the types do not know it)


def context_of(identity: Identity, authority: x509.Certificate | None) -> SSL.Context:
    context: Any = SSL.Context(SSL.TLS_METHOD)  # which takes newer things than its types know
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.set_options(OPTIONS)
    context.set_cipher_list(CIPHERS)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_session_id(b"brender")
    context.set_mode(SSL.MODE_RELEASE_BUFFERS)
    own, *others = identity.chain
    context.use_certificate(own)
    context.use_privatekey(identity.key)
    for each in others:
        context.add_extra_chain_cert(each)
    if authority:
        trust(context, authority)
    return context  # type: ignore[no-any-return]


def trust(context: Any, authority: x509.Certificate) -> None:
    """Ask for a certificate; who has none goes on without."""
    context.get_cert_store().add_cert(X509.from_cryptography(authority))
    context.add_client_ca(authority)
    context.set_verify(SSL.VERIFY_PEER, lambda connection, certificate, error, depth, good: bool(good))


@implementer(IOpenSSLServerConnectionCreator)
class Handshakes:
    def __init__(self, current: Callable[[], Identity], authority: x509.Certificate | None) -> None:
        self._current = current
        self._authority = authority
        self._made: tuple[Identity, SSL.Context] | None = None

    def serverConnectionForTLS(self, tlsProtocol: Any) -> SSL.Connection:
        identity = self._current()
        if self._made is None or self._made[0] is not identity:
            self._made = identity, context_of(identity, self._authority)
        return SSL.Connection(self._made[1], None)


class Listening(BufferingTLSTransport):
    """One connection: TLS from its first byte, or none."""

    factory: "Secured"
    transport: Any
    _begun = _deaf = False

    def dataReceived(self, data: bytes) -> None:
        if not self._begun:
            self._begun = True
            if data[0] != HANDSHAKE:
                self._deaf = True
                self.transport.write(self.factory.plainly)
                self.transport.loseConnection()
        if not self._deaf:
            behind: Any = super()
            behind.dataReceived(data)

    def loseWriteConnection(self) -> None:
        """TLS has no half: what was written goes out, then it is over."""
        over: Any = self.loseConnection
        over()


class Secured(TLSMemoryBIOFactory):
    protocol = Listening

    def __init__(self, handshakes: Handshakes, factory: IProtocolFactory, clock: IReactorTime, plainly: bytes) -> None:
        super().__init__(handshakes, False, factory, clock)
        self.plainly = plainly
