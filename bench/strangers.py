"""Ten thousand strangers before all ports: how much of its throughput the farm loses meanwhile, and what it holds.

How does this work?  `/bin/true` on a worker of eight slots is measured, by turns alone and with `bench.siege` before
all three ports.  Meanwhile the server's memory and descriptors are looked at.  The besiegers have the lowest priority:
what they cost themselves would be another machine's.  Where a process may not have so many descriptors, it is a
smaller crowd.  They come from the same address as the bench, whose own requests may have to make room for them: it asks
again, as a program should, and counts how often.

Half-open means here: the connection is there, and who it is has never been said, or only half.  The server keeps at
most so many of one machine at once (`of_this_machine`) and sends away the others, who come back; so ten thousand have
come in all before a turn begins, and it is told how many are there at once.  A turn counts only when the siege goes on
through all of it.
"""

import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from threading import Thread
from typing import Any
from urllib.error import URLError

import msgspec
import psutil

from bench.figures import Figure, figure
from bench.noop import TASKS, rate_of
from bench.siege import Told
from brender.config.settings import StrangerSettings
from tests.line.harness import CHECKOUT, Farm, until

CROWD = 10_000
TURNS = 3
MOST_TRIES = 10
LONG = 300.0  # seconds until they are there
KEPT = StrangerSettings().at_once
SPARE = 100  # descriptors of the besiegers that are no connections


def strangers(folder: Path) -> list[Figure]:
    crowd = possible(CROWD)
    with Besieged(folder) as farm:
        assert farm.server is not None
        server = psutil.Process(farm.server.pid)
        farm.worker("bench", 8)
        rate_of(farm, 200)
        before, pairs, told = server.memory_info().rss, list[tuple[float, float]](), list[Told]()
        most, descriptors = before, 0
        for _ in range(TURNS):
            alone = rate_of(farm, TASKS)
            with besieged(farm, crowd) as siege:
                pairs.append((siege.goes_on_during(lambda: rate_of(farm, TASKS)), alone))
                told += siege.told
                most, descriptors = max(most, server.memory_info().rss), max(descriptors, server.num_fds())
    return [
        *figures_of(told, crowd),
        figure("strangers_rate", median(pair[0] for pair in pairs), "tasks/s"),
        figure("strangers_rate_alone", median(pair[1] for pair in pairs), "tasks/s"),
        figure("strangers_rate_ratio", median(one / other for one, other in pairs), "", ">= 0.8"),
        figure("strangers_asked_again", farm.again, "requests"),
        figure("strangers_server_grows_mb", (most - before) / 2**20, "MB", "<= 200"),
        figure("strangers_server_descriptors", descriptors, "", "<= 3000"),
    ]


def figures_of(told: Sequence[Told], crowd: int) -> list[Figure]:
    """Of the crowd itself: that it was one, and that most of it was sent away."""
    last, at_once = told[-1], median(each.open for each in told if each.opened >= crowd)
    return [
        figure("strangers", last.opened, "connections", f">= {CROWD}"),
        figure("strangers_at_once", at_once, "connections", f"<= {KEPT}"),
        figure("strangers_closed_by_the_server", last.closed, "connections", f">= {crowd - KEPT}"),
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


class Siege:
    """The besiegers, and what they tell every second."""

    def __init__(self, ports: Sequence[int], crowd: int) -> None:
        command = [sys.executable, "-m", "bench.siege", *map(str, ports), str(crowd)]
        self.told: list[Told] = []
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=CHECKOUT, preexec_fn=lambda: os.nice(19))  # noqa: PLW1509
        Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.told.append(msgspec.json.decode(line, type=Told))

    def goes_on_during(self, measure: Callable[[], float]) -> float:
        """What was measured while strangers were there all the time and new ones came."""
        begin = len(self.told) - 1
        measured = measure()
        until(lambda: len(self.told) > begin + 1, "the besiegers tell nothing")
        during = self.told[begin:]
        assert self.process.poll() is None, "The besiegers have gone."
        assert all(each.open for each in during), "There were moments without a stranger."
        assert during[-1].opened > during[0].opened, "No new strangers came."
        return measured


@contextmanager
def besieged(farm: Farm, crowd: int) -> Iterator[Siege]:
    """From when so many have come."""
    siege = Siege([farm.shell_port, farm.worker_port, farm.web_port], crowd)
    try:
        until(lambda: siege.told and siege.told[-1].opened >= crowd, "the crowd does not come", LONG)
        yield siege
    finally:
        siege.process.kill()
        siege.process.wait()
