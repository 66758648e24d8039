"""Ten thousand strangers before all ports: how much of its throughput the farm loses meanwhile, and what it holds.

How does this work?  `/bin/true` on a worker of eight slots is measured, by turns alone and with `bench.siege` before
all three ports.  Meanwhile the server's memory and descriptors are looked at.  The besiegers have the lowest priority:
what they cost themselves would be another machine's.  Where a process may not have so many descriptors, it is a
smaller crowd.  They come from the same address as the bench, whose own requests may have to make room for them: it asks
again, as a program should, and counts how often.
"""

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any
from urllib.error import URLError

import msgspec
import psutil

from bench.figures import Figure, figure
from bench.noop import TASKS, rate_of
from bench.siege import Told
from tests.line.harness import CHECKOUT, Farm

CROWD = 10_000
TURNS = 3
MOST_TRIES = 10
SPARE = 100  # descriptors of the besiegers that are no connections


def strangers(folder: Path) -> list[Figure]:
    crowd = possible(CROWD)
    with Besieged(folder) as farm:
        assert farm.server is not None
        server = psutil.Process(farm.server.pid)
        farm.worker("bench", 8)
        rate_of(farm, 200)
        before, pairs, told = server.memory_info().rss, list[tuple[float, float]](), Told(0, 0, 0)
        most, descriptors = before, 0
        for _ in range(TURNS):
            alone = rate_of(farm, TASKS)
            with besieged(farm, crowd) as siege:
                pairs.append((rate_of(farm, TASKS), alone))
                told, most = next(siege), max(most, server.memory_info().rss)
                descriptors = max(descriptors, server.num_fds())
    ours, alone = median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)
    return [
        figure("strangers", crowd, "connections"),
        figure("strangers_closed_by_the_server", told.closed, "connections"),
        figure("strangers_rate", ours, "tasks/s"),
        figure("strangers_rate_alone", alone, "tasks/s"),
        figure("strangers_rate_ratio", median(one / other for one, other in pairs), "", ">= 0.8"),
        figure("strangers_asked_again", farm.again, "requests"),
        figure("strangers_server_grows_mb", (most - before) / 2**20, "MB", "<= 200"),
        figure("strangers_server_descriptors", descriptors, "", "<= 3000"),
    ]


class Besieged(Farm):
    again = 0  # requests that had to be asked again

    def _ask(self, path: str, body: Any, method: str | None) -> bytes:
        for _ in range(MOST_TRIES - 1):
            try:
                return super()._ask(path, body, method)
            except (ConnectionError, URLError):
                self.again += 1
        return super()._ask(path, body, method)


def possible(crowd: int) -> int:
    """As many as a process may have here."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY:
        crowd = min(crowd, hard - SPARE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (crowd + SPARE, hard))
    return crowd


@contextmanager
def besieged(farm: Farm, crowd: int) -> Iterator[Iterator[Told]]:
    """From when all have come; gives what is told of them, a second each."""
    ports = [farm.shell_port, farm.worker_port, farm.web_port]
    command = [sys.executable, "-m", "bench.siege", *map(str, ports), str(crowd)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=CHECKOUT, preexec_fn=lambda: os.nice(19))  # noqa: PLW1509
    assert process.stdout is not None
    try:
        lines = (msgspec.json.decode(line, type=Told) for line in process.stdout)
        next(each for each in lines if each.opened >= crowd)
        yield lines
    finally:
        process.kill()
        process.wait()
