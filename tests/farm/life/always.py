"""What is always so of a farm, whatever has happened to it.

How does this work?  `Always` is a farm whose rows are written, with what has to be remembered of its past.  Each
`@invariant` looks at the whole of it after every happening; `issue` gives out work as the service does, looks at each
order, and at what is left waiting.  `tests/farm/test_whole_life.py` says what happens.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

from hypothesis.stateful import RuleBasedStateMachine, invariant

from brender.farm.farm import Farm
from brender.farm.job import Job, Step
from brender.farm.machines import power
from brender.farm.order import Order
from brender.farm.scheduling.floor import BACKLOG
from brender.farm.scheduling.matching import keeps_free_for, match
from brender.farm.scheduling.picking import next_task
from brender.farm.scheduling.shape import room, verdict
from brender.farm.scheduling.when import gate
from brender.farm.starting import restore
from brender.farm.transitions import TaskState
from brender.verbs.items import known
from tests.doubles import DONE, FAILED
from tests.farm.life.choices import FARM
from tests.farm.life.picture import picture
from tests.farm.obstacles import Facts, prove_all
from tests.farm.written import Written

SEEN: Counter[str] = Counter()  # what has happened in all lives
Where = tuple[int, int, int]  # job, step, task


class Always(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world = Written(0.0, **FARM)
        self.farm = self.world.farm
        self.ever: dict[int, Order] = {}  # every order that was issued
        self.completed: Counter[Where] = Counter()
        self.constant: dict[int, list[Any]] = {}
        self.failed: Counter[Where] = Counter()
        self.ended: dict[int, str] = {}  # jobs that have ended, and how
        self.frames: dict[int, int] = {}  # job -> how many frames it has, of those that can have more
        self.held: dict[str, int] = {}  # of each limit, how much was held before
        self.prompt = False  # work is given out after each happening, as the service does

    # --- what is always so

    @invariant()
    def open_jobs_are_those_that_have_not_ended(self) -> None:
        assert self.farm.jobs.unfinished() == [job for job in self.farm.jobs.values() if not job.finished]

    @invariant()
    def what_is_constant_of_a_job_remains(self) -> None:
        for job in self.farm.jobs.values():
            values = [getattr(job, each.name) for each in known.JOB.attributes.values() if each.constant]
            assert self.constant.setdefault(job.id, values) == values

    @invariant()
    def counts_add_up(self) -> None:
        for step in self.steps():
            states = bytes(step.tasks)
            assert step.counts == [states.count(state) for state in TaskState]

    @invariant()
    def a_task_is_active_exactly_when_one_open_order_holds_it_or_two_that_are_declared(self) -> None:
        held: dict[Where, list[Order]] = {}
        for order in self.farm.orders.values():
            for task in order.awaited():
                held.setdefault((order.job, order.step, task), []).append(order)
        active = {
            (step.job.id, step.index, task)
            for step in self.steps()
            for task in range(len(step.tasks))
            if step.tasks[task] is TaskState.ACTIVE
        }
        assert set(held) == active
        for where, orders in held.items():
            assert len(orders) == 1 or (len(orders) == 2 and sorted(order.second for order in orders) == [False, True])
            assert len({order.client for order in orders}) == len(orders)
            assert len(orders) == 1 or set(map(id, self.farm.twins[where])) == set(map(id, orders))

    @invariant()
    def nothing_is_completed_twice_nor_tried_too_often(self) -> None:
        assert all(count == 1 for count in self.completed.values())
        for (number, _, _), count in self.failed.items():
            assert count <= self.farm.jobs[number].settings.tries + 1  # a second start may fail after the last try
        for step in self.steps():
            for task in range(len(step.tasks)):
                where = (step.job.id, step.index, task)
                assert (step.tasks[task] is DONE) == (where in self.completed)
                assert step.tasks[task] is not FAILED or self.failed[where]

    @invariant()
    def what_a_client_uses_is_what_its_orders_cost(self) -> None:
        for client in self.farm.clients.values():
            assert client.used == sum(order.cost for order in client.orders.values())
            assert client.used <= BACKLOG * client.slots
            taken: Counter[str] = Counter()
            for order in client.orders.values():
                taken.update({name: int(amount) for name, amount in order.needs})
            assert taken == {name: amount for name, amount in client.taken.items() if amount}
            assert taken["amount.worker.memory"] <= BACKLOG * client.machine.memory / 2**20
            assert taken["amount.worker.gpu"] <= BACKLOG * len(client.machine.gpus)
        held = {order.id for client in self.farm.clients.values() for order in client.orders.values()}
        assert held == set(self.farm.orders)
        assert held == {number for job in self.farm.jobs.values() for number in job.orders}
        works = [client for client in self.farm.clients.values() if client.works]
        assert self.farm.floor.slots == sum(client.slots for client in works)
        assert set(self.farm.floor.idle) == {client.id for client in works if client.used < client.slots}
        for job in self.farm.jobs.values():
            assert job.in_use == sum(order.cost for order in job.orders.values())

    @invariant()
    def no_limit_is_exceeded(self) -> None:
        for name, counted in self.farm.counted.items():
            tasks: dict[int, list[int]] = {}
            for order in self.farm.orders.values():
                for limit, number in order.limits:
                    if limit == name:
                        tasks.setdefault(order.client, []).append(number)
            each = sum if counted.limit.each == "task" else max
            assert counted.held == sum(each(numbers) for numbers in tasks.values())
            before = self.held.get(name, 0)  # more than there are now, where the limit was lowered
            assert counted.held <= max(counted.limit.count, before)
        self.held = {name: counted.held for name, counted in self.farm.counted.items()}

    @invariant()
    def the_queue_is_the_steps_with_ready_tasks_of_jobs_that_run_in_the_order_of_work(self) -> None:
        wanted = [step for step in self.steps() if step.job.runs and step.counts[TaskState.READY]]
        wanted = [step for step in wanted if not step.resting and not step.wants_approval]
        assert list(self.farm.queue) == sorted(wanted, key=self.standing)

    def standing(self, step: Step) -> tuple[Any, ...]:
        """Where a step stands, worked out from all orders there are."""
        job, rules = step.job, self.farm.settings

        def use(same: Callable[[Job], bool]) -> int:
            return sum(order.cost for order in self.farm.orders.values() if same(self.farm.jobs[order.job]))

        def project(of: Job) -> str:
            return of.settings.project if of.settings.project in rules.shares else ""

        def place(step: Step) -> tuple[int, int, int]:
            later = step.job.started is None or step.job.overtook
            return (later if rules.depth_first else use(lambda other: other is step.job), step.job.id, step.index)

        def load(same: Callable[[Job], bool], weight: float) -> tuple[float, tuple[int, int, int]]:
            """What they use of what is due to them, and the first step that they have in this priority."""
            here = (other for other in self.farm.queue if other.job.priority == job.priority)
            return use(same) / weight, min(place(other) for other in here if same(other.job))

        def in_project(other: Job) -> bool:
            return project(other) == project(job)

        def of_owner(other: Job) -> bool:
            return in_project(other) and other.owner == job.owner

        return (
            -job.priority,
            load(in_project, rules.shares.get(project(job), 1)),
            load(of_owner, rules.weights.get(job.owner, 1)),
            place(step),
        )

    @invariant()
    def a_canceled_task_runs_nowhere_before_it_is_gone(self) -> None:
        for order in self.farm.orders.values():
            others = [other for other in self.farm.jobs[order.job].orders.values() if other.step == order.step]
            assert not any(other.holds(task) for task in order.stopping for other in others)
            assert order.open or order.ends, "who has nothing of an order does not hold it"

    @invariant()
    def a_finished_job_stays_as_it_is_and_another_has_work_left(self) -> None:
        for job in self.farm.jobs.values():
            if job.id in self.ended:
                assert job.state == self.ended[job.id]
            else:
                assert any(step.unfinished for step in job.steps)

    @invariant()
    def a_farm_restored_from_the_rows_is_like_this_one(self) -> None:
        restored = Farm(self.farm.settings)
        restore(restored, self.world.loaded(), self.world.clock)
        there = picture(restored)
        for name, here in picture(self.farm).items():
            for number in here | there[name]:
                told = f"{name} of {number}: {there[name].get(number)}, not {here.get(number)}"
                assert there[name].get(number) == here.get(number), told

    # --- inside

    def issue(self) -> None:
        """Let orders be issued, and look at each, and at what is left."""
        now = self.world.now
        self.world.pass_by(0)
        for job in self.farm.jobs.values():
            assert job.finished or job.gate == gate(self.farm, job, now)[0]
        match(self.farm, now)
        power.look(self.farm, self.world.clock)
        assert not any(client.online for client in self.farm.changes.woken)
        assert not any(client.orders or client.seat.here for client in self.farm.changes.unneeded)
        for order in self.farm.changes.issued:
            self.ever[order.id] = order
            client, step = self.farm.clients[order.client], self.farm.step_of(order)
            assert client.works, "only who works is given something"
            assert verdict(client, step.shape) is None
            assert gate(self.farm, step.job, self.world.clock)[0] == ""
            for task in order.awaited():
                facts = Facts(self.farm, step, task, self.world.clock)
                assert facts.fits(client)
                assert not facts.comes_too_early()
            SEEN["an order"] += 1
            SEEN["a second start"] += order.second
            SEEN["several tasks at once"] += order.count > 1
            SEEN["a limit"] += bool(order.limits)
            SEEN["a graphics card"] += bool(dict(order.needs).get("amount.worker.gpu"))
            assert order.cost == (client.slots if step.requires.vcpus is None else step.requires.vcpus)
            assert order.count == 1 or not any(task in step.tries for task in order.awaited())
            assert order.count == 1 or not order.second
            self.nothing_of_higher_priority_was_passed_over(order)
        self.nothing_ready_waits_while_it_could_run()
        self.settle()

    def nothing_of_higher_priority_was_passed_over(self, order: Order) -> None:
        """Whoever was given something in a free slot could begin nothing that goes before it."""
        client, mine = self.farm.clients[order.client], dict(order.needs)
        if order.second or client.used > client.slots:
            return
        for step in self.farm.queue:
            if step.job.priority <= order.priority or verdict(client, step.shape) is not None:
                continue
            counted = self.farm.counted
            licences = (
                name not in counted or counted[name].refusal(client.id, number) for name, number in step.shape.limits
            )
            fits = client.used - order.cost + step.shape.cost(client) <= client.slots and all(
                client.taken.get(name, 0.0) - mine.get(name, 0.0) + amount <= client.capacity(name)
                for name, amount in step.shape.needs
            )
            passed = fits and not any(licences) and next_task(self.farm, step, client) is not None
            assert not passed, f"{order} was given, and something of {step.job.id} was not"

    def nothing_ready_waits_while_it_could_run(self) -> None:
        for step in self.farm.queue:
            for client in self.farm.clients.values():
                if client.works and verdict(client, step.shape) is None:
                    kept = keeps_free_for(self.farm, client)  # as if that had all its slots, as a backlogged order has
                    waits_for = kept is not None and step.job.priority <= kept.job.priority
                    taken = waits_for or room(client, step.shape, 1, self.farm.counted)
                    assert taken or next_task(self.farm, step, client) is None, "a slot is free while a task is ready"
        prove_all(self.farm, self.world.clock)

    def go_on(self) -> None:
        """Something has happened."""
        SEEN["steps"] += 1
        if self.prompt:
            self.issue()
        else:
            self.settle()

    def settle(self) -> None:
        """What the service does: rows are written, jobs that have ended are closed."""
        ended = [job for job in self.farm.changes.ended if job.finished]
        self.world.settle()
        self.ended.update((job.id, job.state) for job in ended)
        self.forget_what_is_gone()

    def forget_what_is_gone(self) -> None:
        """Jobs that were deleted."""
        for of_jobs in (self.ended, self.constant, self.frames):
            for number in [number for number in of_jobs if number not in self.farm.jobs]:
                del of_jobs[number]
        for of_tasks in (self.completed, self.failed):
            for where in [where for where in of_tasks if where[0] not in self.farm.jobs]:
                del of_tasks[where]

    def steps(self) -> list[Step]:
        return [step for job in self.farm.jobs.values() if not job.finished for step in job.steps]
