"""How each fault is done, and how it is mended.

How does this work?  `Faults.happen` lets one happen, waits for as long as the plan says, and mends it.  Programs that
are killed are started again as a person would; programs that are stopped get SIGCONT; connections and the disk are
mended.  A session or a nursery that is not there when it is looked for is waited for, and then let be.
"""

import os
import signal
from collections import Counter
from contextlib import suppress
from typing import Any

import psutil
from twisted.internet.task import deferLater

from bench.chaos.crew import Crew
from bench.chaos.database import Postgresql
from bench.chaos.disk import SmallDisk
from bench.chaos.plan import PEOPLE, Fault
from bench.chaos.proxy import Proxy
from bench.chaos.story import Story

LOOK_FOR, LOOK_EVERY = 10.0, 0.05  # seconds
SLOW = (0.15, 20_000.0)  # seconds of latency, bytes a second


class Faults:
    def __init__(
        self,
        reactor: Any,
        crew: Crew,
        proxies: dict[str, Proxy],
        disk: SmallDisk,
        story: Story,
        database: Postgresql | None,
    ) -> None:
        self.happened: Counter[str] = Counter()
        self.nobody_there: Counter[str] = Counter()
        self._reactor = reactor
        self._crew = crew
        self._proxies = proxies
        self._disk = disk
        self._story = story
        self._database = database

    async def happen(self, fault: Fault) -> None:
        how, _, what = fault.kind.partition(" ")
        self._story.tell(f"{fault.kind}, {fault.whom}, for {fault.seconds:g} s")
        if what == "connection":
            await self._bad_connection(how, fault)
        elif what == "disk":
            await self._full_disk(fault)
        elif what == "database":
            await self._bad_database(how, fault)
        elif how == "kill":
            await self._kill(what, fault)
        else:
            await self._stop(what, fault)

    async def _pass(self, seconds: float) -> None:
        await deferLater(self._reactor, seconds, lambda: None)

    def _done(self, fault: Fault) -> None:
        kind = f"{fault.kind} to people" if fault.whom == PEOPLE else fault.kind
        self.happened[kind] += 1

    # --- connections and disks

    async def _bad_connection(self, how: str, fault: Fault) -> None:
        proxy = self._proxies[fault.whom]
        if how == "reset":
            proxy.reset()
        elif how == "cut":
            proxy.cut()
        elif how == "dead":
            proxy.bad.dead = True
        else:
            proxy.bad.latency, proxy.bad.rate = SLOW
        self._done(fault)
        await self._pass(fault.seconds)
        proxy.mend()

    async def _full_disk(self, fault: Fault) -> None:
        self._disk.fill()
        self._done(fault)
        await self._pass(fault.seconds)
        self._disk.free()

    async def _bad_database(self, how: str, fault: Fault) -> None:
        assert self._database is not None
        self._done(fault)
        if how == "cut":
            return self._database.cut()
        self._database.kill()
        await self._pass(fault.seconds)
        return self._database.start()

    # --- processes

    async def _kill(self, what: str, fault: Fault) -> None:
        if what in ("server", "worker"):
            self._crew.kill(fault.whom)
            self._done(fault)
            await self._pass(fault.seconds)
            self._crew.start(fault.whom)
        else:
            await self._signal(what, fault, signal.SIGKILL)

    async def _stop(self, what: str, fault: Fault) -> None:
        pid = await self._signal(what, fault, signal.SIGSTOP)
        if pid:
            await self._pass(fault.seconds)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    async def _signal(self, what: str, fault: Fault, number: int) -> int | None:
        process = await self._find(fault.whom, what)
        if process is None:
            self.nobody_there[fault.kind] += 1
            return None
        with suppress(ProcessLookupError):
            os.kill(process.pid, number)
        self._done(fault)
        return process.pid

    async def _find(self, whom: str, what: str) -> psutil.Process | None:
        """The process, once it is there; what belongs to a worker is, once that has connected."""
        until = self._reactor.seconds() + LOOK_FOR
        while self._reactor.seconds() < until:
            started = what in ("server", "worker") or self._proxies[whom].pipes
            if started and (found := self._crew.process(whom, what)):
                return found
            await self._pass(LOOK_EVERY)
        return None
