"""The farm: every client, job and order in memory, and what may happen to them.

How does this work?  `Farm` is a state machine without a clock, sockets or a database.  Each method is
something that happened (`join`, `result`, ...) with its time; it changes the objects and notes in `changes`
what has to be written, and what has to be said to workers once it is written (`take_changes`).  What people
change is in `changing`, what a result means in `results`, who is given what in `matching`: steps that have
something new to give are `stirred`, clients that have room again `roused`.  What happens by itself at some
time is one of the `alarms`.  Whatever a worker says of an order that it does not hold
(any more) changes nothing, but is acknowledged.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from brender.farm import following, results
from brender.farm.alarms import Alarms
from brender.farm.archiving import Archived
from brender.farm.changes import Changes, Override
from brender.farm.client import Machine, RuntimeClient, Status
from brender.farm.estimating.estimates import Estimate
from brender.farm.failures import failing
from brender.farm.failures.failing import Failure
from brender.farm.failures.recent import Failures
from brender.farm.job import Job, Step
from brender.farm.jobs import Jobs
from brender.farm.machines import presence
from brender.farm.machines.load import UNKNOWN
from brender.farm.machines.seats import Power, Switches
from brender.farm.order import Order
from brender.farm.people.invitation import Credential, Invitation
from brender.farm.people.saved_view import SavedView
from brender.farm.people.users import People
from brender.farm.scheduling import holding, second_starts, when
from brender.farm.scheduling.dependencies import FrameLink
from brender.farm.scheduling.floor import Floor
from brender.farm.scheduling.order_of_work import OrderOfWork
from brender.farm.scheduling.shape import Counted, Shapes
from brender.farm.settings import FarmSettings
from brender.farm.tally import Tally
from brender.farm.transitions import JobState, TaskEvent, TaskState

MOST_WARNINGS = 50  # of one job; more say nothing new
STEPS_REMEMBERED = 64  # from which is guessed what others take
MOST_WORDS = 4000  # characters of what a worker says for people: a reason, a warning


class Farm:
    def __init__(self, settings: FarmSettings | None = None) -> None:
        self.written = settings or FarmSettings()  # in brender.toml
        self.settings = self.written  # with what was changed since; by `changing.set_farm`
        self.overrides: dict[str, Override] = {}  # what that is
        self.clients: dict[int, RuntimeClient] = {}
        self.jobs = Jobs()
        self.departed: dict[int, str] = {}  # clients that were deleted, and their names
        self.views: dict[int, SavedView] = {}
        self.people = People()
        self.invitations: dict[int, Invitation] = {}
        self.credentials: dict[str, Credential] = {}  # by the key of the machine: which of its certificates count
        self.archived: dict[int, Archived] = {}  # jobs that are not here any more
        self.deleted: dict[int, Job] = {}  # jobs that are here until clients have ended what they ran of them
        self.orders: dict[int, Order] = {}  # held by a client
        self.alarms = Alarms()
        self.queue = OrderOfWork(self.settings)  # steps with ready tasks that may be ordered
        self.shapes = Shapes()
        self.floor = Floor()
        self.switches = Switches()
        self.counted = {name: Counted(name, limit) for name, limit in self.settings.limits.items()}
        self.stirred: dict[Step, None] = {}
        self.roused: dict[int, RuntimeClient] = {}
        self.troubled: dict[Step, None] = {}  # queued steps of which somebody should leave something to others
        self.limited: dict[str, dict[Step, None]] = {}  # limit -> queued steps that need it, in their order
        self.suspected: list[Order] = []  # stragglers that nobody has looked at yet
        self.giving_way: dict[int, Step] = {}  # orders that are being ended, and for what
        self.kept_free: dict[int, Step] = {}  # clients that drain for a step that needs a licence and many slots
        self.twins: dict[tuple[int, int, int], list[Order]] = {}  # job, step, task -> the orders that both run it
        self.links: dict[Step, list[FrameLink]] = {}  # the frames that a step's frames wait for
        self.waiting_for: dict[Step, list[FrameLink]] = {}  # the same, by the step that they wait for
        self.followers: dict[int, set[int]] = {}  # job -> the jobs that come after it
        self.measured: deque[Estimate] = deque(maxlen=STEPS_REMEMBERED)  # of steps, the last that had a first result
        self.changes = Changes()
        self.tally = Tally()
        self.failures = Failures()
        self.last_job = 0
        self.last_order = 0
        self.last_view = 0
        self.last_entry = 0  # of the audit
        self.last_invitation = 0
        self._keys: dict[str, RuntimeClient] = {}

    def take_changes(self) -> Changes:
        taken, self.changes = self.changes, Changes()
        taken.sessions = self.people.sessions.take_changed()
        return taken

    # --- clients

    def admit(self, client: RuntimeClient) -> None:
        """A machine that was never seen has got its row and its id."""
        self.clients[client.id] = self._keys[client.machine.key] = client
        self.switches.stand(client)

    def dismiss(self, client: RuntimeClient) -> None:
        """It is deleted; its name stays with the orders that it had."""
        del self.clients[client.id], self._keys[client.machine.key]
        client.online = False
        self.floor.stand(client)
        self.floor.reconsider()
        self.switches.forget(client)
        self.departed[client.id] = client.name
        for noted in (self.roused, self.kept_free, self.changes.clients):
            noted.pop(client.id, None)

    def known(self, key: str) -> RuntimeClient | None:
        return self._keys.get(key)

    def join(self, client: RuntimeClient, machine: Machine, held: Mapping[int, Sequence[int]], now: float) -> list[int]:
        """Its worker has greeted and still has the tasks `held` of each order.

        What the farm believes there and the worker does not have is made ready again; what it has and had begun
        has begun.  Gives the orders that the worker has and the farm does not expect of it: it should drop them.
        """
        client.machine, client.online, client.leaving, client.since = machine, True, False, now
        client.power, client.unwell = Power(), ""
        client.reconsider()
        self.floor.reconsider()
        for order in list(client.orders.values()):
            if order.recalled and not order.ending:
                self._stays(order)
                order.recalled = False  # it may not have heard of it
                self.floor.arrive(order, order.untouched, False)
            has = set(held.get(order.id, ()))
            gone = [unit for unit in order.units if unit not in has]
            self._give_up(order, self._tasks(order, gone), now)
            self._gone(order, order.stopping - has)
            holding.end_tasks(self, order, [task for task in sorted(has) if order.forgone(task)] if order.open else [])
        when.look_at_hours(self, client, now)
        presence.forget(self, client, now)
        self.changed(client)
        if any(order.untouched and client.crowded(order) for order in client.orders.values()):
            self.roused.update(self.floor.idle)  # they may call back what waits here
        if client.status is Status.DISABLED:
            holding.call_back(self, client.orders.values())
        return [order for order in held if order not in client.orders]

    def leave(self, client: RuntimeClient, now: float) -> None:
        """The connection is gone; what it holds may still come back with it."""
        client.online, client.since, client.load, client.scene = False, now, 0.0, None
        client.figures.newest = UNKNOWN
        presence.forget(self, client, now)
        self.changed(client)

    def retire(self, client: RuntimeClient) -> None:
        """Its worker finishes what it runs and takes nothing new."""
        client.leaving = True
        self.changed(client)

    def unwell(self, client: RuntimeClient, reason: str) -> None:
        """Its worker can run nothing for now, or can again: then the reason is empty.  It hands back what waits."""
        client.unwell = reason[:MOST_WORDS]
        self.changed(client)

    def lose(self, client: RuntimeClient, now: float) -> None:
        """It did not come back in time: what it held is made ready again."""
        for order in list(client.orders.values()):
            self._give_up(order, order.awaited(), now)
        self.changed(client)

    def changed(self, client: RuntimeClient) -> None:
        """Something about a client is different: who may be given what?"""
        if self.floor.stand(client):
            self.stirred.update(self.troubled)
        self.switches.stand(client)
        self.roused[client.id] = client
        self.changes.clients[client.id] = client

    # --- orders

    def issue(
        self, client: RuntimeClient, step: Step, first: int, count: int, now: float, second: bool = False
    ) -> Order:
        """Give a run of ready tasks to a client; with `second`, a task that another one runs already."""
        self.last_order += 1
        tries = step.tries.get(first)
        chunked = step.plan.chunked(first)
        order = Order(
            id=self.last_order,
            job=step.job.id,
            step=step.index,
            client=client.id,
            first=first,
            count=count,
            attempt=tries.attempt if tries else 1,
            cost=step.shape.cost(client),
            issued=now,
            together=chunked is not None,
            second=second,
        )
        for task in range(first, first + count) if not second else ():
            step.tasks.move(task, TaskEvent.ORDERED)
        holding.hold(self, order, step)
        self.enqueue(step)
        self._begin(step, now)
        self.changes.orders[order.id] = order
        self.changes.issued.append(order)
        return order

    def started(self, client: int, order_id: int, task: int, now: float) -> Order | None:
        order = self._held(client, order_id)
        if order is None or not order.holds(task):
            return None
        order.begin(task, now)
        self.floor.begun(order)
        self._stays(order)
        second_starts.suspect(self, order, now)
        return order

    def progressed(self, client: int, order_id: int, task: int, percent: float | None, status: str) -> bool:
        """How far a task says that it is; False when the client does not hold it (any more)."""
        order = self._held(client, order_id)
        if order is None or not order.holds(task):
            return False
        order.percent = min(100.0, max(0.0, percent)) if percent is not None else order.percent
        order.status = status[:MOST_WORDS] or order.status
        return True

    def warn(self, client: int, order_id: int, text: str) -> None:
        order = self._held(client, order_id)
        if order:
            self.note(self.jobs[order.job], text)

    def note(self, job: Job, text: str) -> None:
        """A warning for whoever looks at the job."""
        text = text[:MOST_WORDS]
        if text not in job.noted and len(job.noted) < MOST_WARNINGS:
            job.noted.append(text)
            self.changes.jobs[job.id] = job

    def result(
        self,
        client: int,
        order_id: int,
        task: int,
        outcome: TaskState,
        message: str,
        seconds: float,
        now: float,
        *,
        cause: str = "",
        peak: int = 0,
    ) -> bool:
        """A task (or the chunk that begins with it) has ended; `cause` is one of `failing.CAUSES`, `peak` bytes.

        False when the client does not hold it (any more): nothing is changed.
        """
        self.changes.settled.append((client, order_id, task))
        order = self._held(client, order_id)
        if order is None:
            return False
        if not order.holds(task):
            self._gone(order, [task])
            return False
        self._stays(order)
        results.take(
            self, order, self._tasks(order, [task]), outcome, Failure(message[:MOST_WORDS], cause, peak), seconds, now
        )
        return True

    def _stays(self, order: Order) -> None:
        """Where it was asked back it does not come: who has nothing to do may call back another."""
        if order.recalled:
            self.roused.update(self.floor.idle)

    def _tasks(self, order: Order, units: list[int]) -> list[int]:
        """The tasks of what runs as one."""
        return order.awaited() if order.together and units else units

    def handed_back(self, client: int, order_id: int, tasks: Iterable[int], now: float) -> None:
        """The worker will not run these tasks of the order."""
        order = self._held(client, order_id)
        if order:
            told = list(dict.fromkeys(tasks))
            self.give_back(order, self._tasks(order, [each for each in told if order.holds(each)]), now)
            self._gone(order, told)

    def dropped(self, client: int, order_id: int) -> None:
        """The worker has ended what was left of a canceled order."""
        order = self._held(client, order_id)
        if order and not order.open:
            self._let_go(order)

    def _let_go(self, order: Order) -> None:
        """The client has nothing of the order any more."""
        holding.release(self, order)
        self._free(order, order.ends)

    def _gone(self, order: Order, tasks: Iterable[int]) -> None:
        """The client has nothing of these tasks any more; of an order that ends as a whole it says so once."""
        ended = order.stopping.intersection(tasks)
        order.stopping -= ended
        if not order.open and not order.ends:
            holding.release(self, order)
        self._free(order, ended)

    def _free(self, order: Order, ended: Collection[int]) -> None:
        """Tasks that a client was to end may run elsewhere, and so may what they were made from."""
        job = self.jobs[order.job]
        if ended and not job.finished:
            for step in (job.steps[order.step], *job.needed_by([order.step])):
                if step.counts[TaskState.WAITING]:
                    following.free(self, step)

    def step_of(self, order: Order) -> Step:
        return self.jobs[order.job].steps[order.step]

    def _held(self, client: int, order_id: int) -> Order | None:
        order = self.orders.get(order_id)
        return order if order and order.client == client else None

    def settle(self, order: Order, task: int, state: TaskState, now: float) -> None:
        """What became of a task of an order."""
        self.tally.tasks[state] += 1
        order.settle(task, state, now)
        self.changes.orders[order.id] = order
        if self.twins:
            second_starts.untwin(self, order, task)
        if not order.open and not order.ends:
            holding.release(self, order)

    def _give_up(self, order: Order, tasks: Iterable[int], now: float) -> None:
        """The client does not have these tasks: they are ready again, and no try is counted."""
        self.give_back(order, tasks, now)
        if not order.open:
            self._let_go(order)

    def give_back(self, order: Order, tasks: Iterable[int], now: float) -> None:
        step: Step | None = None
        for task in tasks:
            step = step or self.step_of(order)
            if second_starts.twin_of(self, step, order, task) is None:
                following.try_again(self, step, task)
            order.settle(task, TaskState.READY, now)
            self.changes.orders[order.id] = order
            second_starts.untwin(self, order, task)
        if step:
            following.look_at(self, step, now)

    def _begin(self, step: Step, now: float) -> None:
        job = step.job
        if step.began is None:
            step.began = now
            failing.limit_step(self, step, now)
        if job.state is JobState.QUEUED:
            following.begin_job(self, job, now)

    def keep_states(self, step: Step) -> None:
        """The states of the step's tasks are written as they are now; rows of orders count only from here on."""
        step.as_of = self.last_order
        step.open_then = [order.id for order in step.job.orders.values() if order.step == step.index and order.open]
        self.changes.steps[step.job.id] = step.job

    # --- the queue

    def place_anew(self, job: Job) -> None:
        """Where its steps stand in the order of work has changed."""
        for step in [step for step in job.steps if step in self.queue]:
            self.unqueue(step)
            self.enqueue(step)

    def enqueue(self, step: Step) -> None:
        """Keep the queue to what its name says."""
        belongs = step.counts[TaskState.READY] > 0 and step.job.runs and not step.resting and not step.wants_approval
        if belongs and step not in self.queue:
            self.queue.add(step)
            for name, _ in step.shape.limits:
                self.limited.setdefault(name, {})[step] = None
        elif not belongs and step in self.queue:
            self.unqueue(step)
        if belongs and (step.tries or step.job.standing.avoided):
            self.troubled[step] = None

    def unqueue(self, step: Step) -> None:
        self.queue.remove(step)
        self.drain_no_more(lambda kept: kept is step)
        self.troubled.pop(step, None)
        for name, _ in step.shape.limits:
            self.limited[name].pop(step, None)

    def drain_no_more(self, wrong: Callable[[Step], bool]) -> None:
        """Clients that drain for steps of which that is so are looked at again."""
        for number in [number for number, kept in self.kept_free.items() if wrong(kept)]:
            del self.kept_free[number]
            self.roused[number] = self.clients[number]

    def reshape(self, step: Step) -> None:
        """Where a step may run has changed."""
        before, job = step.shape, step.job
        if step in self.queue:
            self.unqueue(step)
        step.shape = job.shape_of(step.index, step.plan, self.shapes, step.peak)
        behind = (order for order in job.orders.values() if order.step == step.index and order in self.floor.behind)
        if step.shape is not before and any(behind):
            self.roused.update(self.floor.idle)  # who could not run it before may call it back
        self.enqueue(step)
        self.stirred[step] = None
