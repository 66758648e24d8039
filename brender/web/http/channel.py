"""The limits of a request, kept before any of it is believed.

How does this work?  twisted.web reads a whole request before anybody sees it, and has no limit for a body.  `Channel`
counts while it reads: the first line (414), the headers (431), the body by its announced length and by
what really comes (413), and the time from the first byte to the last (408).  `refuse` answers in JSON,
closes its half of the connection and reads on for a moment: were the whole connection closed on
somebody who is still sending, the peer's system would throw our answer away.  What a web server in front might read in
another way than we do is refused too, where twisted.web would take it: folded headers, two Hosts, and any
Transfer-Encoding but one `chunked` of HTTP/1.1.

The names with an underscore that are overridden here are twisted.web's; if one of them went, its own
plain 400 would take the place of ours.
"""

# What is inherited from twisted.web has no types there.
# mypy: allow-untyped-calls

from io import BytesIO
from typing import Any, Protocol, cast

from twisted.internet.interfaces import IAddress, IConsumer, IDelayedCall, ITCPTransport
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel
from twisted.web.server import Request

from brender.ports.strangers import Visit
from brender.verbs.said.size import MOST_SAID
from brender.web.http.answers import COMMON, PROBLEM, encoded
from brender.web.http.forwarded import Proxies
from brender.web.http.wrong import Wrong, phrase

MOST_BODY = MOST_SAID  # bytes; a template of a thousand steps is a tenth of it
PATIENCE = 60.0  # seconds for a whole request
LINGER = 5.0  # seconds to go on reading after a refusal


log = Logger()


class Limits(Protocol):
    """What the site says of them, and of who may stand in front."""

    most: int  # bytes of a body
    patience: float  # seconds for a whole request
    proxies: Proxies


class Channel(HTTPChannel):
    transport: ITCPTransport  # a Protocol's is None before the connection
    site: Limits  # set by the factory
    visit = Visit()
    MAX_LENGTH = 16_384  # of the first line and of each header, bytes
    maxHeaders = 100
    totalHeadersSize = 65_536

    def __init__(self) -> None:
        super().__init__()
        self._refused = False
        self._reading = True  # a request, rather than answering one
        self._lines = 0  # of the request's head
        self._headers = 0
        self._hosts = 0  # that it names
        self._size = 0
        self._deadline: IDelayedCall | None = None

    def dataReceived(self, data: bytes) -> None:
        if self._refused:
            return
        if self._reading and self._deadline is None:
            self._deadline = self.callLater(self.site.patience, self._too_slow)
        super().dataReceived(data)

    def lineReceived(self, line: bytes) -> None:
        if self._refused:
            return
        if line[:1] in (b" ", b"\t"):
            self.refuse(not_http())
            return
        self._lines += bool(self._lines or line)
        self._size += len(line)
        if self._size > self.totalHeadersSize:
            self.refuse(Wrong(431, f"The headers have more than {self.totalHeadersSize} bytes."))
        else:
            super().lineReceived(line)

    def lineLengthExceeded(self, line: bytes) -> None:
        if self._lines:
            self.refuse(Wrong(431, f"A header has more than {self.MAX_LENGTH} bytes."))
        else:
            self.refuse(Wrong(414, f"The address has more than {self.MAX_LENGTH} bytes."))

    def headerReceived(self, line: bytes) -> bool:
        self._headers += 1
        if self._headers > self.maxHeaders:
            self.refuse(Wrong(431, f"The request has more than {self.maxHeaders} headers."))
            return False
        name, _, value = line.partition(b":")
        self._check_header(name.strip().lower(), value.strip())
        return not self._refused and bool(super().headerReceived(line))

    def _check_header(self, name: bytes, value: bytes) -> None:
        self._hosts += name == b"host"
        if name == b"content-length" and value.isdigit() and len(value) > 15:
            self.refuse(self._too_large())
        elif self._hosts > 1 or (name == b"transfer-encoding" and not self._takes(value)):
            self.refuse(not_http())

    def _takes(self, coding: bytes) -> bool:
        return coding.lower() == b"chunked" and self._version == b"HTTP/1.1"

    def allHeadersReceived(self) -> None:
        if (self.length or 0) > self.site.most:
            self.refuse(self._too_large())
        if not self._refused:
            super().allHeadersReceived()

    def rawDataReceived(self, data: bytes) -> None:
        if not self._refused:
            super().rawDataReceived(data)

    def allContentReceived(self) -> None:
        if self._refused:
            return
        self._reading, self._lines, self._headers, self._hosts, self._size = False, 0, 0, 0, 0
        self._stop_the_clock()
        self.visit.known()  # while it is answered; whose request it is the answer knows
        super().allContentReceived()

    def requestDone(self, request: Any) -> None:
        self._reading = True
        self.visit.stranger()
        super().requestDone(request)

    def counted(self, size: int) -> bool:
        """Whether a body may have as many bytes as have come."""
        if size > self.site.most:
            self.refuse(self._too_large())
        return not self._refused

    def refuse(self, wrong: Wrong) -> None:
        """Answer, take nothing more, and close."""
        if self._refused:
            return
        self._refused = True
        log.info(
            "Refused a request of {peer}: {status} {why}", peer=self.getPeer(), status=wrong.status, why=wrong.message
        )
        self._stop_the_clock()
        self.setTimeout(None)
        self.transport.write(raw(wrong))
        cast("IConsumer", self.transport).unregisterProducer()
        self.transport.loseWriteConnection()
        self._deadline = self.callLater(LINGER, self.transport.abortConnection)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._stop_the_clock()
        super().connectionLost(reason)

    def timeoutConnection(self) -> None:
        if self._deadline is not None and self._reading:
            self._too_slow()
        else:
            super().timeoutConnection()

    def _too_slow(self) -> None:
        self._deadline = None
        seconds = self.site.patience
        self.refuse(Wrong(408, f"The request was not whole after {seconds:g} seconds."))

    def _too_large(self) -> Wrong:
        return Wrong(413, f"The body has more than {self.site.most} bytes.")

    def _stop_the_clock(self) -> None:
        if self._deadline is not None and self._deadline.active():
            self._deadline.cancel()
        self._deadline = None

    def _respondToBadRequestAndDisconnect(self) -> None:
        self.refuse(not_http())


