"""Any life that a farm may have: whatever happens in whatever order, some things are always so.

How does this work?  Hypothesis draws a row of happenings (submissions, workers that come, go and lie, results
that come late, twice or from the wrong side, admins who change their minds) and plays it to the real `Farm`
with the real matching.  After each, the `@invariant`s of `life/always.py` look at the whole farm.  Every change is
turned into rows, as the store would, and a second farm is restored from them: it has to be like the first.
What may be drawn stands in `life/choices.py`; `SURE` has what must have happened for a run to count.
"""

import os
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule, run_state_machine_as_test
from msgspec.structs import replace
from twisted.trial.unittest import SynchronousTestCase

from brender.farm import changing, choosing, overrides
from brender.farm.admission import circle
from brender.farm.canceling import cancel_tasks
from brender.farm.client import RuntimeClient, Status
from brender.farm.job import Job
from brender.farm.machines import presence
from brender.farm.order import Order
from brender.farm.settings import ClientSettings, JobSettings, read
from brender.farm.transitions import FINISHED_TASK, JOB, JobEvent, JobState, NotNow, TaskState
from tests.doubles import CANCELED, DONE, DRIVES, FAILED, Stage
from tests.farm.life.always import SEEN, Always
from tests.farm.life.choices import (
    AFTER,
    CAUSES,
    CLIENTS,
    HOUR,
    JOBS,
    MACHINES,
    MOST_CLIENTS,
    MOST_JOBS,
    SECONDS,
    SHAPES,
    WHOLE_FARM,
    some,
)
from tests.farm.written import framed

anything = st.data()


def as_one(number: int) -> list[int]:
    return [number]


