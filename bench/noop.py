"""How much the farm adds to tasks that do nothing: tasks per second, and the gap between two tasks.

How does this work?  The rate is `/bin/true` on a worker of eight slots, from the job's start to its end
as the farm has them in its database, against `bench.bare`.  For the gap, tasks on one slot write
when they began and ended; what lies between the end of one and the begin of the next is the gap, the
task's own shell included.
"""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from statistics import median

from bench.figures import TIMES, Figure, figure, percentile, side_by_side
from bench.jobs import run
from bench.templates import noop, stamped
from tests.line.harness import Farm

TASKS = 2000
GAPS = 300


def rate(folder: Path) -> list[Figure]:
    with Farm(folder) as farm:
        farm.worker("bench", 8)
        rate_of(farm, 200)  # the sessions' processes are warm on both sides
        ours, theirs = side_by_side(lambda: rate_of(farm, TASKS), bare)
    return [
        figure("noop_rate_8_slots", ours, "tasks/s"),
        figure("noop_rate_bare", theirs, "tasks/s"),
        figure("noop_rate_ratio", ours / theirs, "", ">= 0.7"),
    ]


def rate_of(farm: Farm, tasks: int) -> float:
    job = run(farm, noop(tasks))
    return float(tasks / (job["ended"] - job["started"]))


def bare() -> float:
    command = [sys.executable, "-m", "bench.bare", str(TASKS)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def gap(folder: Path) -> list[Figure]:
    with Farm(folder) as farm:
        farm.worker("bench", 1)
        found = [gaps(farm, folder / f"stamps-{turn}") for turn in range(TIMES)]
    half, most = (median(percentile(each, part) for each in found) for part in (50, 99))
    return [
        figure("noop_gap_ms_p50", half, "ms", "<= 10"),
        figure("noop_gap_ms_p99", most, "ms", "<= 25"),
    ]


def gaps(farm: Farm, stamps: Path) -> list[float]:
    """Milliseconds between the end of a task and the begin of the next."""
    run(farm, stamped(GAPS, str(stamps)))
    times = sorted(tuple(map(float, line.split())) for line in stamps.read_text().splitlines())
    return [1000 * (later[0] - earlier[1]) for earlier, later in pairwise(times)]
