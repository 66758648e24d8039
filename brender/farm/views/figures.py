"""The farm in figures: how busy it is, how much it gets done, when it is done, what goes wrong; for the top of a page.

How does this work?  `Pulse` keeps a sample for every ten seconds of the last hour: slots, those in use, and what the
`tally` has counted until then.  `farm.failures` has the jobs of which something failed lately.
`figures` looks at every client and counts every job once, without a view of any; how much is done in a minute is the
difference of two samples.  All of it is bounded, whatever the farm does.
"""

from collections import Counter, deque
from collections.abc import Iterable
from heapq import nlargest
from itertools import pairwise
from operator import attrgetter
from typing import Annotated, NamedTuple

import msgspec

from brender.farm.client import RuntimeClient, Status
from brender.farm.farm import Farm
from brender.farm.job import Job
from brender.farm.transitions import JobState, TaskState
from brender.farm.views.things import EPOCH, PERCENT, TimeView, shows, time_view

EVERY = 10.0  # seconds between two samples
KEPT = 360  # samples: an hour of them
MOST_SHOWN = 10  # jobs, and clients
COMPLETED, FAILED = TaskState.COMPLETED, TaskState.FAILED


class Failing(msgspec.Struct, frozen=True):
    """A job of which something failed in the last day."""

    id: int
    name: str
    owner: str
    state: str
    failed: Annotated[int, shows("tasks that failed for good")]
    tries: Annotated[int, shows("tries that failed lately, since the server's start")]
    when: Annotated[float, shows("of the last failure", EPOCH)]
    reason: Annotated[str, shows("the first line of why, of the last one")]


class Unwell(msgspec.Struct, frozen=True):
    """A client that should work and cannot."""

    id: int
    name: str
    what: Annotated[str, shows("what it is", values=("offline", "unwell"))]
    since: Annotated[float, shows("when its connection changed", EPOCH)]
    reason: Annotated[str, shows("as its worker says it")]


class FarmFigures(msgspec.Struct, frozen=True):
    clients: Annotated[int, shows("how many the farm knows")]
    online: Annotated[int, shows("clients that are connected")]
    busy: Annotated[int, shows("clients that run something")]
    slots: Annotated[int, shows("of the clients that are online; of a disabled one those that it uses")]
    slots_busy: Annotated[int, shows("of them, those that are used")]
    utilisation: Annotated[float | None, shows("of the slots, over the last hour", PERCENT)]
    jobs: Annotated[dict[str, int], shows("how many, by state")]
    completed_minute: Annotated[int, shows("tasks that were done in the last minute")]
    completed_hour: Annotated[int, shows("tasks that were done in the last hour")]
    failed_minute: Annotated[int, shows("tries that failed in the last minute")]
    failed_hour: Annotated[int, shows("tries that failed in the last hour")]
    since: Annotated[float | None, shows("from when on this was counted, within the last hour", EPOCH)]
    time: Annotated[TimeView, shows("when all that may run is done")]
    failing: Annotated[list[Failing], shows("jobs of which something failed in the last day, the newest first")]
    offline: Annotated[int, shows("enabled clients that are away, and were not switched off by the farm")]
    unwell: Annotated[int, shows("clients that can run nothing for now")]
    trouble: Annotated[list[Unwell], shows("the newest of these")]


class Series(msgspec.Struct, frozen=True):
    """The last hour, the oldest first; the numbers are from one sample to the next."""

    every: Annotated[float, shows("between two of them", "seconds")]
    times: Annotated[list[float], shows("when", EPOCH)]
    slots: list[int]
    slots_busy: list[int]
    completed: Annotated[list[int], shows("tasks that were done since the one before")]
    failed: Annotated[list[int], shows("tries that failed since the one before")]


class Sample(NamedTuple):
    when: float
    slots: int
    busy: int
    completed: int  # since the server's start
    failed: int


