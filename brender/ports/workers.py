"""The port for workers: plain on loopback, TLS with the farm's certificates wherever other machines can connect.

How does this work?  `open` listens with a factory that `make` gives: without a gate when only this machine connects and
nobody wants it otherwise, else with the gate and TLS before it.  Where workers have certificates, the database says
which CA they trust: all servers of a farm need the same.
"""

import socket
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IProtocolFactory
from twisted.logger import Logger

from brender.farm.interfaces import Store
from brender.ports.seats import Seats
from brender.protocols import messages as say
from brender.protocols.codec import encode
from brender.protocols.papers import NOT_JOINED, Gate
from brender.security.authority import short
from brender.security.locks import Locks
from brender.security.problems import NotSecure

JOIN = (
    'Workers on other machines join by TLS: for each, "brender join-token" here gives a token, and there '
    '"brender worker --server {host}:PORT --join TOKEN" uses it'
)
NO_CA = (
    "standby: this server has no CA yet, and could not talk with the farm's workers. On the server that has the farm: "
    "brender ca export FILE, and here: brender ca import FILE"
)


class WorkersPort:
    log = Logger()

    def __init__(self, seats: Seats, locks: Locks, make: Callable[[Gate | None], IProtocolFactory]) -> None:
        self._seats = seats
        self._locks = locks
        self._make = make
        self._secure = False

    async def open(self, description: str, tls: bool) -> str:
        """Listen; `tls` also on loopback.  Gives the fingerprint of the CA, or nothing where it speaks plainly.

        Raises `CannotListen`, `NotSecure`.
        """
        factory = self._secured() if tls else self._make(None)
        await self._seats.open("workers", description, factory, None if tls else lambda _: self._secured())
        return self._locks.authority.fingerprint if self._secure else ""

    def _secured(self, *_: Any) -> IProtocolFactory:
        self._secure = True
        return self._locks.workers(self._make(self._locks.gate), encode(say.Refused(NOT_JOINED, again=False)))

    async def agree(self, store: Store, now: float) -> None:
        """That this server's CA is the one that the farm's workers trust.  Raises `NotSecure`."""
        own = self._locks.authority.fingerprint
        known = await store.known_authority(own, now, self._locks.replaces)
        if known != own:
            raise NotSecure(
                f"The farm's workers trust the CA {short(known)}, and this server has {short(own)}. On the server that "
                "has it: brender ca export FILE, and here: brender ca import FILE --replace. If it is lost: brender ca "
                "new, and join every worker again."
            )
        self._locks.settled()
        self.log.info(JOIN, host=socket.gethostname())

    def warn_standby(self) -> None:
        """It waits for a farm whose workers trust a CA that it may not have."""
        if not self._locks.made:
            self.log.warn(NO_CA)
