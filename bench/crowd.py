"""Many workers in one process that run nothing: they take orders and report each task as completed.

How does this work?  `python -m bench.crowd PORT WORKERS SECONDS` connects so many workers of one slot each, as
docs/protocol.md has it.  A task takes `SECONDS`; with 0 all tasks of an order are begun and reported at once, as if
they had taken `CLAIMED` seconds.  Once a second a line of JSON says how many tasks have been acknowledged so far, and
how long the acknowledgements of the last second took.  `Crowd` starts that as a process of its own and reads it.
"""

import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from time import monotonic
from typing import Any

import msgspec
from twisted.internet import reactor as global_reactor
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.protocol import Protocol
from twisted.internet.task import LoopingCall

from bench.figures import percentile
from tests.line.harness import CHECKOUT

reactor: Any = global_reactor
CLAIMED = 0.02  # seconds
HELLO = '{"type":"hello","version":1,"run":"1","machine":{"key":"fake-%d","name":"fake-%d","slots":1},"held":{}}\n'
STARTED = '{"type":"started","order":%d,"task":%d}\n'
RESULT = '{"type":"result","order":%d,"task":%d,"outcome":"completed","seconds":%g}\n'
BEAT = b'{"type":"beat","load":1.0}\n'
BEAT_EVERY = 0.5  # seconds


class Order(msgspec.Struct):
    order: int
    tasks: list[Any]


class Ack(msgspec.Struct):
    results: list[tuple[int, int]]


class Told(msgspec.Struct):
    """What the workers did in the last second."""

    acknowledged: int  # since the beginning
    at: float  # seconds of `time.monotonic`
    latency: float  # seconds from a result to its acknowledgement, the median
    latency_p99: float


read_order, read_ack = msgspec.json.Decoder(Order).decode, msgspec.json.Decoder(Ack).decode


class Tally:
    """What all of them have done."""

    def __init__(self) -> None:
        self.acknowledged = 0
        self.latencies: list[float] = []

    def tell(self) -> None:
        last, self.latencies = self.latencies or [0.0], []
        told = Told(self.acknowledged, monotonic(), percentile(last, 50), percentile(last, 99))
        sys.stdout.buffer.write(msgspec.json.encode(told) + b"\n")
        sys.stdout.flush()


class FakeWorker(Protocol):
    transport: Any

    def __init__(self, number: int, seconds: float, tally: Tally) -> None:
        self._number, self._seconds, self._tally = number, seconds, tally
        self._begun = b""
        self._todo: deque[tuple[int, int]] = deque()  # order, task
        self._sent: dict[tuple[int, int], float] = {}

    def connectionMade(self) -> None:
        self.transport.setTcpNoDelay(True)
        self.transport.write((HELLO % (self._number, self._number)).encode())
        LoopingCall(self.transport.write, BEAT).start(BEAT_EVERY, now=False)

    def dataReceived(self, data: bytes) -> None:
        *lines, self._begun = (self._begun + data).split(b"\n")
        for line in lines:
            if line.startswith(b'{"type":"order"'):
                self._take(read_order(line))
            elif line.startswith(b'{"type":"ack"'):
                self._acknowledged(read_ack(line).results)
            elif line.startswith(b'{"type":"cancel"'):
                self.transport.write(line.replace(b"cancel", b"dropped") + b"\n")

    def _take(self, order: Order) -> None:
        if not self._seconds:
            tasks = [(order.order, index) for index, *_ in order.tasks]
            self._sent.update(dict.fromkeys(tasks, monotonic()))
            self.transport.write("".join(STARTED % task + RESULT % (*task, CLAIMED) for task in tasks).encode())
            return
        idle = not self._todo
        self._todo.extend((order.order, index) for index, *_ in order.tasks)
        if idle:
            self._begin()

    def _begin(self) -> None:
        self.transport.write((STARTED % self._todo[0]).encode())
        reactor.callLater(self._seconds, self._end)

    def _end(self) -> None:
        task = self._todo.popleft()
        self._sent[task] = monotonic()
        self.transport.write((RESULT % (*task, self._seconds)).encode())
        if self._todo:
            self._begin()

    def _acknowledged(self, tasks: list[tuple[int, int]]) -> None:
        now = monotonic()
        self._tally.acknowledged += len(tasks)
        self._tally.latencies += [now - self._sent.pop(task) for task in tasks]


class Crowd:
    """The process of such workers."""

    def __init__(self, port: int, workers: int, seconds: float = 0.0) -> None:
        command = [sys.executable, "-m", "bench.crowd", str(port), str(workers), str(seconds)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=CHECKOUT)

    def told(self) -> Iterator[Told]:
        """Line by line, as they come."""
        assert self._process.stdout
        for line in self._process.stdout:
            yield msgspec.json.decode(line, type=Told)

    def end(self) -> None:
        self._process.kill()
        self._process.wait()


def main(port: int, workers: int, seconds: float) -> None:
    tally = Tally()
    endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", port)
    for number in range(workers):
        connectProtocol(endpoint, FakeWorker(number, seconds, tally)).addErrback(lambda _: reactor.stop())
    LoopingCall(tally.tell).start(1.0, now=False)
    reactor.run()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
