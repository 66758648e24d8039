"""How soon a standby gives its first order after the server that was active is killed.

How does this work?  Two real servers on one real PostgreSQL, a job that waits for a client, and a worker of a few lines
that calls the second server until it listens.  The time counts from the SIGKILL to that worker's first order.
"""

from pathlib import Path
from statistics import median
from time import monotonic

from bench.cold import caller
from bench.figures import Figure, figure
from bench.templates import noop
from tests.db.cluster import cluster, find
from tests.line.harness import Farm

TIMES = 5


def taking_over(folder: Path) -> list[Figure]:
    """Nothing where PostgreSQL is not installed."""
    if find() is None:
        return []
    times = [once(folder / str(number)) for number in range(TIMES)]
    return [figure("standby_to_first_order_seconds", median(times), "s", "<= 5")]


def once(folder: Path) -> float:
    url = cluster().made()
    first, second = Farm(folder / "first", database=url), Farm(folder / "second", database=url)
    try:
        first.start_server()
        first.submit(noop(1))
        program = second.start_server(wait=False)
        second.until(lambda: "standby: " in program.log, "it does not wait")
        first.kill_server()
        killed = monotonic()
        caller(second).hear("order")
        return monotonic() - killed
    finally:
        first.end()
        second.end()
