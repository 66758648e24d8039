"""The farm: what happens to clients, jobs and orders when something happens."""

import json

from twisted.trial.unittest import SynchronousTestCase

from brender.farm import changing
from brender.farm.changes import Changes, Kept, Loaded
from brender.farm.client import RuntimeClient, Status
from brender.farm.farm import MOST_WARNINGS, MOST_WORDS, Farm
from brender.farm.order import Order
from brender.farm.scheduling import holding
from brender.farm.starting import restore
from brender.farm.transitions import JobState, NotNow, TaskState
from tests.doubles import CANCELED, DONE, FAILED, Rules, Stage, job, machine, planned

READY, ACTIVE = TaskState.READY, TaskState.ACTIVE


class Steps(SynchronousTestCase):
    """Steps that depend on steps."""

    def setUp(self) -> None:
        self.rules = Rules()

    def counts(self, *names: str) -> list[list[int]]:
        """Of each step of job 1: how many of its tasks are waiting, ready, completed, failed, canceled."""
        states = (TaskState.WAITING, READY, DONE, FAILED, CANCELED)
        steps = {step.name: step for step in self.rules.farm.jobs[1].steps}
        return [[steps[name].counts[state] for state in states] for name in names]

    def test_a_step_waits_for_every_task_of_those_it_depends_on(self) -> None:
        self.rules.job(Stage("Render", 3, vcpus=1), Stage("Video", 2, after=("Render",)))
        client = self.rules.client(4)
        self.rules.match()
        for order in self.rules.orders(client):
            self.assertEqual(self.counts("Video"), [[2, 0, 0, 0, 0]])
            self.rules.ended(order)
        self.assertEqual(self.counts("Video"), [[0, 2, 0, 0, 0]])

    def test_a_step_may_depend_on_one_that_is_written_later(self) -> None:
        found = self.rules.job(Stage("Video", after=("Render",)), Stage("Render"))
        client = self.rules.client()
        self.rules.match()
        self.assertEqual([order.step for order in self.rules.orders(client)], [1])
        self.rules.run(client)
        self.assertIs(found.state, JobState.COMPLETED)

    def test_a_diamond_runs_its_tip_once_and_last(self) -> None:
        found = self.rules.job(
            Stage("Tip", after=("Left", "Right")),
            Stage("Left", after=("Root",)),
            Stage("Right", after=("Root",)),
            Stage("Root"),
        )
        client = self.rules.client()
        ran: list[str] = []
        for _ in range(4):
            self.rules.match()
            order = self.rules.orders(client)[0]
            ran.append(found.steps[order.step].name)
            self.rules.ended(order)
        self.assertEqual(ran, ["Root", "Left", "Right", "Tip"])
        self.assertIs(found.state, JobState.COMPLETED)

    def test_what_depends_on_a_failed_step_is_canceled_and_the_job_fails_when_the_rest_is_done(self) -> None:
        found = self.rules.job(Stage("Other", 2, vcpus=1), Stage("Bad"), Stage("Never", 3, after=("Bad",)))
        client = self.rules.client()
        while found.steps[1].unfinished:
            self.rules.match()
            order = next(order for order in self.rules.orders(client) if order.open)
            self.rules.ended(order, outcome=FAILED if order.step == 1 else DONE, message="It broke.")
        self.rules.run(client)
        self.assertEqual(self.counts("Other", "Bad", "Never"), [[0, 0, 2, 0, 0], [0, 0, 0, 1, 0], [0, 0, 0, 0, 3]])
        self.assertEqual((found.state, found.reason), (JobState.FAILED, "It broke."))

    def test_the_rest_of_a_step_runs_on_when_one_task_has_failed(self) -> None:
        found = self.rules.job(Stage(tasks=3))
        client = self.rules.client()
        for task, outcome in [(0, FAILED), (1, DONE), (2, DONE), (0, FAILED), (0, FAILED)]:
            self.rules.match()
            order = next(order for order in self.rules.orders(client) if order.holds(task))
            self.assertFalse(found.finished)
            self.rules.ended(order, task, outcome)
        self.assertEqual((found.state, found.steps[0].counts[DONE]), (JobState.FAILED, 2))

    def test_a_chain_of_a_thousand_steps_is_given_up_at_once_when_the_first_fails(self) -> None:
        chain = [Stage("S0"), *(Stage(f"S{n}", after=(f"S{n - 1}",)) for n in range(1, 1000))]
        found = self.rules.job(*chain)
        self.rules.run(self.rules.client(), FAILED)
        self.assertIs(found.state, JobState.FAILED)
        self.assertEqual(sum(step.counts[CANCELED] for step in found.steps), 999)


