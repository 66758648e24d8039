"""Any life that a farm may have: whatever happens in whatever order, some things are always so.

How does this work?  Hypothesis draws a row of happenings (submissions, workers that come, go and lie, results
that come late, twice or from the wrong side, admins who change their minds) and plays it to the real `Farm`
with the real matching.  After each, `@invariant`s look at the whole farm.  Every change is turned into rows, as
the store would, and a second farm is restored from them: it has to be like the first.
"""

import os
from collections import Counter
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from twisted.trial.unittest import SynchronousTestCase

from brender.farm import changing, choosing, overrides
from brender.farm.admission import circle
from brender.farm.canceling import cancel_tasks
from brender.farm.client import RuntimeClient, Status
from brender.farm.farm import Farm
from brender.farm.job import Job, Step
from brender.farm.machines import power, presence
from brender.farm.order import Order
from brender.farm.scheduling.floor import BACKLOG
from brender.farm.scheduling.matching import keeps_free_for, match
from brender.farm.scheduling.picking import next_task
from brender.farm.scheduling.shape import room, verdict
from brender.farm.scheduling.when import gate
from brender.farm.settings import ClientSettings, JobSettings, read
from brender.farm.starting import restore
from brender.farm.transitions import FINISHED_TASK, JOB, JobEvent, JobState, NotNow, TaskState
from brender.verbs.items import known
from tests.doubles import CANCELED, DONE, FAILED, Stage
from tests.farm.obstacles import Facts, prove_all
from tests.farm.written import Written, framed

SHAPES: tuple[tuple[Stage, ...], ...] = (
    (Stage(tasks=3),),
    (Stage(tasks=7, vcpus=1),),
    (Stage("A", 2, vcpus=2), Stage("B", 1, after=("A",))),
    (Stage("C", 1, after=("A", "B")), Stage("A", 2, vcpus=1), Stage("B", 1, after=("A",))),
    (Stage("A", 1), Stage("B", 2, vcpus=1), Stage("C", 1, after=("A",))),
    (Stage("A", 6, vcpus=1, chunk=2), Stage("B", 1, after=("A",))),
    (Stage("A", 4, vcpus=1, memory=6),),
)
MACHINES = (1, 2, 4)  # slots
MOST_CLIENTS, MOST_JOBS = 4, 5
HOUR = 3600.0
FARM: dict[str, Any] = {
    "limits": {"arnold": {"count": 2}, "nuke": {"count": 1, "each": "client"}},
    "shares": {"film": 60, "spot": 30},
    "weights": {"bob": 2},
    "affinity": 5,
    "strikes": 2,
    "avoid_for": 40,
}
JOBS: dict[str, list[Any]] = {
    "priority": [10, 50, 50, 50, 90],
    "owner": ["ada", "ada", "bob"],
    "project": ["", "film", "spot"],
    "order": ["forwards", "forwards", "preview", "backwards", "outside-in"],
    "preview": [0, 0, 0, 2],
    "pool": ["", "", "", "lighting"],
    "only": [[], [], [], ["render-01", "render-02"]],
    "never": [[], [], [], ["render-0[23]"]],
    "limits": [{}, {}, {"arnold": 1}, {"arnold": 2, "nuke": 1}],
    "not_before": [None, None, None, 60.0],
    "hours": ["", "", "", "01:00-02:00"],
    "tries": [3, 3, 2],
    "fail_after": [None, None, 2],
    "fail_share": [None, None, 0.5],
    "step_seconds": [None, None, 50],
    "preemptible": [False, True],
    "second_starts": [True, True, False],
}
CLIENTS: dict[str, list[Any]] = {
    "pools": [[], ["lighting"]],
    "takes": [[], [], [], ["lighting"]],
    "most_tasks": [None, None, 1],
    "keep_memory": [0, 4 * 2**30],
    "sleeps": ["", "", "00:01-00:03"],
    "idle_seconds": [None, None, 30],
    "when_used": ["finish", "hand-back"],
    "off_seconds": [None, 60],
    "wake": [False, True],
}
WHOLE_FARM: dict[str, list[Any]] = {
    "second_starts": [True, False],
    "affinity": [0, 5, 60],
    "strikes": [2, 3],
    "avoid_for": [20, 40],
    "limits/arnold": [{"count": 3}],
}
AFTER: list[dict[str, Any]] = [{"when": "completed"}, {"when": "ended"}, {"when": "started"}, {"frames": [-1, 1]}]
CAUSES = ["", "", "", "memory", "fail", "later", "time"]
SECONDS = st.sampled_from([1.0, 20.0])
SEEN: Counter[str] = Counter()  # what has happened in all lives
anything = st.data()
Where = tuple[int, int, int]  # job, step, task


