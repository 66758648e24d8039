"""How many tasks a second become durable: reported by workers, committed to the disk, acknowledged.

How does this work?  A hundred workers of `crowd`, in a process of their own, report tasks as fast as they get them from
a job that does not end.  What counts is what was acknowledged, which is after the commit: SQLite with synchronous=FULL,
or PostgreSQL with its own settings.  Meanwhile a heartbeat in the server notes how long its reactor was busy.
"""

from pathlib import Path
from time import monotonic

from bench.chaos.database import Postgresql
from bench.crowd import Crowd, Told
from bench.figures import Figure, figure, percentile
from bench.templates import noop
from bench.watched import WatchedFarm

WORKERS = 100
TASKS = 2_000_000  # more than there is time for
PATIENT = {"heartbeat": 10.0, "lost_after": 30.0}  # as a farm is that nobody has set up otherwise
WARM, MEASURED = 4, 10  # seconds


def sqlite(folder: Path) -> list[Figure]:
    return durable(WatchedFarm(folder, **PATIENT), "durable", 5000)


def postgresql(folder: Path) -> list[Figure]:
    return durable(WatchedFarm(folder, database=Postgresql().url, **PATIENT), "durable_postgresql", 3000)


def durable(farm: WatchedFarm, name: str, target: float) -> list[Figure]:
    with farm:
        first, last = measured(farm)
        farm.stop_server()
    rate = (last.acknowledged - first.acknowledged) / (last.at - first.at)
    beats = [late for late in farm.late() if first.at <= late.at <= last.at]
    pauses = [1000 * late.seconds for late in beats]
    return [
        figure(f"{name}_tasks_per_second", rate, "tasks/s", f">= {target}"),
        figure(f"{name}_ack_ms_p99", 1000 * last.latency_p99, "ms"),
        figure(f"{name}_pause_ms_p99", percentile(pauses, 99), "ms", "<= 15"),
        figure(f"{name}_pause_ms_max", max(pauses), "ms", "<= 50"),
        figure(f"{name}_busy_ms_max", 1000 * max(late.busy for late in beats), "ms"),  # without what others had of it
    ]


def measured(farm: WatchedFarm) -> tuple[Told, Told]:
    """What was acknowledged when it ran warm, and at the end."""
    crowd = Crowd(farm.worker_port, WORKERS)
    try:
        farm.submit(noop(TASKS))
        told = crowd.told()
        first = last = next(told)
        began = monotonic()
        while monotonic() < began + WARM + MEASURED:
            last = next(told)
            first = last if monotonic() < began + WARM else first
        return first, last
    finally:
        crowd.end()