class Jobs(SynchronousTestCase):
    def setUp(self) -> None:
        self.rules = Rules()

    def test_a_job_is_queued_until_its_first_order(self) -> None:
        found = self.rules.job(Stage())
        self.assertEqual((found.state, found.started), (JobState.QUEUED, None))
        self.rules.client()
        self.rules.match()
        self.assertIs(found.state, JobState.ACTIVE)
        self.assertIsNotNone(found.started)

    def test_a_canceled_one_takes_nothing_back_and_its_client_is_busy_until_the_order_is_dropped(self) -> None:
        found = self.rules.job(Stage(tasks=3))
        client = self.rules.client()
        self.rules.match()
        running, waiting = self.rules.orders(client)
        self.rules.started(running)
        self.rules.changes()
        changing.cancel(self.rules.farm, found, self.rules.now)
        self.assertEqual((found.state, found.steps[0].counts[CANCELED]), (JobState.CANCELED, 3))
        self.assertEqual([order.id for order in self.rules.changes().canceled], [running.id, waiting.id])
        self.assertFalse(self.rules.ended(running, running.first))
        self.assertEqual((client.used, client.activity), (2, "idle"))
        for order in (running, waiting):
            self.rules.farm.dropped(client.id, order.id)
        self.assertEqual((client.used, self.rules.farm.orders), (0, {}))

    def test_a_finished_one_changes_no_more(self) -> None:
        found = self.rules.job(Stage())
        self.rules.run(self.rules.client())
        for change in (changing.pause, changing.resume):
            self.assertRaises(NotNow, change, self.rules.farm, found)
        self.assertRaises(NotNow, changing.cancel, self.rules.farm, found, self.rules.now)
        self.assertIs(found.state, JobState.COMPLETED)

    def test_a_paused_one_is_not_ordered_and_what_runs_runs_on(self) -> None:
        found = self.rules.job(Stage(tasks=3))
        client = self.rules.client()
        self.rules.match()
        running, waiting = self.rules.orders(client)
        self.rules.started(running)
        changing.pause(self.rules.farm, found)
        self.assertEqual(list(self.rules.farm.queue), [])
        self.rules.farm.handed_back(client.id, waiting.id, [waiting.first], self.rules.now)
        self.rules.ended(running)
        self.rules.match()
        self.assertEqual((found.state, self.rules.orders(client)), (JobState.PAUSED, []))
        changing.resume(self.rules.farm, found)
        self.assertIs(found.state, JobState.ACTIVE)
        self.assertEqual((self.rules.run(client), found.state), (2, JobState.COMPLETED))

    def test_one_that_is_paused_asks_for_what_has_not_begun(self) -> None:
        found = self.rules.job(Stage(tasks=2))
        client = self.rules.client()
        self.rules.match()
        running, waiting = self.rules.orders(client)
        self.rules.started(running)
        self.rules.changes()
        changing.pause(self.rules.farm, found)
        self.assertEqual([order.id for order in self.rules.changes().recalled], [waiting.id])

    def test_one_that_was_paused_before_it_began_is_queued_again(self) -> None:
        found = self.rules.job(Stage())
        changing.pause(self.rules.farm, found)
        changing.resume(self.rules.farm, found)
        self.assertIs(found.state, JobState.QUEUED)

    def test_the_last_task_of_a_paused_one_completes_it(self) -> None:
        found = self.rules.job(Stage())
        client = self.rules.client()
        self.rules.match()
        changing.pause(self.rules.farm, found)
        self.rules.ended(self.rules.orders(client)[0])
        self.assertIs(found.state, JobState.COMPLETED)

    def test_a_warning_is_kept_once_and_not_too_many_nor_too_long(self) -> None:
        found = self.rules.job(Stage())
        client = self.rules.client()
        self.rules.match()
        (order,) = self.rules.orders(client)
        for text in ["No image.", "No image.", "x" * 100_000, *map(str, range(100))]:
            self.rules.farm.warn(client.id, order.id, text)
        self.assertEqual((found.warnings[0], len(found.warnings[1])), ("No image.", MOST_WORDS))
        self.assertEqual(len(found.warnings), MOST_WARNINGS)

    def test_only_who_holds_the_order_may_warn(self) -> None:
        found = self.rules.job(Stage())
        client, other = self.rules.client(), self.rules.client()
        self.rules.match()
        self.rules.farm.warn(other.id, self.rules.orders(client)[0].id, "I know nothing of it.")
        self.assertEqual(found.warnings, [])


