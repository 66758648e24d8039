"""What a machine has joined its farm with: its key, its certificate, and whom it trusts.

How does this work?  `Wallet` keeps all of it in one file of the state folder, `security/worker.pem`, so that there is
no half of it.  From then on this worker speaks TLS and nothing else: `secured` puts it before an endpoint, and the
server has to show a certificate of the same farm for the name that was called.  When half of its time is over, a
new key is made and another certificate asked for (`due`, `ask`, `take`).  A machine that joins keeps its key before it
asks (`to_join`): when the answer is lost it asks for the same one again.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import wrapClientTLS
from twisted.internet.interfaces import IProtocol, IProtocolFactory, IStreamClientEndpoint
from twisted.internet.ssl import Certificate, PrivateCertificate, optionsForClientTLS
from zope.interface import implementer

from brender.security import secret_files
from brender.security.checking import badge_of
from brender.security.problems import NotSecure
from brender.security.requests import PrivateKey, key_pem, new_key, read_key, request_for

FILE = "worker.pem"
JOINING = "joining.pem"  # the key of a machine that has asked for its first certificate, and has none
USED = re.compile(rb"^Joined with: ([0-9a-f]{64})$", re.MULTILINE)


@dataclass(frozen=True)
class Pass:
    key: PrivateKey
    certificate: x509.Certificate
    authority: x509.Certificate  # the farm's CA
    used: str  # the hash of the token that it was had with

    @property
    def pem(self) -> bytes:
        certificates = b"".join(each.public_bytes(Encoding.PEM) for each in (self.certificate, self.authority))
        return f"Joined with: {self.used}\n".encode() + key_pem(self.key) + certificates

    @property
    def machine(self) -> str:
        """The key of the machine that it is for."""
        badge = badge_of(self.certificate)
        return badge.key if badge else ""

    @property
    def half_over(self) -> float:
        """Seconds of the epoch."""
        begins, ends = self.certificate.not_valid_before_utc, self.certificate.not_valid_after_utc
        return (begins.timestamp() + ends.timestamp()) / 2

    def options(self, host: str) -> Any:
        """TLS with a server that is called by this name."""
        own = PrivateCertificate.loadPEM(self.certificate.public_bytes(Encoding.PEM) + key_pem(self.key))
        farms = Certificate.loadPEM(self.authority.public_bytes(Encoding.PEM))
        return optionsForClientTLS(host, trustRoot=farms, clientCertificate=own)


def read_pass(pem: bytes, whose: str) -> Pass:
    """Raises `NotSecure`."""
    try:
        certificate, authority = x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise NotSecure(f"The certificates in {whose} cannot be read: {error}.") from error
    used = USED.search(pem)
    return Pass(read_key(pem, whose), certificate, authority, used[1].decode() if used else "")


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class Wallet:
    """The pass of the worker in a state folder, if it has one."""

    def __init__(self, state: Path, now: Callable[[], float]) -> None:
        """Raises `NotSecure`."""
        self._state = state
        self._now = now
        self._next: PrivateKey | None = None  # the key of the certificate that was asked for
        path = state / secret_files.FOLDER / FILE
        try:
            pem = secret_files.read(path)
        except OSError as error:
            raise NotSecure(f"What this worker has joined with, {path}, cannot be read: {error}.") from error
        self.own = read_pass(pem, str(path)) if pem else None

    def has_used(self, token: str) -> bool:
        return self.own is not None and self.own.used == hash_of(token)

    def to_join(self) -> PrivateKey:
        """The key for which the first certificate is asked, until there is one.  Raises `NotSecure`, `OSError`."""
        path = secret_files.folder_in(self._state) / JOINING
        if pem := secret_files.read(path):
            return read_key(pem, str(path))
        made = new_key()
        secret_files.write(path, key_pem(made))
        return made

    def keep(self, own: Pass) -> None:
        """Raises `OSError`."""
        folder = secret_files.folder_in(self._state)
        secret_files.write(folder / FILE, own.pem)
        self.own = own
        (folder / JOINING).unlink(missing_ok=True)

    @property
    def due(self) -> bool:
        """Whether another certificate is to be asked for."""
        return self.own is not None and self._next is None and self._now() > self.own.half_over

    def ask(self) -> str:
        """The request for it; its key is a new one."""
        self._next = new_key()
        return request_for(self._next)

    def give_up(self) -> None:
        """The connection on which it was asked for is gone."""
        self._next = None

    def take(self, certificate: str) -> None:
        """Raises `NotSecure`, `OSError`."""
        key, self._next = self._next, None
        if key is None or self.own is None:
            raise NotSecure("Nobody has asked for this certificate.")
        self.keep(passed(key, certificate, self.own.authority, self.own.used, self.own.machine))

    def secured(self, endpoint: IStreamClientEndpoint, host: str) -> IStreamClientEndpoint:
        """The same endpoint, by TLS if this worker has joined a farm."""
        return SecuredEndpoint(endpoint, host, self) if self.own else endpoint


def passed(key: PrivateKey, certificate: str, authority: x509.Certificate, used: str, machine: str) -> Pass:
    """What the farm has made for this machine and its key.  Raises `NotSecure`."""
    try:
        read = x509.load_pem_x509_certificate(certificate.encode())
        read.verify_directly_issued_by(authority)
    except Exception as error:  # not one, or of somebody else
        raise NotSecure(f"The server's answer is no certificate of the farm: {error!r}.") from error
    badge = badge_of(read)
    if read.public_key() != key.public_key() or badge is None or badge.key != machine:
        raise NotSecure("The certificate that the server has made is not for this machine.")
    return Pass(key, read, authority, used)


@implementer(IStreamClientEndpoint)
class SecuredEndpoint:
    def __init__(self, endpoint: IStreamClientEndpoint, host: str, wallet: Wallet) -> None:
        self._endpoint = endpoint
        self._host = host
        self._wallet = wallet

    def connect(self, protocolFactory: IProtocolFactory) -> "Deferred[IProtocol]":
        assert self._wallet.own is not None
        endpoint: Any = wrapClientTLS(self._wallet.own.options(self._host), self._endpoint)
        connecting: Deferred[IProtocol] = endpoint.connect(protocolFactory)
        return connecting
