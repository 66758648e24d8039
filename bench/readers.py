"""A hundred browsers in front of a farm that does a thousand tasks a second: what they cost the server.

How does this work?  Chromium opens each page once, and what it asks is noted: the address of its event stream, and
what it asks again while nobody does anything.  `python -m bench.readers` then asks exactly that, a hundred times over,
in a process of its own that reads everything and looks at nothing (`Readers` starts it).  The server's processor time
is taken for some seconds without them and with them, in turns; as it does not do quite as many tasks in each, what
counts is the time for a task.
"""

import asyncio
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from statistics import median
from time import monotonic, sleep
from types import TracebackType
from urllib.parse import urlsplit

import msgspec
import psutil

from bench.browser import computed
from bench.crowd import Crowd
from bench.figures import Figure, figure
from bench.templates import noop
from tests.browser.harness import Visit
from tests.line.harness import CHECKOUT, Farm, until

READERS = 100
JOBS, TASKS = 8, 1_000_000  # each of another owner, so that all of them run
WORKERS, SECONDS_A_TASK = 100, 0.1  # a thousand tasks a second
ROUNDS, WINDOW = 3, 8.0  # seconds
WARM, LOOKED = 3.0, 22.0  # seconds
PATIENT = {"heartbeat": 10.0, "lost_after": 30.0}
HEAD = "GET %s HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\nConnection: %s\r\n\r\n"


class Asked(msgspec.Struct):
    """What one page asks."""

    events: str  # the address of its stream
    again: dict[str, float]  # addresses that it asks again, and every so many seconds


def readers(folder: Path) -> list[Figure]:
    with Farm(folder, **PATIENT) as farm:
        jobs = [farm.submit(noop(TASKS), owner=f"owner-{number}") for number in range(JOBS)]
        crowd = Crowd(farm.worker_port, WORKERS, SECONDS_A_TASK)
        try:
            farm.until(lambda: farm.job(jobs[-1])["completed"], "the jobs do not run")
            pages = ["", "jobs", "clients", f"jobs/{jobs[0]}", f"jobs/{jobs[-1]}"]
            return measured(farm, [asked(farm, page) for page in pages])
        finally:
            crowd.end()


def asked(farm: Farm, page: str) -> Asked:
    with closing(Visit(farm.web_port)) as visit:
        seen: list[str] = []
        visit.page.on("request", lambda request: seen.append(request.url))
        visit.open(page)
        visit.page.wait_for_timeout(1000 * WARM)
        events = [url for url in seen if "/api/v1/events" in url][-1]
        seen.clear()
        visit.page.wait_for_timeout(1000 * LOOKED)
    again = Counter(path_of(url) for url in seen if "/api/" in url and "/events" not in url)
    return Asked(path_of(events).partition("&since=")[0], {path: LOOKED / times for path, times in again.items()})


def path_of(url: str) -> str:
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def measured(farm: Farm, pages: Sequence[Asked]) -> list[Figure]:
    assert farm.server is not None
    server = psutil.Process(farm.server.pid)
    without, with_them, rates, sent = [], [], [], 0.0
    for _ in range(ROUNDS):
        without.append(used(farm, server)[0])
        with Readers(farm.web_port, pages) as there:
            before = there.told()
            seconds, rate = used(farm, server)
            sent = (there.told() - before) / WINDOW
        with_them.append(seconds)
        rates.append(rate)
    more = median(with_them) / median(without) - 1
    return [
        figure("readers_more_percent", 100 * more, "%", "<= 10"),
        figure("readers_of_a_core_percent", 100 * (median(with_them) - median(without)) * median(rates), "%"),
        figure("readers_kilobytes_each", sent / READERS / 1000, "KB/s"),
        figure("readers_tasks_per_second", median(rates), "tasks/s"),
        figure("readers_ms_a_task", 1000 * median(without), "ms"),
    ]


def used(farm: Farm, server: psutil.Process) -> tuple[float, float]:
    """Seconds of the server's processor for a task, and tasks a second."""
    began, before, done = monotonic(), computed(server), completed(farm)
    sleep(WINDOW)
    tasks = completed(farm) - done
    return (computed(server) - before) / tasks, tasks / (monotonic() - began)


def completed(farm: Farm) -> int:
    return sum(job["completed"] for job in farm.api("jobs.json?fields=completed")["data"])


class Readers:
    """The process of the readers."""

    def __init__(self, port: int, pages: Sequence[Asked]) -> None:
        self._command = [sys.executable, "-m", "bench.readers", str(port), msgspec.json.encode(pages).decode()]

    def __enter__(self) -> "Readers":
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(self._command, stdin=pipe, stdout=pipe, cwd=CHECKOUT)
        until(lambda: self.told() > 0, "the readers hear nothing")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.kill()
        self._process.wait()

    def told(self) -> int:
        """Bytes that they have heard so far."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(b"\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


# --- in that process


class Ears:
    def __init__(self, port: int) -> None:
        self._port = port
        self.heard = 0

    async def follow(self, path: str) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write((HEAD % (path, "keep-alive")).encode())
        while data := await reader.read(1 << 16):
            self.heard += len(data)
        raise SystemExit(f"{path} has ended")

    async def ask_again(self, path: str, every: float) -> None:
        while True:
            await asyncio.sleep(every)
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            writer.write((HEAD % (path, "close")).encode())
            while await reader.read(1 << 16):
                pass
            writer.close()


async def listen(port: int, pages: Sequence[Asked]) -> None:
    ears = Ears(port)
    loop = asyncio.get_running_loop()
    loop.add_reader(sys.stdin, lambda: sys.stdin.readline() and print(ears.heard, flush=True))
    tasks = []
    for number in range(READERS):
        page = pages[number % len(pages)]
        tasks.append(loop.create_task(ears.follow(page.events)))
        tasks += [loop.create_task(ears.ask_again(path, every)) for path, every in page.again.items()]
    await asyncio.gather(*tasks)


if __name__ == "__main__":
    asyncio.run(listen(int(sys.argv[1]), msgspec.json.decode(sys.argv[2], type=list[Asked])))
