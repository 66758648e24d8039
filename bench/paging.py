"""Lists of 100,000 jobs: what a page costs the server, and how long a whole list holds it up.

How does this work?  A farm in memory has 100,000 jobs that have ended.  Pages are asked for as DataTables does (first,
last, sorted, searched, filtered) on a connection without a network, with all that is between the request's first
byte and the answer's last; the figure is the slowest kind of page, measured many times.  So is the first page as
programs ask for it, which has all that there is to tell of a hundred jobs.  Then the whole list is written
as CSV and as JSON, and the longest turn of the reactor that it takes is noted.  All of it is the processor's time,
whatever else the machine does meanwhile.
"""

import gc
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from time import thread_time
from urllib.parse import quote

from twisted.trial.unittest import SynchronousTestCase

from bench.figures import Figure, figure, percentile, undisturbed
from brender.farm.job import FinishedStep, Job
from brender.farm.jobs import Jobs
from brender.farm.settings import JobSettings
from brender.farm.transitions import JobState, TaskState
from tests.fakes import NOON
from tests.web.fakes import LAST_CHUNK, Web, request

JOBS = 100_000
TIMES = 15
COLUMNS = ("id", "name", "owner", "state", "priority", "progress", "submitted")
PAGES = {
    "first": "",
    "last": f"&start={JOBS - 25}",
    "by name": "&order[0][column]=1&order[0][dir]=asc",
    "by progress, in the middle": f"&order[0][column]=5&order[0][dir]=desc&start={JOBS // 2}",
    "by owner and time": "&order[0][column]=2&order[0][dir]=asc&order[1][column]=6&order[1][dir]=desc",
    "searched": "&search[value]=shot_99",
    "searched for nothing, by name": "&search[value]=nobody&order[0][column]=1&order[0][dir]=asc",
    "searched for most, by name": "&search[value]=shot&order[0][column]=1&order[0][dir]=asc",
    "filtered": "&filter=state%3Dfailed and owner~m*",
}  # fmt: skip


def paging(folder: Path) -> list[Figure]:
    case = SynchronousTestCase()
    web = Web(case)  # type: ignore[arg-type]  # it needs no more of a test than the end of it
    web.farm.service.farm.jobs = Jobs((number, job(number)) for number in range(1, JOBS + 1))
    gc.collect()
    gc.freeze()  # as a server does once it has loaded its farm
    try:
        return [*pages(web), *lists(web)]
    finally:
        gc.unfreeze()
        case.doCleanups()


def job(number: int) -> Job:
    state = JobState.FAILED if number % 7 == 0 else JobState.COMPLETED
    counts = [0] * len(TaskState)
    counts[TaskState.COMPLETED], counts[TaskState.FAILED] = 240 - number % 7, number % 7
    settings = JobSettings(owner=("mara", "ivo", "li", "zoe")[number % 4], priority=number % 100)
    made = Job(number, f"shot_{number * 7919 % JOBS:05}", NOON - 60.0 * number, settings=settings, state=state)
    made.started, made.ended = made.submitted + 1, made.submitted + 600
    made.past = [FinishedStep(0, "Render", counts), FinishedStep(1, "Video", [0] * len(TaskState))]
    return made


def pages(web: Web) -> Iterator[Figure]:
    columns = "".join(f"&columns[{place}][data]={name}" for place, name in enumerate(COLUMNS))
    worst = 0.0
    for name, more in PAGES.items():
        query = quote(f"draw=1&length=25{columns}{more}", "&=[]%")
        seconds = median(undisturbed(lambda query=query: page(web, f"/jobs/list.json?{query}"), TIMES))  # type: ignore[misc]
        yield figure(f"table_page_ms {name}", 1000 * seconds, "ms")
        worst = max(worst, seconds)
    yield figure("table_page_ms", 1000 * worst, "ms", "<= 100")
    seconds = median(undisturbed(lambda: page(web, "/api/v1/jobs", "matched"), TIMES))
    yield figure("first_page_ms", 1000 * seconds, "ms", "<= 100")


def page(web: Web, path: str, total: str = "recordsTotal") -> float:
    began = thread_time()
    reply = web.get(path)
    took = thread_time() - began
    assert reply.json[total] > 1_000
    return took


def lists(web: Web) -> Iterator[Figure]:
    for ending in ("csv", "json"):
        turns = list(writing(web, f"/jobs/list.{ending}"))
        yield figure(f"whole_list_{ending}_s", sum(turns), "s")
        yield figure(f"whole_list_{ending}_turn_ms_99", 1000 * percentile(turns[1:], 99), "ms", "<= 10")
        yield figure(f"whole_list_{ending}_first_turn_ms", 1000 * turns[0], "ms")


def writing(web: Web, path: str) -> Iterator[float]:
    """How long each turn of the reactor takes until all is written."""
    wire = web.wire()
    began = thread_time()
    wire.send(request("GET", path, Accept_Encoding="gzip"))
    yield thread_time() - began
    while not wire.got().endswith(LAST_CHUNK):
        wire.transport.clear()
        began = thread_time()
        web.turn()
        yield thread_time() - began
