"""Traps that other farms fell into, as far as the rules are concerned: a test by name for each.

How does this work?  Each test of `Traps` says its trap and tries the shortest way into it.  What was tried at
length elsewhere stands in `ELSEWHERE`, trap by trap, and the names there are looked up.  What history costs is
counted in calls, not in seconds.  The traps of the wire, the web and the worker have files of this name there.
"""

from collections.abc import Iterator
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from brender.farm import changing
from brender.farm.choosing import of_frames
from brender.farm.client import RuntimeClient
from brender.farm.job import Job
from brender.farm.order import Order
from brender.farm.scheduling.why import why_job
from brender.farm.submission.problems import Refused
from brender.farm.transitions import JobState, TaskState
from brender.farm.views.things import job_view
from tests.doubles import DONE, FAILED, Rules, Stage
from tests.effort import effort, strangers
from tests.farm.written import HOUR, Written, counted, states

GIB = 2**30
MANY = 20_000  # finished tasks
SMALL = Stage(vcpus=1)
DAY = 24 * HOUR

ELSEWHERE = {
    "history slows every start": (
        "farm.test_starting.Starts.test_jobs_that_are_done_give_nothing_to_do",
        "service.test_service.ARestart.test_finished_jobs_are_shown_and_never_run_again",
    ),
    "a late result revives a job": (
        "farm.failures.test_failing.LateResults.test_not_a_canceled_job",
        "farm.failures.test_failing.LateResults.test_a_paused_job_takes_it_and_stays_paused",
        "farm.failures.test_failing.LateResults.test_not_a_task_that_was_asked_for_again_and_runs_elsewhere",
        "farm.failures.test_failing.LateResults.test_progress_and_begin_of_a_canceled_task_change_nothing",
        "farm.failures.test_failing.Thresholds.test_other_orders_of_a_failed_job_are_ended_and_their_late_results_change_nothing",
    ),
    "a requeue of a chunk runs all of it again": (
        "farm.test_changing.Again.test_one_frame_of_a_chunk_runs_alone",
        "farm.test_changing.Again.test_only_the_chosen_ones_change_and_what_runs_runs_on",
        "line.test_limits.ShareTests.test_frames_are_put_together_as_they_are_given_out",
    ),
    "the first failure of one machine fails the job": (
        "farm.failures.test_failing.Thresholds.test_on_one_machine_the_first_failure_of_few_tasks_ends_nothing",
        "farm.failures.test_failing.Thresholds.test_or_with_such_a_share_whichever_comes_first",
        "farm.failures.test_retries.OnAFarm.test_on_a_farm_of_one_machine_the_same_one_tries_three_times",
        "farm.failures.test_failing.Strikes.test_it_is_never_avoided_where_there_is_no_other",
    ),
    "machines long gone may still come": (
        "farm.failures.test_retries.OnAFarm.test_the_other_machine_that_goes_is_no_elsewhere_any_more",
        "farm.failures.test_failing.Strikes.test_it_works_for_the_job_again_when_the_other_goes",
        "farm.scheduling.test_why.NobodyWorks.test_the_only_one_is_away",
        "service.test_service.GoneAndLost.test_or_as_soon_as_its_connection_is_gone",
    ),
    "a worker that missed a minute is put aside": (
        "service.test_service.GoneAndLost.test_it_keeps_what_it_has_when_it_comes_back_in_time",
        "line.test_outages.LostWorkerTests.test_a_worker_that_was_stopped_for_too_long_is_replaced_and_comes_back",
    ),
    "what was killed for memory goes to the same machine": (
        "farm.failures.test_failing.Memory.test_it_goes_only_where_there_is_more",
        "farm.failures.test_failing.Memory.test_the_same_machine_is_not_given_it_again_and_again_for_no_more",
        "farm.scheduling.test_order_of_work.Affinity.test_what_was_killed_for_memory_is_not_given_there_again_because_its_scene_is_open",
    ),
    "a sleep schedule is turned round": (
        "farm.scheduling.test_windows.Open.test_hours_that_cross_midnight_are_not_turned_round",
        "farm.scheduling.test_windows.Open.test_there_may_be_several_a_day",
        "farm.scheduling.test_windows.Zones.test_the_clock_is_that_of_the_zone",
        "farm.scheduling.test_when.ASleepingClient.test_the_clock_is_its_own_then_its_machines_then_the_farms",
        "farm.scheduling.test_when.ASleepingClient.test_daylight_saving_is_that_of_its_zone",
    ),
    "settings without checks, applied after a restart": (
        "farm.test_settings.BadInput.test_each_is_refused",
        "farm.test_changing.SetJob.test_every_setting_can_be_changed_while_it_runs_and_twice_changes_nothing",
        "farm.test_changing.TheFarm.test_other_shares_count_at_once",
        "farm.scheduling.test_shape.Sharing.test_settings_of_a_client_count_from_then_on",
    ),
}


