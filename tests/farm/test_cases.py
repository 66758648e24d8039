"""What went wrong on other people's farms, as far as scheduling is concerned: each case with its test.

How does this work?  `CASES` has a row for each case and for each of our decisions where sources disagree: the names of
the tests that try it.  They are looked up.  Cases that want a whole afternoon on a farm are played in
`Scheduling`, with the numbers of the case.
"""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from brender.farm.client import RuntimeClient
from brender.farm.scheduling.why import why_job
from brender.farm.submission.planning import Plan, plan
from brender.farm.transitions import JobState, TaskState
from tests.doubles import FAILED, Stage
from tests.effort import strangers
from tests.farm.submission import documents
from tests.farm.written import Written, states

READY = TaskState.READY
SMALL = Stage(vcpus=1)

CASES = {
    "SCH-01 equal priority, oldest first": (
        "farm.test_cases.Scheduling.test_jobs_of_equal_priority_run_one_after_the_other_as_they_came",
        "farm.scheduling.test_matching.TheOrderOfWork.test_of_equal_priority_the_oldest_goes_first",
    ),
    "SCH-02 priority is used, a change of it too, and small jobs are not starved": (
        "farm.test_cases.Scheduling.test_priority_takes_the_next_free_slots_and_a_change_of_it_the_next_assignment",
        "farm.test_changing.SetJob.test_higher_priority_is_next_at_once",
        "farm.scheduling.test_order_of_work.Turns.test_owners_of_equal_weight_have_equal_use_whatever_the_age_of_their_jobs",
    ),
    "SCH-04 licences": (
        "farm.test_cases.Scheduling.test_two_licences_are_never_held_by_three_whatever_happens",
        "farm.scheduling.test_limits.Limits.test_per_client_all_tasks_of_one_client_share_it",
        "farm.scheduling.test_limits.Limits.test_a_failure_a_cancel_and_a_loss_give_it_back",
    ),
    "SCH-05 one task at a time whatever the cores": (
        "farm.test_cases.Scheduling.test_a_client_of_eight_cores_takes_one_task_at_a_time_when_it_says_so",
        "farm.scheduling.test_shape.Sharing.test_a_client_takes_as_many_tasks_as_it_says_whatever_its_cores",
    ),
    "SCH-07 a queue of jobs fills every machine": (
        "farm.test_cases.Scheduling.test_no_client_is_idle_while_a_task_of_any_job_could_run",
        "farm.scheduling.test_matching.TheOrderOfWork.test_a_small_job_behind_a_large_one_fills_what_that_leaves_free",
    ),
    "SCH-08 who joins later works at once": (
        "farm.test_cases.Scheduling.test_who_joins_later_is_given_something_at_once_and_it_takes_half_as_long",
        "farm.scheduling.test_matching.Room.test_a_client_that_joins_later_gets_its_share_at_once",
        "line.test_outages.LostWorkerTests.test_a_worker_that_joins_later_gets_what_waits_behind_a_long_task",
    ),
    "SCH-10 what depends on a task that runs again": (
        "farm.test_cases.Scheduling.test_what_depends_on_a_task_that_runs_again_stays_is_stale_and_never_runs_beside_it",
        "farm.test_changing.Again.test_with_dependents_they_run_again_after_it",
        "farm.test_changing.Again.test_dependents_do_not_run_while_a_task_before_them_runs_again",
        "protocols.test_changing_verbs.Again.test_one_frame_is_one_frame_and_what_was_made_from_it_is_stale",
    ),
    "SCH-11 all is done and the job knows": (
        "farm.scheduling.test_matching.AtScale.test_a_job_ends_however_close_together_its_last_results_come",
        "line.test_outages.ManyJobsTests.test_the_end_of_the_last_two_tasks_is_the_end_of_the_job_every_time",
    ),
    "SCH-13 a large task behind a stream of small ones": (
        "farm.test_cases.Scheduling.test_a_task_of_four_cores_begins_when_what_runs_has_ended_though_small_ones_keep_coming",
        "farm.scheduling.test_matching.Room.test_a_large_task_is_not_overtaken_by_small_ones_for_ever",
        "farm.scheduling.test_order_of_work.Turns.test_a_large_task_begins_though_small_jobs_keep_coming_and_begin_elsewhere",
    ),
    "SCH-14 a job that nobody can run": (
        "farm.test_cases.Scheduling.test_a_job_that_nobody_can_run_says_so_blocks_nobody_and_starts_when_somebody_can",
        "farm.scheduling.test_why.NobodyCan.test_more_cores_than_anybody_has_and_it_starts_when_such_a_client_joins",
        "farm.test_admission.Warnings.test_a_step_that_no_client_can_run_is_named_with_what_comes_nearest",
    ),
    "decision 1: ranges": (
        "farm.submission.test_ranges.Reading.test_a_descending_piece_keeps_its_order_and_the_pieces_are_sorted",
        "farm.submission.test_ranges.Reading.test_what_openjd_model_accepts_and_refuses_is_accepted_and_refused",
        "farm.submission.test_ranges.Refusing.test_the_syntax_of_other_farms_is_refused_with_ours",
        "farm.submission.test_planning.Limits.test_more_tasks_than_the_farm_takes_are_refused_with_the_limit",
    ),
    "decision 2: chunks": (
        "farm.submission.test_chunks.Chunks.test_close_chunks_are_evened_out_and_never_end_beyond_the_range",
        "farm.submission.test_chunks.Chunks.test_loose_chunks_are_written_as_the_conformance_suite_writes_them",
        "farm.submission.test_chunks.Chunks.test_every_cut_of_many_ranges_is_the_reference_s",
    ),
    "decision 3: ends": (
        "line.test_ends.CancelTests.test_the_whole_process_tree_is_ended",
        "line.test_ends.ReasonTests.test_only_the_exit_code_decides",
        "line.test_ends.ReasonTests.test_a_time_limit_is_a_failure_whatever_the_exit_code",
        "line.test_ends.ReasonTests.test_what_a_task_that_ran_too_long_has_started_is_ended",
        "worker.session.test_reasons.ReasonTests.test_what_the_task_says_comes_first",
    ),
    "decision 4: cycles and names of files": (
        "farm.submission.test_checks.Dependencies.test_a_circle_of_steps_names_its_members",
        "farm.submission.test_checks.Dependencies.test_a_step_cannot_wait_for_itself_or_for_nobody",
        "farm.test_admission.Problems.test_a_circle_is_told_with_its_members",
        "farm.submission.test_checks.Files.test_names_that_would_not_stay_in_the_session_s_folder_are_refused",
    ),
    "decision 5: missing files": (
        "worker.blender.test_missing.Missing.test_a_library",
        "worker.blender.test_missing.Missing.test_a_picture",
        "line.test_output.OutputTests.test_warnings_reach_the_job",
    ),
    "decision 6: scripts": (
        "worker.blender.test_stage.Scripts.test_they_run_unless_forbidden_in_the_folder_of_the_session_and_the_log_says_so",
        "worker.blender.test_stage.Scripts.test_forbidden_ones_do_not_run_and_the_log_names_them",
        "people.test_scripts.ScriptTests.test_whose_scripts_run_is_a_matter_of_the_owners_role",
        "protocols.test_worker.Orders.test_whether_scripts_of_its_scenes_run_is_told_and_again_when_that_has_changed",
    ),
    "decision 7: movies": ("worker.blender.test_keeper.Settings.test_a_movie_becomes_png_frames",),
    "decision 8: negative frames": (
        "worker.blender.test_keeper.KeptOpen.test_a_negative_frame_is_that_frame_of_the_timeline",
    ),
    "decision 9: the same twice, and equal priority": (
        "web.test_jobs.Submitting.test_a_request_that_is_sent_again_with_its_key_makes_one_job",
        "web.http.test_once.SentAgain.test_without_a_key_each_does_its_own_work",
        "farm.scheduling.test_order_of_work.Turns.test_what_counts_is_what_is_used_now_not_what_was_used",
        "farm.scheduling.test_order_of_work.Turns.test_between_owners_who_use_the_same_age_decides",
    ),
    "decision 10: a finished task again": (
        "farm.test_changing.Again.test_one_frame_of_a_completed_job_runs_one_frame_and_its_dependents_stay_and_are_stale",
        "farm.test_changing.Again.test_with_dependents_they_run_again_after_it",
        "farm.test_changing.Again.test_what_is_stale_is_so_until_all_of_it_was_run_again",
    ),
    "decision 11: paths stay inside, and nothing falls back": (
        "worker.blender.test_paths.Mapping.test_the_way_out_of_a_mapped_folder_is_refused",
        "worker.blender.test_stage.Refusals.test_a_scene_of_another_name",
        "worker.blender.test_stage.Refusals.test_a_camera_that_is_not_there",
        "worker.blender.test_stage.Refusals.test_a_view_layer_that_is_not_there",
        "worker.blender.test_stage.Refusals.test_an_engine_that_is_not_there",
        "worker.blender.test_stage.Gpu.test_a_gpu_that_is_asked_for_renders_or_the_job_is_refused",
    ),
}


