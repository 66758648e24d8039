"""What a server does for its files while nobody looks: threads that pack logs and keep pictures, an hourly tidying.

How does this work?  `Keeping` makes the `Logs` with a thread of its own, where files are packed, read and removed, so
that neither the reactor nor the database ever waits for them.  Once the farm is loaded `start` begins to tidy, hourly.
Archives are written and read in the same thread (`later`).  The `Pictures` have another one (`soon`), as people wait
for them.  What jobs have made may lie on a machine that does not answer: it is read in threads that nobody waits for
(`outside`).
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.threadpool import ThreadPool

from brender.farm.farm import Farm
from brender.logs.order_logs import ALL_OF_IT, Kept, Logs
from brender.pictures import Pictures

HOUR = 3600.0


class Keeping:
    log = Logger()

    def __init__(
        self,
        reactor: Any,
        folder: Path,
        limit: int,
        kept: Kept,
        epoch: Callable[[], float],
        pictures_kept: Kept = ALL_OF_IT,
    ) -> None:
        self._reactor = reactor
        self._kept = kept
        self._epoch = epoch
        self._thread = ThreadPool(0, 1, "files")
        self._quick = ThreadPool(0, 1, "pictures")
        self._outside = ThreadPool(0, 4, "outside")
        self._outside.threadFactory = partial(Thread, daemon=True)  # type: ignore[assignment]  # what hangs ends with us
        self._tidying: LoopingCall | None = None
        self.logs = Logs(folder, limit, self.later)
        self.pictures = Pictures(folder.with_name("pictures"), pictures_kept, self.soon)

    def later(self, call: Callable[..., Any], *given: Any) -> Deferred[Any]:
        """Do something with files in their thread."""
        return deferToThreadPool(self._reactor, self._thread, call, *given)

    def soon(self, call: Callable[..., Any], *given: Any) -> Deferred[Any]:
        return deferToThreadPool(self._reactor, self._quick, call, *given)

    def outside(self, call: Callable[..., Any], *given: Any) -> Deferred[Any]:
        return deferToThreadPool(self._reactor, self._outside, call, *given)

    def start(self, farm: Farm) -> None:
        for threads in (self._thread, self._quick, self._outside):
            threads.start()
        self._tidying = LoopingCall(lambda: Deferred.fromCoroutine(self._tidy(farm)))
        self._tidying.clock = self._reactor
        self._tidying.start(HOUR)

    def stop(self) -> None:
        """What has begun is ended, and nothing else is begun."""
        if self._tidying:
            self._tidying.stop()
            self.logs.close()
            self._thread.stop()
            self._quick.stop()

    async def _tidy(self, farm: Farm) -> None:
        for what, tidying in (
            ("logs", self.logs.tidy(farm.orders, farm.last_order, self._kept, self._epoch())),
            ("pictures", self.pictures.tidy(farm.jobs, self._epoch())),
        ):
            try:
                await tidying
            except Exception:
                self.log.failure("The {what} could not be tidied; it is tried again in an hour", what=what)