class FarmRequest(Request):
    """A request whose body stays in memory and stays small."""

    content: BytesIO

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.ids: dict[str, Any] = {}  # from its address: numbers, and names where an item has them
        self._proxies = cast("Channel", self.channel).site.proxies

    def gotLength(self, length: int | None) -> None:
        self.content = BytesIO()

    def getClientAddress(self) -> IAddress:
        """Of whoever asked, also where a web server in front did so for them."""
        return self._proxies.client(self.client, self._said("x-forwarded-for"))

    @property
    def is_direct(self) -> bool:
        """Nobody stands between whoever asks and this server."""
        return not self._said("x-forwarded-for")

    @property
    def is_secure(self) -> bool:
        """It came by HTTPS, to us or to a web server in front."""
        said = self._proxies.protocol(self.client, self._said("x-forwarded-proto"))
        return bool(self.isSecure()) or said == "https"

    def setHeader(self, name: Any, value: Any) -> None:
        """A place of ours is told by the address that it has where whoever asked is."""
        if name == "Location":
            value = self._proxies.prefix(self.client, self._said("x-forwarded-prefix")) + value
        super().setHeader(name, value)

    def _said(self, name: str) -> str:
        """All that a header says, in one line."""
        return ", ".join(self.requestHeaders.getRawHeaders(name) or ())

    def handleContentChunk(self, data: bytes) -> None:
        if cast("Channel", self.channel).counted(self.content.tell() + len(data)):
            super().handleContentChunk(data)


def not_http() -> Wrong:
    return Wrong(400, "That is not HTTP as RFC 9112 has it.")


def raw(wrong: Wrong) -> bytes:
    """An answer for a request that never became one."""
    body = encoded(wrong.body())
    headers = {**COMMON, "Content-Type": PROBLEM, "Content-Length": str(len(body)), "Connection": "close"}
    head = [b"HTTP/1.1 %d %s" % (wrong.status, phrase(wrong.status))]
    head += [f"{name}: {value}".encode() for name, value in headers.items()]
    return b"\r\n".join([*head, b"", body])
