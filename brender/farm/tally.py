"""How much has come to an end since the server's start: what only grows, for those who measure.

How does this work?  The three places where something ends tell the `Tally` of the farm: a task's try, an order that its
client has let go, a job.  Nothing of it is kept and no rule goes by it; a start begins at zero.
"""

from collections import Counter

from brender.farm.order import Order
from brender.farm.transitions import JobState, TaskState

COMPLETED, FAILED, GIVEN_BACK = "completed", "failed", "given_back"


class Tally:
    def __init__(self) -> None:
        self.tasks: Counter[TaskState] = Counter()  # by what became of a try
        self.orders: Counter[str] = Counter()  # by what became of the worst task
        self.jobs: Counter[JobState] = Counter()

    def order(self, order: Order) -> None:
        """Its client has nothing of it any more."""
        states = set(order.tasks)
        if TaskState.FAILED in states:
            self.orders[FAILED] += 1
        else:
            self.orders[COMPLETED if states == {TaskState.COMPLETED} else GIVEN_BACK] += 1
