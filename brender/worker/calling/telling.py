"""What a worker tells its server: at once, or when the server is there again.

How does this work?  `tell` sends while there is a connection.  Without one, logs are kept for a while (`missed`), and
the rest is let go, as the next greeting says how things are.  Results are kept (`journal`) until the server says that
they are safe, and are sent again after every welcome.  When no server has been there for too long, whoever asked for
it is told.
"""

from collections.abc import Callable, Iterable
from typing import Any

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from brender.protocols import messages as say
from brender.worker.disk.journal import Key, Results
from brender.worker.disk.missed import Missed


class Telling:
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

    def tell(self, message: say.Message) -> None:
        if self._send:
            self._send(message)
        elif isinstance(message, say.Log):
            self._missed.keep(message)

    def keep(self, result: say.Result) -> None:
        self._results.keep(result)

    @property
    def unacknowledged(self) -> dict[Key, say.Result]:
        return self._results.waiting

    def forget(self, results: Iterable[Key]) -> None:
        """The server has them."""
        self._results.forget(results)

    def connected(self, send: Callable[[Any], None], drop: Iterable[int]) -> None:
        """The server is there; of the orders in `drop` it wants to hear nothing."""
        self._send = send
        self._stop_orphaning()
        dropped = set(drop)
        self.forget([key for key in self.unacknowledged if key[0] in dropped])
        for log in self._missed.take():
            send(log)
        for result in self.unacknowledged.values():
            send(result)

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
