"""Whether the one who speaks at the port for workers is whom it says, and how it comes by a certificate.

How does this work?  Over TLS a worker is the machine that its certificate is for, and nobody without one may do more
than `Join`.  Who has a certificate may ask for the next one (`Renew`).  Where the port speaks plainly, which is on
loopback alone, everybody is believed, and there is nothing to join.  A gate knows the certificates; it is handed in.
"""

from collections.abc import Callable
from typing import Any, Protocol

from brender.farm.interfaces import Sign, WorkerService
from brender.farm.people import joining
from brender.farm.people.invitation import Badge
from brender.protocols import messages as say

NOT_JOINED = (
    'This machine has not joined the farm: run "brender join-token" on the server, and here '
    '"brender worker --server HOST:PORT --join TOKEN".'
)
REVOKED = "The certificate of this machine was revoked; it can come back with a new join token."
ANOTHERS = "The certificate is that of another machine than the one that greets: join as this one, with a join token."
PLAIN = "This port speaks plainly, and has no certificates to give: start the worker without --join."


class Gate(Protocol):
    """The certificates of a port that speaks TLS."""

    def badge_of(self, transport: Any) -> Badge | None:
        """Whom the other end has shown to be, once the handshake is done."""

    def asked_for(self, request: str) -> str:
        """What stands for the key that a certificate is asked for; raises `joining.Unwelcome` when it is no request."""

    def sign(self, request: str) -> Sign:
        """Makes certificates of a request; they raise `joining.Unwelcome` when that is none."""


class Papers:
    def __init__(self, service: WorkerService, gate: Gate | None, show: Callable[[], Badge | None]) -> None:
        self._service = service
        self._gate = gate
        self._show = show

    def problem(self, key: str) -> str:
        """Why the machine with this key is not let in; empty when it is."""
        badge = self._show() if self._gate else Badge(key, 0)
        if badge is None:
            return NOT_JOINED
        if badge.key != key:
            return ANOTHERS
        if joining.is_revoked(self._service.farm, badge):
            return REVOKED
        joining.seen(self._service.farm, badge)
        return ""

    async def join(self, wanted: say.Join) -> say.Certificate | say.Refused:
        if self._gate is None:
            return say.Refused(PLAIN, again=False)
        asked, sign = self._gate.asked_for(wanted.request), self._gate.sign(wanted.request)
        return say.Certificate(await self._service.admit(wanted.secret, wanted.key, asked, sign))

    async def renew(self, wanted: say.Renew) -> say.Certificate | None:
        """None where there is nothing to renew."""
        badge = self._show() if self._gate else None
        if self._gate is None or badge is None:
            return None
        return say.Certificate(await self._service.renew(badge, self._gate.sign(wanted.request)))