def some(choices: dict[str, list[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """A few settings, each with one of its values."""
    pairs = [st.tuples(st.just(name), st.sampled_from(values)) for name, values in choices.items()]
    return st.lists(st.one_of(pairs), max_size=4).map(dict)


def as_one(number: int) -> list[int]:
    return [number]


class FarmLife(RuleBasedStateMachine):
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
        self.prompt = False  # work is given out after each happening, as the service does

    # --- what happens

    @initialize(
        machines=st.lists(st.sampled_from(MACHINES), min_size=1, max_size=3),
        jobs=st.lists(st.sampled_from(SHAPES), min_size=1, max_size=3),
        prompt=st.sampled_from([True, True, True, False]),
    )
    def something_is_there(self, machines: list[int], jobs: list[tuple[Stage, ...]], prompt: bool) -> None:
        for slots in machines:
            self.world.client(slots, memory=8 * 2**30)
        for stages in jobs:
            self.world.job(*stages)
        self.prompt = prompt
        self.go_on()

    @precondition(lambda self: len(self.farm.clients) < MOST_CLIENTS)
    @rule(slots=st.sampled_from(MACHINES), wishes=some(CLIENTS), memory=st.sampled_from([8, 16]))
    def a_machine_is_new(self, slots: int, wishes: dict[str, Any], memory: int) -> None:
        self.world.client(slots, settings=wishes, memory=memory * 2**30, macs=("00:1b:21:0a:0b:0c",))
        self.go_on()

    @precondition(lambda self: len(self.farm.jobs) < MOST_JOBS)
    @rule(stages=st.sampled_from(SHAPES), wishes=some(JOBS), seconds=st.sampled_from([0, 0.1, 20.0]), data=anything)
    def a_job_is_submitted(
        self, stages: tuple[Stage, ...], wishes: dict[str, Any], seconds: float, data: st.DataObject
    ) -> None:
        found = self.world.job(*stages, **wishes, after=self.some_dependencies(data, 0))
        if seconds:
            found.steps[0].estimate.learn(seconds)
        self.go_on()

    def some_dependencies(self, data: st.DataObject, number: int) -> list[dict[str, Any]]:
        """What a job comes after: mostly nothing."""
        others = [other for other in self.farm.jobs if other != number and not circle(self.farm, number, other)]
        if not others or data.draw(st.integers(0, 2)) != 0:
            return []
        other, kind = data.draw(st.sampled_from(others)), data.draw(st.sampled_from(AFTER))
        made = [{"job": other, **kind}]
        self.take_up_sources(read(JobSettings, {"after": made}))
        return made

    def take_up_sources(self, settings: JobSettings) -> None:
        """As the service does for jobs that failed and whose frames a job waits for."""
        for after in settings.after:
            other = self.farm.jobs[after.job]
            if after.frames and other.finished and other.state is not JobState.COMPLETED and not other.steps:
                changing.take_up(self.farm, self.world.kept(other))

    @rule()
    def everybody_is_matched(self) -> None:
        self.issue()

    @precondition(lambda self: any(order.open for order in self.farm.orders.values()))
    @rule(outcomes=st.lists(st.sampled_from([DONE, DONE, DONE, DONE, FAILED]), min_size=1, max_size=8), seconds=SECONDS)
    def clients_work(self, outcomes: list[TaskState], seconds: float) -> None:
        """One after the other they begin and end what they were given first."""
        for outcome in outcomes:
            open_ones = (order for order in self.farm.orders.values() if order.open)
            if held := [order for order in open_ones if self.farm.clients[order.client].online]:
                self.end(held[0], held[0].units[0], outcome, seconds)

    @precondition(lambda self: any(order.open for order in self.farm.orders.values()))
    @rule(data=anything)
    def a_task_takes_long(self, data: st.DataObject) -> None:
        """Longer than others of its step, which did not take a second."""
        order = data.draw(st.sampled_from([order for order in self.farm.orders.values() if order.open]))
        self.farm.step_of(order).estimate.learn(0.5)
        self.farm.started(order.client, order.id, order.units[0], self.world.now)
        self.world.pass_by(HOUR)
        self.go_on()

    def end(self, order: Order, task: int, outcome: TaskState, seconds: float) -> None:
        SEEN[f"{outcome.name} in the end"] += 1
        SEEN["tried again"] += order.attempt > 1
        SEEN["depends on a step"] += bool(self.farm.step_of(order).plan.depends_on)
        self.farm.started(order.client, order.id, task, self.world.now)
        self.world.pass_by(seconds)
        self.report(order.client, order, task, outcome, "", seconds, 0)

    @rule(seconds=st.sampled_from([1.0, 20.0, 60.0, HOUR]))
    def time_goes_by(self, seconds: float) -> None:
        self.world.pass_by(seconds)
        self.issue()

    @precondition(lambda self: self.ever)
    @rule(data=anything)
    def a_task_begins(self, data: st.DataObject) -> None:
        order = self.an_order(data)
        self.farm.started(self.who(data, order), order.id, self.a_task(data, order), self.world.now)
        self.go_on()

    @precondition(lambda self: self.ever)
    @rule(
        data=anything,
        outcome=st.sampled_from([DONE, DONE, DONE, FAILED, FAILED, CANCELED]),
        cause=st.sampled_from(CAUSES),
        seconds=st.sampled_from([1.0, 20.0]),
        peak=st.sampled_from([0, 2**30, 5 * 2**30]),
    )
    def a_result_comes(self, data: st.DataObject, outcome: TaskState, cause: str, seconds: float, peak: int) -> None:
        order = self.an_order(data)
        self.report(self.who(data, order), order, self.a_task(data, order), outcome, cause, seconds, peak)

    def report(
        self, client: int, order: Order, task: int, outcome: TaskState, cause: str, seconds: float, peak: int
    ) -> None:
        awaited = client == order.client and order.id in self.farm.orders and order.holds(task)
        tasks = order.awaited() if order.together else [task]
        state = self.farm.jobs[order.job].state
        taken = self.farm.result(
            client, order.id, task, outcome, "It broke.", seconds, self.world.now, cause=cause, peak=peak
        )
        assert taken == awaited
        counted = {DONE: self.completed, FAILED: self.failed}.get(outcome)
        if taken and counted is not None and not (outcome is FAILED and cause == "later"):
            counted.update((order.job, order.step, each) for each in tasks)
        if not taken:
            assert self.farm.jobs[order.job].state == state, "a late result revives nothing"
        assert (client, order.id, task) in self.farm.changes.settled
        self.go_on()

    @precondition(lambda self: self.ever)
    @rule(data=anything)
    def tasks_are_handed_back(self, data: st.DataObject) -> None:
        order = self.an_order(data)
        tasks = data.draw(st.lists(st.integers(-1, 8), max_size=4))
        self.farm.handed_back(self.who(data, order), order.id, tasks, self.world.now)
        self.go_on()

    @precondition(lambda self: self.ever)
    @rule(data=anything)
    def an_order_is_dropped(self, data: st.DataObject) -> None:
        order = self.an_order(data)
        self.farm.dropped(self.who(data, order), order.id)
        self.go_on()

    @precondition(lambda self: self.farm.clients)
    @rule(data=anything)
    def a_worker_greets(self, data: st.DataObject) -> None:
        client = self.a_client(data)
        held = {
            order.id: [task for task in order.units if data.draw(st.booleans())]
            for order in client.orders.values()
            if data.draw(st.booleans())
        }
        held[data.draw(st.integers(900, 901))] = [0]
        drop = self.farm.join(client, client.machine, held, self.world.now)
        assert set(drop) == set(held) - set(client.orders)
        self.go_on()

    @precondition(lambda self: self.farm.clients)
    @rule(data=anything, lost=st.booleans())
    def a_connection_is_lost(self, data: st.DataObject, lost: bool) -> None:
        client = self.a_client(data)
        self.farm.leave(client, self.world.now)
        if lost:
            self.farm.lose(client, self.world.now)
            assert client.used == 0
        self.go_on()

    @precondition(lambda self: self.farm.clients)
    @rule(data=anything, status=st.sampled_from([*Status, None]))
    def somebody_is_wanted_or_not(self, data: st.DataObject, status: Status | None) -> None:
        client = self.a_client(data)
        if status:
            changing.set_status(self.farm, client, status)
        else:
            self.farm.retire(client)
        self.go_on()

    @precondition(lambda self: self.farm.clients)
    @rule(data=anything, idle=st.sampled_from([0.0, 20.0, 60.0, None]))
    def somebody_comes_or_goes(self, data: st.DataObject, idle: float | None) -> None:
        client = self.a_client(data)
        if client.online:
            presence.told(self.farm, client, idle == 0.0, idle, self.world.now)
        self.go_on()

    @precondition(lambda self: self.farm.clients)
    @rule(data=anything, wishes=some(CLIENTS))
    def a_client_gets_other_settings(self, data: st.DataObject, wishes: dict[str, Any]) -> None:
        client = self.a_client(data)
        changing.set_client(self.farm, client, read(ClientSettings, wishes, client.settings), self.world.now)
        self.go_on()

    @precondition(lambda self: self.farm.clients)
    @rule(data=anything, reason=st.sampled_from(["its disk is full", ""]))
    def a_worker_is_unwell_or_well(self, data: st.DataObject, reason: str) -> None:
        client = self.a_client(data)
        if client.online:
            self.farm.unwell(client, reason)
        self.go_on()

    @rule(wishes=some(WHOLE_FARM))
    def the_farm_gets_other_settings(self, wishes: dict[str, Any]) -> None:
        overrides.change(self.farm, wishes, (), self.world.now)
        self.go_on()

    @precondition(lambda self: len(self.farm.jobs) < MOST_JOBS)
    @rule(count=st.integers(1, 3), wishes=some(JOBS))
    def a_job_that_can_have_more_frames_is_submitted(self, count: int, wishes: dict[str, Any]) -> None:
        found = self.world.submit(framed(f"1-{count}"), **wishes)
        self.frames[found.id] = count
        self.go_on()

    @precondition(lambda self: self.frames)
    @rule(data=anything, count=st.integers(1, 3))
    def frames_are_added(self, data: st.DataObject, count: int) -> None:
        found = self.farm.jobs[data.draw(st.sampled_from(sorted(self.frames)))]
        self.take_up_sources(found.settings)
        last = self.frames[found.id]
        assert self.world.add(found, f"{last + 1}-{last + count}") == count
        self.frames[found.id] += count
        SEEN["frames were added"] += 1
        self.ended.pop(found.id, None)
        self.go_on()

    @precondition(lambda self: self.farm.jobs)
    @rule(data=anything, event=st.sampled_from([JobEvent.CANCEL, JobEvent.PAUSE, JobEvent.PAUSE, JobEvent.RESUME]))
    def somebody_changes_a_job(self, data: st.DataObject, event: JobEvent) -> None:
        found = self.a_job(data)
        change: Callable[[Job], bool] = {
            JobEvent.CANCEL: lambda job: changing.cancel(self.farm, job, self.world.now),
            JobEvent.PAUSE: lambda job: changing.pause(self.farm, job),
            JobEvent.RESUME: lambda job: changing.resume(self.farm, job),
        }[event]
        allowed = (found.state, event) in JOB
        try:
            changed = change(found)
        except NotNow:
            assert not allowed
        else:
            assert changed == allowed
            assert not change(found), "done twice it changes nothing"
        self.go_on()

    @precondition(lambda self: self.farm.jobs)
    @rule(data=anything, wishes=some(JOBS))
    def a_job_gets_other_settings(self, data: st.DataObject, wishes: dict[str, Any]) -> None:
        found = self.a_job(data)
        wishes = {name: wish for name, wish in wishes.items() if name != "tries"}
        if not found.finished and data.draw(st.booleans()):
            wishes["after"] = self.some_dependencies(data, found.id)
        wanted = read(JobSettings, wishes, found.settings)
        changing.set_job(self.farm, found, wanted, self.world.now)
        assert not changing.set_job(self.farm, found, wanted, self.world.now)
        self.go_on()

    @precondition(lambda self: self.farm.jobs)
    @rule(data=anything)
    def a_preview_is_approved_and_clients_are_forgiven(self, data: st.DataObject) -> None:
        found = self.a_job(data)
        changing.approve(self.farm, found)
        changing.forgive(self.farm, found, list(self.farm.clients))
        self.go_on()

    @precondition(lambda self: self.farm.jobs)
    @rule(data=anything, failed_only=st.booleans(), with_dependents=st.booleans())
    def tasks_are_asked_for_again(self, data: st.DataObject, failed_only: bool, with_dependents: bool) -> None:
        found = self.a_job(data)
        had_ended = found.finished
        if had_ended:
            changing.take_up(self.farm, self.world.kept(found))
        self.take_up_sources(found.settings)
        step = data.draw(st.sampled_from(found.steps))
        one = {step.index: [data.draw(st.integers(0, len(step.tasks) - 1))]}
        chosen = choosing.ended(found) if failed_only else one
        before = {step.index: bytes(step.tasks) for step in found.steps}
        turned = changing.again(self.farm, found, chosen, self.world.now, with_dependents)
        for index, tasks in turned.items():
            for task in tasks:
                assert before[index][task] in FINISHED_TASK
                self.completed.pop((found.id, index, task), None)
                self.failed.pop((found.id, index, task), None)
        if turned:
            self.ended.pop(found.id, None)
        if found.finished:
            assert had_ended
            assert not turned
            found.close()
        self.go_on()

    @precondition(lambda self: self.farm.jobs)
    @rule(data=anything, several=st.booleans())
    def tasks_are_canceled(self, data: st.DataObject, several: bool) -> None:
        found = self.a_job(data)
        if found.finished:
            return
        step = data.draw(st.sampled_from(found.steps))
        numbers = st.integers(0, len(step.tasks) - 1)
        chosen = {step.index: data.draw(st.lists(numbers, min_size=1, max_size=4) if several else numbers.map(as_one))}
        before = bytes(step.tasks)
        canceled = cancel_tasks(self.farm, found, chosen, self.world.now)
        assert all(before[task] not in FINISHED_TASK for task in canceled.get(step.index, ()))
        assert all(step.tasks[task] in FINISHED_TASK for task in chosen[step.index])
        assert not cancel_tasks(self.farm, found, chosen, self.world.now), "done twice it changes nothing"
        self.go_on()

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
            assert counted.held <= counted.limit.count

    @invariant()
    def the_queue_is_the_steps_with_ready_tasks_of_jobs_that_run_in_the_order_of_work(self) -> None:
        wanted = [step for step in self.steps() if step.job.runs and step.counts[TaskState.READY]]
        wanted = [step for step in wanted if not step.resting and not step.wants_approval]
        assert list(self.farm.queue) == sorted(wanted, key=self.standing)

    def standing(self, step: Step) -> tuple[Any, ...]:
        """Where a step stands, worked out from all orders there are."""
        job, shares, weights = step.job, {"film": 60, "spot": 30}, {"bob": 2}

        def use(same: Callable[[Job], bool]) -> int:
            return sum(order.cost for order in self.farm.orders.values() if same(self.farm.jobs[order.job]))

        def place(step: Step) -> tuple[int, int, int]:
            return (step.job.started is None or step.job.overtook, step.job.id, step.index)

        def first(same: Callable[[Job], bool]) -> tuple[int, int, int]:
            here = (other for other in self.farm.queue if other.job.priority == job.priority)
            return min(place(other) for other in here if same(other.job))

        def of_owner(owner: str) -> tuple[float, tuple[int, int, int]]:
            used = use(lambda other: (other.settings.project, other.owner) == (job.settings.project, owner))
            mine = first(lambda other: (other.settings.project, other.owner) == (job.settings.project, owner))
            return (used / weights.get(owner, 1), mine)

        def here_too(other: Job) -> bool:
            return (other.priority, other.settings.project) == (job.priority, job.settings.project)

        in_project = use(lambda other: other.settings.project == job.settings.project)
        return (
            -job.priority,
            in_project / shares.get(job.settings.project, 1),
            min(place(other) for other in self.farm.queue if here_too(other.job)),
            of_owner(job.owner),
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
            assert order.cost == (client.slots if step.requires.vcpus is None else step.requires.vcpus)
            assert order.count == 1 or not any(task in step.tries for task in order.awaited())
            assert order.count == 1 or not order.second
        self.nothing_ready_waits_while_it_could_run()
        self.settle()

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

    def steps(self) -> list[Step]:
        return [step for job in self.farm.jobs.values() if not job.finished for step in job.steps]

    def a_client(self, data: st.DataObject) -> RuntimeClient:
        client: RuntimeClient = data.draw(st.sampled_from(list(self.farm.clients.values())))
        return client

    def a_job(self, data: st.DataObject) -> Job:
        job: Job = data.draw(st.sampled_from(list(self.farm.jobs.values())))
        return job

    def an_order(self, data: st.DataObject) -> Order:
        """One that is open, most of the time."""
        held = list(self.farm.orders.values())
        order: Order = data.draw(st.sampled_from(held * 3 + list(self.ever.values())))
        return order

    def who(self, data: st.DataObject, order: Order) -> int:
        return int(data.draw(st.sampled_from([order.client] * 7 + list(self.farm.clients))))

    def a_task(self, data: st.DataObject, order: Order) -> int:
        return int(data.draw(st.sampled_from(order.units * 5 + [order.first, order.first + order.count, -1])))


# What is ready follows from what is done, and (until a worker has said that it is gone) from what is being ended.
WAIT = bytes.maketrans(bytes([TaskState.READY]), bytes([TaskState.WAITING]))


def picture(farm: Farm) -> dict[str, Any]:
    """All of a farm that has to survive."""
    unfinished = [job for job in farm.jobs.values() if not job.finished]
    return {
        "jobs": {job.id: (job.state, job.reason, job.started, job.ended) for job in farm.jobs.values()},
        "settings": {job.id: job.settings for job in unfinished},
        "standing": {job.id: job.standing for job in unfinished},
        "past": {job.id: [(step.name, step.counts) for step in job.past] for job in farm.jobs.values()},
        "tasks": {job.id: [bytes(step.tasks).translate(WAIT) for step in job.steps] for job in unfinished},
        "tries": {
            job.id: [{task: sorted(tries.clients) for task, tries in step.tries.items()} for step in job.steps]
            for job in unfinished
            if all(step.as_of < 0 for step in job.steps)
        },
        "orders": {
            order.id: (order.client, order.first, bytes(order.tasks), order.cost, order.second)
            for order in farm.orders.values()
            if order.open
        },
        "clients": {client.id: (client.machine, client.status, client.settings) for client in farm.clients.values()},
    }


STEPS = int(os.environ.get("BRENDER_LIFE_STEPS", "10000"))
SEED = int(os.environ.get("BRENDER_LIFE_SEED", "1"))  # the same lives each time, but in `make test-long`
LENGTH = 50
PART = 1000
SURE = (
    "an order",
    "COMPLETED in the end",
    "FAILED in the end",
    "tried again",
    "depends on a step",
    "several tasks at once",
    "a limit",
    "a second start",
    "frames were added",
)


class AnyLife(SynchronousTestCase):
    def test_whatever_happens_the_farm_stays_whole(self) -> None:
        how = settings(
            max_examples=PART // (LENGTH - 10),
            stateful_step_count=LENGTH,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],  # a machine may have others' work to do
        )
        SEEN.clear()
        while SEEN["steps"] < STEPS or (not all(SEEN[name] for name in SURE) and SEEN["steps"] < 5 * STEPS):
            run_state_machine_as_test(seed(SEED + SEEN["steps"])(FarmLife), settings=how)
        self.assertEqual([name for name in SURE if not SEEN[name]], [], SEEN)
