"""When it goes wrong: strikes, thresholds, memory, missing licences, and what no late result may do."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from brender.farm import changing
from brender.farm.client import RuntimeClient
from brender.farm.job import Job
from brender.farm.scheduling.matching import match
from brender.farm.settings import ClientSettings
from brender.farm.transitions import JobState, TaskState
from tests.doubles import CANCELED, DONE, FAILED, Rules, Stage, machine
from tests.farm.written import Written, counted, states

READY = TaskState.READY
GIB = 2**30


def fail(rules: Rules, client: RuntimeClient, **more: Any) -> None:
    """The client fails what it runs."""
    order = next(order for order in rules.orders(client) if order.open)
    rules.started(order, order.awaited()[0])
    rules.ended(order, outcome=FAILED, **{"message": "It broke.", **more})


class Strikes(SynchronousTestCase):
    def setUp(self) -> None:
        self.rules = Written(strikes=3, avoid_for=600)
        self.first, self.second = self.rules.client(), self.rules.client()

    def struck(self, **settings: object) -> Job:
        """A job that has failed three times in a row on the first client, and runs on the second."""
        job = self.rules.job(Stage(tasks=40), tries=1, **settings)
        for _ in range(3):
            self.rules.match()
            fail(self.rules, self.first)
        self.rules.match()
        return job

    def holders(self) -> set[int]:
        return {order.client for order in self.rules.farm.orders.values() if order.open and not order.recalled}

    def test_a_client_that_keeps_failing_a_job_is_avoided_and_people_are_told(self) -> None:
        job = self.struck()
        while self.rules.orders(self.first):  # what it was given before
            fail(self.rules, self.first)
            self.rules.match()
        for _ in range(5):
            self.rules.ended(self.rules.orders(self.second)[0])
            self.rules.match()
            self.assertEqual(self.holders(), {2})
        self.assertEqual(list(job.standing.avoided), [1])
        self.assertEqual(job.warnings, ["render-01 failed this job 3 times in a row and is avoided for a while."])

    def test_what_waits_there_is_asked_back_for_others(self) -> None:
        self.struck()
        self.assertNotIn(1, self.holders())

    def test_a_success_in_between_starts_the_count_again(self) -> None:
        job = self.rules.job(Stage(tasks=9), tries=1)
        for outcome in (FAILED, FAILED, DONE, FAILED, FAILED):
            self.rules.match()
            self.rules.ended(self.rules.orders(self.first)[0], outcome=outcome)
        self.assertEqual(job.standing.avoided, {})

    def test_it_is_avoided_by_that_job_alone(self) -> None:
        self.struck()
        while self.rules.orders(self.first):
            fail(self.rules, self.first)
        other = self.rules.job(Stage(tasks=9), priority=40)
        self.rules.match()
        self.assertEqual({order.job for order in self.rules.orders(self.first)}, {other.id})

    def test_it_is_taken_off_by_time(self) -> None:
        job = self.struck()
        while self.rules.orders(self.first):
            fail(self.rules, self.first)
            self.rules.match()
        self.rules.wait(590)
        self.assertEqual(self.holders(), {2})
        self.rules.wait(20)
        self.assertEqual((job.standing.avoided, self.holders()), ({}, {1, 2}))

    def test_it_is_taken_off_by_a_verb(self) -> None:
        job = self.struck()
        while self.rules.orders(self.first):
            fail(self.rules, self.first)
            self.rules.match()
        self.assertEqual(changing.forgive(self.rules.farm, job, [1, 2, 77]), [1])
        self.assertEqual(changing.forgive(self.rules.farm, job, [1]), [])
        self.rules.match()
        self.assertEqual(self.holders(), {1, 2})

    def test_then_it_calls_back_what_waits_behind_the_slots_of_others(self) -> None:
        job = self.rules.job(Stage(tasks=2))
        job.strikes.avoided[1] = 1e9
        self.rules.match()
        running, waiting = self.rules.orders(self.second)
        self.rules.started(running)
        self.rules.match()
        self.assertEqual(self.rules.changes().recalled, [])
        changing.forgive(self.rules.farm, job, [1])
        match(self.rules.farm, self.rules.now)
        self.assertEqual(self.rules.farm.changes.recalled, [waiting])

    def test_it_is_never_avoided_where_there_is_no_other(self) -> None:
        self.rules.farm.leave(self.second, self.rules.now)
        self.rules.farm.lose(self.second, self.rules.now)
        job = self.struck()
        self.assertEqual((job.finished, bool(self.rules.orders(self.first))), (False, True))

    def test_it_works_for_the_job_again_when_the_other_goes(self) -> None:
        self.struck()
        while self.rules.orders(self.first):
            fail(self.rules, self.first)
            self.rules.match()
        self.rules.farm.leave(self.second, self.rules.now)
        self.rules.match()
        self.assertTrue(self.rules.orders(self.first))

    def test_a_step_that_was_not_begun_comes_back_to_it_when_the_other_goes(self) -> None:
        rules = Rules(strikes=1)
        first, second = rules.client(), rules.client()
        rules.job(Stage("Long", 2), priority=90, only=["render-02"])
        rules.match()
        job = rules.job(Stage("A", 1), Stage("B", 1, vcpus=1), tries=1)
        rules.match()
        for order in rules.orders(first):
            if order.job == job.id and order.step == 1:
                rules.farm.handed_back(1, order.id, order.awaited(), rules.now)
        order = next(order for order in rules.orders(first) if order.step == 0)
        rules.ended(order, outcome=FAILED)
        rules.match()
        self.assertEqual(rules.orders(first), [], "render-02 could run it")
        rules.farm.leave(second, rules.now)
        rules.match()
        self.assertEqual([order.step for order in rules.orders(first)], [1])

    def test_it_is_avoided_after_a_start_of_the_server_too_and_not_for_ever(self) -> None:
        self.struck()
        self.rules.start_anew()
        job = self.rules.farm.jobs[1]
        self.assertEqual(list(job.standing.avoided), [1])
        self.rules.wait(700)
        self.assertEqual(job.standing.avoided, {})

    def test_a_job_that_ends_and_is_opened_again_does_not_avoid_it_for_ever(self) -> None:
        job = self.struck()
        self.rules.cancel(job)
        self.rules.pass_by(700)
        self.rules.again(job, {0: [0]})
        self.rules.pass_by(10)
        self.assertEqual(job.standing.avoided, {})

    def test_what_is_not_the_clients_fault_is_no_strike(self) -> None:
        for cause in ("later", "memory", "fail"):
            rules = Rules(strikes=1)
            client, _ = rules.client(memory=8 * GIB), rules.client(memory=16 * GIB)
            job = rules.job(Stage(tasks=5))
            rules.match()
            fail(rules, client, cause=cause)
            self.assertEqual(job.standing.avoided, {})

    def test_a_machine_that_was_needed_or_lost_is_not_struck_nor_is_a_try_counted(self) -> None:
        job = self.rules.job(Stage(tasks=1), tries=1, only=["render-01"])
        for _ in range(5):
            self.rules.match()
            self.rules.ended(self.rules.orders(self.first)[0], outcome=CANCELED)
        self.assertEqual((job.standing.avoided, states(job), job.steps[0].tries), ({}, [READY], {}))


class Thresholds(SynchronousTestCase):
    def setUp(self) -> None:
        self.rules = Written()
        self.client = self.rules.client(1)

    def fail_until_it_ends(self, job: Job) -> int:
        """How many tasks failed for good until the job did."""
        for _ in range(1000):
            if job.finished:
                break
            self.rules.match()
            fail(self.rules, self.client)
        return sum(counts.get("failed", 0) for counts in counted(job))

    def test_a_job_fails_with_so_many_failed_tasks(self) -> None:
        job = self.rules.job(Stage(tasks=20), tries=1, fail_after=3)
        self.assertEqual((self.fail_until_it_ends(job), job.state), (3, JobState.FAILED))
        self.assertEqual(counted(job), [{"failed": 3, "canceled": 17}])

    def test_or_with_such_a_share_whichever_comes_first(self) -> None:
        cases: list[tuple[dict[str, Any], int]] = [
            ({"fail_share": 0.5}, 5),
            ({"fail_share": 0.25, "fail_after": 9}, 3),
            ({"fail_share": 0.9, "fail_after": 2}, 2),
        ]
        for settings, failed in cases:
            job = self.rules.job(Stage(tasks=10), tries=1, **settings)
            self.assertEqual(self.fail_until_it_ends(job), failed)
            self.rules.drop()

    def test_tries_are_used_up_before_a_task_counts(self) -> None:
        job = self.rules.job(Stage(tasks=5), tries=3, fail_after=1)
        tries = 0
        while not job.finished:
            self.rules.match()
            order = self.rules.orders(self.client)[0]
            tries += order.first == 0
            self.rules.ended(order, outcome=DONE if order.first else FAILED)
        self.assertEqual((tries, counted(job)[0]["failed"]), (3, 1))

    def test_on_one_machine_the_first_failure_of_few_tasks_ends_nothing(self) -> None:
        job = self.rules.job(Stage(tasks=5), fail_share=0.1)
        self.rules.match()
        fail(self.rules, self.client)
        self.assertFalse(job.finished)
        self.rules.run(self.client)
        self.assertIs(job.state, JobState.COMPLETED)

    def test_without_a_threshold_all_others_run_first(self) -> None:
        job = self.rules.job(Stage(tasks=5), tries=1)
        self.rules.match()
        fail(self.rules, self.client)
        self.rules.run(self.client)
        self.assertEqual((job.state, counted(job)), (JobState.FAILED, [{"completed": 4, "failed": 1}]))

    @given(st.integers(1, 100))
    def test_a_share_of_so_many_hundredths_is_reached_with_so_many_of_a_hundred(self, hundredths: int) -> None:
        total = 100
        rules = Rules()
        job = rules.job(Stage(tasks=total), tries=1, fail_share=hundredths / 100)
        client = rules.client()
        for failed in range(1, hundredths + 1):
            self.assertFalse(job.finished)
            rules.match()
            rules.ended(next(order for order in rules.orders(client) if order.open), outcome=FAILED)
            if failed == hundredths:
                self.assertTrue(job.finished, f"{failed} of {total} have failed")

    def test_the_client_that_told_the_last_failure_is_free_at_once(self) -> None:
        job = self.rules.job(Stage(tasks=1), tries=1, fail_after=1)
        self.rules.match()
        self.rules.changes()
        (order,) = self.rules.orders(self.client)
        super(Written, self.rules).ended(order, outcome=FAILED)
        self.assertTrue(job.finished)
        self.assertEqual((self.rules.orders(self.client), self.rules.changes().canceled), ([], []))

    def test_other_orders_of_a_failed_job_are_ended_and_their_late_results_change_nothing(self) -> None:
        other = self.rules.client(1)
        job = self.rules.job(Stage(tasks=4), tries=1, fail_after=1)
        self.rules.match()
        late = self.rules.orders(other)[0]
        self.rules.started(late)
        fail(self.rules, self.client)
        self.assertFalse(self.rules.ended(late, late.first))
        self.assertEqual((job.state, counted(job)), (JobState.FAILED, [{"failed": 1, "canceled": 3}]))


class LateResults(SynchronousTestCase):
    """A result that comes after somebody has changed his mind revives nothing."""

    def setUp(self) -> None:
        self.rules = Written()
        self.client = self.rules.client(1)
        self.job = self.rules.job(Stage(tasks=3))
        self.rules.match()
        self.order = self.rules.orders(self.client)[0]
        self.rules.started(self.order)

    def test_not_a_canceled_job(self) -> None:
        for outcome in (DONE, FAILED, CANCELED):
            if not self.job.finished:
                self.rules.cancel(self.job)
            self.assertFalse(self.rules.ended(self.order, 0, outcome))
        self.assertEqual((self.job.state, counted(self.job)), (JobState.CANCELED, [{"canceled": 3}]))

    def test_a_paused_job_takes_it_and_stays_paused(self) -> None:
        changing.pause(self.rules.farm, self.job)
        self.assertTrue(self.rules.ended(self.order))
        self.assertIs(self.job.state, JobState.PAUSED)
        self.rules.match()
        self.assertEqual([order.first for order in self.rules.orders(self.client) if not order.recalled], [])

    def test_a_failure_of_a_paused_job_is_not_tried_again_until_it_goes_on(self) -> None:
        changing.pause(self.rules.farm, self.job)
        self.rules.ended(self.order, outcome=FAILED)
        self.rules.match()
        self.assertEqual(self.job.state, JobState.PAUSED)
        self.assertEqual([order.first for order in self.rules.orders(self.client) if not order.recalled], [])

    def test_not_a_task_that_was_asked_for_again_and_runs_elsewhere(self) -> None:
        self.rules.cancel(self.job)
        self.rules.again(self.job, {0: [0, 1, 2]})
        self.assertFalse(self.rules.ended(self.order, 0))
        for order in list(self.job.orders.values()):
            self.assertNotEqual(counted(self.job), [{"ready": 3}], "a task waits until its client has ended it")
            self.rules.farm.dropped(order.client, order.id)
        self.assertEqual(counted(self.job), [{"ready": 3}])

    def test_progress_and_begin_of_a_canceled_task_change_nothing(self) -> None:
        self.rules.cancel(self.job)
        self.assertIsNone(self.rules.farm.started(1, self.order.id, 0, self.rules.now))
        self.assertFalse(self.rules.farm.progressed(1, self.order.id, 0, 50.0, "sample 3"))


class Memory(SynchronousTestCase):
    def setUp(self) -> None:
        self.rules = Written()

    def killed(self, client: RuntimeClient, peak: int = 0, message: str = "It was killed for memory.") -> None:
        self.rules.match()
        fail(self.rules, client, cause="memory", peak=peak, message=message)

    def test_it_goes_only_where_there_is_more(self) -> None:
        small, same, large = (self.rules.client(memory=size * GIB) for size in (8, 8, 16))
        job = self.rules.job(Stage(), only=["render-01", "render-02"])
        self.rules.match()
        self.rules.set(job, only=[])
        (holder,) = [client for client in (small, same) if client.orders]
        fail(self.rules, holder, cause="memory", peak=7 * GIB)
        self.rules.match()
        self.assertEqual([len(client.orders) for client in (small, same, large)], [0, 0, 1])

    def test_it_waits_for_a_larger_one_that_is_away(self) -> None:
        small, large = self.rules.client(memory=8 * GIB), self.rules.client(memory=16 * GIB)
        self.rules.farm.leave(large, self.rules.now)
        job = self.rules.job(Stage())
        self.killed(small)
        self.rules.match()
        self.assertEqual((job.finished, small.orders), (False, {}))
        self.rules.farm.join(large, large.machine, {}, self.rules.now)
        self.rules.match()
        self.assertEqual(len(large.orders), 1)

    def test_it_is_given_up_with_a_sentence_when_nobody_has_more(self) -> None:
        client, _ = self.rules.client(memory=8 * GIB), self.rules.client(memory=8 * GIB)
        job = self.rules.job(Stage())
        self.killed(client, message="It used 7.9 GB.")
        self.assertIs(job.state, JobState.FAILED)
        self.assertEqual(job.reason, "It was killed for memory on render-01, and no client has more. It used 7.9 GB.")

    def test_the_sentence_does_not_deny_a_larger_client_that_may_not_run_it(self) -> None:
        client, _ = self.rules.client(memory=8 * GIB), self.rules.client(memory=64 * GIB)
        job = self.rules.job(Stage(), only=["render-01"])
        self.killed(client)
        self.assertIs(job.state, JobState.FAILED)
        self.assertNotIn("no client has more.", job.reason)

    def test_one_heavy_frame_does_not_keep_the_light_ones_from_running(self) -> None:
        client = self.rules.client(memory=8 * GIB)
        job = self.rules.job(Stage(tasks=4))
        self.killed(client)
        self.assertEqual(self.rules.run(client), 3)
        self.assertEqual((job.state, counted(job)), (JobState.FAILED, [{"completed": 3, "failed": 1}]))

    def test_beside_others_it_is_given_more_on_the_same_machine(self) -> None:
        client = self.rules.client(4, memory=16 * GIB)
        job = self.rules.job(Stage(tasks=1, vcpus=1))
        self.killed(client, peak=4 * GIB)
        self.rules.match()
        (again,) = self.rules.orders(client)
        self.assertEqual(dict(again.needs), {"amount.worker.memory": 6 * 1024})
        self.assertEqual(job.standing.too_little, {})

    def test_what_was_asked_for_is_raised_when_that_was_too_little(self) -> None:
        client = self.rules.client(4, memory=16 * GIB)
        self.rules.job(Stage(tasks=1, vcpus=1, memory=2))
        self.killed(client, peak=4 * GIB)
        self.rules.match()
        (again,) = self.rules.orders(client)
        self.assertGreaterEqual(dict(again.needs)["amount.worker.memory"], 4 * 1024)

    def test_the_same_machine_is_not_given_it_again_and_again_for_no_more(self) -> None:
        client = self.rules.client(4, memory=16 * GIB)
        self.rules.job(Stage(tasks=1, vcpus=1), tries=9)
        given: list[float] = []
        for _ in range(5):
            self.rules.match()
            if not client.orders:
                break
            (order,) = self.rules.orders(client)
            given.append(dict(order.needs).get("amount.worker.memory", 0.0))
            fail(self.rules, client, cause="memory", peak=5 * GIB)
        self.assertEqual(given, sorted(set(given)))
        self.assertLess(len(given), 5)

    def test_what_tasks_were_seen_to_use_is_what_others_like_them_are_given(self) -> None:
        client = self.rules.client(4, memory=16 * GIB)
        self.rules.job(Stage(tasks=20, vcpus=1))
        self.rules.match()
        self.assertEqual(len(client.orders), 8)
        for order in self.rules.orders(client):
            self.rules.started(order)
            self.rules.ended(order, peak=6 * GIB + 5)
        self.rules.match()
        running = self.rules.orders(client)
        self.assertEqual({dict(order.needs)["amount.worker.memory"] for order in running}, {7 * 1024})
        self.assertLessEqual(len(running), 4)  # two that run, two that wait

    def test_a_peak_beyond_what_was_asked_for_counts_too(self) -> None:
        client = self.rules.client(4, memory=16 * GIB)
        self.rules.job(Stage(tasks=20, vcpus=1, memory=1))
        self.rules.match()
        for order in self.rules.orders(client):
            self.rules.ended(order, peak=6 * GIB)
        self.rules.match()
        self.assertEqual({dict(order.needs)["amount.worker.memory"] for order in self.rules.orders(client)}, {6 * 1024})

    def test_it_is_known_after_a_start_of_the_server(self) -> None:
        small, large = self.rules.client(memory=8 * GIB), self.rules.client(memory=16 * GIB)
        self.rules.farm.leave(large, self.rules.now)
        self.rules.job(Stage())
        self.killed(small)
        self.rules.start_anew()
        self.rules.match()
        self.assertEqual(self.rules.farm.clients[1].orders, {})

    def test_a_machine_that_gets_more_may_have_it(self) -> None:
        small, large = self.rules.client(memory=8 * GIB), self.rules.client(memory=16 * GIB)
        self.rules.farm.leave(large, self.rules.now)
        job = self.rules.job(Stage())
        self.killed(small)
        self.rules.farm.join(small, machine(1, 1, memory=32 * GIB), {}, self.rules.now)
        self.rules.match()
        self.assertEqual((job.finished, len(small.orders)), (False, 1))


class Later(SynchronousTestCase):
    """A licence that is missing: the step rests, and no try is used up."""

    def setUp(self) -> None:
        self.rules = Written()
        self.client = self.rules.client(1)
        self.job = self.rules.job(Stage(tasks=2), tries=1)

    def missing(self) -> None:
        self.rules.match()
        fail(self.rules, self.client, cause="later", message="No licence was free.")

    def given(self) -> int:
        return sum(order.open for order in self.client.orders.values())

    def test_no_try_is_used_up_and_nobody_is_struck(self) -> None:
        for _ in range(10):
            self.missing()
            self.rules.drop()
            self.rules.pass_by(1000)
        self.assertEqual((self.job.finished, self.job.steps[0].tries, self.job.standing.avoided), (False, {}, {}))
        self.rules.run(self.client)
        self.assertIs(self.job.state, JobState.COMPLETED)

    def test_it_rests_longer_each_time_until_a_task_is_done(self) -> None:
        rules = Rules()
        client, job = rules.client(1), rules.job(Stage(tasks=1), tries=1)
        rests = []
        for _ in range(8):
            rules.match()
            fail(rules, client, cause="later")
            before = rules.clock
            while job.steps[0].resting:
                moment = rules.farm.alarms.next
                assert moment is not None
                rules.pass_by(moment - rules.clock)
            rests.append(round(rules.clock - before))
        self.assertEqual(rests, [30, 60, 120, 240, 480, 960, 960, 960])

    def test_several_that_fail_so_at_once_are_one_time(self) -> None:
        rules = Rules()
        job = rules.job(Stage(tasks=4), tries=1)
        clients = [rules.client(1) for _ in range(4)]
        rules.match()
        for client in clients:
            fail(rules, client, cause="later")
        self.assertEqual(job.steps[0].rests, 1)

    def test_a_success_makes_the_next_rest_short_again(self) -> None:
        self.missing()
        self.rules.pass_by(100)
        self.rules.match()
        self.rules.ended(self.rules.orders(self.client)[0])
        self.assertEqual(self.job.steps[0].rests, 0)

    def test_what_waits_behind_is_asked_back(self) -> None:
        self.rules.match()
        _, waiting = self.rules.orders(self.client)
        self.missing()
        self.assertTrue(waiting.recalled)

    def test_other_steps_and_jobs_go_on(self) -> None:
        rules = Rules()
        client = rules.client(1)
        job = rules.job(Stage("A"), Stage("B"))
        other = rules.job(Stage())
        rules.match()
        order = rules.orders(client)[0]
        rules.ended(order, outcome=FAILED, cause="later")
        rules.run(client)
        self.assertEqual((other.state, counted(job)), (JobState.COMPLETED, [{"ready": 1}, {"completed": 1}]))

    def test_it_survives_a_start_of_the_server_without_a_try_used_up(self) -> None:
        self.missing()
        self.rules.start_anew()
        self.rules.run(self.rules.farm.clients[1])
        self.assertIs(self.rules.farm.jobs[1].state, JobState.COMPLETED)


class Fail(SynchronousTestCase):
    """A rule that says: it is no use trying again."""

    def test_it_is_not_tried_again(self) -> None:
        rules = Written()
        client, _ = rules.client(1), rules.client(1)
        job = rules.job(Stage(tasks=2), tries=9)
        rules.match()
        fail(rules, client, cause="fail", message="The scene cannot be read.")
        self.assertEqual((counted(job)[0]["failed"], job.reason), (1, "The scene cannot be read."))

    def test_nor_after_a_start_of_the_server(self) -> None:
        rules = Written()
        client = rules.client(1)
        rules.job(Stage(tasks=2), tries=9)
        rules.match()
        fail(rules, client, cause="fail")
        rules.start_anew()
        job = rules.farm.jobs[1]
        self.assertEqual(rules.run(rules.farm.clients[1]), 1)
        self.assertEqual((job.state, counted(job)), (JobState.FAILED, [{"completed": 1, "failed": 1}]))

    def test_a_time_out_is_tried_elsewhere_and_counts(self) -> None:
        for cause in ("time", "quiet"):
            rules = Written(strikes=1)
            client, other = rules.client(1), rules.client(1)
            job = rules.job(Stage(), tries=2)
            rules.match()
            holder = client if client.orders else other
            fail(rules, holder, cause=cause)
            rules.match()
            self.assertEqual((job.steps[0].tries[0].clients, holder.orders), ([holder.id], {}))


class Settings(SynchronousTestCase):
    def test_a_client_that_may_not_have_it_any_more_is_no_elsewhere(self) -> None:
        rules = Rules()
        first, second = rules.client(1), rules.client(1)
        rules.job(Stage())
        rules.match()
        fail(rules, first)
        changing.set_client(rules.farm, second, ClientSettings(takes=("comp",)), rules.now)
        rules.match()
        self.assertEqual([order.attempt for order in rules.orders(first)], [2])

    def test_more_tries_that_are_given_do_not_revive_what_was_given_up_not_even_after_a_start(self) -> None:
        rules = Written()
        client = rules.client(1)
        job = rules.job(Stage(tasks=2), tries=1)
        rules.match()
        fail(rules, client)
        rules.set(job, tries=5)
        rules.settle()
        rules.start_anew()
        self.assertEqual(states(rules.farm.jobs[1])[0], FAILED)

    def test_fewer_tries_leave_what_is_ready_its_next_one_even_after_a_start(self) -> None:
        rules = Written()
        client = rules.client(1)
        job = rules.job(Stage(tasks=2), tries=5)
        rules.match()
        fail(rules, client)
        rules.set(job, tries=1)
        rules.settle()
        self.assertEqual(states(job)[0], READY)
        rules.start_anew()
        self.assertEqual(states(rules.farm.jobs[1])[0], READY)


class AvoidedAndLeft(SynchronousTestCase):
    def test_a_task_that_failed_everywhere_but_on_the_avoided_client_is_tried_again(self) -> None:
        rules = Rules()
        first, avoided, third = (rules.client() for _ in range(3))
        job = rules.job(Stage(), tries=9)
        job.standing.avoided[avoided.id] = 1e9
        for _ in range(3):
            rules.match()
            (order,) = job.orders.values()
            self.assertIn(order.client, (first.id, third.id))
            rules.ended(order, outcome=FAILED, message="It broke.")
