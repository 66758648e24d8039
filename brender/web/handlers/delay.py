"""How late the server does what is due: the one figure that tells whether its one thread keeps up.

How does this work?  Every half second a call is due; `Delay` notes how much later than that it came, and counts it in
the bucket of its length.  Whatever holds the reactor's thread up (a long answer, a slow disk, a machine without memory)
makes these calls late, as it does everything else.  It runs while the site listens.
"""

from bisect import bisect_left
from itertools import accumulate

from twisted.internet.interfaces import IDelayedCall, IReactorTime

EVERY = 0.5  # seconds
BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)  # seconds


class Delay:
    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._due = 0.0
        self._call: IDelayedCall | None = None
        self._counts = [0] * (len(BOUNDS) + 1)
        self.seconds = 0.0  # of all delays together

    def start(self) -> None:
        self._due = self._clock.seconds() + EVERY
        self._call = self._clock.callLater(EVERY, self._ring)

    def stop(self) -> None:
        if self._call is not None and self._call.active():
            self._call.cancel()

    @property
    def buckets(self) -> list[tuple[str, float]]:
        """How many calls were at most so late, for each bound."""
        return list(zip((*map(str, BOUNDS), "+Inf"), map(float, accumulate(self._counts)), strict=True))

    def _ring(self) -> None:
        late = max(0.0, self._clock.seconds() - self._due)
        self._counts[bisect_left(BOUNDS, late)] += 1
        self.seconds += late
        self.start()
