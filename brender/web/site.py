"""The web as one factory: everything wired, nothing listening yet.

How does this work?  `make_site` is handed the service and what else the web needs, builds handlers, table and tree, and
gives a `twisted.web.server.Site` whose channel keeps the limits.  Closing the port ends the event
streams, so that a server can stop while pages are open.
"""

# What is inherited from twisted.web has no types there.
# mypy: allow-untyped-calls

import time
from collections.abc import Callable, Sequence

from twisted.internet.interfaces import IReactorTime
from twisted.web.http import Request, combinedLogFormatter, datetimeToLogString
from twisted.web.server import Site

from brender.farm.interfaces import Archives, FarmService
from brender.web.archive import Archive
from brender.web.changes import Changes
from brender.web.channel import MOST_BODY, PATIENCE, Channel, FarmRequest
from brender.web.clients import Clients, Filter
from brender.web.guard import LOOPBACK
from brender.web.jobs import Jobs
from brender.web.pages import Pages
from brender.web.reasons import Reasons
from brender.web.routes import routes
from brender.web.stream import Streams
from brender.web.tree import Branch, Desk, grown

LOOKING = frozenset({b"GET", b"HEAD", b"OPTIONS"})


class FarmSite(Site):
    protocol = Channel  # type: ignore[assignment]  # HTTP/1.1 only: nothing here needs more

    def __init__(self, root: Branch, streams: Streams, clock: IReactorTime, most: int, patience: float) -> None:
        super().__init__(
            root,
            requestFactory=FarmRequest,
            reactor=clock,
            timeout=PATIENCE,
            parsePOSTFormSubmission=False,
            logFormatter=log_line,
        )
        self.streams = streams
        self.most = most
        self.patience = patience

    def log(self, request: Request) -> None:
        """Only what changed something or was refused: a page that is looked at is not worth a line."""
        if request.code >= 400 or request.method not in LOOKING:
            super().log(request)

    def stopFactory(self) -> None:
        self.streams.close()
        super().stopFactory()


def log_line(_: str, request: Request) -> str:
    """With the time of day, which the reactor's clock does not tell."""
    return str(combinedLogFormatter(datetimeToLogString(), request))


def make_site(
    service: FarmService,
    filter_clients: Filter,
    templates: Callable[[str], str | None],
    version: str,
    *,
    clock: IReactorTime,
    now: Callable[[], float] = time.time,
    hosts: Sequence[str] = LOOPBACK,
    archives: Archives | None = None,
    most_body: int = MOST_BODY,
    patience: float = PATIENCE,
) -> FarmSite:
    """The farm's web.

    `filter_clients` chooses clients by a text and raises ValueError with a sentence; `templates` gives the
    text of a built-in template; `now` is in seconds of the epoch; `hosts` are the names that this server
    answers to; `most_body` is in bytes, `patience` the seconds that a request may take to arrive.
    """
    streams = Streams(service, clock)
    table = routes(
        Clients(service, filter_clients, version),
        Jobs(service, templates),
        Changes(service),
        Reasons(service, now),
        Archive(service, archives),
        streams,
        Pages(service),
    )
    return FarmSite(grown(table, Desk(lambda: service.refusing, hosts)), streams, clock, most_body, patience)
