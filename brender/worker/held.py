"""What a worker holds: orders, and the sessions that are used for them.

How does this work?  A `Held` is an order with the tasks of it that are left: those in `todo` were told
to nobody, those in `told` to a session, and of these `begun` runs.  A `Use` is a session with the orders
that it does; the session (`Opened`) reports to it, and it tells the agent (`Told`).  `Work` is the job that both are
about, as the server told it: when that changes, sessions that are open go on with the old one to their end.
Neither knows processes or sockets.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from twisted.internet.interfaces import IDelayedCall

from brender.farm.settings import Rule
from brender.protocols import messages as say
from brender.worker.machine.stock import Cards, Need


class Opened(Protocol):
    """An open session, as the agent uses it (`sessions.SessionProtocol`)."""

    def run(self, order: int, task: say.Task, attempt: int, limits: say.Limits) -> None:
        """Run a task after those that it was told before."""

    def stop(self, order: int, task: int, within: float | None = None) -> None:
        """End a task or do not begin it; it is reported as canceled.  `within` shortens its time to end by itself."""

    def take_back(self, order: int, task: int) -> None:
        """Do not begin a task; it is reported as taken back, or when it has begun, ends as it does."""

    def close(self) -> None:
        """Leave the environments and end."""

    def hold(self, wait: bool) -> None:
        """Say nothing for now; or go on."""


class Nursery(Protocol):
    def open(self, job: say.Job, use: "Use", rules: Sequence[Rule]) -> Opened:
        """Open a session for a step of a job.

        It reports to `use`, never before this returns, and in the end always that it is gone.
        """


class Told(Protocol):
    """The agent, as sessions report to it."""

    def tell(self, message: say.Message) -> None: ...
    def task_started(self, use: "Use", order: int, task: int) -> None: ...
    def task_ended(self, use: "Use", result: say.Result, outputs: list[str], rate: float) -> None: ...
    def task_taken_back(self, use: "Use", order: int, task: int) -> None: ...
    def session_broken(self, use: "Use", reason: str, cause: say.Cause) -> None: ...
    def session_gone(self, use: "Use", reason: str) -> None: ...


@dataclass(eq=False)
class Work:
    """A job with the values that it had when its orders came."""

    told: say.Job
    current: bool = True  # orders that come are for this

    def tell_again(self, job: say.Job) -> bool:
        """The server has said it again; False when it is to be done otherwise from now on: with other values, as
        somebody else, or without the scripts of its scenes."""
        if self._way(job) != self._way(self.told):
            return False
        self.told = job
        return True

    @staticmethod
    def _way(job: say.Job) -> tuple[object, ...]:
        return job.template, job.values, job.owner, job.scripts


@dataclass(eq=False)
class Held:
    """An order that the worker has."""

    order: say.Order
    work: Work
    need: Need
    todo: deque[say.Task]
    told: list[int] = field(default_factory=list)  # in the order in which the session was told
    begun: int | None = None
    use: "Use | None" = None
    canceled: bool = False
    stopped: set[int] = field(default_factory=set)  # tasks that nobody wants any more
    moving: bool = False  # its session is asked to give it back, for another one to run

    @property
    def waits(self) -> bool:
        """It is behind another order of its session."""
        return self.use is not None and self.use.orders[0] is not self and self.begun is None

    @property
    def left(self) -> list[int]:
        return [*self.told, *(task.index for task in self.todo)]

    def off(self, task: int) -> None:
        """A session has nothing more to do with this task."""
        self.told.remove(task)
        self.stopped.discard(task)
        if self.begun == task:
            self.begun = None


def running(held: Iterable[Held]) -> list[str]:
    """The tasks that run, as the log names them."""
    orders = [(each.begun, each.order) for each in held if each.begun is not None]
    return [f"task {task} of order {order.order} of job {order.job}" for task, order in orders]


@dataclass(eq=False)
class Use:
    """A session and what it is used for."""

    agent: Told
    work: Work
    step: str
    need: Need  # of the order that it does, or did last
    cards: Cards  # graphics cards that it sees
    orders: deque[Held] = field(default_factory=deque)
    session: Opened | None = None
    idle: IDelayedCall | None = None
    over: bool = False  # it takes no more tasks; its slots are its own until it is gone

    def begin(self, held: Held) -> None:
        """An order is its next, or one of those behind."""
        if not self.orders:
            self.need = held.need
        held.use = self
        self.orders.append(held)

    @property
    def told(self) -> int:
        """Tasks that the session has and has not ended."""
        return sum(len(held.told) for held in self.orders)

    @property
    def left(self) -> int:
        """Tasks that it still has before it."""
        return sum(len(held.told) + len(held.todo) for held in self.orders)

    @property
    def busy(self) -> bool:
        return bool(self.orders) or self.over

    def first_task(self) -> tuple[int | None, int | None]:
        """The one that runs, or that would run first."""
        for held in self.orders:
            for task in held.left:
                return held.order.order, task
        return None, None

    def wake(self) -> None:
        """It has something to do again, or is closed: no more waiting for the end of its idleness."""
        if self.idle and self.idle.active():
            self.idle.cancel()
        self.idle = None

    # --- what the session reports

    def started(self, order: int, task: int) -> None:
        self.agent.task_started(self, order, task)

    def said(self, text: str, order: int | None, task: int | None) -> None:
        order, task = (order, task) if order is not None else self.first_task()
        if order is not None and task is not None:
            self.agent.tell(say.Log(order, task, text))

    def progressed(self, order: int, task: int, percent: float | None, status: str) -> None:
        self.agent.tell(say.Progress(order, task, percent, status))

    def warned(self, order: int, task: int, text: str) -> None:
        self.agent.tell(say.Warned(order, task, text))

    def ended(self, result: say.Result, outputs: list[str], rate: float = 0.0) -> None:
        self.agent.task_ended(self, result, outputs, rate)

    def taken_back(self, order: int, task: int) -> None:
        self.agent.task_taken_back(self, order, task)

    def broken(self, reason: str, cause: say.Cause = "") -> None:
        self.agent.session_broken(self, reason, cause)

    def gone(self, reason: str) -> None:
        self.agent.session_gone(self, reason)
