"""How long a step's tasks take, learnt as they end, and what follows from that.

How does this work?  `Estimate` keeps the last seconds that tasks took: their median is what a task is
expected to take (`seconds`), so that a scene that grows slower is followed and one straggler does not count.
Derived from it: how many tasks make an order (`run_length`), how many frames a chunk, when a job will be
done and how sure that is (`Forecast`), and whether a task would end sooner if it were begun anew elsewhere.
"""

from bisect import bisect_left, insort
from collections import deque
from dataclasses import dataclass, field
from math import ceil, log, sqrt
from statistics import fmean, pstdev
from typing import NamedTuple

REMEMBERED = 32  # tasks
ORDER_SECONDS = 0.5  # the work in one order; one more waits behind it, so a second in all
LONGEST_RUN = 64  # tasks in an order, whatever they take
CERTAIN = 1.2816  # standard deviations from the middle to 10 % and to 90 %


@dataclass(slots=True)
class Estimate:
    last: deque[float] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    _sorted: list[float] = field(default_factory=list)  # the same

    def learn(self, seconds: float) -> None:
        if len(self.last) == REMEMBERED:
            del self._sorted[bisect_left(self._sorted, self.last[0])]
        self.last.append(max(0.0, seconds))  # a worker's word
        insort(self._sorted, self.last[-1])

    @property
    def seconds(self) -> float | None:
        """A task; None until one has ended."""
        middle, odd = divmod(len(self._sorted), 2)
        if odd:
            return self._sorted[middle]
        return (self._sorted[middle - 1] + self._sorted[middle]) / 2 if middle else None

    @property
    def mean(self) -> float | None:
        return fmean(self.last) if self.last else None

    @property
    def spread(self) -> float:
        """The standard deviation, seconds."""
        return pstdev(self.last) if len(self.last) > 1 else 0.0


def run_length(estimate: Estimate, ready: int, slots: int) -> int:
    """How many tasks the next order should have.

    About `ORDER_SECONDS` of work, but no more than leaves every slot of the farm two orders.
    """
    seconds = estimate.seconds
    if seconds is None:
        return 1
    wanted = int(ORDER_SECONDS / max(seconds, 1e-4))
    return 1 if wanted < 2 else min(wanted, share(ready, slots), LONGEST_RUN)


def chunk_length(estimate: Estimate, given: int, target: float, ready: int, slots: int) -> int:
    """How many frames the next chunk should have, to take about `target` seconds; `given` until one was measured."""
    wanted = given if estimate.seconds is None else int(target / max(estimate.seconds, 1e-4))
    return max(1, min(wanted, ceil(ready / max(1, slots))))


def share(ready: int, slots: int) -> int:
    return max(1, ceil(ready / max(1, 2 * slots)))


class Forecast(NamedTuple):
    """Seconds until something is done: as likely as not, with one chance in ten sooner, in ten later."""

    seconds: float
    early: float
    late: float


def forecast(estimate: Estimate, unfinished: int, at_once: int) -> Forecast | None:
    """When `unfinished` tasks are done if `at_once` of them run side by side; None before anything is known.

    Nothing is known of how far those are that run.  The numbers were found by simulating farms.
    """
    mean = estimate.mean
    if mean is None or not at_once:
        return None
    if unfinished <= at_once:
        middle = mean * unfinished / (unfinished + 2)  # all have begun; the fewer are left, the longer ago
        return Forecast(middle, 0.35 * middle, middle + 0.7 * mean + CERTAIN * estimate.spread)
    rounds = (unfinished - at_once) / at_once
    middle = mean * (rounds + 1) + estimate.spread * sqrt(2 * log(at_once))  # the last one of so many ends later
    unsure = CERTAIN * rounds * estimate.spread / sqrt(len(estimate.last))  # what is known of the mean, from few tasks
    return Forecast(middle, max(0.0, 0.75 * middle - unsure), 1.4 * middle + unsure)


def after(first: Forecast | None, then: Forecast | None) -> Forecast | None:
    """One after the other."""
    if first is None or then is None:
        return first or then
    return Forecast(*(one + other for one, other in zip(first, then, strict=True)))


# --- stragglers

WORTH_IT = 5.0  # seconds that a task takes at least, for a second start to be worth the trouble
SOONER = 1.5  # how many times sooner the second start has to be expected to end
SUSPECT = 3.0  # times as long as expected, after which a task is looked at


def remaining(expected: float, elapsed: float) -> float:
    """Seconds that a running task is expected to take yet.  One that is late is as likely to be half way as not."""
    return expected - elapsed if elapsed < expected else max(elapsed - expected, elapsed / 2)


def ends_sooner(typical: float, here: float, elapsed: float, there: float) -> bool:
    """Whether a task should be begun anew: `here` and `there` say how slow the two clients are."""
    return typical >= WORTH_IT and remaining(typical * here, elapsed) > SOONER * typical * there


def suspect_after(typical: float, slowness: float) -> float | None:
    """Seconds after its begin at which a task is worth a look, or None for one that never is."""
    if typical < WORTH_IT:
        return None
    return 0.0 if slowness >= SUSPECT else SUSPECT * typical
