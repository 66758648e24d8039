"""The web of a server that has no farm yet: every address says whose the farm is, and to ask again in a moment.

How does this work?  `make_standby_site` gives a site of one resource.  Whatever is asked it answers with 503,
`Retry-After` and a sentence: programs get the same JSON as for everything that is wrong, people a page that loads
itself again until the farm is there.  Every answer ends its connection, so that the next question comes to the site
that has taken this one's place.
"""

# What is inherited from twisted.web has no types there.
# mypy: allow-untyped-calls

from base64 import b64encode
from collections.abc import Callable, Sequence
from hashlib import sha256
from html import escape
from typing import cast

from twisted.internet.interfaces import IReactorTime
from twisted.web.http import Request
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Site

from brender.web.http.answers import Answer, send, wrong_answer
from brender.web.http.asking import Ask
from brender.web.http.channel import MOST_BODY, PATIENCE, Channel, FarmRequest
from brender.web.http.forwarded import Proxies
from brender.web.http.guard import check_host
from brender.web.http.wrong import Wrong

AGAIN = 2  # seconds
HTML = "text/html; charset=utf-8"
STYLE = "body{margin:15vh auto;max-width:34em;padding:0 1em;font:1.1em/1.5 system-ui;color-scheme:light dark}"
POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'; "
    "frame-ancestors 'none'"
)
PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="{again}">
<title>brender stands by</title>
<style>{style}</style>
<main>
<h1>No farm here yet</h1>
<p>{why}</p>
<p>This page looks again by itself.</p>
</main>
</html>
"""


class Waiting(Resource):
    isLeaf = True

    def __init__(self, why: Callable[[], str], hosts: Sequence[str]) -> None:
        super().__init__()
        self._why = why
        self._hosts = hosts

    def render(self, request: Request) -> int:
        cast("Channel", request.channel).persistent = False
        request.setHeader("Server", "brender")
        request.setHeader("Connection", "close")
        try:
            check_host(Ask(request.method.decode("latin-1"), "", request.requestHeaders), self._hosts)
            send(request, self._answer(request))
        except Wrong as wrong:
            send(request, wrong_answer(wrong))
        return NOT_DONE_YET

    def _answer(self, request: Request) -> Answer:
        wrong = Wrong(503, self._why(), code="standby", headers={"Retry-After": str(AGAIN)})
        wants_page = b"text/html" in (request.getHeader(b"accept") or b"")
        return page(wrong) if wants_page and not request.path.startswith(b"/api/") else wrong_answer(wrong)


def page(wrong: Wrong) -> Answer:
    body = PAGE.format(again=AGAIN, style=STYLE, why=escape(wrong.message)).encode()
    return Answer(body, HTML, wrong.status, {**wrong.headers, "Content-Security-Policy": POLICY})


class StandbySite(Site):
    protocol = Channel  # type: ignore[assignment]  # as the farm's own site
    most = MOST_BODY
    patience = PATIENCE

    def __init__(self, root: Resource, clock: IReactorTime, proxies: Proxies) -> None:
        super().__init__(
            root, requestFactory=FarmRequest, reactor=clock, timeout=PATIENCE, parsePOSTFormSubmission=False
        )
        self.proxies = proxies

    def log(self, request: Request) -> None:
        """A page that waits all night is not worth a line."""


def make_standby_site(
    why: Callable[[], str], *, clock: IReactorTime, hosts: Sequence[str], proxies: Sequence[str] = ()
) -> StandbySite:
    """`why` says in a sentence what this server waits for; `hosts` and `proxies` are as for the farm's site."""
    return StandbySite(Waiting(why, hosts), clock, Proxies(proxies))
