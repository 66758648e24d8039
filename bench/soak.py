"""Half an hour of 500 tasks a second, and whether the server stays as it was: `make soak`.

How does this work?  Fifty workers of `crowd`, in a process of their own, run tasks of a tenth of a second from jobs
that follow each other.  Now and again the server is looked at from outside: memory, file descriptors, threads, the size
of its write-ahead log, how long acknowledgements take.  A measure is flat when the last third of the samples is not
above the first third by more than its `ROOM`, the beginning left out.  The table says so; exit code 1 when one is not.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from time import monotonic
from typing import NamedTuple

import psutil
from rich.console import Console
from rich.table import Table

from bench.crowd import Crowd, Told
from bench.durable import PATIENT
from bench.figures import percentile
from bench.templates import noop
from bench.watched import Late, WatchedFarm

WORKERS, SECONDS = 50, 0.1  # of a task: 500 tasks a second
TASKS = 10_000  # of a job
AHEAD = 3  # jobs that wait
SAMPLES = 60
WARM = 0.1  # of the time, that is left out
MEGABYTE = 2**20


class Sample(NamedTuple):
    at: float
    rate: float  # tasks a second
    memory: float  # MB
    files: int
    threads: int
    wal: float  # MB
    latency: float  # ms
    latency_p99: float  # ms
    pause_p99: float = 0.0  # ms


# What is sampled, and how much it may be above what it was: a share of that, and so much besides.
ROOM: dict[str, tuple[float, float]] = {
    "memory": (0.10, 8.0),
    "files": (0.0, 4),
    "threads": (0.0, 1),
    "wal": (0.25, 4.0),
    "latency": (0.5, 5.0),
    "latency_p99": (0.5, 20.0),
    "pause_p99": (0.5, 5.0),
}
NAMES = {
    "rate": "tasks a second",
    "memory": "memory, MB",
    "files": "file descriptors",
    "threads": "threads",
    "wal": "write-ahead log, MB",
    "latency": "result to acknowledgement, median, ms",
    "latency_p99": "result to acknowledgement, 99 %, ms",
    "pause_p99": "pauses of the reactor, 99 %, ms",
}


def soak(minutes: float, show: Callable[[Sample], None]) -> list[Sample]:
    with tempfile.TemporaryDirectory(prefix="brender-soak-") as folder, WatchedFarm(Path(folder), **PATIENT) as farm:
        crowd = Crowd(farm.worker_port, WORKERS, SECONDS)
        try:
            samples = []
            for sample in sampled(farm, crowd.told(), 60 * minutes):
                samples.append(sample)
                show(sample)
        finally:
            crowd.end()
        farm.stop_server()
        return with_pauses(samples, farm.late())


def sampled(farm: WatchedFarm, told: Iterator[Told], seconds: float) -> Iterator[Sample]:
    """Keep the farm busy, and look at its server now and again."""
    assert farm.server
    server = psutil.Process(farm.server.pid)
    last = next(told)
    began = monotonic()
    heard: list[Told] = []
    for now in told:
        heard.append(now)
        keep_busy(farm)
        if now.at - last.at >= seconds / SAMPLES:
            yield sample_of(farm, server, last, heard)
            last, heard = now, []
        if monotonic() - began > seconds:
            return


def keep_busy(farm: WatchedFarm) -> None:
    waiting = len(farm.api("jobs?filter=state%3Dqueued,active")["data"])
    for _ in range(AHEAD - waiting):
        farm.submit(noop(TASKS))


def sample_of(farm: WatchedFarm, server: psutil.Process, last: Told, heard: Sequence[Told]) -> Sample:
    wal = farm.folder / "server" / "brender.sqlite-wal"
    return Sample(
        heard[-1].at,
        (heard[-1].acknowledged - last.acknowledged) / (heard[-1].at - last.at),
        server.memory_info().rss / MEGABYTE,
        server.num_fds(),
        server.num_threads(),
        wal.stat().st_size / MEGABYTE if wal.exists() else 0.0,
        1000 * median(each.latency for each in heard),
        1000 * median(each.latency_p99 for each in heard),
    )


def with_pauses(samples: Sequence[Sample], late: Sequence[Late]) -> list[Sample]:
    """The same with what the heartbeat inside the server has noted between one sample and the next."""
    begins = [samples[0].at - (samples[-1].at - samples[0].at) / len(samples), *(each.at for each in samples)]

    def pause(begin: float, end: float) -> float:
        return 1000 * percentile([each.seconds for each in late if begin < each.at <= end] or [0.0], 99)

    return [sample._replace(pause_p99=pause(begin, sample.at)) for begin, sample in zip(begins, samples, strict=False)]


class Trend(NamedTuple):
    """A measure in the first third and in the last third of the time."""

    first: float
    last: float
    most: float
    flat: bool


def trend(name: str, samples: Sequence[Sample]) -> Trend:
    values = [float(getattr(sample, name)) for sample in samples[int(len(samples) * WARM) :]]
    third = max(1, len(values) // 3)
    first, last = median(values[:third]), median(values[-third:])
    share, besides = ROOM.get(name, (1e9, 0.0))
    return Trend(first, last, max(values), last <= first * (1 + share) + besides)


def table(samples: Sequence[Sample], minutes: float) -> tuple[Table, bool]:
    made = Table("measure", "first third", "last third", "most", "flat", title=f"{minutes:g} minutes of soak")
    all_flat = True
    for name, words in NAMES.items():
        found = trend(name, samples)
        all_flat &= found.flat
        said = {True: "yes", False: "NO"}[found.flat] if name in ROOM else ""
        made.add_row(words, *(f"{value:,.1f}" for value in found[:3]), said)
    return made, all_flat


def main(words: list[str]) -> int:
    read = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    read.add_argument("--minutes", type=float, default=30.0)
    minutes = read.parse_args(words).minutes
    console = Console()
    with console.status("soaking ...") as status:
        samples = soak(minutes, lambda sample: status.update(f"{sample.rate:.0f} tasks/s, {sample.memory:.0f} MB"))
    made, flat = table(samples, minutes)
    console.print(made)
    return 0 if flat else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
