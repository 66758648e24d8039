"""The farm: every client, job and order in memory, and what may happen to them.

How does this work?  `Farm` is a state machine without a clock, sockets or a database.  Each method is
something that happened (`submit`, `join`, `result`, ...) with its time; it changes the objects and
notes in `changes` what has to be written, and what has to be said to workers once it is written.
`take_changes` hands that over.  `match` (in `matching`) turns ready tasks into orders.  Whatever a
worker says of an order that it does not hold (any more) changes nothing, but is acknowledged.
"""

from collections.abc import Iterable, Mapping, Sequence

from sortedcontainers import SortedKeyList

from brender.farm.changes import Changes, Loaded
from brender.farm.client import Machine, RuntimeClient, Status
from brender.farm.job import Job, Step
from brender.farm.order import Order
from brender.farm.retries import Tries
from brender.farm.submission.planning import Plan
from brender.farm.transitions import JobEvent, JobState, TaskEvent, TaskState

MOST_WARNINGS = 50  # of one job; more say nothing new
MOST_WORDS = 4000  # characters of what a worker says for people: a reason, a warning


def place(step: Step) -> tuple[int, int, int]:
    """Where a step stands in the queue: priority, then age, then its place in the job."""
    return (-step.job.priority, step.job.id, step.index)


class Farm:
    def __init__(self) -> None:
        self.clients: dict[int, RuntimeClient] = {}
        self.jobs: dict[int, Job] = {}
        self.orders: dict[int, Order] = {}  # held by a client
        self.queue: SortedKeyList[Step] = SortedKeyList(key=place)  # steps with ready tasks that may be ordered
        self.shapes: dict[str, set[Step]] = {}  # the same steps, those with the same requirements together
        self.slots = 0  # of all clients that may be given an order now
        self._keys: dict[str, RuntimeClient] = {}
        self.news = False
        self.changes = Changes()
        self.last_job = 0
        self.last_order = 0

    def take_news(self) -> bool:
        """Whether tasks became ready since the last time other than by a submission."""
        taken, self.news = self.news, False
        return taken

    def take_changes(self) -> Changes:
        taken, self.changes = self.changes, Changes()
        return taken

    # --- clients

    def admit(self, client: RuntimeClient) -> None:
        """A machine that was never seen has got its row and its id."""
        self.clients[client.id] = self._keys[client.machine.key] = client

    def known(self, key: str) -> RuntimeClient | None:
        return self._keys.get(key)

    def join(self, client: RuntimeClient, machine: Machine, held: Mapping[int, Sequence[int]], now: float) -> list[int]:
        """Its worker has greeted and still has the tasks `held` of each order.

        What the farm believes there and the worker does not have is made ready again.  Gives the
        orders that the worker has and the farm does not expect of it: it should drop them.
        """
        client.machine, client.online, client.leaving, client.since = machine, True, False, now
        client.verdicts.clear()
        for order in list(client.orders.values()):
            order.running, order.recalled = None, False
            has = set(held.get(order.id, ()))
            self._give_up(order, [task for task in order.awaited() if task not in has], now)
        self._changed(client)
        if client.status is Status.DISABLED:
            self._recall(client.orders.values())
        return [order for order in held if order not in client.orders]

    def leave(self, client: RuntimeClient, now: float) -> None:
        """The connection is gone; what it holds may still come back with it."""
        client.online, client.since, client.load = False, now, 0.0
        self._changed(client)

    def retire(self, client: RuntimeClient) -> None:
        """Its worker finishes what it runs and takes nothing new."""
        client.leaving = True
        self._changed(client)

    def lose(self, client: RuntimeClient, now: float) -> None:
        """It did not come back in time: what it held is made ready again."""
        for order in list(client.orders.values()):
            self._give_up(order, order.awaited(), now)
        self._changed(client)

    def set_status(self, client: RuntimeClient, status: Status) -> bool:
        if client.status is status:
            return False
        client.status = status
        self._changed(client)
        if status is Status.DISABLED:
            self._recall(client.orders.values())
        return True

    # --- jobs

    def submit(self, job: Job, plan: Plan) -> Job:
        self.last_job = max(self.last_job, job.id)
        self.jobs[job.id] = job
        job.follow(plan)
        for step in job.steps:
            self._free(step)
        self.changes.jobs[job.id] = self.changes.steps[job.id] = job
        return job

    def cancel(self, job: Job, now: float) -> None:
        job.move(JobEvent.CANCEL)
        for step in job.steps:
            step.tasks.move_all(TaskEvent.CANCEL)
            self._enqueue(step)
        for order in [order for order in job.orders.values() if order.open]:
            for task in order.awaited():
                order.settle(task, TaskState.CANCELED, now)
            self.changes.orders[order.id] = order
            self.changes.canceled.append(order)  # the client holds it until its worker says that it is gone
        self._end(job, now)

    def pause(self, job: Job) -> None:
        self._turn(job, JobEvent.PAUSE)
        self._recall(job.orders.values())

    def resume(self, job: Job) -> None:
        self._turn(job, JobEvent.RESUME)
        if job.started is not None:
            job.move(JobEvent.BEGUN)

    def warn(self, client: int, order_id: int, text: str) -> None:
        order = self._held(client, order_id)
        job = self.jobs[order.job] if order else None
        text = text[:MOST_WORDS]
        if job and text not in job.warnings and len(job.warnings) < MOST_WARNINGS:
            job.warnings.append(text)
            self.changes.jobs[job.id] = job

    # --- orders

    def issue(self, client: RuntimeClient, step: Step, first: int, count: int, now: float) -> Order:
        """Give a run of ready tasks to a client."""
        self.last_order += 1
        tries = step.tries.get(first)
        order = Order(
            id=self.last_order,
            job=step.job.id,
            step=step.index,
            client=client.id,
            first=first,
            count=count,
            attempt=tries.attempt if tries else 1,
            cost=client.cost(step.requires),
            issued=now,
        )
        for task in range(first, first + count):
            step.tasks.move(task, TaskEvent.ORDERED)
        self._hold(order)
        self._enqueue(step)
        self._begin(step.job, now)
        self.changes.orders[order.id] = order
        self.changes.issued.append(order)
        return order

    def started(self, client: int, order_id: int, task: int, now: float) -> Order | None:
        order = self._held(client, order_id)
        if order and order.holds(task):
            order.begin(task, now)
            return order
        return None

    def progressed(self, client: int, order_id: int, task: int, percent: float | None, status: str) -> bool:
        """How far a task says that it is; False when the client does not hold it (any more)."""
        order = self._held(client, order_id)
        if order is None or not order.holds(task):
            return False
        order.percent = min(100.0, max(0.0, percent)) if percent is not None else order.percent
        order.status = status[:MOST_WORDS] or order.status
        return True

    def result(
        self, client: int, order_id: int, task: int, outcome: TaskState, message: str, seconds: float, now: float
    ) -> bool:
        """A task has ended.  False when the client does not hold it (any more): nothing is changed."""
        self.changes.settled.append((client, order_id, task))
        order = self._held(client, order_id)
        if order is None or not order.holds(task):
            return False
        step = self.step_of(order)
        if outcome is TaskState.COMPLETED:
            step.estimate.learn(seconds)
            step.tasks.move(task, TaskEvent.SUCCEEDED)
        elif outcome is TaskState.FAILED:
            self._failed(step, order, task, message[:MOST_WORDS])
        else:  # ended without anybody here having asked for it: its machine was needed, or is going
            outcome = step.tasks.move(task, TaskEvent.TRY_AGAIN)
            self.news = True
        self._settle(order, task, outcome, now)
        self._look_at(step, now)
        return True

    def handed_back(self, client: int, order_id: int, tasks: Iterable[int], now: float) -> None:
        """The worker will not run these tasks of the order."""
        order = self._held(client, order_id)
        if order:
            self._give_up(order, [task for task in dict.fromkeys(tasks) if order.holds(task)], now)

    def dropped(self, client: int, order_id: int) -> None:
        """The worker has ended what was left of a canceled order."""
        order = self._held(client, order_id)
        if order and not order.open:
            self._release(order)

    def recall(self, order: Order) -> None:
        """Ask for an order back, as far as it has not begun."""
        order.recalled = True
        self.changes.recalled.append(order)

    def _recall(self, orders: Iterable[Order]) -> None:
        for order in orders:
            if order.untouched:
                self.recall(order)

    def step_of(self, order: Order) -> Step:
        return self.jobs[order.job].steps[order.step]

    # --- a start

    def restore(self, loaded: Loaded, now: float) -> None:
        """Take up where the database says that the farm stopped."""
        for client in loaded.clients:
            self.admit(client)
        self.jobs.update((job.id, job) for job in loaded.finished)
        self.last_job, self.last_order = loaded.last_job, loaded.last_order
        for job, plan in loaded.unfinished:
            self.jobs[job.id] = job
            job.follow(plan)
        for order in loaded.orders:
            self._recall_order(order)
        for job, _ in loaded.unfinished:
            for step in job.steps:
                self._recall_tries(step)
            for step in list(job.steps):
                self._free(step)
                self._look_at(step, now)

    def _recall_order(self, order: Order) -> None:
        """What an order's row says of its tasks."""
        step = self.step_of(order)
        for task, state in enumerate(order.tasks, order.first):
            if state in (TaskState.COMPLETED, TaskState.ACTIVE):
                step.tasks.put(task, TaskState(state))
            elif state == TaskState.FAILED:
                step.tries.setdefault(task, Tries()).clients.append(order.client)
        if order.open:
            self._hold(order)

    @staticmethod
    def _recall_tries(step: Step) -> None:
        for task, tries in step.tries.items():
            if step.tasks[task] is TaskState.WAITING and not tries.may_try:
                step.tasks.put(task, TaskState.FAILED)

    # --- what follows from what

    def _changed(self, client: RuntimeClient) -> None:
        offers = client.slots if client.works else 0
        self.slots += offers - client.offers
        client.offers = offers
        self.changes.clients[client.id] = client

    def _held(self, client: int, order_id: int) -> Order | None:
        order = self.orders.get(order_id)
        return order if order and order.client == client else None

    def _failed(self, step: Step, order: Order, task: int, message: str) -> None:
        tries = step.tries.setdefault(task, Tries())
        tries.clients.append(order.client)
        step.tasks.move(task, TaskEvent.TRY_AGAIN if tries.may_try else TaskEvent.GAVE_UP)
        self.news |= tries.may_try
        order.reason = message
        if not tries.may_try and not step.job.reason:
            step.job.reason = message

    def _settle(self, order: Order, task: int, state: TaskState, now: float) -> None:
        order.settle(task, state, now)
        self.changes.orders[order.id] = order
        if not order.open:
            self._release(order)

    def _hold(self, order: Order) -> None:
        self.orders[order.id] = self.jobs[order.job].orders[order.id] = order
        self.clients[order.client].hold(order)

    def _release(self, order: Order) -> None:
        self.orders.pop(order.id, None)
        self.jobs[order.job].orders.pop(order.id, None)
        self.clients[order.client].release(order)

    def _give_up(self, order: Order, tasks: Iterable[int], now: float) -> None:
        """The client does not have these tasks: they are ready again, and no try is counted."""
        step: Step | None = None
        for task in tasks:
            step = step or self.step_of(order)
            self._settle(order, task, step.tasks.move(task, TaskEvent.TRY_AGAIN), now)
        if step:
            self.news = True
            self._look_at(step, now)
        if not order.open:
            self._release(order)

    def _begin(self, job: Job, now: float) -> None:
        if job.state is JobState.QUEUED:
            job.move(JobEvent.BEGUN)
            job.started = job.started or now
            self.changes.jobs[job.id] = job

    def _turn(self, job: Job, event: JobEvent) -> None:
        job.move(event)
        for step in job.steps:
            self._enqueue(step)
        self.changes.jobs[job.id] = job

    def _free(self, step: Step) -> None:
        """Make a step's tasks ready when all that it depends on is completed."""
        if all(step.job.steps[index].completed for index in step.plan.depends_on):
            step.tasks.move_all(TaskEvent.FREED)
            self.news = True
        self._enqueue(step)

    def _look_at(self, step: Step, now: float) -> None:
        """Something has changed in a step: what follows for the queue, its dependents and its job?"""
        self._enqueue(step)
        if not step.unfinished:
            self._pass_on(step)
            self._look_at_end(step.job, now)

    def _pass_on(self, step: Step) -> None:
        """A step has ended: those that depend on it begin, or never will, nor what depends on them."""
        ended = [step]
        while ended:
            last = ended.pop()
            for other in last.job.steps:
                if last.index not in other.plan.depends_on or not other.unfinished:
                    continue
                if last.completed:
                    self._free(other)
                else:
                    other.tasks.move_all(TaskEvent.UNREACHABLE)
                    ended.append(other)

    def _look_at_end(self, job: Job, now: float) -> None:
        if job.finished or any(step.unfinished for step in job.steps):
            return
        failed = any(step.counts[TaskState.FAILED] for step in job.steps)
        self._begin(job, now)
        job.move(JobEvent.SOME_FAILED if failed else JobEvent.ALL_COMPLETED)
        self._end(job, now)

    def _end(self, job: Job, now: float) -> None:
        job.ended = now
        self.changes.jobs[job.id] = self.changes.steps[job.id] = job
        self.changes.ended.append(job)

    def _enqueue(self, step: Step) -> None:
        """Keep the queue to what its name says."""
        belongs = step.job.runs and step.counts[TaskState.READY] > 0
        alike = self.shapes.setdefault(step.shape, set())
        if belongs and step not in alike:
            self.queue.add(step)
            alike.add(step)
        elif not belongs and step in alike:
            self.queue.remove(step)
            alike.remove(step)
        if not alike:
            del self.shapes[step.shape]
