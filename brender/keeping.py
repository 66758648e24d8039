"""What a server does for its files while nobody looks: a thread that packs logs, and an hourly tidying.

How does this work?  `Keeping` makes the `Logs` with a thread of its own, where files are packed, read and removed, so
that neither the reactor nor the database ever waits for them.  Once the farm is loaded `start` begins to tidy, hourly.
Archives are written and read in the same thread (`later`).
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.threadpool import ThreadPool

from brender.farm.farm import Farm
from brender.logs import Kept, Logs

HOUR = 3600.0


class Keeping:
    log = Logger()

    def __init__(self, reactor: Any, folder: Path, limit: int, kept: Kept, epoch: Callable[[], float]) -> None:
        self._reactor = reactor
        self._kept = kept
        self._epoch = epoch
        self._thread = ThreadPool(0, 1, "files")
        self._tidying: LoopingCall | None = None
        self.logs = Logs(folder, limit, self.later)

    def later(self, call: Callable[..., Any], *given: Any) -> Deferred[Any]:
        """Do something with files in their thread."""
        return deferToThreadPool(self._reactor, self._thread, call, *given)

    def start(self, farm: Farm) -> None:
        self._thread.start()
        self._tidying = LoopingCall(lambda: Deferred.fromCoroutine(self._tidy(farm)))
        self._tidying.clock = self._reactor
        self._tidying.start(HOUR)

    def stop(self) -> None:
        """What has begun is ended, and nothing else is begun."""
        if self._tidying:
            self._tidying.stop()
            self.logs.close()
            self._thread.stop()

    async def _tidy(self, farm: Farm) -> None:
        try:
            await self.logs.tidy(farm.orders, farm.last_order, self._kept, self._epoch())
        except Exception:
            self.log.failure("The logs could not be tidied; it is tried again in an hour")