class Cases(SynchronousTestCase):
    def test_every_case_has_its_tests(self) -> None:
        self.assertEqual(strangers(name for names in CASES.values() for name in names), [])


class Scheduling(SynchronousTestCase):
    def setUp(self) -> None:
        self.rules = Written()

    def end(self, client: RuntimeClient, seconds: float = 1.0) -> None:
        """The oldest task of a client is done, and the next ones are given out."""
        order = self.rules.orders(client)[0]
        self.rules.started(order)
        self.rules.ended(order, seconds=seconds)
        self.rules.match()

    def give_back(self) -> None:
        """Workers hand back what they were asked for."""
        for order in [order for order in self.rules.farm.orders.values() if order.recalled and order.open]:
            self.rules.farm.handed_back(order.client, order.id, order.awaited(), self.rules.now)
        self.rules.match()

    def runs_on(self, client: RuntimeClient) -> int:
        """The job whose task a client of one slot runs."""
        return self.rules.orders(client)[0].job

    def test_jobs_of_equal_priority_run_one_after_the_other_as_they_came(self) -> None:
        client = self.rules.client()
        jobs = [self.rules.job(Stage(tasks=3)) for _ in range(5)]
        ran = list[int]()
        self.rules.match()
        while client.orders:
            ran.append(self.runs_on(client))
            self.end(client)
        self.assertEqual(ran, [job.id for job in jobs for _ in range(3)])

    def test_priority_takes_the_next_free_slots_and_a_change_of_it_the_next_assignment(self) -> None:
        clients = [self.rules.client() for _ in range(2)]
        first = self.rules.job(Stage(tasks=500))
        self.rules.match()
        urgent = self.rules.job(Stage(tasks=20), priority=90)
        equal = self.rules.job(Stage(tasks=2))
        self.rules.match()
        self.give_back()
        for client in clients:
            self.end(client)
        self.assertEqual([self.runs_on(client) for client in clients], [urgent.id] * 2)
        self.rules.set(first, priority=99)
        self.rules.match()
        self.give_back()
        for _ in range(3):
            for client in clients:
                self.end(client)
        self.assertEqual([self.runs_on(client) for client in clients], [first.id] * 2)
        self.assertGreater(urgent.steps[0].counts[READY], 10)
        self.assertEqual(states(equal), [READY, READY], "of one owner and priority, what has begun is finished first")

    def test_two_licences_are_never_held_by_three_whatever_happens(self) -> None:
        self.rules = Written(limits={"arnold": {"count": 2}})
        clients = [self.rules.client(2) for _ in range(4)]
        needing = self.rules.job(Stage(tasks=20, vcpus=1), limits={"arnold": 1}, tries=100)
        free = self.rules.job(Stage(tasks=20, vcpus=1), tries=100)
        for turn in range(200):
            self.rules.match()
            holders = [order for order in self.rules.farm.orders.values() if order.limits]
            self.assertLessEqual(len(holders), 2)
            if needing.finished and free.finished:
                break
            if free.steps and free.steps[0].counts[READY]:
                self.assertTrue(all(client.used >= client.slots for client in clients), "others run on meanwhile")
            client = clients[turn % 4]
            self.something(client, turn)
        self.assertEqual((needing.state, free.state), (JobState.COMPLETED, JobState.COMPLETED))

    def something(self, client: RuntimeClient, turn: int) -> None:
        """A task fails, a worker dies and comes back, or (mostly) a task is done."""
        orders = self.rules.orders(client)
        if turn % 7 == 3:
            self.rules.farm.leave(client, self.rules.now)
            self.rules.farm.lose(client, self.rules.now)
            self.rules.farm.join(client, client.machine, {}, self.rules.now)
        elif orders:
            self.rules.started(orders[0])
            self.rules.ended(orders[0], outcome=FAILED if turn % 5 == 2 else TaskState.COMPLETED)

    def test_a_client_of_eight_cores_takes_one_task_at_a_time_when_it_says_so(self) -> None:
        client = self.rules.client(8, settings={"most_tasks": 1})
        job = self.rules.job(Stage(tasks=10, vcpus=1))
        self.rules.match()
        for _ in range(10):
            self.assertEqual(len(client.orders), 1)
            self.end(client)
        self.assertEqual(job.state, JobState.COMPLETED)

    def test_no_client_is_idle_while_a_task_of_any_job_could_run(self) -> None:
        clients = [self.rules.client() for _ in range(4)]
        jobs = [self.rules.job(Stage(tasks=tasks), priority=4 - n) for n, tasks in enumerate((4, 1, 4))]
        left, turn = 9, 0
        self.rules.match()
        while left:
            begun = sum(bool(client.orders) for client in clients)
            self.assertEqual(begun, min(left, 4), "as many work as there are tasks")
            turn += 1
            busy = [client for client in clients if client.orders]
            self.end(busy[turn % len(busy)])
            self.give_back()
            left -= 1
        self.assertEqual({job.state for job in jobs}, {JobState.COMPLETED})

    def test_who_joins_later_is_given_something_at_once_and_it_takes_half_as_long(self) -> None:
        clients = [self.rules.client()]
        job = self.rules.job(Stage(tasks=40))
        self.rules.match()
        for _ in range(3):
            self.end(clients[0], seconds=2.0)
        clients.append(self.rules.client())
        self.rules.match()
        self.give_back()
        self.assertTrue(clients[1].orders)
        rounds = 0
        while not job.finished:
            rounds += 1
            for client in clients:
                if client.orders:
                    self.end(client, seconds=2.0)
                    self.give_back()
        self.assertEqual(rounds, 19, "37 tasks on two clients")

    def test_what_depends_on_a_task_that_runs_again_stays_is_stale_and_never_runs_beside_it(self) -> None:
        client = self.rules.client(4)
        job = self.rules.job(Stage("A", 3, vcpus=1), Stage("B", 2, vcpus=1, after=("A",)))
        self.rules.run(client)
        self.rules.again(job, {0: [1]})
        self.assertEqual((job.standing.stale, states(job, 1)), ([1], [TaskState.COMPLETED] * 2))
        self.rules.again(job, {1: [0]})
        self.rules.match()
        self.assertEqual([(order.step, order.first) for order in client.orders.values()], [(0, 1)])
        self.end(client)
        self.assertEqual([(order.step, order.first) for order in client.orders.values()], [(1, 0)])
        self.end(client)
        self.assertEqual((job.state, job.standing.stale), (JobState.COMPLETED, [1]), "of B one task is still old")

    def test_a_task_of_four_cores_begins_when_what_runs_has_ended_though_small_ones_keep_coming(self) -> None:
        client = self.rules.client(4)
        for _ in range(3):
            self.rules.job(SMALL)
        self.rules.match()
        large = self.rules.job(Stage(vcpus=4))
        ended = 0
        while self.runs_on(client) != large.id:
            self.rules.job(SMALL)
            self.rules.match()
            self.end(client)
            ended += 1
            self.assertLessEqual(ended, 4, "it waits for no more than what ran before it was next")

    def test_a_job_that_nobody_can_run_says_so_blocks_nobody_and_starts_when_somebody_can(self) -> None:
        client = self.rules.client(4)
        for needs, told in self.impossible():
            job = self.rules.submit(needs)
            other = self.rules.job(SMALL)
            self.rules.run(client)
            self.assertEqual((other.state, states(job)), (JobState.COMPLETED, [READY]))
            self.assertEqual(why_job(self.rules.farm, job, self.rules.clock), f"Job {job.id} waits: {told}.")
        self.rules.run(self.rules.client(999, system="windows"))
        self.assertEqual({job.state for job in self.rules.farm.jobs.values()}, {JobState.COMPLETED})

    def impossible(self) -> list[tuple[Plan, str]]:
        """Plans that a Linux farm of four cores can never run, and what is said of them."""
        cores = {"amounts": [{"name": "amount.worker.vcpu", "min": 999}]}
        windows = {"attributes": [{"name": "attr.worker.os.family", "anyOf": ["windows"]}]}
        return [
            (wanting(cores), "it needs 999 cores; the largest online client is render-01 with 4 cores"),
            (
                wanting(windows),
                "the only online client is render-01, and it needs operating system windows; render-01 has linux",
            ),
        ]


def wanting(host: dict[str, Any]) -> Plan:
    """The plan of a job with these host requirements."""
    return plan(documents.job(documents.step() | {"hostRequirements": host}), {})
