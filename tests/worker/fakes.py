"""Doubles for the agent: a nursery whose sessions do what a test says, and a server that notes what it is told.

How does this work?  `FakeNursery` and `FakeSession` keep to the protocols in `brender/worker/held.py`.  A session
remembers what it was told; `begin`, `end`, `answer` and `die` are what its process would do next.  `FakeServer`
gives orders and keeps count of what became of each of their tasks: it is where "exactly once" is checked.
"""

from collections import Counter, deque
from collections.abc import Sequence
from typing import Any

from twisted.internet.task import Clock

from brender.farm.client import Machine
from brender.farm.settings import Rule
from brender.protocols import messages as say
from brender.worker.agent import Agent
from brender.worker.disk.journal import Results
from brender.worker.held import Use
from brender.worker.machine.stock import Stock
from brender.worker.pictures import Frame

WELCOME = say.Welcome(1, "a", 10.0, [])
IDLE_FOR = 60.0
ORPHANED_AFTER = 3600.0

Task = tuple[int, int]  # order, task


class FakeSession:
    def __init__(self, use: Use, job: say.Job) -> None:
        self.use = use
        self.job = job
        self.waiting: deque[Task] = deque()
        self.running: Task | None = None
        self.stopping: float | None = None  # seconds, once asked for
        self.asked_back: list[Task] = []  # not answered yet
        self.stopped_early: list[Task] = []
        self.closing = False
        self.gone = False
        self.held = False
        self.limits = say.Limits()  # of the task that it was told last
        self.rules: list[Rule] = []

    # --- what the agent says

    def run(self, order: int, task: say.Task, attempt: int, limits: say.Limits) -> None:
        assert not self.closing
        assert not self.gone
        self.waiting.append((order, task.index))
        self.limits = limits

    def stop(self, order: int, task: int, within: float | None = None) -> None:
        if (order, task) == self.running:
            self.stopping = -1.0 if within is None else within
        elif (order, task) in self.waiting:
            self.waiting.remove((order, task))
            self.stopped_early.append((order, task))

    def take_back(self, order: int, task: int) -> None:
        self.asked_back.append((order, task))

    def close(self) -> None:
        self.closing = True

    def hold(self, wait: bool) -> None:
        self.held = wait

    # --- what its process does

    def begin(self) -> Task:
        """It begins the next task that it was told."""
        self.running = self.waiting.popleft()
        self.use.started(*self.running)
        return self.running

    def end(self, outcome: Any = "completed", outputs: list[str] | None = None) -> Task:
        """Its task ends; one that was stopped is canceled."""
        assert self.running is not None
        ended, self.running = self.running, None
        if self.stopping is not None:
            outcome, self.stopping = "canceled", None
        self.use.ended(say.Result(*ended, outcome, "why" if outcome == "failed" else "", 0.5), outputs or [])
        return ended

    def work(self, outcome: Any = "completed") -> Task:
        self.begin()
        return self.end(outcome)

    def answer(self) -> None:
        """It answers what it was asked about tasks that it had not begun."""
        asked, self.asked_back = self.asked_back, []
        for task in asked:
            if task in self.waiting:
                self.waiting.remove(task)
                self.use.taken_back(*task)
        stopped, self.stopped_early = self.stopped_early, []
        for task in stopped:
            self.use.ended(say.Result(*task, "canceled"), [])

    def die(self, reason: str = "It died.") -> None:
        self.gone = True
        self.use.gone(reason)

    def fail(self, reason: str = "enter: Exit code 3.", cause: say.Cause = "") -> None:
        """Its environments cannot be entered."""
        self.use.broken(reason, cause)


class FakeNursery:
    def __init__(self) -> None:
        self.opened: list[FakeSession] = []

    def open(self, job: say.Job, use: Use, rules: Sequence[Rule]) -> FakeSession:
        session = FakeSession(use, job)
        session.rules = list(rules)
        self.opened.append(session)
        return session

    @property
    def there(self) -> list[FakeSession]:
        return [session for session in self.opened if not session.gone]