class FarmLife(Always):
    # --- what happens

    @initialize(
        machines=st.lists(st.sampled_from(MACHINES), min_size=1, max_size=3),
        jobs=st.lists(st.sampled_from(SHAPES), min_size=1, max_size=3),
        prompt=st.sampled_from([True, True, True, False]),
    )
    def something_is_there(self, machines: list[Any], jobs: list[tuple[Stage, ...]], prompt: bool) -> None:
        for machine in machines:
            self.world.client(**machine)
        for stages in jobs:
            self.world.job(*stages)
        self.prompt = prompt
        self.go_on()

    @precondition(lambda self: len(self.farm.clients) < MOST_CLIENTS)
    @rule(machine=st.sampled_from(MACHINES), wishes=some(CLIENTS))
    def a_machine_is_new(self, machine: dict[str, Any], wishes: dict[str, Any]) -> None:
        self.world.client(**machine, settings=wishes)
        self.go_on()

    @precondition(lambda self: len(self.farm.jobs) < MOST_JOBS)
    @rule(stages=st.sampled_from(SHAPES), wishes=some(JOBS), seconds=st.sampled_from([0, 0.1, 20.0]), data=anything)
    def a_job_is_submitted(
        self, stages: tuple[Stage, ...], wishes: dict[str, Any], seconds: float, data: st.DataObject
    ) -> None:
        found = self.world.job(*stages, **self.possible(wishes), after=self.some_dependencies(data, 0))
        if seconds:
            found.steps[0].estimate.learn(seconds)
        self.go_on()

    def some_dependencies(self, data: st.DataObject, number: int) -> list[dict[str, Any]]:
        """What a job comes after: mostly nothing."""
        kept = [job.id for job in self.farm.jobs.values() if not job.standing.deleted]
        others = [other for other in kept if other != number and not circle(self.farm, number, other)]
        if not others or data.draw(st.integers(0, 2)) != 0:
            return []
        other, kind = data.draw(st.sampled_from(others)), data.draw(st.sampled_from(AFTER))
        made = [{"job": other, **kind}]
        self.take_up_sources(read(JobSettings, {"after": made}))
        return made

    def possible(self, wishes: dict[str, Any]) -> dict[str, Any]:
        """Without limits that the farm has not, or of which it has too few."""
        there = self.farm.settings.limits
        limits = {name: count for name, count in wishes.get("limits", {}).items() if name in there}
        limits = {name: count for name, count in limits.items() if count <= there[name].count}
        return {**wishes, "limits": limits} if "limits" in wishes else wishes

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
        state = self.farm.jobs[order.job].state if order.job in self.farm.jobs else None
        taken = self.farm.result(
            client, order.id, task, outcome, "It broke.", seconds, self.world.now, cause=cause, peak=peak
        )
        assert taken == awaited
        counted = {DONE: self.completed, FAILED: self.failed}.get(outcome)
        if taken and counted is not None and not (outcome is FAILED and cause == "later"):
            counted.update((order.job, order.step, each) for each in tasks)
        if not taken and state is not None:
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
    @rule(data=anything, drives=st.sampled_from([None, None, None, 0, 2]))
    def a_worker_greets(self, data: st.DataObject, drives: int | None) -> None:
        """Perhaps its machine has other tape drives than before."""
        client = self.a_client(data)
        machine = client.machine if drives is None else replace(client.machine, amounts={DRIVES: drives})
        held = {
            order.id: [task for task in order.units if data.draw(st.booleans())]
            for order in client.orders.values()
            if data.draw(st.booleans())
        }
        held[data.draw(st.integers(900, 901))] = [0]
        drop = self.farm.join(client, machine, held, self.world.now)
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

    @rule(wishes=some(WHOLE_FARM), forget=st.sampled_from([(), (), ("limits",), ("weights", "shares")]))
    def the_farm_gets_other_settings(self, wishes: dict[str, Any], forget: tuple[str, ...]) -> None:
        before = self.farm.settings
        try:
            overrides.change(self.farm, wishes, forget, self.world.now)
        except NotNow:
            assert self.farm.settings == before
            assert any(job.settings.limits for job in self.farm.jobs.unfinished())
        for name, limit in before.limits.items():
            now = self.farm.settings.limits.get(name)
            SEEN["a limit was lowered or taken away"] += now is None or now.count < limit.count
        self.held = {name: counted.held for name, counted in self.farm.counted.items()}
        self.go_on()

    @precondition(lambda self: len(self.farm.jobs) < MOST_JOBS)
    @rule(count=st.integers(1, 3), wishes=some(JOBS))
    def a_job_that_can_have_more_frames_is_submitted(self, count: int, wishes: dict[str, Any]) -> None:
        found = self.world.submit(framed(f"1-{count}"), **self.possible(wishes))
        self.frames[found.id] = count
        self.go_on()

    def can_have_more(self) -> list[int]:
        return [number for number in self.frames if not self.farm.jobs[number].standing.deleted]

    @precondition(lambda self: self.can_have_more())
    @rule(data=anything, count=st.integers(1, 3))
    def frames_are_added(self, data: st.DataObject, count: int) -> None:
        found = self.farm.jobs[data.draw(st.sampled_from(self.can_have_more()))]
        self.take_up_sources(found.settings)
        last = self.frames[found.id]
        assert self.world.add(found, f"{last + 1}-{last + count}") == count
        self.frames[found.id] += count
        SEEN["frames were added"] += 1
        self.ended.pop(found.id, None)
        self.go_on()

    @precondition(lambda self: self.can_have_more())
    @rule(data=anything, quality=st.integers(1, 3))
    def tasks_get_other_values(self, data: st.DataObject, quality: int) -> None:
        found = self.farm.jobs[data.draw(st.sampled_from(self.can_have_more()))]
        tasks = [bytes(step.tasks) for step in found.steps]
        try:
            self.world.revise(found, Quality=quality)
        except NotNow:
            assert found.finished
        else:
            assert [bytes(step.tasks) for step in found.steps] == tasks
            assert found.values["Quality"] == str(quality)
            SEEN["values were changed"] += 1
        self.go_on()

    @precondition(lambda self: self.kept_jobs())
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
    @rule(data=anything)
    def jobs_are_deleted(self, data: st.DataObject) -> None:
        chosen = data.draw(st.lists(st.sampled_from(list(self.farm.jobs.values())), min_size=1, max_size=2))
        states = {job.id: job.state for job in chosen}
        stay = self.world.delete(chosen)
        for job in chosen:
            there = self.farm.jobs.get(job.id)
            SEEN["a job was deleted"] += there is None
            SEEN["a job that runs was deleted"] += there is not None and job.standing.deleted
            if job.id in stay:
                assert there is job
                assert job.state == states[job.id] or job.standing.deleted
                continue
            assert job.finished
            assert there is None or (job.standing.deleted and job.orders)
        self.go_on()

    @precondition(lambda self: self.farm.clients)
    @rule(data=anything)
    def a_client_is_deleted(self, data: st.DataObject) -> None:
        client = self.a_client(data)
        may_go = not client.online and not client.orders
        assert bool(self.world.delete_client(client)) != may_go
        assert (client.id in self.farm.clients) != may_go
        SEEN["a client was deleted"] += may_go
        self.go_on()

    @precondition(lambda self: self.kept_jobs())
    @rule(data=anything, wishes=some(JOBS))
    def a_job_gets_other_settings(self, data: st.DataObject, wishes: dict[str, Any]) -> None:
        found = self.a_job(data)
        wishes = {name: wish for name, wish in self.possible(wishes).items() if name != "tries"}
        if not found.finished and data.draw(st.booleans()):
            wishes["after"] = self.some_dependencies(data, found.id)
        wanted = read(JobSettings, wishes, found.settings)
        changing.set_job(self.farm, found, wanted, self.world.now)
        assert not changing.set_job(self.farm, found, wanted, self.world.now)
        self.go_on()

    @precondition(lambda self: self.kept_jobs())
    @rule(data=anything)
    def a_preview_is_approved_and_clients_are_forgiven(self, data: st.DataObject) -> None:
        found = self.a_job(data)
        changing.approve(self.farm, found)
        changing.forgive(self.farm, found, list(self.farm.clients))
        self.go_on()

    @precondition(lambda self: self.kept_jobs())
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

    @precondition(lambda self: self.kept_jobs())
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

    # --- inside

    def a_client(self, data: st.DataObject) -> RuntimeClient:
        client: RuntimeClient = data.draw(st.sampled_from(list(self.farm.clients.values())))
        return client

    def kept_jobs(self) -> list[Job]:
        return [job for job in self.farm.jobs.values() if not job.standing.deleted]

    def a_job(self, data: st.DataObject) -> Job:
        job: Job = data.draw(st.sampled_from(self.kept_jobs()))
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
    "values were changed",
    "a job was deleted",
    "a job that runs was deleted",
    "a client was deleted",
    "a limit was lowered or taken away",
    "a graphics card",
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
