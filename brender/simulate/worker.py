"""A simulated worker: what it holds, and what it says as virtual time goes by.

How does this work?  It does what a real one does.  Orders begin in the order in which they came, as soon as slots and
amounts are free; none overtakes another.  An order's tasks run one after the other, a chunk as one, in a
session of their step: one that is open and rests, or a new one, which takes a while to open.  Idle sessions are closed
when their slots are needed, or after a minute.  It hands back what has not begun, ends what is canceled, fails now
and then, and when it dies all that it held is gone.  Whatever it says reaches the farm a little later.
"""

from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from random import Random
from typing import Protocol

from brender.farm.client import RuntimeClient
from brender.farm.farm import Farm
from brender.farm.order import Order
from brender.farm.scheduling.order_of_work import Whose
from brender.farm.transitions import TaskState
from brender.simulate.clock import Clock
from brender.simulate.farm_shape import Group
from brender.simulate.people import Scene

IDLE_FOR = 60.0  # seconds that an idle session is kept open

Word = Callable[[Farm, float], object]  # what a worker says, as the call that it becomes at the farm
Key = tuple[int, int]  # job and step


class Watcher(Protocol):
    """Whoever measures what the workers do."""

    def waits(self, orders: int) -> None:
        """So many orders more (or fewer) wait at workers."""

    def takes(self, worker: "Worker", whose: Whose, slots: int, opens: bool) -> None:
        """An order has got its slots, and opens a session or runs; below 0 it gives them back."""


class Work:
    """An order as a worker has it."""

    __slots__ = ("began", "canceled", "cost", "ends", "key", "needs", "number", "opening", "running", "scene", "todo",
                 "together", "whose")  # fmt: skip

    def __init__(self, order: Order, whose: Whose, scene: Scene) -> None:
        self.number = order.id
        self.key: Key = (order.job, order.step)
        self.whose = whose
        self.cost = order.cost
        self.needs = order.needs
        self.scene = scene
        self.todo = deque(order.units)
        self.together = order.count if order.together else 1
        self.opening = False
        self.canceled = False
        self.running: int | None = None  # the task
        self.began = 0.0
        self.ends = 0.0  # the running task

    def seconds(self, task: int) -> float:
        """What a task, or the chunk that begins with it, takes on a client of speed 1."""
        return sum(self.scene.seconds[task : task + self.together])


