"""Any life that a farm may have: whatever happens in whatever order, some things are always so.

How does this work?  Hypothesis draws a row of happenings (submissions, workers that come, go and lie, results
that come late, twice or from the wrong side, admins who change their minds) and plays it to the real `Farm`
with the real matching.  After each, `@invariant`s look at the whole farm.  Every change is turned into rows, as
the store would, and a second farm is restored from them: it has to be like the first.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from twisted.trial.unittest import SynchronousTestCase

from brender.db.models import KEYS, ClientRow, JobRow, OrderRow, StepRow
from brender.db.rows import read_client, read_job, read_order, read_step, rows_of
from brender.db.writer import Row
from brender.farm.changes import Loaded
from brender.farm.client import RuntimeClient, Status
from brender.farm.farm import Farm, place
from brender.farm.job import Job, Step
from brender.farm.matching import match, match_all, next_run, verdict
from brender.farm.order import Order
from brender.farm.retries import MOST_TRIES
from brender.farm.transitions import JOB, JobEvent, NotNow, TaskState
from tests.doubles import CANCELED, DONE, FAILED, Rules, Stage, planned

SHAPES: tuple[tuple[Stage, ...], ...] = (
    (Stage(tasks=3),),
    (Stage(tasks=7, vcpus=1),),
    (Stage("A", 2, vcpus=2), Stage("B", 1, after=("A",))),
    (Stage("C", 1, after=("A", "B")), Stage("A", 2, vcpus=1), Stage("B", 1, after=("A",))),
    (Stage("A", 1), Stage("B", 2, vcpus=1), Stage("C", 1, after=("A",))),
)
MACHINES = (1, 2, 4)  # slots
MOST_CLIENTS, MOST_JOBS = 4, 4
anything = st.data()


class FarmLife(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world = Rules()
        self.farm = self.world.farm
        self.stages: dict[int, tuple[Stage, ...]] = {}
        self.ever: dict[int, Order] = {}  # every order that was issued
        self.completed: Counter[tuple[int, int, int]] = Counter()
        self.failed: Counter[tuple[int, int, int]] = Counter()
        self.ended: dict[int, str] = {}  # jobs that have ended, and how
        self.rows: dict[type[Any], dict[Row, Row]] = {model: {} for model in KEYS}

    # --- what happens

    @precondition(lambda self: len(self.farm.clients) < MOST_CLIENTS)
    @rule(slots=st.sampled_from(MACHINES))
    def a_machine_is_new(self, slots: int) -> None:
        self.world.client(slots)
        self.settle()

    @precondition(lambda self: len(self.farm.jobs) < MOST_JOBS)
    @rule(stages=st.sampled_from(SHAPES), priority=st.sampled_from([10, 50, 50, 90]), seconds=st.sampled_from([0, 0.1]))
    def a_job_is_submitted(self, stages: tuple[Stage, ...], priority: int, seconds: float) -> None:
        found = self.world.job(*stages, priority=priority)
        self.stages[found.id] = stages
        if seconds:
            found.steps[0].estimate.learn(seconds)
        self.settle()

    @rule()
    def everybody_is_matched(self) -> None:
        self.issue(lambda: match_all(self.farm, self.world.now))
        for client in self.farm.clients.values():
            for step in self.farm.queue if client.works else ():
                if verdict(client, step) is None and client.used + client.cost(step.requires) <= client.slots:
                    assert next_run(self.farm, step, client, 1) is None, "a slot is free while a task is ready for it"

    @precondition(lambda self: self.farm.clients)
    @rule(data=anything)
    def one_client_is_matched(self, data: st.DataObject) -> None:
        client = self.a_client(data)
        self.issue(lambda: match(self.farm, client, self.world.now))

    @precondition(lambda self: self.ever)
    @rule(data=anything)
    def a_task_begins(self, data: st.DataObject) -> None:
        order = self.an_order(data)
        self.farm.started(self.who(data, order), order.id, self.a_task(data, order), self.world.now)
        self.settle()

    @precondition(lambda self: self.ever)
    @rule(data=anything, outcome=st.sampled_from([DONE, DONE, FAILED, FAILED, CANCELED]))
    def a_result_comes(self, data: st.DataObject, outcome: TaskState) -> None:
        order = self.an_order(data)
        client, task = self.who(data, order), self.a_task(data, order)
        awaited = client == order.client and order.id in self.farm.orders and order.holds(task)
        taken = self.farm.result(client, order.id, task, outcome, "It broke.", 1.0, self.world.now)
        assert taken == awaited
        if taken:
            {DONE: self.completed, FAILED: self.failed}.get(outcome, Counter())[order.job, order.step, task] += 1
        assert (client, order.id, task) in self.farm.changes.settled
        self.settle()

    @precondition(lambda self: self.ever)
    @rule(data=anything)
    def tasks_are_handed_back(self, data: st.DataObject) -> None:
        order = self.an_order(data)
        tasks = data.draw(st.lists(st.integers(-1, 8), max_size=4))
        self.farm.handed_back(self.who(data, order), order.id, tasks, self.world.now)
        self.settle()

    @precondition(lambda self: self.ever)
    @rule(data=anything)
    def an_order_is_dropped(self, data: st.DataObject) -> None:
        order = self.an_order(data)
        self.farm.dropped(self.who(data, order), order.id)
        self.settle()

    @precondition(lambda self: self.farm.clients)
    @rule(data=anything)
    def a_worker_greets(self, data: st.DataObject) -> None:
        client = self.a_client(data)
        held = {
            order.id: [task for task in order.awaited() if data.draw(st.booleans())]
            for order in client.orders.values()
            if data.draw(st.booleans())
        }
        held[data.draw(st.integers(900, 901))] = [0]
        drop = self.farm.join(client, client.machine, held, self.world.now)
        assert set(drop) == set(held) - set(client.orders)
        self.settle()

    @precondition(lambda self: self.farm.clients)
    @rule(data=anything, lost=st.booleans())
    def a_connection_is_lost(self, data: st.DataObject, lost: bool) -> None:
        client = self.a_client(data)
        self.farm.leave(client, self.world.now)
        if lost:
            self.farm.lose(client, self.world.now)
            assert client.used == 0
        self.settle()

    @precondition(lambda self: self.farm.clients)
    @rule(data=anything, status=st.sampled_from([*Status, None]))
    def somebody_is_wanted_or_not(self, data: st.DataObject, status: Status | None) -> None:
        client = self.a_client(data)
        if status:
            self.farm.set_status(client, status)
        else:
            self.farm.retire(client)
        self.settle()

    @precondition(lambda self: self.farm.jobs)
    @rule(data=anything, event=st.sampled_from([JobEvent.CANCEL, JobEvent.PAUSE, JobEvent.PAUSE, JobEvent.RESUME]))
    def somebody_changes_a_job(self, data: st.DataObject, event: JobEvent) -> None:
        found = data.draw(st.sampled_from(list(self.farm.jobs.values())))
        change: Callable[[Job], None] = {
            JobEvent.CANCEL: lambda job: self.farm.cancel(job, self.world.now),
            JobEvent.PAUSE: self.farm.pause,
            JobEvent.RESUME: self.farm.resume,
        }[event]
        allowed = (found.state, event) in JOB
        try:
            change(found)
        except NotNow:
            assert not allowed
        else:
            assert allowed
        self.settle()

    # --- what is always so

    @invariant()
    def counts_add_up(self) -> None:
        for step in self.steps():
            states = bytes(step.tasks)
            assert step.counts == [states.count(state) for state in TaskState]

    @invariant()
    def a_task_is_active_exactly_when_one_open_order_holds_it(self) -> None:
        held: Counter[tuple[int, int, int]] = Counter()
        for order in self.farm.orders.values():
            held.update((order.job, order.step, task) for task in order.awaited())
        active = {
            (step.job.id, step.index, task)
            for step in self.steps()
            for task in range(len(step.tasks))
            if step.tasks[task] is TaskState.ACTIVE
        }
        assert dict(held) == dict.fromkeys(active, 1)

    @invariant()
    def nothing_is_completed_twice_nor_tried_too_often(self) -> None:
        assert all(count == 1 for count in self.completed.values())
        assert all(count <= MOST_TRIES for count in self.failed.values())
        for step in self.steps():
            for task in range(len(step.tasks)):
                where = (step.job.id, step.index, task)
                assert (step.tasks[task] is DONE) == (where in self.completed)
                assert (step.tasks[task] is FAILED) == (self.failed[where] == MOST_TRIES)

    @invariant()
    def what_a_client_uses_is_what_its_orders_cost(self) -> None:
        for client in self.farm.clients.values():
            assert client.used == sum(order.cost for order in client.orders.values())
            assert client.used <= 2 * client.slots
        held = {order.id for client in self.farm.clients.values() for order in client.orders.values()}
        assert held == set(self.farm.orders)
        assert held == {number for job in self.farm.jobs.values() for number in job.orders}
        assert self.farm.slots == sum(client.slots for client in self.farm.clients.values() if client.works)

    @invariant()
    def the_queue_is_the_steps_with_ready_tasks_of_jobs_that_run(self) -> None:
        wanted = [step for step in self.steps() if step.job.runs and step.counts[TaskState.READY]]
        assert list(self.farm.queue) == sorted(wanted, key=place)
        alike = [(shape, step) for shape, steps in self.farm.shapes.items() for step in steps]
        assert sorted(place(step) for _, step in alike) == sorted(map(place, wanted))
        assert all(step.shape == shape for shape, step in alike)

    @invariant()
    def a_finished_job_stays_as_it_is_and_another_has_work_left(self) -> None:
        for job in self.farm.jobs.values():
            if job.id in self.ended:
                assert job.state == self.ended[job.id]
            else:
                assert any(step.unfinished for step in job.steps)

    @invariant()
    def a_farm_restored_from_the_rows_is_like_this_one(self) -> None:
        restored = Farm()
        restored.restore(self.loaded(), 1.0)
        assert picture(restored) == picture(self.farm)

    # --- inside

    def issue(self, matching: Callable[[], None]) -> None:
        """Let orders be issued, and look at each."""
        matching()
        for order in self.farm.changes.issued:
            self.ever[order.id] = order
            client, step = self.farm.clients[order.client], self.farm.step_of(order)
            assert client.works, "only who works is given something"
            assert all(step.job.steps[index].completed for index in step.plan.depends_on)
            assert order.cost == (client.slots if step.requires.vcpus is None else step.requires.vcpus)
            assert order.count == 1 or not any(task in step.tries for task in order.awaited())
        self.settle()

    def settle(self) -> None:
        """What the service does: rows are written, jobs that have ended are closed."""
        changes = self.farm.take_changes()
        for model, row in rows_of(changes):
            self.rows[model][row[: KEYS[model]]] = row
        for job in changes.ended:
            job.close()
            self.ended[job.id] = job.state

    def loaded(self) -> Loaded:
        jobs = {row[0]: read_job(row) for row in self.rows[JobRow].values()}
        for row in self.rows[StepRow].values():
            if jobs[row[0]].finished:
                jobs[row[0]].past.append(read_step(row))
        orders = [read_order(row) for _, row in sorted(self.rows[OrderRow].items())]
        return Loaded(
            [read_client(row) for row in self.rows[ClientRow].values()],
            [job for job in jobs.values() if job.finished],
            [(job, planned(*self.stages[job.id])) for job in jobs.values() if not job.finished],
            [order for order in orders if not jobs[order.job].finished],
        )

    def steps(self) -> list[Step]:
        return [step for job in self.farm.jobs.values() for step in job.steps]

    def a_client(self, data: st.DataObject) -> RuntimeClient:
        client: RuntimeClient = data.draw(st.sampled_from(list(self.farm.clients.values())))
        return client

    def an_order(self, data: st.DataObject) -> Order:
        """One that is open, most of the time."""
        held = list(self.farm.orders.values())
        order: Order = data.draw(st.sampled_from(held * 3 + list(self.ever.values())))
        return order

    def who(self, data: st.DataObject, order: Order) -> int:
        return int(data.draw(st.sampled_from([order.client] * 7 + list(self.farm.clients))))

    def a_task(self, data: st.DataObject, order: Order) -> int:
        return int(data.draw(st.sampled_from(order.awaited() * 5 + [order.first, order.first + order.count, -1])))


def picture(farm: Farm) -> dict[str, Any]:
    """All of a farm that has to survive."""
    unfinished = [job for job in farm.jobs.values() if not job.finished]
    return {
        "jobs": {job.id: (job.state, job.reason, job.started, job.ended) for job in farm.jobs.values()},
        "past": {job.id: [(step.name, step.counts) for step in job.past] for job in farm.jobs.values()},
        "tasks": {job.id: [bytes(step.tasks) for step in job.steps] for job in unfinished},
        "tries": {
            job.id: [{task: sorted(tries.clients) for task, tries in step.tries.items()} for step in job.steps]
            for job in unfinished
        },
        "orders": {
            order.id: (order.client, order.first, bytes(order.tasks), order.cost)
            for order in farm.orders.values()
            if order.open
        },
        "queue": [(step.job.id, step.index) for step in farm.queue],
        "clients": {client.id: (client.machine, client.status) for client in farm.clients.values()},
    }


class AnyLife(SynchronousTestCase):
    def test_whatever_happens_the_farm_stays_whole(self) -> None:
        run_state_machine_as_test(FarmLife, settings=settings(max_examples=100, stateful_step_count=50, deadline=None))
