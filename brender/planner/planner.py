"""Who plans what, and where: here at once, or in one of a few processes, after those that came before.

How does this work?  `is_quick` looks at a submission without reading it: a small text without expressions, without
escapes and without YAML's anchors (which stand for more than they are) takes milliseconds to plan, and is planned
here.  All else waits for a process that is free; submissions go before what is checked while somebody types.  A process
is started when one is needed and none is free, up to `MOST`; those that were started stay.
"""

import os
import re
import sys
from collections.abc import Mapping
from heapq import heappop, heappush
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.interfaces import IReactorProcess, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

import brender
from brender.farm.submission.answers import Outline, Wrong
from brender.farm.submission.here import Template, Values, planned
from brender.farm.submission.plans import Plan
from brender.farm.submission.problems import Refused
from brender.farm.transitions import NotNow
from brender.planner.process import PlanningProcess

MOST = 2  # processes
MOST_WAITING = 200  # questions
QUICK = 10_000  # characters of a template, and of values: some 40 ms at the worst
SECONDS = 5.0  # that an answer may take
MEMORY = 1 << 30  # bytes that a process may use
SAYS_MORE = re.compile(r"\\|(?:^|[\s\[{,:?-])&[\w-]", re.MULTILINE)  # escapes, in which EXPR may hide; anchors
ROOT = Path(brender.__file__).parent.parent
PROGRAM = "import sys; sys.path.insert(0, sys.argv[1]); from brender.planner.child import main; main(sys.argv[2])"
STILLBORN = 3  # processes that ended before they were ready, after which nobody waits for one


class Waiting(NamedTuple):
    rank: int  # 0 goes first
    number: int
    name: str
    given: tuple[Any, ...]
    answer: Deferred[Any]


class Planner:
    """`farm.interfaces.Planner`."""

    log = Logger()

    def __init__(
        self, reactor: IReactorProcess, clock: IReactorTime, *, seconds: float = SECONDS, memory: int = MEMORY
    ) -> None:
        self._reactor = reactor
        self._clock = clock
        self._seconds = seconds
        self._memory = memory
        self._processes: list[PlanningProcess] = []
        self._waiting: list[Waiting] = []
        self._numbers = count()
        self._stillborn = 0
        self._stopped = False

    async def plan(self, template: Template, values: Values, folder: str, limit: int) -> Plan:
        if is_quick(template, values):
            return planned(template, values, folder, limit)
        made: Plan = await self._ask(0, "plan", template, values, folder, limit)
        return made

    async def outline(self, template: Template, values: Values, folder: str, limit: int) -> tuple[Outline, Plan | None]:
        found: tuple[Outline, Plan | None]
        try:
            found = await self._ask(1, "outline", template, values, folder, limit)
        except Refused as refused:  # it takes too long, or too much
            return Outline(problems=[Wrong(each.at, each.message) for each in refused.problems]), None
        return found

    @property
    def processes(self) -> list[int]:
        """Those that run, by their numbers."""
        return [each.transport.pid for each in self._processes if not each.over]

    def stop(self) -> Deferred[Any]:
        """Done when the processes have ended."""
        self._stopped = True
        self._give_up("The server is stopping")
        processes = list(self._processes)
        for each in processes:
            each.close()
        return DeferredList([each.ended for each in processes])

    # --- inside

    def _ask(self, rank: int, name: str, *given: Any) -> Deferred[Any]:
        if self._stopped:
            raise NotNow("The server is stopping; no template is looked at any more.")
        if len(self._waiting) >= MOST_WAITING:
            raise NotNow("Very many templates wait to be looked at; try again in a moment.")
        answer: Deferred[Any] = Deferred()
        heappush(self._waiting, Waiting(rank, next(self._numbers), name, given, answer))
        self._go_on()
        return answer

    def _go_on(self) -> None:
        """Have those that wait answered, as far as there is somebody."""
        for process in self._processes:
            if process.idle and self._waiting:
                asked = heappop(self._waiting)
                process.ask(asked.name, asked.given).chainDeferred(asked.answer)
        starting = sum(not each.ready for each in self._processes)
        if len(self._waiting) > starting and len(self._processes) < MOST and not self._stopped:
            self._start()

    def _start(self) -> None:
        process = PlanningProcess(self._clock, self._seconds, self._free)
        command = [sys.executable, "-P", "-c", PROGRAM, str(ROOT), str(self._memory)]
        self._processes.append(process)
        try:
            self._reactor.spawnProcess(process, command[0], command, dict(os.environ), childFDs={0: "w", 1: "r", 2: 2})
        except OSError:  # no process more may be started on this machine
            self._clock.callLater(0, process.processEnded, Failure())

    def _free(self, process: PlanningProcess) -> None:
        if process.ready:
            self._stillborn = 0
        if process.over:
            self._processes.remove(process)
            self._stillborn += not process.ready
        if self._stillborn >= STILLBORN:
            self._stillborn = 0
            self._give_up("No process can be started in which templates are looked at")
        self._go_on()

    def _give_up(self, why: str) -> None:
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            each.answer.errback(NotNow(f"{why}; try again in a moment."))


def is_quick(template: Template, values: Values) -> bool:
    """Whether it takes a few milliseconds, by its looks."""
    text = template if isinstance(template, str) else encoded(template)
    given = values if isinstance(values, str) else encoded(values)
    if max(len(text), len(given)) > QUICK or "EXPR" in text:
        return False
    return not any(isinstance(each, str) and SAYS_MORE.search(each) for each in (template, values))


def encoded(content: Mapping[str, Any]) -> str:
    """As JSON; what cannot be JSON is told later, by those who read it."""
    try:
        return msgspec.json.encode(content).decode("utf-8", "replace")
    except (TypeError, ValueError, RecursionError):
        return "EXPR"