class Results(SynchronousTestCase):
    """What a worker says of an order that it does not hold (any more) changes nothing, and is acknowledged."""

    def setUp(self) -> None:
        self.rules = Rules()
        self.job = self.rules.job(Stage(tasks=2))
        self.client, self.other = self.rules.client(), self.rules.client()
        self.rules.match()
        (self.order,) = self.rules.orders(self.client)
        self.rules.changes()

    def settled(self) -> list[tuple[int, int, int]]:
        return self.rules.changes().settled

    def test_one_that_comes_twice_counts_once(self) -> None:
        self.assertTrue(self.rules.ended(self.order, 0))
        self.assertFalse(self.rules.ended(self.order, 0, FAILED))
        self.assertEqual((self.job.steps[0].counts[DONE], self.job.steps[0].tries), (1, {}))
        self.assertEqual(self.settled(), [(self.client.id, self.order.id, 0)] * 2)

    def test_one_from_the_wrong_client_changes_nothing(self) -> None:
        taken = self.rules.farm.result(self.other.id, self.order.id, 0, DONE, "", 1.0, self.rules.now)
        self.assertEqual((taken, self.order.awaited()), (False, [0]))
        self.assertEqual(self.settled(), [(self.other.id, self.order.id, 0)])

    def test_one_of_an_order_that_never_was_changes_nothing(self) -> None:
        self.assertFalse(self.rules.farm.result(self.client.id, 99, 0, DONE, "", 1.0, self.rules.now))
        self.assertEqual(self.settled(), [(self.client.id, 99, 0)])

    def test_one_of_another_task_changes_nothing(self) -> None:
        for task in (1, -1, 5):
            self.assertFalse(self.rules.ended(self.order, task))
        self.assertEqual(self.job.steps[0].counts[DONE], 0)

    def test_one_that_comes_after_the_order_was_given_to_another_changes_nothing(self) -> None:
        self.rules.farm.leave(self.client, self.rules.now)
        self.rules.farm.lose(self.client, self.rules.now)
        self.rules.match()
        again = next(order for order in self.rules.orders(self.other) if order.first == 0)
        self.assertFalse(self.rules.ended(self.order, 0))
        self.assertTrue(self.rules.ended(again, 0))
        self.assertEqual(self.job.steps[0].counts[DONE], 1)

    def test_a_reason_without_end_is_cut(self) -> None:
        for _ in range(3):
            order = next(order for order in self.rules.farm.orders.values() if order.holds(0))
            self.rules.ended(order, 0, FAILED, "x" * 100_000)
            self.rules.match()
        self.assertEqual(len(self.job.reason), MOST_WORDS)

    def test_progress_is_of_the_task_that_runs_and_between_nothing_and_all(self) -> None:
        say = self.rules.farm.progressed
        self.assertFalse(say(self.other.id, self.order.id, 0, 10.0, "sample 1"))
        self.rules.started(self.order)
        self.assertTrue(say(self.client.id, self.order.id, 0, 1e9, "sample 1"))
        self.assertEqual((self.order.percent, self.order.status), (100.0, "sample 1"))
        self.assertTrue(say(self.client.id, self.order.id, 0, None, "sample 2"))
        self.assertEqual((self.order.percent, self.order.status), (100.0, "sample 2"))

    def test_only_who_holds_it_can_begin_it(self) -> None:
        self.assertIsNone(self.rules.farm.started(self.other.id, self.order.id, 0, self.rules.now))
        self.assertIsNone(self.rules.farm.started(self.client.id, self.order.id, 1, self.rules.now))
        self.assertIs(self.rules.farm.started(self.client.id, self.order.id, 0, self.rules.now), self.order)

    def test_what_is_handed_back_is_ready_again(self) -> None:
        self.rules.farm.handed_back(self.other.id, self.order.id, [0], self.rules.now)
        self.assertEqual(self.order.awaited(), [0])
        self.rules.farm.handed_back(self.client.id, self.order.id, [0, 0, 1, 7, -1], self.rules.now)
        self.assertEqual((self.order.open, self.client.used, self.job.steps[0].tasks[0]), (False, 0, READY))


