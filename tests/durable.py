"""The real service on a real database: SQLite in a folder of the test, a clock that only moves when it is told to.

How does this work?  `DurableFarm` is `fakes.SmallFarm` with the program's own store.  `stall` keeps the database's
thread busy until it is told to go on, so that a test can look at what is said before a commit without any waiting;
`broken` locks the database, as another program may.  `restarted` closes nothing and opens a copy of the files, as
after a SIGKILL; `reopened` ends properly.
"""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from threading import Event
from time import monotonic, sleep
from typing import Any

from peewee import Database
from twisted.internet import reactor as global_reactor
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from brender.db.models import ClientRow
from brender.db.store import SqlStore
from brender.db.writer import Writer
from brender.farm.submission.planning import replan
from brender.logs.order_logs import Logs
from brender.pictures import Pictures
from brender.service.farm_service import FarmService
from tests.db.databases import ready
from tests.fakes import SmallFarm

reactor: Any = global_reactor
PATIENCE = 60.0  # seconds; only a test that has failed waits so long


class DurableFarm(SmallFarm):
    def __init__(self, test: TestCase, path: Path | None = None) -> None:
        super().__init__(test)
        self.test = test
        self.path = path or Path(test.mktemp()) / "brender.sqlite"
        self.problems: list[str] = []  # why the store has given up
        self.mend: Callable[[int], None] = lambda pauses: None  # called between two tries of a commit
        self.pauses = 0
        self._go_on: Callable[[], None] = lambda: None
        writer = Writer(ready(self.path), reactor.callFromThread, self.problems.append, self._pause)
        self.sql = SqlStore(writer, replan)
        self.logs = Logs(self.path.parent / "logs")
        self.pictures = Pictures(self.path.parent / "pictures")
        self.service = FarmService(self.sql, self.clock, self.logs, self.pictures, epoch=self.clock.seconds)
        writer.start()
        test.addCleanup(self._close)

    async def begun(self) -> "DurableFarm":
        await self.service.begin()
        return self

    def stall(self) -> Callable[[], None]:
        """Nothing is committed until the function that this gives is called."""
        stalled, go_on = Event(), Event()

        def wait(_: Database) -> None:
            stalled.set()
            go_on.wait(PATIENCE)

        self.sql.writer.perform(wait)
        stalled.wait(PATIENCE)
        self._go_on = go_on.set
        self.test.addCleanup(go_on.set)
        return go_on.set

    async def settled(self) -> None:
        """Everything that has happened so far is committed and said."""
        await self.service.save()

    async def turns(self, count: int = 5) -> None:
        """The reactor goes on: whatever does not wait for the database has happened."""
        for _ in range(count):
            await deferLater(reactor, 0, lambda: None)

    async def until(self, condition: Callable[[], object]) -> None:
        """The reactor goes on until something is so."""
        deadline = monotonic() + PATIENCE
        while not condition():
            if monotonic() > deadline:
                raise AssertionError("Waited in vain.")
            await deferLater(reactor, 0.005, lambda: None)

    async def broken(self) -> Callable[[], None]:
        """Somebody locks the database, and the farm has found out; until the function that this gives is called."""
        somebody = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        self.test.addCleanup(somebody.close)
        somebody.execute("begin exclusive")
        self.sql.writer.perform(lambda _: ClientRow.update(id=ClientRow.id).execute())
        await self.until(lambda: self.service.refusing)
        return somebody.close

    async def reopened(self) -> "DurableFarm":
        """The server was stopped, and is started again."""
        await self.service.end()
        self.sql.writer.join()
        return await DurableFarm(self.test, self.path).begun()

    async def restarted(self) -> "DurableFarm":
        """The server was killed at this moment, and is started again."""
        killed = self.path.parent.with_name(f"{self.path.parent.name} killed")
        shutil.copytree(self.path.parent, killed)
        self._go_on()
        await self.service.end()
        self.sql.writer.join()
        return await DurableFarm(self.test, killed / self.path.name).begun()

    def _pause(self, seconds: float) -> None:
        self.pauses += 1
        self.mend(self.pauses)
        sleep(0.005)

    async def _close(self) -> None:
        if not self.service.stopping:
            await self.service.end()
        self.logs.close()
        await self.sql.close()
        self.sql.writer.join()
