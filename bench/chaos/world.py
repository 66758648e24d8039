"""A farm, its people and its bad luck, from the start to the last look.

How does this work?  `World.play` starts everything, lets the planned faults happen one after the other (each goes on
beside the next ones), mends all, waits until every job has ended, asks everybody to leave, and looks what is left.
What must not be is a sentence in `Outcome.wrong`.
"""

import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.task import LoopingCall, deferLater
from twisted.python.failure import Failure

from bench.chaos import leftovers
from bench.chaos.crew import Crew, temporary_folder
from bench.chaos.disk import SmallDisk
from bench.chaos.faults import Faults
from bench.chaos.ledger import Ledger, read_runs
from bench.chaos.people import People
from bench.chaos.plan import PEOPLE, SERVER, Fault
from bench.chaos.proxy import Proxy
from bench.chaos.story import Story
from bench.chaos.wire import Wire
from tests.line.harness import Farm, known_blenders

LOST_AFTER, HEARTBEAT = 4.0, 1.0  # seconds
ALL_END_WITHIN, LEAVE_WITHIN, VANISH_WITHIN = 180.0, 30.0, 10.0  # seconds
LOOK_EVERY = 0.25  # seconds


@dataclass
class Outcome:
    wrong: list[str] = field(default_factory=list)
    happened: Counter[str] = field(default_factory=Counter)
    nobody_there: Counter[str] = field(default_factory=Counter)
    counts: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0


class World:
    def __init__(
        self, reactor: Any, folder: Path, disk: SmallDisk, workers: Sequence[str], seed: int, **how: Any
    ) -> None:
        """`how`: `database` is a PostgreSQL in SQLite's place, `aloud` prints the story as it happens."""
        self._reactor = reactor
        self._folder = folder
        self._workers = list(workers)
        self.story = Story(folder / "story.log", time.time, how.get("aloud", False))
        self.ledger = Ledger()
        settings: dict[str, Any] = {"lost_after": LOST_AFTER, "heartbeat": HEARTBEAT}
        if how.get("database"):
            settings["database"] = how["database"].url
        self._farm = Farm(folder, **settings)
        self._wire = Wire(time.time)
        self._proxies = {name: self._proxy_of(name) for name in workers}
        self._proxies[PEOPLE] = Proxy(reactor, self._farm.web_port)
        self._crew = Crew(self._farm, self._proxies, self._workers, self.story)
        self._disk = disk
        self._faults = Faults(reactor, self._crew, self._proxies, disk, self.story, how.get("database"))
        self._ran = folder / "ran"
        self._people = People(reactor, self._proxies[PEOPLE].port, self.ledger, self.story, seed, self._ran)
        known_blenders()  # looked for once, and not by every worker
        self._mark = f"{os.getpid()}-{seed}"
        os.environ[leftovers.MARK] = self._mark
        os.environ["TMPDIR"] = str(temporary_folder(folder))
        self._wrong: list[str] = []

    def _proxy_of(self, name: str) -> Proxy:
        return Proxy(self._reactor, self._farm.worker_port, lambda: self._wire.listen_in(name))

    async def play(self, plan: Sequence[Fault]) -> Outcome:
        """Raises RuntimeError when the farm cannot be kept alive."""
        looking = LoopingCall(self._crew.look)
        working = Deferred.fromCoroutine(self._work(plan))
        try:
            for name in self._crew.names:
                self._crew.start(name)
            looking.start(LOOK_EVERY).addErrback(lambda failure: self._cannot_go_on(working, failure))
            await working
            looking.stop()
            await self._everybody_leaves()
            await self._look_for_leftovers()
        finally:
            self._crew.end()
        for proxy in self._proxies.values():
            await proxy.close()
        return self._outcome()

    @staticmethod
    def _cannot_go_on(working: "Deferred[None]", failure: Failure) -> None:
        if not working.called:
            working.errback(failure)

    async def _work(self, plan: Sequence[Fault]) -> None:
        await self._people.see_online(self._workers)
        self.story.begin()
        working = Deferred.fromCoroutine(self._people.work())
        await self._all_faults(plan)
        self._people.going_home = True
        await working
        await self._end_of_work()

    async def _all_faults(self, plan: Sequence[Fault]) -> None:
        happening = []
        for fault in plan:
            await self._pass(max(0.0, fault.at - self.story.passed))
            happening.append(Deferred.fromCoroutine(self._faults.happen(fault)))
        await gatherResults(happening, consumeErrors=True)

    async def _end_of_work(self) -> None:
        self.story.tell("the last fault is mended")
        if not await self._people.all_ended(ALL_END_WITHIN):
            self._wrong.append(f"Unfinished: not every job has ended {ALL_END_WITHIN:g} s after the last fault.")
        self.ledger.reported = await self._people.jobs()
        self.story.tell("every job has ended, everybody leaves")

    async def _everybody_leaves(self) -> None:
        for names in (self._workers, [SERVER]):
            for name in names:
                self._crew.ask_to_leave(name)
            for name in names:
                if not await self._until(lambda: self._crew.gone(name), LEAVE_WITHIN):  # noqa: B023
                    self._wrong.append(f"Left over: {name} does not leave within {LEAVE_WITHIN:g} s.")

    async def _look_for_leftovers(self) -> None:
        await self._until(lambda: not leftovers.processes(self._mark), VANISH_WITHIN)
        for process in leftovers.processes(self._mark):
            self._wrong.append(f"Left over: process {process.pid}, {process.name()}.")
            process.kill()
        places = [SERVER, *self._workers]
        self._wrong += [f"Left over: file {name}." for name in leftovers.files(self._folder, places, "temporary")]

    def _outcome(self) -> Outcome:
        self.ledger.runs = read_runs(self._ran.read_text().splitlines() if self._ran.exists() else ())
        self.ledger.given = self._wire.given
        for task, when in self._wire.acknowledged.items():
            self.ledger.acknowledge(task, when)
        wrong = [*self.ledger.judge(), *self._crew.ended_by_themselves, *self._wrong]
        for sentence in wrong:
            self.story.tell(sentence)
        happened, nobody = self._faults.happened, self._faults.nobody_there
        return Outcome(wrong, happened, nobody, self.ledger.counts(), self.story.passed)

    async def _pass(self, seconds: float) -> None:
        await deferLater(self._reactor, seconds, lambda: None)

    async def _until(self, condition: Callable[[], bool], within: float) -> bool:
        deadline = self._reactor.seconds() + within
        while not condition():
            if self._reactor.seconds() > deadline:
                return False
            await self._pass(LOOK_EVERY)
        return True
