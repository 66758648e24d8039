"""From what has changed to what is written, and then to what is said: in that order, at the database's own pace.

How does this work?  `settle` takes all that has changed in the farm, has it written, and when that is committed says
it (`say`: workers are acknowledged and given orders, events announced).  `settle_soon` does the same where nobody
waits: while `MOST_UNDER_WAY` writes are under way, what changes gathers in the farm, once for each object, and is
written when one of them is done.  So a burst of results becomes few rows, and a night without a database does not fill
the memory.  When more than `MOST_PENDING` rows and results wait, workers are not read (`hold_back`) and people's
changes wait (`room`).  While the database cannot be written, `trouble` says why.
"""

from collections.abc import Awaitable, Callable

from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger

from brender.farm.changes import Changes
from brender.farm.farm import Farm
from brender.farm.interfaces import Store

MOST_PENDING = 100  # rows and results: what keeps the reactor busy for less than 10 ms
MOST_UNDER_WAY = 2  # one is committed, one is next


class Settling:
    log = Logger()

    def __init__(
        self,
        farm: Farm,
        store: Store,
        say: Callable[[Changes], Awaitable[None]],
        hold_back: Callable[[bool], None],
        announce: Callable[[str], None],
    ) -> None:
        self._farm = farm
        self._store = store
        self._say = say
        self._hold_back = hold_back
        self._announce = announce
        self._under_way = 0
        self._waiting: list[Deferred[None]] = []  # who wants to change something, and waits for room
        self.behind = False
        self.trouble = ""  # why the database cannot be written
        self.written = 0
        store.watch(self._troubled)

    def settle(self) -> Deferred[None]:
        """Write what has changed and say it; fires after that, fails when it cannot be written any more."""
        changes = self._farm.take_changes()
        if not changes:
            return succeed(None)
        self._under_way += 1
        committed = self._store.save(changes)
        for job in changes.ended:
            if job.finished:  # it may have been opened again
                job.close()
        self._look_back()
        return Deferred.fromCoroutine(self._written(changes, committed))

    def settle_soon(self) -> None:
        """The same where nobody waits."""
        if self._under_way < MOST_UNDER_WAY:
            self.flush()
        else:
            self._look_back()

    def flush(self) -> None:
        """The same at once; a store that cannot write any more stops the server itself."""
        self.settle().addErrback(lambda failure: self.log.failure("What followed a commit failed", failure))

    async def all_written(self) -> None:
        """Done when everything that has happened so far is committed."""
        await self.settle()
        await self._store.save(Changes())

    async def room(self) -> None:
        """Wait until the database has caught up, or is in trouble."""
        while self.behind and not self.trouble:
            self._waiting.append(Deferred())
            await self._waiting[-1]

    async def _written(self, changes: Changes, committed: Awaitable[None]) -> None:
        try:
            await committed
            self.written += 1
            await self._say(changes)
        finally:
            self._under_way -= 1
        self.settle_soon()  # what has gathered meanwhile
        self._look_back()

    def _look_back(self) -> None:
        """Is too much waiting?"""
        behind = self._store.pending + len(self._farm.changes.settled) > MOST_PENDING
        if behind != self.behind:
            self.behind = behind
            self._hold_back(behind)
            if not behind:
                self._let_in()

    def _let_in(self) -> None:
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            each.callback(None)

    def _troubled(self, trouble: str) -> None:
        """The database says that it cannot be written, or with "" that it can again."""
        self.trouble = trouble
        self._announce(trouble)
        if trouble:
            self._let_in()