class Elsewhere(SynchronousTestCase):
    def test_every_test_that_is_named_is_there(self) -> None:
        self.assertEqual(strangers(name for names in ELSEWHERE.values() for name in names), [])


class History(SynchronousTestCase):
    """What is over costs nothing."""

    def setUp(self) -> None:
        self.rules = Rules(second_starts=False)
        self.clients = [self.rules.client(4) for _ in range(3)]

    def assert_no_dearer(self, calls: int, before: int) -> None:
        """Lists of other lengths differ by a call or two; one call for each task would be thousands."""
        self.assertLess(calls, 1.02 * before)

    def finish(self, tasks: int, jobs: int = 1) -> None:
        """So many tasks of jobs are done, and the jobs closed as the service does it."""
        for _ in range(jobs):
            job = self.rules.job(Stage(tasks=tasks // jobs, vcpus=1))
            self.done(job, tasks // jobs)
            job.close()

    def done(self, job: Job, tasks: int) -> None:
        """So many tasks of the job are done, in orders that are as long as can be."""
        job.steps[0].estimate.learn(0.001)
        while job.steps and job.steps[0].counts[DONE] < tasks:
            self.rules.match()
            for order in list(job.orders.values()):
                for task in order.awaited():
                    self.rules.ended(order, task, seconds=0.001)
        self.rules.changes()

    def dispatch(self) -> int:
        """The calls of eight tasks of a new job: given, ended, and the next ones given."""
        job = self.rules.job(Stage(tasks=8, vcpus=1))

        def work() -> None:
            while not job.finished:
                self.rules.match()
                for order in list(job.orders.values()):
                    self.rules.ended(order, seconds=60.0)

        return effort(work)

    def test_a_dispatch_costs_the_same_with_20000_finished_tasks_behind_it(self) -> None:
        self.dispatch()  # whatever is looked up for the first time
        before = self.dispatch()
        self.finish(MANY, jobs=20)
        self.assert_no_dearer(self.dispatch(), before)

    def test_a_dispatch_of_a_job_costs_the_same_when_most_of_it_is_done(self) -> None:
        job = self.rules.job(Stage(tasks=MANY, vcpus=1))
        counts = list[int]()
        for done in (2000, 4000, MANY - 4000):
            self.done(job, done)
            self.rules.match()
            counts.append(effort(lambda: self.next_order(job)))
        self.assert_no_dearer(counts[2], counts[1])

    def next_order(self, job: Job) -> None:
        """An order is done, and the next one given."""
        order = next(iter(job.orders.values()))
        for task in order.awaited():
            self.rules.ended(order, task, seconds=0.001)
        self.rules.match()

    def test_a_job_of_a_million_tasks_is_canceled_as_quickly_as_one_of_a_hundred(self) -> None:
        def cancel(tasks: int) -> int:
            job = self.rules.job(Stage(tasks=tasks, vcpus=1))
            self.rules.match()
            spent = effort(lambda: changing.cancel(self.rules.farm, job, self.rules.now))
            for order in list(job.orders.values()):
                self.rules.farm.dropped(order.client, order.id)
            return spent

        cancel(100)  # whatever is looked up for the first time
        self.assert_no_dearer(cancel(1_000_000), cancel(100))

    def test_sums_of_progress_are_kept_and_not_added_up_anew_for_every_task(self) -> None:
        def one_result(tasks: int) -> int:
            job = self.rules.job(Stage(tasks=tasks, vcpus=1), priority=tasks % 100)
            self.rules.match()
            order = next(iter(job.orders.values()))
            spent = effort(lambda: (self.rules.ended(order), job_view(job, self.rules.farm)))
            changing.cancel(self.rules.farm, job, self.rules.now)
            for left in list(job.orders.values()):
                self.rules.farm.dropped(left.client, left.id)
            return spent

        self.assert_no_dearer(one_result(MANY + 60), one_result(60))


class Traps(SynchronousTestCase):
    def setUp(self) -> None:
        self.rules = Written()

    def order_of(self, client: RuntimeClient) -> Order:
        self.rules.match()
        return next(order for order in client.orders.values() if order.open)

    def fails(self, client: RuntimeClient, **more: Any) -> None:
        order = self.order_of(client)
        self.rules.started(order)
        self.rules.ended(order, outcome=FAILED, message="It broke.", **more)

    # --- late results

    def states_that_a_late_result_might_move(self) -> Iterator[tuple[Job, Order]]:
        """Jobs in every state that such a result may find, each with an order of before."""
        client = self.rules.client()
        for state in ("canceled", "failed", "paused"):
            job = self.rules.job(Stage(tasks=2), tries=1, fail_after=1)
            order = self.order_of(client)
            self.rules.started(order)
            if state == "canceled":
                changing.cancel(self.rules.farm, job, self.rules.now)
            elif state == "failed":
                self.rules.ended(order, outcome=FAILED, message="It broke.")
            else:
                changing.pause(self.rules.farm, job)
                self.rules.farm.leave(client, self.rules.now)
                self.rules.farm.lose(client, self.rules.now)
                self.rules.farm.join(client, client.machine, {}, self.rules.now)
            self.rules.settle()
            yield job, order
            self.rules.drop()

    def test_a_late_result_moves_no_canceled_failed_or_paused_job_back_to_active(self) -> None:
        seen = list[JobState]()
        for job, order in self.states_that_a_late_result_might_move():
            before = (job.state, counted(job))
            for outcome in (DONE, FAILED, TaskState.CANCELED):
                self.assertFalse(self.rules.ended(order, order.first, outcome, "late"))
                self.assertFalse(self.rules.farm.progressed(order.client, order.id, order.first, 50.0, "late"))
            self.assertEqual((job.state, counted(job)), before)
            seen.append(job.state)
        self.assertEqual(seen, [JobState.CANCELED, JobState.FAILED, JobState.PAUSED])

    # --- tasks again

    def test_one_frame_of_a_completed_chunk_runs_that_frame_and_no_other(self) -> None:
        client = self.rules.client()
        job = self.rules.job(Stage(tasks=10, vcpus=1, chunk=5))
        self.rules.run(client)
        self.assertEqual(job.state, JobState.COMPLETED)
        self.rules.take_up(job)
        self.assertEqual(self.rules.again(job, of_frames(job, "3")), {0: [2]})
        order = self.order_of(client)
        self.assertEqual((order.first, order.count), (2, 1))
        self.rules.ended(order)
        self.rules.match()
        self.assertEqual((job.state, client.orders), (JobState.COMPLETED, {}))

    # --- failures

    def test_on_one_machine_neither_the_first_failure_nor_10_percent_of_5_tasks_fail_the_job(self) -> None:
        client = self.rules.client()
        job = self.rules.job(Stage(tasks=5), fail_share=0.1)
        self.fails(client)
        self.assertEqual((job.state, states(job)[0]), (JobState.ACTIVE, TaskState.READY))
        self.rules.run(client)
        self.assertEqual(job.state, JobState.COMPLETED)

    def test_a_threshold_is_a_count_or_a_share_whichever_is_set(self) -> None:
        for settings, failures in (({"fail_after": 2}, 2), ({"fail_share": 0.6}, 3), ({}, 5)):
            client = self.rules.client()
            job = self.rules.job(Stage(tasks=5), tries=1, only=[client.name], **settings)
            for failed in range(1, 6):
                self.fails(client)
                self.assertEqual(job.finished, failed >= failures, (settings, failed))
                if job.finished:
                    break
            self.rules.drop()

    def test_a_machine_long_gone_is_not_waited_for_when_another_has_failed(self) -> None:
        here, gone = self.rules.client(), self.rules.client()
        self.rules.farm.leave(gone, self.rules.now)
        self.rules.farm.lose(gone, self.rules.now)
        self.rules.pass_by(30 * DAY)
        job = self.rules.job(Stage())
        for _ in range(2):
            self.fails(here)
        self.rules.run(here)
        self.assertEqual(job.state, JobState.COMPLETED)

    def test_what_only_a_machine_long_gone_could_run_does_not_wait_without_a_word(self) -> None:
        gone = self.rules.client(memory=64 * GIB)
        self.rules.client(memory=8 * GIB)
        self.rules.farm.leave(gone, self.rules.now)
        job = self.rules.job(Stage(memory=32))
        self.rules.match()
        told = f"Job {job.id} waits: render-01, the only client that can run it, has been offline since 00:00 UTC."
        self.assertEqual(why_job(self.rules.farm, job, self.rules.clock), told)

    def test_a_worker_that_missed_a_minute_works_again_with_nobody_s_help(self) -> None:
        client = self.rules.client()
        job = self.rules.job(Stage(tasks=2))
        first = self.order_of(client)
        self.rules.farm.leave(client, self.rules.now)
        self.rules.wait(60)
        self.rules.farm.lose(client, self.rules.now)
        self.rules.wait(60)
        self.rules.farm.join(client, client.machine, {first.id: [0]}, self.rules.now)
        self.assertEqual(self.rules.run(client), 2)
        self.assertEqual((job.state, job.steps, counted(job)), (JobState.COMPLETED, [], [{"completed": 2}]))

    def test_a_task_killed_for_memory_never_goes_back_to_a_machine_with_no_more(self) -> None:
        small, alike = self.rules.client(memory=16 * GIB), self.rules.client(memory=16 * GIB)
        large = self.rules.client(memory=64 * GIB)
        changing.set_status(self.rules.farm, large, large.status.DISABLED)
        job = self.rules.job(Stage(tasks=1))
        self.fails(small, cause="memory", peak=15 * GIB)
        for _ in range(3):
            self.rules.wait(HOUR)
            self.assertEqual((small.orders, alike.orders), ({}, {}))
        self.rules.start_anew()
        self.rules.match()
        small, alike, large = self.rules.farm.clients.values()
        self.assertEqual((small.orders, alike.orders, large.orders), ({}, {}, {}))
        changing.set_status(self.rules.farm, large, large.status.ENABLED)
        self.rules.run(large)
        self.assertEqual(self.rules.farm.jobs[job.id].state, JobState.COMPLETED)

    # --- hours

    def awake(self, sleeps: str, zone: str, machine_zone: str = "") -> list[int]:
        """The hours of a day in January, by UTC, in which a client that sleeps so is awake."""
        rules = Rules(19_737 * DAY)  # a Monday
        client = rules.client(settings={"sleeps": sleeps, "zone": zone}, zone=machine_zone)
        hours = list[int]()
        for hour in range(24):
            rules.pass_by(19_737 * DAY + (hour + 0.5) * HOUR - rules.clock)
            if client.works:
                hours.append(hour)
        return hours

    def test_sleep_from_22_to_6_is_not_turned_into_6_to_22(self) -> None:
        self.assertEqual(self.awake("22:00-06:00", "UTC"), list(range(6, 22)))
        self.assertEqual(self.awake("06:00-22:00", "UTC"), [*range(6), 22, 23])

    def test_a_client_has_more_than_one_window(self) -> None:
        self.assertEqual(self.awake("22:00-06:00, 12:00-13:00", "UTC"), [*range(6, 12), *range(13, 22)])

    def test_hours_are_those_of_the_client_s_own_zone(self) -> None:
        tokyo = [*range(13), *range(21, 24)]  # 06:00 there is 21:00 UTC
        self.assertEqual(self.awake("22:00-06:00", "Asia/Tokyo"), tokyo)
        self.assertEqual(self.awake("22:00-06:00", "", "Asia/Tokyo"), tokyo)

    # --- what people change

    def test_settings_that_cannot_be_are_refused_and_others_count_at_once_and_after_a_start_too(self) -> None:
        client = self.rules.client()
        older, newer = self.rules.job(Stage(tasks=3)), self.rules.job(Stage(tasks=3))
        before = newer.settings
        for wrong in ({"priority": 101}, {"tries": 0}, {"order": "sideways"}):
            self.assertRaises(Refused, self.rules.set, newer, **wrong)
        self.assertEqual(newer.settings, before)
        self.rules.set(newer, priority=90)
        self.assertEqual(self.order_of(client).job, newer.id)
        self.rules.start_anew()
        client = self.rules.farm.clients[client.id]
        self.rules.run(client)
        ended = {job.id: job.ended or 0.0 for job in self.rules.farm.jobs.values()}
        self.assertLess(ended[newer.id], ended[older.id])
