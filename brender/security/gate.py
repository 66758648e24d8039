"""What the port for workers asks of certificates: `brender.protocols.papers.Gate`."""

from collections.abc import Callable
from typing import Any

from brender.farm.interfaces import Sign
from brender.farm.people.invitation import Badge
from brender.farm.people.joining import Unwelcome
from brender.security.authority import Authority
from brender.security.checking import badge_of
from brender.security.problems import NotSecure
from brender.security.requests import asked_for, digest_of


class CertificateGate:
    def __init__(self, authority: Authority, now: Callable[[], float]) -> None:
        self._authority = authority
        self._now = now

    def badge_of(self, transport: Any) -> Badge | None:
        """The handshake has checked who signed it, and until when it is good."""
        shown = transport.getPeerCertificate()
        return badge_of(shown.to_cryptography()) if shown else None

    def asked_for(self, request: str) -> str:
        try:
            return digest_of(asked_for(request))
        except NotSecure as bad:
            raise Unwelcome(str(bad)) from bad

    def sign(self, request: str) -> Sign:
        def sign(badge: Badge, serial: str = "", expires: float | None = None) -> tuple[str, str, float]:
            try:
                return self._authority.for_worker(request, badge, self._now(), serial, expires)
            except NotSecure as bad:
                raise Unwelcome(str(bad)) from bad

        return sign
