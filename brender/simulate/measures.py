"""What is measured while a simulation runs.

How does this work?  Workers and the world tell `Measures` what happens.  Slots in use are integrated over virtual
time, for as long as work is ready: a task may be begun that has not.  Shares of owners and projects
count only while each of them has ready work, which is looked at every `EVERY` seconds.  Predictions
are noted now and then for each job (as people would see them) and held against its end.  `report` makes
figures of it all.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from brender.farm.changes import Changes
from brender.farm.estimating.time_left import left, left_of_all
from brender.farm.farm import Farm
from brender.farm.job import Job, Step
from brender.farm.order import Order
from brender.farm.scheduling.order_of_work import Whose
from brender.farm.scheduling.shape import verdict
from brender.farm.transitions import JobState, TaskState
from brender.simulate.bounds import Bounds
from brender.simulate.clock import Clock
from brender.simulate.farm_shape import FarmShape
from brender.simulate.people import Handed
from brender.simulate.worker import Key, Work, Worker

EVERY = 30.0  # seconds between two looks
PREDICT = 4  # looks between two predictions
Said = tuple[float, float, float, float]  # when, and the seconds left: as likely as not, early, late


class Prediction(NamedTuple):
    """What was said of a job, and when it was done."""

    left: float  # what was left in truth, seconds
    seconds: float
    early: float
    late: float


class Ended(NamedTuple):
    job: int
    state: JobState
    submitted: float
    ended: float
    counts: list[int]  # tasks, by what became of them


@dataclass
class Totals:
    """While work was ready; slot-seconds."""

    seconds: float = 0.0
    offered: float = 0.0
    busy: float = 0.0
    opening: float = 0.0


@dataclass
class SecondStarts:
    started: int = 0
    won: int = 0  # came home first
    saved: float = 0.0  # seconds that the first starts would have taken yet
    spent: float = 0.0  # seconds of whichever start was ended


@dataclass
class Starved:
    seconds: float = 0.0
    what: str = ""


@dataclass
class Measures:
    farm: Farm
    clock: Clock
    shape: FarmShape
    workers: Mapping[int, Worker]
    bounds: Bounds
    totals: Totals = field(default_factory=Totals)
    shared: defaultdict[Whose, float] = field(default_factory=lambda: defaultdict(float))  # slot-seconds
    shared_for: float = 0.0  # seconds in which all had ready work
    ended_jobs: list[Ended] = field(default_factory=list)
    predictions: list[Prediction] = field(default_factory=list)  # of jobs
    of_all: list[Prediction] = field(default_factory=list)  # of the farm, after its last job was handed in
    second: SecondStarts = field(default_factory=SecondStarts)
    starved: Starved = field(default_factory=Starved)
    handed: int = 0
    tasks: int = 0
    orders: int = 0
    deaths: int = 0
    real_seconds: float = 0.0  # in the rules

    def __post_init__(self) -> None:
        self._begin = self._last = self.clock.now
        self._waiting = self._busy = self._opening = self._offered = 0
        self._in_use: Counter[Whose] = Counter()
        self._ready = self._all_ready = False
        self._looks = 0
        self._said: dict[int, list[Said]] = {}
        self._said_of_all: list[Said] = []
        self._next: Step | None = None  # the step that is to be given out first
        self._passing: tuple[Key, float] | None = None  # the one that was, when others got an order in its place
        self._passed: defaultdict[Key, float] = defaultdict(float)  # seconds, since their last order
        self._pairs: dict[int, Order] = {}  # order -> the other one that runs its task
        users = self.shape.users
        self.everybody = {(user.project if self.shape.farm.shares else "", user.owner) for user in users}

    # --- time

    def pass_by(self) -> None:
        """All has been as it is until now."""
        gone = self.clock.now - self._last
        if gone <= 0:
            return
        self._last = self.clock.now
        if self._ready:
            self.totals.seconds += gone
            self.totals.offered += gone * self._offered
            self.totals.busy += gone * self._busy
            self.totals.opening += gone * self._opening
        if self._all_ready:
            self.shared_for += gone
            for whose, slots in self._in_use.items():
                self.shared[whose] += gone * slots

    def look(self) -> None:
        """Every now and then."""
        self.pass_by()
        ready = {self.farm.queue.whose(job) for job in self._unfinished() if has_ready(job)}
        self._all_ready = len(ready) == len(self.everybody)
        self._looks += 1
        if self._looks % PREDICT == 0:
            for job in self._unfinished():
                self._predict(job)
            self._predict_all()

    def _unfinished(self) -> list[Job]:
        return [self.farm.jobs[number] for number in self._said]

    def _predict(self, job: Job) -> None:
        said = left(job, self.farm)
        if said is not None:
            self._said[job.id].append((self.clock.now, *said))

    def _predict_all(self) -> None:
        said = left_of_all(self.farm)
        if said is not None:
            self._said_of_all.append((self.clock.now, *said))

    def finish(self, now: float) -> None:
        self.clock.now = now
        self.pass_by()
        if not self._said:
            last = max((job.ended for job in self.ended_jobs), default=now)
            self.of_all = [Prediction(last - then, *words) for then, *words in self._said_of_all if then < last]
        self._count_passed()
        for step in list(self._passed):
            self._served(step)

    # --- workers

    def waits(self, orders: int) -> None:
        self.pass_by()
        self._waiting += orders
        self._look_at_ready()

    def takes(self, worker: Worker, whose: Whose, slots: int, opens: bool) -> None:
        self.pass_by()
        self._busy += slots
        self._opening += slots if opens else 0
        self._in_use[whose] += slots
        self._look_at_offer(worker)

    def _look_at_offer(self, worker: Worker) -> None:
        """A client that takes nothing new offers what it still runs."""
        offers = worker.client.slots if worker.client.works else worker.busy
        self._offered += offers - worker.offered
        worker.offered = offers

    def _look_at_ready(self) -> None:
        self._ready = bool(self._waiting or self.farm.queue)

    def died(self) -> None:
        self.deaths += 1

    # --- the farm

    def rules_took(self, seconds: float) -> None:
        self.real_seconds += seconds

    def changed(self, changes: Changes) -> None:
        self._look_at_ready()
        if not changes:
            return
        for number in changes.clients:
            self._look_at_offer(self.workers[number])
        self.orders += len(changes.issued)
        for order in changes.issued:
            if order.second:
                self._pair(order)
        if changes.issued:
            self._look_at_turn(changes.issued)
        ending = {order.id for order in changes.canceled}
        for order in changes.canceled:
            other = self._pairs.pop(order.id, None)
            if other and other.id not in ending:
                self._came_home(other, order)

    # --- second starts

    def _pair(self, second: Order) -> None:
        """Both run one task from now on."""
        self.second.started += 1
        for first in self.farm.twins[second.job, second.step, second.first]:
            if first is not second:
                self._pairs[first.id], self._pairs[second.id] = second, first

    def _came_home(self, winner: Order, loser: Order) -> None:
        self._pairs.pop(winner.id, None)
        work = self._work(loser)
        if work:
            self.second.spent += self.clock.now - work.began
        if winner.second:
            self.second.won += 1
            self.second.saved += max(0.0, work.ends - self.clock.now) if work else 0.0

    def _work(self, order: Order) -> Work | None:
        work = self.workers[order.client].works.get(order.id)
        return work if work and work.running is not None else None

    # --- whose turn it is

    def about_to_match(self) -> None:
        """Which step is next, of those that some client could run?"""
        if self.farm.roused or self.farm.stirred:
            able = self.farm.floor.able
            head = next(self.farm.queue.walk(lambda shape: None if able(shape) else "nobody can run it"), None)
            self._next = head[2] if head else None

    def _look_at_turn(self, issued: list[Order]) -> None:
        """Was the next one among those that got an order, or could it have had one and did not?"""
        self._count_passed()
        for order in issued:
            self._served((order.job, order.step))
        step = self._next
        if step is None or any((order.job, order.step) == key_of(step) for order in issued):
            return
        if any(verdict(self.farm.clients[order.client], step.shape) is None for order in issued if not order.second):
            self._passing = (key_of(step), self.clock.now)

    def _count_passed(self) -> None:
        if self._passing:
            step, since = self._passing
            self._passed[step] += self.clock.now - since
            self._passing = None

    def _served(self, step: Key) -> None:
        seconds = self._passed.pop(step, 0.0)
        if seconds > self.starved.seconds:
            self.starved = Starved(seconds, f"job {step[0]}, step {step[1] + 1}")

    # --- jobs

    def handed_in(self, job: Job, handed: Handed) -> None:
        self.handed += 1
        self.tasks += sum(len(step.tasks) for step in job.steps)
        self._said[job.id] = []
        self._said_of_all.clear()
        self.bounds.add(job.steps, handed.scenes)

    def ended(self, job: Job) -> None:
        """It is done, whatever way; its steps are still there."""
        now = self.clock.now
        counts = [sum(step.counts[state] for step in job.steps) for state in TaskState]
        self.ended_jobs.append(Ended(job.id, job.state, job.submitted, now, counts))
        said = self._said.pop(job.id)
        if job.state is JobState.COMPLETED:
            self.predictions += [Prediction(now - then, *words) for then, *words in said]
        for step in job.steps:
            self._passed.pop(key_of(step), None)


def has_ready(job: Job) -> bool:
    return job.runs and any(step.counts[TaskState.READY] for step in job.steps)


def key_of(step: Step) -> Key:
    return step.job.id, step.index
