"""Virtual time: what is to happen, in the order in which it does.

How does this work?  `at` notes a call for a moment; `step` takes the earliest, sets `now` to its moment and calls
it.  Calls for one moment happen in the order in which they were noted, so a simulation never depends on chance
that nobody handed in.
"""

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count


class Clock:
    def __init__(self, begin: float = 0.0) -> None:
        self.now = begin
        self._coming: list[tuple[float, int, Callable[[], object]]] = []
        self._noted = count()

    def at(self, moment: float, call: Callable[[], object]) -> None:
        heappush(self._coming, (max(moment, self.now), next(self._noted), call))

    @property
    def next(self) -> float | None:
        return self._coming[0][0] if self._coming else None

    def step(self) -> None:
        """Let the next thing happen."""
        self.now, _, call = heappop(self._coming)
        call()
