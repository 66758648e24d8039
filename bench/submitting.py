"""How soon an idle farm gives the first order of a new job.

How does this work?  A worker of a few lines speaks the protocol as docs/protocol.md has it and notes
when an order arrives; the time counts from the moment at which the HTTP request is begun.
"""

import json
import socket
from pathlib import Path
from statistics import median
from time import monotonic
from typing import Any

from bench.figures import Figure, figure
from bench.templates import noop
from tests.line.harness import Farm

TIMES = 21


class BareWorker:
    """Greets, takes orders, and reports every task as completed at once."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._lines = self._socket.makefile("rb")
        machine = {"key": "bare", "name": "bare", "slots": 1}
        self.say({"type": "hello", "version": 1, "run": "1", "machine": machine, "held": {}})
        self.hear("welcome")

    def say(self, message: dict[str, Any]) -> None:
        self._socket.sendall(json.dumps(message).encode() + b"\n")

    def hear(self, kind: str) -> dict[str, Any]:
        """The next message of this kind; what comes before it is passed over."""
        for line in self._lines:
            message: dict[str, Any] = json.loads(line)
            if message["type"] == kind:
                return message
        raise ConnectionError("The server has hung up.")

    def complete(self, order: dict[str, Any]) -> None:
        for index, *_ in order["tasks"]:
            self.say({"type": "result", "order": order["order"], "task": index, "outcome": "completed"})
        self.hear("forget")


def first_order(folder: Path) -> list[Figure]:
    with Farm(folder) as farm:
        worker = BareWorker(farm.worker_port)
        times = [once(farm, worker) for _ in range(TIMES)]
    return [figure("submit_to_first_order_ms", 1000 * median(times), "ms", "<= 20")]


def once(farm: Farm, worker: BareWorker) -> float:
    began = monotonic()
    farm.submit(noop(1))
    order = worker.hear("order")
    took = monotonic() - began
    worker.complete(order)
    return took