class Pulse:
    """The samples of the last hour."""

    def __init__(self) -> None:
        self._samples: deque[Sample] = deque(maxlen=KEPT + 1)

    def note(self, farm: Farm, now: float) -> None:
        slots, busy = slots_of(farm.clients.values())
        self._samples.append(Sample(now, slots, busy, farm.tally.tasks[COMPLETED], farm.tally.tasks[FAILED]))

    def shift(self, by: float) -> None:
        """The clock was set."""
        moved = [sample._replace(when=sample.when + by) for sample in self._samples]
        self._samples = deque(moved, maxlen=KEPT + 1)

    def before(self, count: int) -> Sample | None:
        """The sample so many intervals ago, or the oldest there is."""
        return self._samples[max(0, len(self._samples) - count)] if self._samples else None

    @property
    def utilisation(self) -> float | None:
        slots = sum(sample.slots for sample in self._samples)
        return 100.0 * sum(sample.busy for sample in self._samples) / slots if slots else None

    @property
    def series(self) -> Series:
        samples = list(self._samples)
        steps = list(pairwise(samples))
        return Series(
            EVERY,
            [sample.when for _, sample in steps],
            [sample.slots for _, sample in steps],
            [sample.busy for _, sample in steps],
            [sample.completed - before.completed for before, sample in steps],
            [sample.failed - before.failed for before, sample in steps],
        )


def slots_of(clients: Iterable[RuntimeClient]) -> tuple[int, int]:
    """How many slots there are, and how many of them are used; a disabled client only finishes what it runs."""
    slots = busy = 0
    for client in clients:
        if client.online:
            used = min(client.used, client.slots)
            busy += used
            slots += client.slots if client.status is Status.ENABLED else used
    return slots, busy


def figures(farm: Farm, pulse: Pulse, now: float) -> FarmFigures:
    clients = farm.clients.values()
    slots, slots_busy = slots_of(clients)
    online = [client for client in clients if client.online]
    offline = [client for client in clients if is_missing(client)]
    unwell = [client for client in online if client.unwell]
    states = Counter(map(attrgetter("state._value_"), farm.jobs.values()))
    minute, hour, tally = pulse.before(round(60 / EVERY)), pulse.before(KEPT), farm.tally.tasks
    trouble = nlargest(MOST_SHOWN, [*unwell, *offline], key=lambda client: client.since)
    return FarmFigures(
        clients=len(clients),
        online=len(online),
        busy=sum(client.activity == "busy" for client in online if client.orders),
        slots=slots,
        slots_busy=slots_busy,
        utilisation=pulse.utilisation,
        jobs={state.value: states[state.value] for state in JobState},
        completed_minute=tally[COMPLETED] - (minute.completed if minute else 0),
        completed_hour=tally[COMPLETED] - (hour.completed if hour else 0),
        failed_minute=tally[FAILED] - (minute.failed if minute else 0),
        failed_hour=tally[FAILED] - (hour.failed if hour else 0),
        since=hour.when if hour else None,
        time=time_view(farm),
        failing=failing(farm, now),
        offline=len(offline),
        unwell=len(unwell),
        trouble=[troubled(client) for client in trouble],
    )


def is_missing(client: RuntimeClient) -> bool:
    """It should be there; one that the farm has switched off should not."""
    return not client.online and client.status is Status.ENABLED and not client.power.off


def troubled(client: RuntimeClient) -> Unwell:
    what = "unwell" if client.online else "offline"
    return Unwell(client.id, client.name, what, client.since, client.unwell if client.online else "")


def failing(farm: Farm, now: float) -> list[Failing]:
    found = [(number, lately) for number, lately in farm.failures.newest(now) if number in farm.jobs]
    return [failing_job(farm.jobs[number], *lately) for number, lately in found[:MOST_SHOWN]]


def failing_job(job: Job, when: float, tries: int, reason: str) -> Failing:
    failed = sum(step.counts[FAILED] for step in job.steps or job.past)
    return Failing(job.id, job.name, job.owner, job.state.value, failed, tries, when, reason)
