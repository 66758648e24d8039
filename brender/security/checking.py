"""Reads certificates: whom a worker's is for, and whether a server is the one that a token speaks of.

How does this work?  `badge_of` trusts what it reads, for the handshake has checked who signed it.  `is_farms` is for a
machine that trusts nobody yet: among what the server has shown there has to be the certificate with the fingerprint
that the token has, and the server's own has to be signed by that one, for the name that was called, and be a
server's: a worker that has joined cannot pose as one.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from ipaddress import ip_address
from urllib.parse import unquote

from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from brender.farm.people.invitation import Badge
from brender.security.authority import BADGE, fingerprint_of
from brender.security.problems import NotSecure


def badge_of(certificate: x509.Certificate | None) -> Badge | None:
    """Whose certificate it is; None when it is no worker's."""
    if certificate is None:
        return None
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return None
    for address in names.get_values_for_type(x509.UniformResourceIdentifier):
        number, _, key = address.removeprefix(BADGE).partition(":")
        if address.startswith(BADGE) and number.isdecimal() and key:
            return Badge(unquote(key), int(number))
    return None


def farms_own(chain: Sequence[x509.Certificate], fingerprint: str, host: str, now: float) -> x509.Certificate:
    """The farm's CA, when the server at this host has shown that it is the farm's.  Raises `NotSecure`."""
    authority = next((each for each in chain if fingerprint_of(each) == fingerprint), None)
    if authority is None:
        raise NotSecure(
            f"The server at {host} is not the one that made this token: its certificate is from another farm. "
            "Nothing was said to it."
        )
    policy = PolicyBuilder().store(Store([authority])).time(datetime.fromtimestamp(now, UTC))
    try:
        policy.build_server_verifier(subject_of(host)).verify(chain[0], [])
    except VerificationError as error:
        raise NotSecure(
            f"The certificate of the server at {host} does not hold: {error}. Add the name by which it is called "
            "to hosts in [server] of its brender.toml, and look whether the clocks are right. Nothing was said to it."
        ) from error
    return authority


def subject_of(host: str) -> x509.DNSName | x509.IPAddress:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host.encode("idna").decode())
