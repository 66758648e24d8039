"""What a worker tells its server: at once, or when the server is there again.

How does this work?  `tell` sends while there is a connection.  Without one, logs are kept for a while (`missed`), and
the rest is let go, as the next greeting says how things are.  Results are kept (`journal`) until the server says that
they are safe, and are sent again after every welcome; of those that it does not want the log tells.  When no server has
been there for too long, whoever asked for it is told.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from brender.protocols import messages as say
from brender.worker.disk.journal import Key, Results
from brender.worker.disk.missed import Missed

MOST_NAMED = 8  # tasks in a line of the worker's log


class Telling:
    log = Logger()

    def __init__(
        self, results: Results, clock: IReactorTime, orphaned_after: float, when_orphaned: Callable[[], object]
    ) -> None:
        self._results = results
        self._clock = clock
        self._orphaned_after = orphaned_after
        self._when_orphaned = when_orphaned
        self._orphaning: IDelayedCall | None = None
        self._send: Callable[[Any], None] | None = None
        self._missed = Missed()
        self._jobs: dict[Key, int] = {}  # of the results that came in this run of the program

    def tell(self, message: say.Message) -> None:
        if self._send:
            self._send(message)
        elif isinstance(message, say.Log):
            self._missed.keep(message)

    def keep(self, result: say.Result, job: int) -> None:
        self._results.keep(result)
        self._jobs[result.order, result.task] = job

    @property
    def unacknowledged(self) -> dict[Key, say.Result]:
        return self._results.waiting

    def at_stake(self, running: Sequence[str]) -> str:
        """The end of a sentence about the connection."""
        parts = {"running here": running, "reported again": [self._named(key) for key in self.unacknowledged]}
        return "".join(f"; {what}: {listed(tasks)}" for what, tasks in parts.items() if tasks)

    def _named(self, key: Key) -> str:
        order, task = key
        of_job = f" of job {self._jobs[key]}" if key in self._jobs else ""
        return f"task {task} of order {order}{of_job} ({self.unacknowledged[key].outcome})"

    def give_up(self, seconds: float) -> None:
        """The worker ends without having heard that its reports are safe."""
        if self.unacknowledged:
            tasks = listed([self._named(key) for key in self.unacknowledged])
            words = "The server has not acknowledged in {seconds:g} s, and hears at the next start: {tasks}"
            self.log.warn(words, seconds=seconds, tasks=tasks)

    def forget(self, results: Sequence[Key]) -> None:
        """The server has them."""
        self._results.forget(results)
        for key in results:
            self._jobs.pop(key, None)

    def connected(self, send: Callable[[Any], None], drop: Iterable[int]) -> None:
        """The server is there; of the orders in `drop` it wants to hear nothing."""
        self._send = send
        self._stop_orphaning()
        dropped = set(drop)
        self._let_go([key for key in self.unacknowledged if key[0] in dropped])
        for log in self._missed.take():
            send(log)
        for result in self.unacknowledged.values():
            send(result)

    def _let_go(self, unwanted: Sequence[Key]) -> None:
        if unwanted:
            words = "The server does not take the reports of {tasks}: those orders are not this worker's any more"
            self.log.warn(words, tasks=listed([self._named(key) for key in unwanted]))
        self.forget(unwanted)

    def disconnected(self) -> None:
        self._send = None
        self._stop_orphaning()
        self._orphaning = self._clock.callLater(self._orphaned_after, self._when_orphaned)

    def _stop_orphaning(self) -> None:
        if self._orphaning and self._orphaning.active():
            self._orphaning.cancel()

    def close(self) -> None:
        """What is reported from now on comes of the end, and nobody is told of it at the next start."""
        self._results = Results()
        self._stop_orphaning()


def listed(tasks: Sequence[str]) -> str:
    """As many of them as a line can hold."""
    more = len(tasks) - MOST_NAMED
    return ", ".join([*tasks[:MOST_NAMED], *([f"{more} more"] if more > 0 else [])])
