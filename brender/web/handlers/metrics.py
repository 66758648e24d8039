"""The farm in figures for Prometheus, at /metrics.

How does this work?  `Metrics` is a collector of prometheus-client in a registry of its own.  Nothing is counted for it:
at every scrape it looks at the farm as it is then (`census`), and at what the parts count anyway (`farm.tally`, the
database's `figures`, webhooks, `Delay`).  Labels name states and outcomes, of which there are few; each is there from
the first scrape on.  No client, job or person is ever a label, so a large farm has as many series as a small one.
Units are seconds and bytes, and the names keep to https://prometheus.io/docs/practices/naming/.
"""

# One function of prometheus-client has no types.
# mypy: allow-untyped-calls

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Protocol

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
    SummaryMetricFamily,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.registry import Collector
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from brender.farm.client import Status
from brender.farm.farm import Farm
from brender.farm.interfaces import FarmService
from brender.farm.tally import COMPLETED, FAILED, GIVEN_BACK
from brender.farm.transitions import JobState, TaskState
from brender.farm.views.things import ACTIVITIES
from brender.web.handlers.census import Census, census_of
from brender.web.handlers.delay import Delay
from brender.web.http.answers import Answer
from brender.web.http.asking import Ask

CONNECTIONS = ("online", "offline")


class Readers(Protocol):
    """What the streams say of themselves."""

    @property
    def sockets(self) -> int:
        """How many of the readers have a WebSocket."""

    def __len__(self) -> int: ...


class Deliveries(Protocol):
    """What webhooks say of themselves, all together."""

    @property
    def waiting(self) -> int:
        """How many events wait."""

    @property
    def tries(self) -> Mapping[str, int]:
        """How many were taken, and how many not."""

    @property
    def dead_letters(self) -> int:
        """How many events were given up."""


class Metrics(Collector):
    def __init__(
        self,
        service: FarmService,
        readers: Readers,
        version: str,
        clock: IReactorTime,
        deliveries: Deliveries | None = None,
    ) -> None:
        self._service = service
        self._readers = readers
        self._version = version
        self.delay = Delay(clock)
        self._clock = clock
        self._deliveries = deliveries
        self._first_event = service.last_event
        self._census = Census()  # of the last scrape
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    async def page(self, ask: Ask) -> Answer:
        self._census = await census_of(self._service.farm, lambda: deferLater(self._clock, 0))
        if "application/openmetrics-text" in ask.header("accept"):
            return Answer(generate_openmetrics(self._registry), CONTENT_TYPE_LATEST)
        return Answer(generate_latest(self._registry), CONTENT_TYPE_PLAIN_0_0_4)

    def collect(self) -> Iterator[Metric]:
        yield InfoMetricFamily("brender_build", "The server's version.", value={"version": self._version})
        yield from states(self._census)
        yield from ended(self._service.farm)
        yield from self._database()
        yield from self._events()
        yield HistogramMetricFamily(
            "brender_reactor_delay_seconds",
            "How late the server did what was due, measured twice a second.",
            buckets=self.delay.buckets,
            sum_value=self.delay.seconds,
        )

    def _database(self) -> Iterator[Metric]:
        figures = self._service.figures
        yield gauge("brender_accepting", "Whether new work is taken: 1, or 0.", not self._service.refusing)
        yield gauge("brender_database_writable", "Whether the database can be written: 1, or 0.", not figures.trouble)
        yield gauge("brender_database_pending_rows", "Rows that wait for their commit.", figures.pending)
        yield SummaryMetricFamily(
            "brender_database_commit_seconds",
            "Commits, and the seconds that they took.",
            count_value=figures.commits,
            sum_value=figures.seconds,
        )
        yield counter("brender_database_rows", "Rows that were committed.", figures.rows)
        yield counter("brender_database_retries", "Commits that failed and were tried again.", figures.tries_again)

    def _events(self) -> Iterator[Metric]:
        yield counter("brender_events", "Events that were announced.", self._service.last_event - self._first_event)
        sockets = self._readers.sockets
        readers = {"sse": len(self._readers) - sockets, "websocket": sockets}
        yield labelled(GaugeMetricFamily("brender_event_readers", "Who follows the events.", labels=["way"]), readers)
        if self._deliveries is not None:
            tries = CounterMetricFamily("brender_webhook_tries", "What became of tries to deliver.", labels=["result"])
            yield labelled(tries, self._deliveries.tries)
            yield counter("brender_webhook_dead_letters", "Events that were given up.", self._deliveries.dead_letters)
            yield gauge("brender_webhook_waiting_events", "Events that wait for webhooks.", self._deliveries.waiting)


def states(census: Census) -> Iterator[Metric]:
    clients = GaugeMetricFamily("brender_clients", "Clients.", labels=["connection", "status", "activity"])
    for connection, status, activity in product(CONNECTIONS, Status, ACTIVITIES):
        count = census.clients[connection == "online", status is Status.ENABLED, activity]
        clients.add_metric([connection, status, activity], count)
    yield clients
    yield gauge("brender_slots", "Slots of clients that are online; of disabled ones, those in use.", census.slots)
    yield gauge("brender_slots_used", "Slots that orders take.", census.used)
    jobs = GaugeMetricFamily("brender_jobs", "Jobs that are not archived.", labels=["state"])
    yield labelled(jobs, {state.value: census.jobs[state] for state in JobState})
    tasks = GaugeMetricFamily("brender_tasks", "Tasks of the jobs that have not ended.", labels=["state"])
    yield labelled(tasks, {state.name.lower(): census.tasks[state] for state in TaskState})


def ended(farm: Farm) -> Iterator[Metric]:
    tally = farm.tally
    jobs = CounterMetricFamily("brender_jobs_ended", "Jobs that have ended.", labels=["state"])
    ends = (JobState.COMPLETED, JobState.FAILED, JobState.CANCELED)
    yield labelled(jobs, {state.value: tally.jobs[state] for state in ends})
    orders = CounterMetricFamily("brender_orders_ended", "Orders that their clients have let go.", labels=["result"])
    yield labelled(orders, {result: tally.orders[result] for result in (COMPLETED, FAILED, GIVEN_BACK)})
    tries = CounterMetricFamily("brender_task_tries", "Tries of tasks that have ended.", labels=["result"])
    results = (TaskState.COMPLETED, TaskState.FAILED)
    yield labelled(tries, {state.name.lower(): tally.tasks[state] for state in results})


def labelled(family: GaugeMetricFamily | CounterMetricFamily, values: Mapping[str, float]) -> Metric:
    """The family with a value for each name of its one label."""
    for name, value in values.items():
        family.add_metric([name], value)
    return family


def gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)


def counter(name: str, text: str, value: float) -> CounterMetricFamily:
    return CounterMetricFamily(name, text, value=value)