class Clients(SynchronousTestCase):
    def setUp(self) -> None:
        self.rules = Rules()
        self.farm = self.rules.farm

    def test_a_machine_is_known_by_its_key(self) -> None:
        client = self.rules.client()
        self.assertIs(self.farm.known("key 1"), client)
        self.assertIsNone(self.farm.known("key 2"))

    def test_the_farms_slots_are_those_of_the_clients_that_work(self) -> None:
        first, second = self.rules.client(3), self.rules.client(5)
        seen = [self.farm.floor.slots]
        changing.set_status(self.farm, first, Status.DISABLED)
        seen.append(self.farm.floor.slots)
        self.farm.retire(second)
        seen.append(self.farm.floor.slots)
        changing.set_status(self.farm, first, Status.ENABLED)
        seen.append(self.farm.floor.slots)
        self.farm.join(second, machine(2, 7), {}, self.rules.now)
        seen.append(self.farm.floor.slots)
        self.farm.leave(first, self.rules.now)
        seen.append(self.farm.floor.slots)
        self.assertEqual(seen, [8, 5, 0, 3, 10, 7])

    def test_a_status_that_is_so_already_is_no_change(self) -> None:
        client = self.rules.client()
        self.assertTrue(changing.set_status(self.farm, client, Status.DISABLED))
        self.rules.changes()
        self.assertFalse(changing.set_status(self.farm, client, Status.DISABLED))
        self.assertFalse(self.rules.changes())

    def test_one_that_is_disabled_is_asked_for_what_has_not_begun(self) -> None:
        client, (running, waiting) = self.given(2)
        self.rules.started(running)
        self.rules.changes()
        changing.set_status(self.farm, client, Status.DISABLED)
        self.assertEqual([order.id for order in self.rules.changes().recalled], [waiting.id])

    def test_what_one_holds_waits_for_it_when_its_connection_is_lost(self) -> None:
        client, orders = self.given(2)
        self.farm.leave(client, self.rules.now)
        self.assertEqual((client.online, self.rules.orders(client), orders[0].awaited()), (False, orders, [0]))

    def test_one_that_comes_back_keeps_what_it_still_has_and_gives_up_the_rest(self) -> None:
        client, (kept, gone) = self.given(2)
        self.farm.leave(client, self.rules.now)
        drop = self.farm.join(client, client.machine, {kept.id: [0], 77: [3]}, self.rules.now)
        self.assertEqual((drop, self.rules.orders(client), gone.open), ([77], [kept], False))
        self.assertIs(self.farm.jobs[1].steps[0].tasks[1], READY)

    def test_of_an_order_it_keeps_the_tasks_that_it_still_has(self) -> None:
        client, (order, _) = self.given(100, seconds=0.1)
        self.assertEqual(order.count, 5)
        self.farm.join(client, client.machine, {order.id: [order.first + 2]}, self.rules.now)
        self.assertEqual(order.awaited(), [order.first + 2])

    def test_one_that_comes_back_after_it_was_given_up_is_told_to_drop_what_it_has(self) -> None:
        client, (first, second) = self.given(2)
        self.farm.leave(client, self.rules.now)
        self.farm.lose(client, self.rules.now)
        self.assertEqual((client.used, first.open, second.open), (0, False, False))
        self.assertEqual(self.farm.join(client, client.machine, {first.id: [0]}, self.rules.now), [first.id])

    def test_one_that_comes_back_with_an_order_of_a_canceled_job_is_told_to_drop_it(self) -> None:
        client, (first, _) = self.given(2)
        self.farm.leave(client, self.rules.now)
        changing.cancel(self.farm, self.farm.jobs[1], self.rules.now)
        self.assertEqual(self.farm.join(client, client.machine, {first.id: [0]}, self.rules.now), [first.id])
        self.assertEqual((client.used, self.farm.orders), (0, {}))

    def test_one_that_has_other_cores_now_is_looked_at_anew(self) -> None:
        client = self.rules.client(1)
        self.rules.job(Stage(vcpus=2))
        self.rules.match()
        self.assertEqual(self.rules.orders(client), [])
        self.farm.join(client, machine(1, 2), {}, self.rules.now)
        self.rules.match()
        self.assertEqual([order.cost for order in self.rules.orders(client)], [2])

    def test_one_that_was_recalled_in_vain_can_be_recalled_again_after_it_came_back(self) -> None:
        client, (running, waiting) = self.given(2)
        holding.recall(self.farm, waiting)
        self.farm.join(client, client.machine, {running.id: [0], waiting.id: [1]}, self.rules.now)
        self.assertTrue(waiting.untouched)

    def test_what_one_had_begun_has_begun_after_it_came_back_and_is_not_asked_back(self) -> None:
        client, orders = self.given(2)
        for order in orders:
            self.rules.started(order)
        self.farm.join(client, client.machine, {order.id: order.units for order in orders}, self.rules.now)
        self.assertEqual([order.running for order in orders], [0, 1])
        self.rules.client()
        self.rules.match()
        self.assertEqual(self.rules.changes().recalled, [])

    def given(self, tasks: int, seconds: float | None = None) -> tuple[RuntimeClient, list[Order]]:
        """A client of one slot with its two orders of a job."""
        client = self.rules.client()
        found = self.rules.job(Stage(tasks=tasks))
        if seconds:
            found.steps[0].estimate.learn(seconds)
        self.rules.match()
        return client, self.rules.orders(client)


