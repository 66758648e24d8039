"""The farm's CA: it signs the certificates of the farm's servers and of every machine that has joined.

How does this work?  Key and certificate are made once and stay in one file, so that there is never one without the
other; every server of a farm needs the same.  A server's certificate has the names by which it may be called, a
worker's the key of its machine and a number (`Badge`), as an address: `urn:brender:worker:NUMBER:KEY`.
Neither can be used as the other.  Times begin a day early, for machines whose clocks are wrong.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from brender.farm.people.invitation import Badge
from brender.security import secret_files
from brender.security.problems import NotSecure
from brender.security.requests import PrivateKey, PublicKey, asked_for, key_pem, new_key, read_key

DAY = 86_400.0  # seconds
CA_DAYS, SERVER_DAYS, WORKER_DAYS = 20 * 365, 90, 365
FILE, PUBLIC, REPLACES = "authority.pem", "farm.crt", "replaces-authority"
BADGE = "urn:brender:worker:"
MOST_COMMON_NAME = 64  # characters, says X.509


class Signed(NamedTuple):
    """A certificate for a machine, and what is remembered of it."""

    pem: str
    serial: str
    expires: float  # seconds of the epoch


@dataclass(frozen=True)
class Authority:
    key: PrivateKey
    certificate: x509.Certificate

    @classmethod
    def made(cls, now: float) -> "Authority":
        """A new one, whom nobody trusts yet."""
        key = new_key()
        name = common_name(f"brender farm {os.urandom(4).hex()}")
        usage = key_usage(key_cert_sign=True, crl_sign=True, digital_signature=True)
        building = (
            building_for(key.public_key(), name, name, now, CA_DAYS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )
        return cls(key, building.sign(key, SHA256()))

    @classmethod
    def read(cls, pem: bytes, whose: str) -> "Authority":
        """Raises `NotSecure`."""
        key = read_key(pem, whose)
        certificate = read_certificate(pem, whose)
        if certificate.public_key() != key.public_key():
            raise NotSecure(f"In {whose}, the certificate is not the key's.")
        return cls(key, certificate)

    @property
    def pem(self) -> bytes:
        return key_pem(self.key) + self.certificate_pem

    @property
    def certificate_pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def fingerprint(self) -> str:
        return fingerprint_of(self.certificate)

    def for_server(self, key: PublicKey, names: Sequence[str], now: float) -> x509.Certificate:
        """With the names by which it may be called."""
        building = self._building(key, common_name("brender server"), now, SERVER_DAYS, ExtendedKeyUsageOID.SERVER_AUTH)
        alternatives = x509.SubjectAlternativeName([general_name(name) for name in names])
        return building.add_extension(alternatives, critical=False).sign(self.key, SHA256())

    def for_worker(
        self, request: str, badge: Badge, now: float, serial: str = "", expires: float | None = None
    ) -> Signed:
        """The same one again when it is said by what number and until when.  Raises `NotSecure`."""
        name = common_name(badge.key[:MOST_COMMON_NAME])
        if expires is not None:
            now = expires - WORKER_DAYS * DAY
        for_what = (now, WORKER_DAYS, ExtendedKeyUsageOID.CLIENT_AUTH)
        building = self._building(asked_for(request), name, *for_what, int(serial, 16) if serial else None)
        address = x509.UniformResourceIdentifier(f"{BADGE}{badge.number}:{quote(badge.key, safe='')}")
        signed = building.add_extension(x509.SubjectAlternativeName([address]), critical=False).sign(self.key, SHA256())
        pem = signed.public_bytes(Encoding.PEM).decode()
        return Signed(pem, f"{signed.serial_number:x}", signed.not_valid_after_utc.timestamp())

    def _building(
        self,
        key: PublicKey,
        name: x509.Name,
        now: float,
        days: float,
        use: x509.ObjectIdentifier,
        serial: int | None = None,
    ) -> x509.CertificateBuilder:
        """What certificates of servers and workers have in common."""
        ours = self.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        issuer = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(ours)
        return (
            building_for(key, name, self.certificate.subject, now, days, serial)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(key_usage(digital_signature=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([use]), critical=False)
            .add_extension(issuer, critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        )


def of_the_farm(folder: Path, now: Callable[[], float]) -> Authority:
    """The one in this folder, made if there is none.  Raises `NotSecure`."""
    path = folder / FILE
    try:
        if pem := secret_files.read(path):
            return Authority.read(pem, str(path))
        made = Authority.made(now())
        keep(made, folder)
    except OSError as error:
        raise NotSecure(f"The key of the farm's CA, {path}, cannot be read or made: {error}.") from error
    return made


def short(fingerprint: str) -> str:
    """Enough of it for people to tell two apart."""
    return f"{fingerprint[:16]}…"


def keep(authority: Authority, folder: Path) -> None:
    """In this folder, in the place of the one that was there; beside it what everybody may know.  Raises `OSError`."""
    secret_files.write(folder / FILE, authority.pem)
    secret_files.write(folder / PUBLIC, authority.certificate_pem, secret_files.ANYBODYS)


def building_for(
    key: PublicKey, subject: x509.Name, issuer: x509.Name, now: float, days: float, serial: int | None = None
) -> x509.CertificateBuilder:
    return x509.CertificateBuilder(
        issuer_name=issuer,
        subject_name=subject,
        public_key=key,
        serial_number=serial or x509.random_serial_number(),
        not_valid_before=moment(now - DAY),
        not_valid_after=moment(now + days * DAY),
    )


def key_usage(**uses: bool) -> x509.KeyUsage:
    names = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
             "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")  # fmt: skip
    return x509.KeyUsage(**{**dict.fromkeys(names, False), **uses})


def common_name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def general_name(name: str) -> x509.GeneralName:
    """Of an address or a host's name."""
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name.encode("idna").decode())


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)


def fingerprint_of(certificate: x509.Certificate) -> str:
    """By which people and tokens name a CA: SHA-256, in hexadecimal."""
    return certificate.fingerprint(SHA256()).hex()


def read_certificate(pem: bytes, whose: str) -> x509.Certificate:
    """The first one in a PEM text.  Raises `NotSecure`."""
    try:
        return x509.load_pem_x509_certificates(pem)[0]
    except ValueError as error:
        raise NotSecure(f"The certificate in {whose} cannot be read: {error}.") from error
