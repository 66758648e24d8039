"""The certificate that a server shows: the farm's, which renews itself, or one that somebody has brought.

How does this work?  Whoever listens asks for `current` at each handshake.  `FarmsOwn` looks at most every ten minutes
whether its certificate is about to expire or the server has other names by now, and makes itself a new one then.
`Brought` looks whether the files are others by now; ones that cannot be read leave the old one in use.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from twisted.logger import Logger

from brender.security import secret_files
from brender.security.authority import DAY, Authority, general_name, read_certificate
from brender.security.problems import NotSecure
from brender.security.requests import key_pem, new_key, read_key

FILE = "server.pem"
LOOK_EVERY = 600.0  # seconds
RENEWED_BEFORE = 30 * DAY  # it expires


class Identity(NamedTuple):
    key: Any
    chain: tuple[x509.Certificate, ...]  # its own certificate, then who signed it


class FarmsOwn:
    log = Logger()

    def __init__(
        self, authority: Authority, folder: Path, names: Callable[[], Sequence[str]], now: Callable[[], float]
    ) -> None:
        """Raises `NotSecure`."""
        self._authority = authority
        self._path = folder / FILE
        self._names = names
        self._now = now
        self._looked = now()
        self._identity = self._kept() or self._made()

    def current(self) -> Identity:
        now = self._now()
        if not 0 <= now - self._looked < LOOK_EVERY:
            self._looked = now
            if not self._holds(self._identity.chain[0]):
                self._identity = self._made()
        return self._identity

    def _kept(self) -> Identity | None:
        """The one of the last start, if it still holds; one that cannot be read is made anew."""
        try:
            pem = secret_files.read(self._path)
            if pem is None:
                return None
            found = Identity(read_key(pem, str(self._path)), self._chain(read_certificate(pem, str(self._path))))
        except (NotSecure, OSError) as error:
            self.log.warn("A new certificate is made for this server: {error}", error=error)
            return None
        return found if self._holds(found.chain[0]) else None

    def _holds(self, certificate: x509.Certificate) -> bool:
        try:
            certificate.verify_directly_issued_by(self._authority.certificate)
        except (ValueError, TypeError, InvalidSignature):
            return False
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        begins, ends = certificate.not_valid_before_utc.timestamp(), certificate.not_valid_after_utc.timestamp()
        return begins <= self._now() < ends - RENEWED_BEFORE and set(names) == set(map(general_name, self._names()))

    def _made(self) -> Identity:
        key = new_key()
        certificate = self._authority.for_server(key.public_key(), self._names(), self._now())
        try:
            secret_files.write(self._path, key_pem(key) + certificate.public_bytes(Encoding.PEM))
        except OSError as error:  # it is as good without the file: the next start makes another one
            self.log.warn("The server's new certificate cannot be kept: {error}", error=error)
        self.log.info("New certificate for {names}", names=", ".join(self._names()))
        return Identity(key, self._chain(certificate))

    def _chain(self, certificate: x509.Certificate) -> tuple[x509.Certificate, ...]:
        return certificate, self._authority.certificate


class Brought:
    """A certificate with its chain, and its key, in files that somebody else renews."""

    log = Logger()

    def __init__(self, certificate: Path, key: Path) -> None:
        """Raises `NotSecure`."""
        self._paths = certificate, key
        self._identity = self._read()
        self._written = self._when()

    def current(self) -> Identity:
        if (written := self._when()) != self._written:
            self._written = written
            try:
                self._identity = self._read()
            except NotSecure as error:
                self.log.error("The old certificate stays in use: {error}", error=error)
        return self._identity

    def _when(self) -> tuple[int, ...]:
        try:
            return tuple(path.stat().st_mtime_ns for path in self._paths)
        except OSError:
            return ()

    def _read(self) -> Identity:
        try:
            certificate, key = (path.read_bytes() for path in self._paths)
            chain = x509.load_pem_x509_certificates(certificate)
            private = load_pem_private_key(key, None)
        except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
            names = " and ".join(map(str, self._paths))
            raise NotSecure(f"The web's certificate and key in {names} cannot be used: {error}.") from error
        if chain[0].public_key() != private.public_key():
            raise NotSecure(f"The key in {self._paths[1]} is not that of the first certificate in {self._paths[0]}.")
        return Identity(private, tuple(chain))
