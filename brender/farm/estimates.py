"""How long a step's tasks take, learnt as they end.

How does this work?  `Estimate` keeps a moving average of the seconds that tasks took, the newest
weighing a fifth, so that it follows a scene that grows slower.  Two things are derived from it: how
many tasks make an order (`run_length`), and when a job will be done (`seconds_left`).
"""

from dataclasses import dataclass
from math import ceil

NEWEST = 0.2  # the weight of the last task in the average
ORDER_SECONDS = 0.5  # the work in one order; one more waits behind it, so a second in all
LONGEST_RUN = 64  # tasks in an order, whatever they take


@dataclass(slots=True)
class Estimate:
    seconds: float | None = None  # a task; None until one has ended

    def learn(self, seconds: float) -> None:
        seconds = max(0.0, seconds)  # a worker's word
        self.seconds = seconds if self.seconds is None else self.seconds + NEWEST * (seconds - self.seconds)


def run_length(estimate: Estimate, ready: int, slots: int) -> int:
    """How many tasks the next order should have.

    About `ORDER_SECONDS` of work, but no more than leaves every slot of the farm two orders.
    """
    if estimate.seconds is None:
        return 1
    wanted = ORDER_SECONDS / max(estimate.seconds, 1e-4)
    share = ceil(ready / max(1, 2 * slots))
    return max(1, min(int(wanted), share, LONGEST_RUN))


def seconds_left(estimate: Estimate, unfinished: int, at_once: int) -> float | None:
    """Seconds until `unfinished` tasks are done when `at_once` of them run side by side, or None."""
    if estimate.seconds is None or not at_once:
        return None
    return estimate.seconds * ceil(unfinished / at_once)
