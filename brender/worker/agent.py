"""The agent: what a worker holds, and which session does it next.

How does this work?  Orders wait in `held` in the order in which they came.  `_advance` gives an order
to a session of its job and step, or opens one, while its slots are free; an order for a session that
is about to be free is handed over one task early, so that nothing waits for the network.  Results
are kept in `unacknowledged` until the server says that they are safe, and are sent again after every
welcome.  The agent knows neither sockets nor processes: `tell` talks to the server, `nursery` opens
sessions, and sessions call back.  It goes on with what it holds while the server is away.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from brender.protocols import messages as say

AHEAD = 1  # tasks that a session is told besides the one that it runs


class Opened(Protocol):
    """An open session, as the agent uses it (`sessions.Session`)."""

    def run(self, order: int, task: int, attempt: int, parameters: dict[str, str]) -> None:
        """Run a task after those that it was told before."""

    def stop(self, order: int, task: int) -> None:
        """End a task or do not begin it; it is reported as canceled."""

    def close(self) -> None:
        """Leave the environments and end."""


class Nursery(Protocol):
    def open(self, job: say.Job, step: str, slots: int, use: "Use") -> Opened:
        """Open a session for a step; it reports to `use`."""


@dataclass(eq=False)
class Held:
    """An order that the worker has."""

    order: say.Order
    todo: deque[say.Task]
    running: set[int] = field(default_factory=set)  # told to a session and not ended
    use: "Use | None" = None
    canceled: bool = False

    @property
    def left(self) -> list[int]:
        return [*self.running, *(task.index for task in self.todo)]


@dataclass(eq=False)
class Use:
    """A session and what it is used for."""

    agent: "Agent"
    job: int
    step: str
    slots: int
    orders: deque[Held] = field(default_factory=deque)
    told: int = 0  # tasks that the session has and has not ended
    session: Opened | None = None
    idle: IDelayedCall | None = None
    over: bool = False

    @property
    def left(self) -> int:
        """Tasks that it still has before it."""
        return self.told + sum(len(held.todo) for held in self.orders)

    # what the session reports

    def started(self, order: int, task: int) -> None:
        self.agent.tell(say.Started(order, task))

    def said(self, text: str, order: int | None, task: int | None) -> None:
        order, task = (order, task) if order is not None else self.first_task()
        if order is not None and task is not None:
            self.agent.tell(say.Log(order, task, text))

    def progressed(self, order: int, task: int, percent: float | None, status: str) -> None:
        self.agent.tell(say.Progress(order, task, percent, status))

    def warned(self, order: int, task: int, text: str) -> None:
        self.agent.tell(say.Warned(order, task, text))

    def ended(self, result: say.Result, outputs: list[str]) -> None:
        self.agent.task_ended(self, result, outputs)

    def broken(self, reason: str) -> None:
        self.agent.session_broken(self, reason)

    def gone(self, reason: str) -> None:
        self.agent.session_gone(self, reason)

    def first_task(self) -> tuple[int | None, int | None]:
        for held in self.orders:
            for task in held.left:
                return held.order.order, task
        return None, None


class Agent:
    log = Logger()

    def __init__(
        self,
        slots: int,
        nursery: Nursery,
        clock: IReactorTime,
        idle_for: float,
        outputs: Callable[[int, int, list[str]], None] = lambda job, task, paths: None,
    ) -> None:
        self.slots = slots
        self.held: dict[int, Held] = {}
        self.unacknowledged: dict[tuple[int, int], say.Result] = {}
        self.leaving = False
        self.when_empty: Callable[[], None] = lambda: None
        self._jobs: dict[int, say.Job] = {}
        self._uses: list[Use] = []
        self._nursery = nursery
        self._clock = clock
        self._idle_for = idle_for
        self._outputs = outputs
        self._send: Callable[[Any], None] | None = None

    # --- the connection

    def tell(self, message: Any) -> None:
        """Tell the server, if it is there; what must not be lost is kept elsewhere."""
        if self._send:
            self._send(message)

    def has(self) -> dict[int, list[int]]:
        """For the greeting: every order with the tasks whose fate the server does not know."""
        has = {number: held.left for number, held in self.held.items() if not held.canceled}
        for order, task in self.unacknowledged:
            has.setdefault(order, []).append(task)
        return has

    def connected(self, welcome: say.Welcome, send: Callable[[Any], None]) -> None:
        self._send = send
        for order in welcome.drop:
            self._cancel(order)
        for result in self.unacknowledged.values():
            send(result)
        for held in self.held.values():
            for task in held.running:
                send(say.Started(held.order.order, task))
        if self.leaving:
            send(say.Leaving())

    def disconnected(self) -> None:
        self._send = None

    # --- the server's words

    def heard(self, message: Any) -> None:
        match message:
            case say.Job():
                self._jobs[message.job] = message
            case say.Order():
                self._take(message)
            case say.Ack(results):
                for order, task in results:
                    self.unacknowledged.pop((order, task), None)
                self._check_empty()
            case say.Recall(order):
                self._hand_back(order)
            case say.Cancel(order):
                if not self._cancel(order):
                    self.tell(say.Dropped(order))
            case say.Forget(job):
                self._forget(job)

    def leave(self, now: bool = False) -> None:
        """Finish what runs and take nothing new; with `now` hand that back too."""
        self.leaving = True
        self.tell(say.Leaving())
        for order in list(self.held):
            self._hand_back(order)
        if now:
            for held in list(self.held.values()):
                self.tell(say.Returned(held.order.order, held.left))
                self._cancel(held.order.order)
        self._check_empty()

    # --- orders

    def _take(self, order: say.Order) -> None:
        held = self.held[order.order] = Held(order, deque(order.tasks))
        if self.leaving:
            self._hand_back(held.order.order)
        else:
            self._advance()

    def _hand_back(self, number: int) -> None:
        """Give back the tasks of an order that no session has been told."""
        held = self.held.get(number)
        if held is None or (held.use and not self.leaving):
            return
        tasks = [task.index for task in held.todo]
        held.todo.clear()
        if tasks:
            self.tell(say.Returned(number, tasks))
        self._close_order(held)

    def _cancel(self, number: int) -> bool:
        """End an order; False when there is nothing to wait for."""
        held = self.held.get(number)
        if held is None:
            return False
        held.canceled = True
        held.todo.clear()
        if held.use and held.use.session:
            for task in held.running:
                held.use.session.stop(number, task)
        self._close_order(held)
        return number in self.held

    def _close_order(self, held: Held) -> None:
        """Forget an order of which nothing is left."""
        if held.left:
            return
        self.held.pop(held.order.order, None)
        if held.use:
            held.use.orders.remove(held)
        if held.canceled and held.use:
            self.tell(say.Dropped(held.order.order))

    def _forget(self, job: int) -> None:
        self._jobs.pop(job, None)
        for use in [use for use in self._uses if use.job == job and not use.orders]:
            self._close(use)

    # --- sessions

    def _advance(self) -> None:
        for held in list(self.held.values()):
            if held.use is None and (use := self._use_for(held.order)):
                held.use = use
                use.orders.append(held)
                self._tell(use)

    def _use_for(self, order: say.Order) -> Use | None:
        """A session for an order: one of its step that is free or all but free, or a new one."""
        mine = [use for use in self._uses if (use.job, use.step) == (order.job, order.step)]
        best = min(mine, key=lambda use: use.left, default=None)
        busy = sum(use.slots for use in self._uses if use.orders)
        if best and not best.orders and busy + order.slots <= self.slots:
            return best
        if busy + order.slots <= self.slots:
            return self._open(order)
        return best if best and best.orders and best.left <= AHEAD else None

    def _open(self, order: say.Order) -> Use:
        self._make_room(order.slots)
        use = Use(self, order.job, order.step, order.slots)
        self._uses.append(use)
        use.session = self._nursery.open(self._jobs[order.job], order.step, order.slots, use)
        return use

    def _make_room(self, slots: int) -> None:
        """Close idle sessions, the oldest first, until open ones would cost no more than there is."""
        for use in [use for use in self._uses if not use.orders]:
            if sum(each.slots for each in self._uses) + slots > self.slots:
                self._close(use)

    def _tell(self, use: Use) -> None:
        """Keep the session supplied: the task that it runs and `AHEAD` more."""
        if use.idle and use.idle.active():
            use.idle.cancel()
        for held in use.orders:
            while held.todo and use.told <= AHEAD and use.session:
                task = held.todo.popleft()
                held.running.add(task.index)
                use.told += 1
                use.session.run(held.order.order, task.index, held.order.attempt, task.parameters)

    def task_ended(self, use: Use, result: say.Result, outputs: list[str]) -> None:
        use.told -= 1
        held = self.held.get(result.order)
        if held is None:
            return
        held.running.discard(result.task)
        if not held.canceled:
            self._report(result)
            if outputs and result.outcome == "completed":
                self._outputs(held.order.job, result.task, outputs)
        self._close_order(held)
        self._tell(use)
        self._advance()
        if not use.orders:
            self._rest(use)
        self._check_empty()

    def _report(self, result: say.Result) -> None:
        self.unacknowledged[result.order, result.task] = result
        self.tell(result)

    def _rest(self, use: Use) -> None:
        """Nothing to do for this session: kept for a while, the next order may be for it."""
        if use.job not in self._jobs or self.leaving:
            self._close(use)
        else:
            use.idle = self._clock.callLater(self._idle_for, self._close, use)

    def _close(self, use: Use) -> None:
        if use.idle and use.idle.active():
            use.idle.cancel()
        use.over = True
        if use in self._uses:
            self._uses.remove(use)
        if use.session:
            use.session.close()

    def session_broken(self, use: Use, reason: str) -> None:
        """Its environments could not be entered: what it was to run has failed."""
        self._fail(use, reason, everything=True)

    def session_gone(self, use: Use, reason: str) -> None:
        """Its process has ended; when nobody asked it to, the running task has failed."""
        if not use.over:
            self._fail(use, reason, everything=False)

    def _fail(self, use: Use, reason: str, everything: bool) -> None:
        use.over = True
        self._uses.remove(use)
        running = use.first_task()
        for held in list(use.orders):
            order = held.order.order
            for task in held.left:
                if not held.canceled and (everything or (order, task) == running):
                    self._report(say.Result(order, task, "failed", reason))
                elif not held.canceled:
                    self.tell(say.Returned(order, [task]))
            held.todo.clear()
            held.running.clear()
            self._close_order(held)
        self._advance()
        self._check_empty()

    def _check_empty(self) -> None:
        if self.leaving and not self.held and not self.unacknowledged:
            for use in list(self._uses):
                self._close(use)
            self.when_empty()