class WhatIsToBeWritten(SynchronousTestCase):
    def test_nothing_has_changed_when_nothing_has_happened(self) -> None:
        self.assertFalse(Farm().take_changes())

    def test_a_submission_is_written_with_its_steps(self) -> None:
        rules = Rules()
        found = rules.job(Stage())
        changes = rules.changes()
        self.assertEqual((changes.jobs, changes.steps), ({1: found}, {1: found}))
        self.assertFalse(rules.changes())

    def test_an_order_is_written_when_it_is_given_and_with_each_result(self) -> None:
        rules = Rules()
        rules.job(Stage())
        client = rules.client()
        rules.match()
        (order,) = rules.orders(client)
        given = rules.changes()
        rules.ended(order)
        ended = rules.changes()
        self.assertEqual((given.issued, given.orders), ([order], {order.id: order}))
        self.assertEqual((ended.orders, ended.settled), ({order.id: order}, [(client.id, order.id, 0)]))

    def test_a_job_that_ends_is_written_with_its_steps(self) -> None:
        rules = Rules()
        found = rules.job(Stage())
        rules.changes()
        rules.run(rules.client())
        changes = rules.changes()
        self.assertEqual((changes.ended, changes.steps), ([found], {1: found}))

    def test_a_result_that_changes_nothing_still_has_to_be_acknowledged(self) -> None:
        changes = Changes(settled=[(1, 2, 3)])
        self.assertTrue(changes)