class FakeServer:
    """The server as the agent hears it, and the fates of all tasks that it gave out."""

    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self.heard: list[Any] = []
        self.connected = False
        self.last = 0
        self.given: dict[int, say.Order] = {}
        self.fates: dict[Task, Counter[str]] = {}
        self.open: dict[int, set[int]] = {}  # order -> tasks that the server waits for
        self.canceled: set[int] = set()
        self.stopped: set[Task] = set()  # that it was told to end, and has not said to be gone
        self.known: set[int] = set()  # jobs that were told on this connection
        self.revised: Counter[int] = Counter()  # how often each job was
        self.values: dict[int, dict[str, int]] = {}  # order -> those that it is to be run with

    def connect(self) -> None:
        """The worker greets: what it does not have any more is taken as handed back."""
        self.connected = True
        has = self.agent.has()
        for order, tasks in self.open.items():
            for task in list(tasks - set(has.get(order, []))):
                self._fate(order, task, "given up")
        for order in self.canceled - set(has):
            self._drop(order)
        drop = [number for number in has if not self.open.get(number)]
        kept = {order: tasks for order, tasks in has.items() if order not in drop}  # those end as a whole
        self.stopped = {(order, task) for order, task in self.stopped if task in kept.get(order, [])}
        self.known.clear()
        self.agent.connected(say.Welcome(1, "a", 10.0, drop), self.hear)
        for number in {order for order, _ in self.stopped}:
            self.agent.heard(say.Stop(number, [task for order, task in self.stopped if order == number]))

    def disconnect(self) -> None:
        self.connected = False
        self.agent.disconnected()

    def job(self, number: int, limits: say.Limits | None = None) -> None:
        """What the orders of this job that come are about."""
        self.known.add(number)
        values = {"revised": self.revised[number]}
        self.agent.heard(say.Job(number, f"job {number}", {}, values, limits or say.Limits()))

    def revise(self, number: int) -> None:
        """Orders that come from now on are to run with other values."""
        self.revised[number] += 1
        if self.connected and number in self.known:
            self.known.remove(number)
            self.agent.heard(say.Forget(number))

    def order(
        self, tasks: int = 1, job: int = 1, slots: int = 1, step: str = "A", arrives: bool = True, **amounts: float
    ) -> int:
        """`amounts` are called `memory`, `gpu` ..."""
        if arrives and job not in self.known:
            self.job(job)
        self.last += 1
        first = self.last * 100
        indexes = range(first, first + tasks)
        told = [say.Task(index, {"F": str(index)}) for index in indexes]
        needs = {f"amount.worker.{name}": much for name, much in amounts.items()}
        order = say.Order(self.last, job, step, 1, slots, told, needs)
        self.given[order.order] = order
        self.values[order.order] = {"revised": self.revised[job]}
        self.open[order.order] = set(indexes)
        if arrives:
            self.agent.heard(order)
        return order.order

    def cancel(self, order: int) -> None:
        for task in self.open[order]:
            self.fates.setdefault((order, task), Counter())["canceled"] += 1
        self.open[order] = set()
        self.canceled.add(order)
        self.agent.heard(say.Cancel(order))

    def stop(self, order: int, tasks: list[int]) -> None:
        """End these, and go on with the others; of those that have ended already nothing is said."""
        for task in self.open[order].intersection(tasks):
            self._fate(order, task, "canceled")
            self.stopped.add((order, task))
        self.agent.heard(say.Stop(order, tasks))

    def hear(self, message: Any) -> None:
        assert self.connected
        self.heard.append(message)
        match message:
            case say.Result():
                self._result(message)
            case say.Returned(order, tasks):
                for task in tasks:
                    self.stopped.discard((order, task))
                    if task in self.open.get(order, ()):
                        self._fate(order, task, "returned")
                    elif order in self.given:
                        assert (order, task) in self.fates, f"task {task} of order {order} was never given"
            case say.Dropped(order):
                self._drop(order)

    def acknowledge(self) -> None:
        self.agent.heard(say.Ack(list(self.agent.unacknowledged)))

    def said(self, kind: type) -> list[Any]:
        return [message for message in self.heard if isinstance(message, kind)]

    def results(self) -> list[tuple[int, int, str]]:
        return [(each.order, each.task, each.outcome) for each in self.said(say.Result)]

    def _result(self, result: say.Result) -> None:
        self.stopped.discard((result.order, result.task))
        if result.task in self.open.get(result.order, ()):
            self._fate(result.order, result.task, result.outcome)

    def _fate(self, order: int, task: int, fate: str) -> None:
        assert task in self.open.get(order, ()), f"{fate} again: task {task} of order {order}"
        self.open[order].remove(task)
        self.fates.setdefault((order, task), Counter())[fate] += 1

    def _drop(self, order: int) -> None:
        self.canceled.discard(order)


class Small:
    """An agent with its doubles."""

    def __init__(self, slots: int = 2, connected: bool = True, **machine: Any) -> None:
        self.clock = Clock()
        self.nursery = FakeNursery()
        self.pictures: list[Frame] = []
        self.stock = Stock(Machine("key", "alpha", slots, **machine))
        self.results = Results()  # what is on its disk
        self.emptied = 0
        self.agent = self._start()
        self.server = FakeServer(self.agent)
        if connected:
            self.server.connect()

    def _start(self) -> Agent:
        handed = (self.stock, self.nursery, self.clock, IDLE_FOR, self.pictures.append, self.results)
        agent = Agent(*handed, orphaned_after=ORPHANED_AFTER)
        agent.when_empty = self._empty
        return agent

    def kill_and_start(self) -> None:
        """Its process is killed, with all sessions, and started again: what is on its disk is left."""
        self.agent.when_empty = lambda: None
        self.nursery.opened.clear()
        self.server.connected = False
        self.emptied = 0
        self.server.agent = self.agent = self._start()

    def _empty(self) -> None:
        self.emptied += 1

    @property
    def sessions(self) -> list[FakeSession]:
        return self.nursery.there

    def only(self) -> FakeSession:
        (session,) = self.nursery.there
        return session
