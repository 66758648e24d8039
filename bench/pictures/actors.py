"""Workers that pretend: real words on the real wire, and a timer where others render.

How does this work?  `python -m bench.pictures.actors CAST.json` connects every machine of the cast, as docs/protocol.md
has it.  How long the tasks of a job take, how many of them fail and with which words stands in its `Part`, by the job's
name.  Orders begin in the order in which they came while there are slots.  All that is random follows from the names.
"""

import sys
from collections import deque
from pathlib import Path
from random import Random
from typing import Any

import msgspec
from twisted.internet import reactor as global_reactor
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.protocol import Protocol
from twisted.internet.task import LoopingCall

from brender.farm.client import Machine
from brender.protocols import messages as say

reactor: Any = global_reactor
BEAT_EVERY = 2.0  # seconds
LEAVES_AFTER = 3.0  # seconds
REPORTS = 4  # of progress, in a task


class Part(msgspec.Struct):
    """How the tasks of a job go."""

    job: str
    seconds: float = 6.0
    failing: float = 0.0  # the share of tries that fail
    message: str = ""  # with these words
    log: str = ""  # what a task prints; {frame} stands for its parameters
    error: str = ""  # and what one that fails prints after it


class Actor(msgspec.Struct):
    machine: Machine
    unwell: str = ""  # it says so
    leaves: bool = False  # soon, and does not come back


class Cast(msgspec.Struct):
    port: int
    actors: list[Actor]
    parts: list[Part]


hear = msgspec.json.Decoder(say.FromServer).decode
written = msgspec.json.Encoder().encode


class Held:
    """An order, and what of it has not ended."""

    def __init__(self, order: say.Order) -> None:
        self.number, self.job, self.slots = order.order, order.job, order.slots
        self.tasks = deque(order.tasks)
        self.calls: list[Any] = []


class Pretending(Protocol):
    transport: Any

    def __init__(self, actor: Actor, parts: dict[str, Part]) -> None:
        self._actor, self._parts = actor, parts
        self._random = Random(actor.machine.key)
        self._begun = b""
        self._jobs: dict[int, Part] = {}
        self._waiting: deque[Held] = deque()
        self._running: dict[int, Held] = {}

    def connectionMade(self) -> None:
        self._say(say.Hello(1, "1", self._actor.machine, {}))
        LoopingCall(self._beat).start(BEAT_EVERY, now=False)

    def dataReceived(self, data: bytes) -> None:
        *lines, self._begun = (self._begun + data).split(b"\n")
        for line in lines:
            self._hear(hear(line))

    def _hear(self, message: Any) -> None:
        match message:
            case say.Welcome():
                self._welcome()
            case say.Job(job, name):
                self._jobs[job] = self._parts.get(name, Part(name))
            case say.Order():
                self._waiting.append(Held(message))
                self._fill()
            case say.Recall(order):
                self._hand_back(order)
            case say.Cancel(order):
                self._drop(order)

    def _welcome(self) -> None:
        if self._actor.unwell:
            self._say(say.Unwell(self._actor.unwell))
        if self._actor.leaves:
            reactor.callLater(LEAVES_AFTER, self.transport.loseConnection)

    def _say(self, message: say.Message) -> None:
        if self.transport.connected:
            self.transport.write(written(message) + b"\n")

    @property
    def _used(self) -> int:
        return sum(held.slots for held in self._running.values())

    def _beat(self) -> None:
        machine, random = self._actor.machine, self._random
        share = self._used / machine.slots
        load = min(100.0, 94 * share + random.uniform(1, 6))
        memory = int(machine.memory * (0.08 + 0.6 * share * random.uniform(0.8, 1)))
        gpu = 90 * share * random.uniform(0.8, 1) if machine.gpus else None
        self._say(say.Beat(load, memory, gpu, int(0.7 * share * machine.gpu_memory) if machine.gpus else None, 2**38))

    # --- work

    def _fill(self) -> None:
        while self._waiting and self._waiting[0].slots <= self._actor.machine.slots - self._used:
            held = self._waiting.popleft()
            self._running[held.number] = held
            self._begin(held)

    def _begin(self, held: Held) -> None:
        if not held.tasks:
            del self._running[held.number]
            self._fill()
            return
        task, part = held.tasks[0], self._jobs[held.job]
        seconds = part.seconds * self._random.uniform(0.6, 1.4)
        frame = ", ".join(f"{name} {value}" for name, value in task.parameters.items()) or "the task"
        self._say(say.Started(held.number, task.index))
        if part.log:
            self._say(say.Log(held.number, task.index, part.log.replace("{frame}", frame)))
        held.calls = [
            reactor.callLater(seconds * done / REPORTS, self._progress, held, task, 100.0 * done / REPORTS)
            for done in range(1, REPORTS)
        ]
        held.calls.append(reactor.callLater(seconds, self._end, held, task, part, seconds))

    def _progress(self, held: Held, task: say.Task, percent: float) -> None:
        self._say(say.Progress(held.number, task.index, percent))

    def _end(self, held: Held, task: say.Task, part: Part, seconds: float) -> None:
        held.tasks.popleft()
        fails = self._random.random() < part.failing
        if fails:
            self._say(say.Log(held.number, task.index, part.error))
        peak = int(self._random.uniform(1.5, 3) * 2**30)
        outcome, message = ("failed", part.message) if fails else ("completed", "")
        self._say(say.Result(held.number, task.index, outcome, message, seconds, "", peak))  # type: ignore[arg-type]
        self._begin(held)

    # --- what is not to be done after all

    def _hand_back(self, order: int) -> None:
        held = self._running.get(order) or next((one for one in self._waiting if one.number == order), None)
        if not held:
            return
        keep = 1 if order in self._running else 0  # what has begun
        back = [task.index for task in list(held.tasks)[keep:]]
        held.tasks = deque(list(held.tasks)[:keep])
        if not keep:
            self._waiting.remove(held)
        self._say(say.Returned(order, back))

    def _drop(self, order: int) -> None:
        if held := self._running.pop(order, None):
            for call in held.calls:
                if call.active():
                    call.cancel()
        self._waiting = deque(one for one in self._waiting if one.number != order)
        self._say(say.Dropped(order))
        self._fill()


def main(path: Path) -> None:
    cast = msgspec.json.decode(path.read_bytes(), type=Cast)
    endpoint, parts = TCP4ClientEndpoint(reactor, "127.0.0.1", cast.port), {part.job: part for part in cast.parts}
    for actor in cast.actors:
        connectProtocol(endpoint, Pretending(actor, parts)).addErrback(lambda _: reactor.stop())
    reactor.run()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