class AStart(SynchronousTestCase):
    """What `restore` makes of the rows; `tests/farm/test_whole_life.py` holds it to the farm that wrote them."""

    def restored(self, *orders: Order, tasks: int = 3, state: JobState = JobState.ACTIVE) -> Farm:
        farm, found = Farm(), job(1, Stage("Render", tasks), Stage("Video", after=("Render",)))
        found.state, found.started = state, 1.0
        clients = [RuntimeClient(number, machine(number)) for number in (1, 2)]
        plan = planned(Stage("Render", tasks), Stage("Video", after=("Render",)))
        restore(farm, Loaded(clients, [], [Kept(found, plan, [None, None], [])], [], list(orders), 1, 9), 50.0)
        return farm

    def order(self, number: int, first: int, *states: TaskState, client: int = 1) -> Order:
        return Order(number, 1, 0, client, first, len(states), 1, 1, 1.0, None, "", bytearray(states))

    def test_what_is_done_stays_done_and_the_rest_is_ready(self) -> None:
        farm = self.restored(self.order(1, 0, DONE, READY))
        self.assertEqual(list(bytes(farm.jobs[1].steps[0].tasks)), [DONE, READY, READY])
        self.assertEqual([step.name for step in farm.queue], ["Render"])

    def test_an_open_order_is_still_its_clients(self) -> None:
        farm = self.restored(self.order(4, 1, DONE, ACTIVE))
        self.assertEqual((list(farm.orders), list(farm.clients[1].orders), farm.clients[1].used), ([4], [4], 1))
        self.assertEqual(list(bytes(farm.jobs[1].steps[0].tasks)), [READY, DONE, ACTIVE])

    def test_tries_are_remembered(self) -> None:
        failed = [self.order(number, 0, FAILED, client=client) for number, client in ((1, 1), (2, 2))]
        farm = self.restored(*failed)
        self.assertEqual(farm.jobs[1].steps[0].tries[0].clients, [1, 2])
        self.assertIs(farm.jobs[1].steps[0].tasks[0], READY)

    def test_a_task_that_has_used_them_up_has_failed(self) -> None:
        farm = self.restored(*(self.order(number, 0, FAILED) for number in (1, 2, 3)))
        self.assertIs(farm.jobs[1].steps[0].tasks[0], FAILED)

    def test_one_that_failed_and_then_worked_is_done(self) -> None:
        farm = self.restored(self.order(1, 0, FAILED), self.order(2, 0, DONE))
        self.assertIs(farm.jobs[1].steps[0].tasks[0], DONE)

    def test_the_step_after_a_whole_one_is_ready_without_help(self) -> None:
        farm = self.restored(self.order(1, 0, DONE, DONE, DONE))
        self.assertEqual([step.name for step in farm.queue], ["Video"])

    def test_a_job_of_which_the_end_was_not_written_ends(self) -> None:
        video = Order(2, 1, 1, 1, 0, 1, 1, 1, 1.0, 2.0, "", bytearray([DONE]))
        farm = self.restored(self.order(1, 0, DONE, DONE, DONE), video)
        self.assertEqual((farm.jobs[1].state, farm.jobs[1].ended), (JobState.COMPLETED, 50.0))

    def test_a_paused_one_stays_paused(self) -> None:
        farm = self.restored(state=JobState.PAUSED)
        self.assertEqual((farm.jobs[1].state, list(farm.queue)), (JobState.PAUSED, []))

    def test_numbers_go_on_after_the_last_ones(self) -> None:
        farm = self.restored()
        self.assertEqual((farm.last_job, farm.last_order), (1, 9))

    def test_nobody_is_online(self) -> None:
        farm = self.restored()
        self.assertEqual(([client.online for client in farm.clients.values()], farm.floor.slots), ([False, False], 0))


class SecondsWithoutEnd(SynchronousTestCase):
    def test_the_time_left_is_a_number(self) -> None:
        rules = Rules()
        client = rules.client()
        job = rules.job(Stage(tasks=9))
        for _ in range(3):
            rules.match()
            rules.ended(rules.orders(client)[0], seconds=1e308)
        json.dumps([job.steps[0].estimate.mean, job.steps[0].estimate.spread], allow_nan=False)

    def test_a_peak_beyond_all_memory_is_taken_like_any_other(self) -> None:
        for peak in (10**400, -(10**400)):
            rules = Rules()
            client = rules.client(2)
            job = rules.job(Stage(tasks=3, vcpus=1))
            rules.match()
            self.assertTrue(rules.ended(rules.orders(client)[0], peak=peak))
            rules.run(client)
            self.assertEqual(job.state, "completed")