class Worker:
    def __init__(
        self,
        client: RuntimeClient,
        group: Group,
        chance: Random,
        clock: Clock,
        watcher: Watcher,
        tell: Callable[["Worker", Word], None],
    ) -> None:
        self.client = client
        self.group = group
        self.chance = chance
        self.chance_of_death = Random(chance.random())  # of its own: what is run does not decide who dies
        self.alive = True
        self.life = 1
        self.busy = 0  # slots
        self.offered = 0  # slots, as whoever measures counts them
        self.works: dict[int, Work] = {}  # orders that have got their slots
        self._waiting: deque[Work] = deque()
        self._taken: dict[str, float] = {}
        self._idle: list[tuple[Key, int, float]] = []  # sessions: job and step, slots, since when
        self._clock = clock
        self._watcher = watcher
        self._tell = tell

    def _say(self, word: Word) -> None:
        self._tell(self, word)

    # --- what the farm says

    def take(self, work: Work) -> None:
        self._waiting.append(work)
        self._watcher.waits(1)
        self._advance()

    def recall(self, number: int) -> None:
        work = self._find(number)
        if work and (back := list(work.todo)):
            work.todo.clear()
            self._say(lambda farm, now: farm.handed_back(self.client.id, number, back, now))
            self._close(work)
            self._advance()

    def cancel(self, number: int) -> None:
        work = self._find(number)
        if work:
            work.canceled = True
            work.todo.clear()
            if work.running is not None:
                work.running = None
                self._leave(work, session=False)  # the program that was ended has to be started anew
            self._close(work)
        if work is None or not work.opening:
            self._dropped(number)
        self._advance()

    def _dropped(self, number: int) -> None:
        self._say(lambda farm, now: farm.dropped(self.client.id, number))

    def die(self) -> None:
        """All is gone, and nobody was told."""
        self.alive = False
        for work in list(self.works.values()):
            work.running = None
            work.todo.clear()
            self._leave(work, session=False)
        self._watcher.waits(-len(self._waiting))
        self._waiting.clear()
        self._idle.clear()

    # --- orders

    def _find(self, number: int) -> Work | None:
        return self.works.get(number) or next((work for work in self._waiting if work.number == number), None)

    def _close(self, work: Work) -> None:
        """Nothing of it has to be begun any more; forget it unless something runs or opens."""
        if work in self._waiting:
            self._waiting.remove(work)
            self._watcher.waits(-1)
        elif work.number in self.works and work.running is None and not work.opening:
            self._leave(work, session=True)

    def _advance(self) -> None:
        """Begin what has waited longest, while there is room."""
        while self._waiting and self._has_room(self._waiting[0]):
            work = self._waiting.popleft()
            self._watcher.waits(-1)
            self._enter(work)

    def _has_room(self, work: Work) -> bool:
        if self.busy + work.cost > self.client.slots:
            return False
        return all(
            self._taken.get(name, 0.0) + amount <= self.client.capacity(name) for name, amount in self._amounts(work)
        )

    def _amounts(self, work: Work) -> Iterable[tuple[str, float]]:
        return ((name, min(amount, self.client.capacity(name))) for name, amount in work.needs)

    def _enter(self, work: Work) -> None:
        """The order gets its slots; a session of its step rests here, or one has to be opened."""
        self.busy += work.cost
        for name, amount in self._amounts(work):
            self._taken[name] = self._taken.get(name, 0.0) + amount
        self.works[work.number] = work
        work.opening = not self._reuse(work)
        self._watcher.takes(self, work.whose, work.cost, work.opening)
        if work.opening:
            seconds = work.scene.opening / self.group.rate(work.scene.shared)
            self._clock.at(self._clock.now + seconds, partial(self._opened, work))
        else:
            self._run(work)

    def _leave(self, work: Work, session: bool) -> None:
        """Its slots are free again, with its session at rest or without."""
        del self.works[work.number]
        self.busy -= work.cost
        for name, amount in self._amounts(work):
            self._taken[name] -= amount
        self._watcher.takes(self, work.whose, -work.cost, work.opening)
        work.opening = False
        if session:
            self._idle.append((work.key, work.cost, self._clock.now))

    def _reuse(self, work: Work) -> bool:
        """Take an idle session of the step; if there is none, close as many as stand in the way of a new one."""
        oldest = self._clock.now - IDLE_FOR
        self._idle = [session for session in self._idle if session[2] >= oldest]
        mine = next((session for session in self._idle if session[0] == work.key), None)
        if mine:
            self._idle.remove(mine)
            return True
        while self._idle and self.busy + sum(slots for _, slots, _ in self._idle) > self.client.slots:
            self._idle.pop(0)
        return False

    def _opened(self, work: Work) -> None:
        if self.works.get(work.number) is not work:
            return  # it died meanwhile
        self._watcher.takes(self, work.whose, -work.cost, True)
        self._watcher.takes(self, work.whose, work.cost, False)
        work.opening = False
        if work.todo:
            self._run(work)
            return
        self._leave(work, session=True)
        if work.canceled:
            self._dropped(work.number)
        self._advance()

    # --- tasks

    def _run(self, work: Work) -> None:
        task = work.todo.popleft()
        seconds = work.seconds(task) / self.group.rate(work.scene.shared)
        fails = self.chance.random() < self.group.fails
        if fails:
            seconds *= self.chance.random()
        now = self._clock.now
        work.running, work.began, work.ends = task, now, now + seconds
        client, number = self.client.id, work.number
        self._say(lambda farm, now: farm.started(client, number, task, now))
        self._clock.at(work.ends, partial(self._ended, work, task, fails))

    def _ended(self, work: Work, task: int, failed: bool) -> None:
        if work.running != task:
            return  # it was canceled, or died
        work.running = None
        seconds, client, number = work.ends - work.began, self.client.id, work.number
        outcome, message = (TaskState.FAILED, "It broke.") if failed else (TaskState.COMPLETED, "")

        def result(farm: Farm, now: float) -> None:
            farm.result(client, number, task, outcome, message, seconds, now)

        self._say(result)
        if work.todo:
            self._run(work)
        else:
            self._leave(work, session=True)
            self._advance()
