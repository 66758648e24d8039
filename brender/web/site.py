"""The web as one factory: everything wired, nothing listening yet.

How does this work?  `make_site` is handed the service and what else the web needs, builds handlers, table and tree, and
gives a `twisted.web.server.Site` whose channel keeps the limits.  Closing the port ends the event
streams, so that a server can stop while pages are open.
"""

# What is inherited from twisted.web has no types there.
# mypy: allow-untyped-calls

import time
from collections.abc import Callable, Mapping, Sequence

from twisted.internet.defer import maybeDeferred
from twisted.internet.interfaces import IReactorTime
from twisted.web.http import Request, combinedLogFormatter, datetimeToLogString
from twisted.web.server import Site

from brender.farm.interfaces import Archives, FarmService
from brender.verbs.following.watching import for_views
from brender.web.face import Face
from brender.web.following.stream import MOST_OF_AN_ADDRESS, Streams
from brender.web.handlers.archive import Archive
from brender.web.handlers.batch import Batch
from brender.web.handlers.completing import Completing
from brender.web.handlers.grids import Grids
from brender.web.handlers.metrics import Deliveries, Metrics
from brender.web.handlers.pages import Pages
from brender.web.handlers.pictures import Pictures
from brender.web.handlers.sessions import Sessions
from brender.web.handlers.summary import Summary
from brender.web.handlers.videos import Outside, Videos
from brender.web.http.channel import MOST_BODY, PATIENCE, Channel, FarmRequest
from brender.web.http.forwarded import Proxies
from brender.web.http.guard import LOOPBACK
from brender.web.http.knowing import Knowing
from brender.web.listing import Listing
from brender.web.openapi.document import Document
from brender.web.remapping import remapped
from brender.web.routes import routes
from brender.web.tree import Branch, Desk, Route, grown

LOOKING = frozenset({b"GET", b"HEAD", b"OPTIONS"})


class FarmSite(Site):
    protocol = Channel  # type: ignore[assignment]  # HTTP/1.1 only: nothing here needs more

    def __init__(
        self,
        root: Branch,
        table: Sequence[Route],
        streams: Streams,
        metrics: Metrics,
        clock: IReactorTime,
        most: int,
        patience: float,
        proxies: Proxies,
    ) -> None:
        super().__init__(
            root,
            requestFactory=FarmRequest,
            reactor=clock,
            timeout=PATIENCE,
            parsePOSTFormSubmission=False,
            logFormatter=log_line,
        )
        self.table = table
        self.streams = streams
        self.delay = metrics.delay
        self.most = most
        self.patience = patience
        self.proxies = proxies

    def log(self, request: Request) -> None:
        """Only what changed something or was refused: a page that is looked at is not worth a line."""
        if request.code >= 400 or request.method not in LOOKING:
            super().log(request)

    def startFactory(self) -> None:
        super().startFactory()
        self.delay.start()

    def stopFactory(self) -> None:
        self.streams.close()
        self.delay.stop()
        super().stopFactory()


def log_line(_: str, request: Request) -> str:
    """With the time of day, which the reactor's clock does not tell."""
    return str(combinedLogFormatter(datetimeToLogString(), request))


def make_site(
    service: FarmService,
    version: str,
    *,
    clock: IReactorTime,
    now: Callable[[], float] = time.time,
    hosts: Sequence[str] = LOOPBACK,
    proxies: Sequence[str] = (),
    archives: Archives | None = None,
    deliveries: Deliveries | None = None,
    more_routes: Mapping[str, str] | None = None,
    outside: Outside = maybeDeferred,
    most_body: int = MOST_BODY,
    patience: float = PATIENCE,
    streams_of_an_address: int = MOST_OF_AN_ADDRESS,
) -> FarmSite:
    """The farm's web.

    `now` is in seconds of the epoch; `hosts` are the names that this server answers to, `proxies` the addresses of web
    servers in front, besides this machine's own; `deliveries` tells of webhooks; `more_routes` are other addresses for
    those that there are, and raise `BadRoute`; `outside` reads files that others may keep waiting; `most_body` is in
    bytes, `patience` the seconds that a request may take to arrive, `streams_of_an_address` how many readers of events
    another machine may have.
    """
    streams = Streams(service, clock, for_views(service.farm, now), streams_of_an_address)
    metrics = Metrics(service, streams, version, clock, deliveries)
    face = Face(service, now, clock)
    table = remapped(
        routes(
            face,
            Listing(face),
            Batch(face, clock),
            Summary(service, version),
            Pictures(service),
            Videos(service, outside),
            Grids(service, archives, clock),
            Archive(service, archives),
            streams,
            Completing(face),
            Sessions(face),
            Pages(),
            metrics,
        ),
        more_routes or {},
    )
    table.append(Document(table, version).route)
    root = grown(table, Desk(lambda: service.refusing, hosts, Knowing(service), streams.last_event))
    return FarmSite(root, table, streams, metrics, clock, most_body, patience, Proxies(proxies))
