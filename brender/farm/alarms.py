"""What happens by itself at some time: the farm has no clock, and is told when one of its alarms is due."""

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count


class Alarms:
    def __init__(self) -> None:
        self._alarms: list[tuple[float, int, Callable[[float], None]]] = []
        self._numbers = count()  # of two for the same moment the first one set rings first

    def __len__(self) -> int:
        return len(self._alarms)

    @property
    def next(self) -> float | None:
        """When the next one is due."""
        return self._alarms[0][0] if self._alarms else None

    def at(self, moment: float, ring: Callable[[float], None]) -> None:
        """Call `ring` with the time once it is so late."""
        heappush(self._alarms, (moment, next(self._numbers), ring))

    def shift(self, by: float) -> None:
        """The clock was set: each rings after as many seconds as before."""
        self._alarms = [(moment + by, number, ring) for moment, number, ring in self._alarms]

    def ring(self, now: float) -> None:
        """Those that are due, and those that they set and that are due as well."""
        while self._alarms and self._alarms[0][0] <= now:
            heappop(self._alarms)[2](now)
