"""TLS for the ports of a server, made when the first of them needs it.

How does this work?  `workers` and `web` put TLS before a factory: workers are asked for a certificate of the farm's CA,
browsers are not, and are shown a certificate of one's own if there is one.  The CA is made when it is first needed; a
server that only listens on loopback has none.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path

from twisted.internet.interfaces import IProtocolFactory, IReactorTime

from brender.security import secret_files
from brender.security.authority import FILE, REPLACES, Authority, of_the_farm
from brender.security.gate import CertificateGate
from brender.security.identity import Brought, FarmsOwn
from brender.security.names import names_of_server
from brender.security.problems import NotSecure
from brender.security.serving import Handshakes, Secured

HTTPS = b"This port speaks HTTPS: begin the address with https:// instead of http://.\n"
SAY_HTTPS = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n%b" % (len(HTTPS), HTTPS)
)


class Locks:
    def __init__(self, state: Path, hosts: Sequence[str], clock: IReactorTime, now: Callable[[], float]) -> None:
        self._state = state
        self._hosts = hosts
        self._clock = clock
        self._now = now

    @cached_property
    def authority(self) -> Authority:
        """Raises `NotSecure`."""
        return of_the_farm(self._folder, self._now)

    @property
    def made(self) -> bool:
        """Whether there is one already."""
        return (self._state / secret_files.FOLDER / FILE).exists()

    @cached_property
    def gate(self) -> CertificateGate:
        return CertificateGate(self.authority, self._now)

    @cached_property
    def _own(self) -> FarmsOwn:
        return FarmsOwn(self.authority, self._folder, lambda: names_of_server(self._hosts), self._now)

    @property
    def _folder(self) -> Path:
        try:
            return secret_files.folder_in(self._state)
        except OSError as error:
            raise NotSecure(f"The folder for the farm's certificates cannot be made: {error}.") from error

    @property
    def replaces(self) -> bool:
        """Whether somebody has made a new CA, which takes the place of the one that the farm's workers trust."""
        return (self._folder / REPLACES).exists()

    def settled(self) -> None:
        """The farm knows its CA."""
        (self._folder / REPLACES).unlink(missing_ok=True)

    def workers(self, factory: IProtocolFactory, plainly: bytes) -> IProtocolFactory:
        """`plainly` is what somebody is told who speaks without TLS.  Raises `NotSecure`."""
        handshakes = Handshakes(self._own.current, self.authority.certificate)
        return Secured(handshakes, factory, self._clock, plainly)

    def web(self, factory: IProtocolFactory, certificate: str = "", key: str = "") -> IProtocolFactory:
        """With a certificate of one's own, and its key, or with the farm's.  Raises `NotSecure`."""
        shown = Brought(Path(certificate), Path(key)) if certificate else self._own
        return Secured(Handshakes(shown.current, None), factory, self._clock, SAY_HTTPS)
