"""The time of day for the farm: it goes on evenly, whatever is done to the machine's clock.

How does this work?  `now` is the time of day when the server started (or the clock was set last) and the seconds that
have passed since by a clock that nobody sets.  When the machine's own clock is more than `APART` seconds away from
that, somebody has set it: `step` then takes the new time over and says by how much it differs, so that what
was counted in seconds can be moved along (`farm.clock_set`).  A machine that has slept counts as one that was set.
"""

from collections.abc import Callable

APART = 2.0  # seconds; less is not worth an interruption


class SteadyTime:
    def __init__(self, epoch: Callable[[], float], monotonic: Callable[[], float]) -> None:
        self._epoch = epoch
        self._monotonic = monotonic
        self._ahead = epoch() - monotonic()  # of the clock that nobody sets

    def now(self) -> float:
        """Seconds of the epoch."""
        return self._monotonic() + self._ahead

    def step(self) -> float:
        """By how many seconds the machine's clock was set since it was asked last; 0.0 mostly."""
        step = self._epoch() - self.now()
        if abs(step) < APART:
            return 0.0
        self._ahead += step
        return step
