"""What was said between server and workers, noted by the proxies: who was given which task, and what was acknowledged.

How does this work?  Each connection has two `Lines`, which cut what passes into lines and decode those that matter.  A
task counts as acknowledged when its worker has said that it is completed, and the server has acknowledged that, while
the order was still the worker's: the server says so when it takes an order away (`drop`, `cancel`).
"""

from collections import defaultdict
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

MATTER = tuple(f'{{"type":"{kind}"'.encode() for kind in ("job", "order", "welcome", "cancel", "ack", "result"))


class Task(NamedTuple):
    job: str  # name
    step: str
    number: int


class Lines:
    """Whole lines out of what passes."""

    def __init__(self, heard: Callable[[dict[str, Any]], None]) -> None:
        self._heard = heard
        self._begun = b""

    def __call__(self, data: bytes) -> None:
        *lines, self._begun = (self._begun + data).split(b"\n")
        for line in lines:
            if line.startswith(MATTER):
                self._heard(msgspec.json.decode(line))


class Wire:
    def __init__(self, now: Callable[[], float]) -> None:
        self.acknowledged: dict[Task, float] = {}  # when first
        self.given: dict[tuple[str, Task], list[float]] = defaultdict(list)  # worker, task -> when
        self._now = now
        self._names: dict[int, str] = {}  # of jobs
        self._orders: dict[int, tuple[int, str]] = {}  # job and step
        self._completed: set[tuple[str, int, int]] = set()  # worker, order, task: what a worker says
        self._taken_away: set[tuple[str, int]] = set()  # worker, order

    def listen_in(self, worker: str) -> tuple[Lines, Lines]:
        """Who hears a connection of this worker: what it says, and what the server says."""
        return Lines(self._worker_says(worker)), Lines(self._server_says(worker))

    def _worker_says(self, worker: str) -> Callable[[dict[str, Any]], None]:
        def heard(said: dict[str, Any]) -> None:
            if said["type"] == "result" and said["outcome"] == "completed":
                self._completed.add((worker, said["order"], said["task"]))

        return heard

    def _server_says(self, worker: str) -> Callable[[dict[str, Any]], None]:
        def heard(said: dict[str, Any]) -> None:
            match said["type"]:
                case "job":
                    self._names[said["job"]] = said["name"]
                case "order":
                    self._give(worker, said)
                case "welcome":
                    self._taken_away.update((worker, order) for order in said["drop"])
                case "cancel":
                    self._taken_away.add((worker, said["order"]))
                case "ack":
                    for order, task in said["results"]:
                        self._acknowledge(worker, order, task)

        return heard

    def _give(self, worker: str, order: dict[str, Any]) -> None:
        self._orders[order["order"]] = (order["job"], order["step"])
        for index, *_ in order["tasks"]:
            self.given[worker, self._task(order["order"], index)].append(self._now())

    def _acknowledge(self, worker: str, order: int, task: int) -> None:
        if (worker, order, task) in self._completed and (worker, order) not in self._taken_away:
            self.acknowledged.setdefault(self._task(order, task), self._now())

    def _task(self, order: int, index: int) -> Task:
        job, step = self._orders[order]
        return Task(self._names[job], step, index)
