"""Changing one's mind: each verb, in each state in which it may be said, once and twice."""

from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from brender.farm import changing, choosing
from brender.farm.job import Job
from brender.farm.scheduling.why import why_task
from brender.farm.settings import ClientSettings, FarmSettings, JobSettings, read
from brender.farm.submission.planning import plan
from brender.farm.submission.problems import Refused
from brender.farm.transitions import JobState, NotNow, TaskState
from tests.doubles import DONE, FAILED, Rules, Stage
from tests.farm.submission import documents
from tests.farm.written import Written, counted, framed, states

WAITING, READY, ACTIVE, CANCELED = TaskState.WAITING, TaskState.READY, TaskState.ACTIVE, TaskState.CANCELED
TWO = (Stage("Render", 3, vcpus=1), Stage("Video", after=("Render",)))


class PauseResumeCancel(SynchronousTestCase):
    def setUp(self) -> None:
        self.rules = Written()
        self.client = self.rules.client(1)
        self.job = self.rules.job(Stage(tasks=3))

    def test_each_is_news_once(self) -> None:
        farm = self.rules.farm
        verbs: list[Callable[[], bool]] = [
            lambda: changing.pause(farm, self.job),
            lambda: changing.resume(farm, self.job),
            lambda: changing.cancel(farm, self.job, self.rules.now),
        ]
        for verb in verbs:
            self.assertTrue(verb())
            self.rules.changes()
            self.assertFalse(verb())
            self.assertFalse(self.rules.changes())

    def test_what_has_ended_otherwise_is_refused_with_a_sentence(self) -> None:
        self.rules.run(self.client)
        for verb, said in ((changing.pause, "paused"), (changing.resume, "resumed")):
            refused = self.assertRaises(NotNow, verb, self.rules.farm, self.job)
            self.assertEqual(str(refused), f"Job 1 is completed and cannot be {said}.")
        refused = self.assertRaises(NotNow, changing.cancel, self.rules.farm, self.job, self.rules.now)
        self.assertEqual(str(refused), "Job 1 is completed and cannot be canceled.")

    def test_a_paused_job_can_be_canceled(self) -> None:
        changing.pause(self.rules.farm, self.job)
        self.assertTrue(changing.cancel(self.rules.farm, self.job, self.rules.now))

    def test_they_are_kept_over_a_start(self) -> None:
        changing.pause(self.rules.farm, self.job)
        self.rules.start_anew()
        self.rules.match()
        job = self.rules.farm.jobs[1]
        self.assertEqual((job.state, self.rules.farm.orders), (JobState.PAUSED, {}))
        changing.resume(self.rules.farm, job)
        self.rules.cancel(job)
        self.rules.start_anew()
        self.assertEqual(counted(self.rules.farm.jobs[1]), [{"canceled": 3}])


class Again(SynchronousTestCase):
    def setUp(self) -> None:
        self.rules = Written()
        self.client = self.rules.client(1)

    def run_all(self, job: Job, outcome: TaskState = DONE) -> int:
        self.rules.drop()
        return self.rules.run(self.client, outcome)

    def test_one_frame_of_a_completed_job_runs_one_frame_and_its_dependents_stay_and_are_stale(self) -> None:
        job = self.rules.job(*TWO)
        self.run_all(job)
        self.assertEqual(self.rules.again(job, {0: [1]}), {0: [1]})
        self.assertEqual((job.standing.stale, job.state), ([1], JobState.QUEUED))
        self.assertEqual(counted(job), [{"completed": 2, "ready": 1}, {"completed": 1}])
        self.assertEqual(self.run_all(job), 1)
        self.assertEqual((job.state, job.standing.stale), (JobState.COMPLETED, [1]))

    def test_with_dependents_they_run_again_after_it(self) -> None:
        job = self.rules.job(*TWO)
        self.run_all(job)
        self.assertEqual(self.rules.again(job, {0: [1]}, with_dependents=True), {0: [1], 1: [0]})
        self.assertEqual(counted(job), [{"completed": 2, "ready": 1}, {"waiting": 1}])
        self.assertEqual(self.run_all(job), 2)
        self.assertEqual((job.state, job.standing.stale), (JobState.COMPLETED, []))

    def test_what_is_stale_is_so_until_all_of_it_was_run_again(self) -> None:
        job = self.rules.job(Stage("Render", 2, vcpus=1), Stage("Comp", 3, vcpus=1, after=("Render",)))
        self.run_all(job)
        self.rules.again(job, {0: [0]})
        self.run_all(job)
        self.rules.again(job, {1: [0]})
        self.run_all(job)
        self.assertEqual(job.standing.stale, [1], "two of its three tasks are from before")
        self.rules.again(job, {1: [0, 1, 2]})
        self.run_all(job)
        self.assertEqual(job.standing.stale, [])

    def test_dependents_do_not_run_while_a_task_before_them_runs_again(self) -> None:
        job = self.rules.job(Stage("Render", 2, vcpus=1), Stage("Comp", 3, vcpus=1, after=("Render",)))
        for _ in range(2):
            self.rules.match()
            self.rules.ended(self.rules.orders(self.client)[0])
        self.rules.match()
        running, waiting = self.rules.orders(self.client)
        self.assertEqual([order.step for order in (running, waiting)], [1, 1])
        self.rules.started(running)
        self.rules.again(job, {0: [0]})
        self.assertEqual([order.ending for order in (running, waiting)], [True, True])
        self.assertFalse(self.rules.ended(running, running.first))
        self.rules.drop()
        self.rules.match()
        self.assertEqual([order.step for order in self.rules.orders(self.client)], [0])
        self.assertEqual(counted(job), [{"active": 1, "completed": 1}, {"waiting": 3}])
        self.assertEqual((self.run_all(job), job.state), (4, JobState.COMPLETED))

    def test_a_task_does_not_begin_again_before_what_runs_of_its_dependents_is_gone(self) -> None:
        job = self.rules.job(Stage("Render", 1, vcpus=1), Stage("Comp", 1, vcpus=1, after=("Render",)))
        self.rules.client(1)
        self.rules.match()
        self.rules.ended(next(iter(job.orders.values())))
        self.rules.match()
        (running,) = job.orders.values()
        self.rules.started(running)
        self.rules.again(job, {0: [0]})
        self.rules.match()
        self.assertEqual(list(job.orders.values()), [running])
        name = self.rules.farm.clients[running.client].name
        said = why_task(self.rules.farm, job.steps[0], 0, "Frame 1", self.rules.clock)
        self.assertEqual(said, f'Frame 1 waits: what step "Comp" runs on {name} is to end first.')
        self.rules.drop()
        self.rules.match()
        self.assertEqual([order.step for order in job.orders.values()], [0])

    def test_what_failed_runs_again_and_what_was_abandoned_for_it(self) -> None:
        job = self.rules.job(*TWO, tries=1)
        self.rules.match()
        self.rules.ended(self.rules.orders(self.client)[0], outcome=FAILED, message="It broke.")
        self.run_all(job)
        self.assertEqual((job.state, counted(job)), (JobState.FAILED, [{"completed": 2, "failed": 1}, {"canceled": 1}]))
        self.rules.take_up(job)
        self.assertEqual(self.rules.again(job, choosing.ended(job)), {0: [0], 1: [0]})
        self.assertEqual((job.reason, job.ended), ("", None))
        self.assertEqual((self.run_all(job), job.state), (2, JobState.COMPLETED))

    def test_a_task_that_is_asked_for_again_has_all_its_tries(self) -> None:
        job = self.rules.job(Stage(), tries=2)
        self.run_all(job, FAILED)
        self.rules.again(job, {0: [0]})
        self.assertEqual(self.run_all(job, FAILED), 2)

    def test_and_after_a_start_of_the_server_too(self) -> None:
        job = self.rules.job(Stage(), tries=2)
        self.run_all(job, FAILED)
        self.rules.again(job, {0: [0]})
        self.rules.start_anew()
        self.client = self.rules.farm.clients[1]
        self.assertEqual(self.run_all(self.rules.farm.jobs[1], FAILED), 2)

    def test_a_canceled_job_goes_on_where_it_was(self) -> None:
        job = self.rules.job(*TWO)
        self.rules.match()
        self.rules.ended(self.rules.orders(self.client)[0])
        self.rules.cancel(job)
        self.rules.take_up(job)
        self.assertEqual(self.rules.again(job, choosing.ended(job)), {0: [1, 2], 1: [0]})
        self.assertEqual((self.run_all(job), job.state), (3, JobState.COMPLETED))

    def test_a_canceled_job_of_which_one_frame_is_done_again_is_not_completed(self) -> None:
        job = self.rules.job(Stage(tasks=5))
        self.rules.cancel(job)
        self.rules.again(job, {0: [2]})
        self.assertEqual(self.run_all(job), 1)
        self.assertEqual(counted(job), [{"completed": 1, "canceled": 4}])
        self.assertIs(job.state, JobState.CANCELED)

    def test_what_was_canceled_and_not_asked_for_stays_so_over_a_start(self) -> None:
        job = self.rules.job(Stage("A", 3, vcpus=1), Stage("B", 2, vcpus=1))
        self.rules.cancel(job)
        self.rules.again(job, {0: [2]})
        self.rules.start_anew()
        self.assertEqual(counted(self.rules.farm.jobs[1]), [{"canceled": 2, "ready": 1}, {"canceled": 2}])

    def test_only_the_chosen_ones_change_and_what_runs_runs_on(self) -> None:
        job = self.rules.job(Stage(tasks=4), tries=1)
        for outcome in (DONE, FAILED):
            self.rules.match()
            self.rules.ended(self.rules.orders(self.client)[0], outcome=outcome)
        self.rules.match()
        self.assertEqual(states(job), [DONE, FAILED, ACTIVE, ACTIVE])
        self.assertEqual(self.rules.again(job, {0: [2, 3]}), {})
        self.assertEqual(self.rules.again(job, {0: [0, 2]}), {0: [0]})
        self.assertEqual(states(job), [READY, FAILED, ACTIVE, ACTIVE])
        self.assertEqual(self.rules.again(job, {0: [0]}), {}, "it is to run already")

    def test_one_frame_of_a_chunk_runs_alone(self) -> None:
        job = self.rules.job(Stage(tasks=6, vcpus=1, chunk=3))
        self.run_all(job)
        self.assertEqual(self.rules.again(job, {0: [4]}), {0: [4]})
        self.rules.match()
        self.assertEqual([(order.first, order.count) for order in self.rules.orders(self.client)], [(4, 1)])

    def test_one_task_of_an_order_that_still_runs(self) -> None:
        job = self.rules.job(Stage(tasks=40))
        job.steps[0].estimate.learn(0.1)
        self.rules.match()
        (order, *_) = self.rules.orders(self.client)
        self.assertGreater(order.count, 2)
        self.rules.ended(order, 0)
        self.rules.again(job, {0: [0]})
        self.rules.start_anew()
        self.assertEqual(states(self.rules.farm.jobs[1])[:2], [READY, ACTIVE])

    def test_a_step_that_comes_after_a_failed_one_does_not_wait_for_ever(self) -> None:
        job = self.rules.job(*TWO, tries=1)
        self.run_all(job, FAILED)
        turned = self.rules.again(job, {1: [0]})
        self.assertEqual(turned, {0: [0, 1, 2], 1: [0]})
        self.assertEqual((self.run_all(job), job.state), (4, JobState.COMPLETED))

    def test_a_job_in_which_all_was_well_in_the_end_gives_no_reason(self) -> None:
        job = self.rules.job(Stage(tasks=2), tries=1)
        self.rules.match()
        self.rules.ended(self.rules.orders(self.client)[0], outcome=FAILED, message="It broke.")
        self.rules.again(job, {0: [0]})
        self.run_all(job)
        self.assertEqual((job.state, job.reason), (JobState.COMPLETED, ""))

    def test_a_paused_job_gets_tasks_again_and_stays_paused(self) -> None:
        job = self.rules.job(Stage(tasks=3), tries=1)
        self.rules.match()
        self.rules.ended(self.rules.orders(self.client)[0], outcome=FAILED)
        changing.pause(self.rules.farm, job)
        self.assertEqual(self.rules.again(job, {0: [0]}), {0: [0]})
        self.assertEqual((job.state, list(self.rules.farm.queue)), (JobState.PAUSED, []))

    def test_a_preview_that_is_done_again_needs_no_second_approval_of_an_approved_one(self) -> None:
        job = self.rules.job(Stage(tasks=4), preview=1)
        self.rules.run(self.client)
        self.assertEqual(counted(job), [{"completed": 1, "ready": 3}])
        self.rules.again(job, {0: [0]})
        self.assertEqual(self.run_all(job), 1)
        self.assertTrue(changing.approve(self.rules.farm, job))
        self.assertEqual((self.run_all(job), job.state), (3, JobState.COMPLETED))

    @given(st.data())
    def test_whatever_is_asked_for_again_and_again_the_job_ends_and_a_start_changes_nothing(
        self, data: st.DataObject
    ) -> None:
        rules = Written()
        rules.client(1)
        two = (Stage("A", 2, vcpus=1), Stage("B", 2, vcpus=1, after=("A",)))
        chain = (*two, Stage("C", 1), Stage("D", 1, after=("B",)))
        rules.job(*chain, tries=1)
        for _ in range(6):
            job = rules.farm.jobs[1]
            match data.draw(st.sampled_from(["again", "run", "cancel", "start"])):
                case "again":
                    step = data.draw(st.integers(0, 3))
                    task = data.draw(st.integers(0, chain[step].tasks - 1))
                    rules.again(job, {step: [task]}, data.draw(st.booleans()))
                case "run":
                    rules.match()
                    for order in rules.orders(rules.farm.clients[1])[: data.draw(st.integers(0, 2))]:
                        rules.ended(order, outcome=data.draw(st.sampled_from([DONE, FAILED])))
                case "cancel" if not job.finished:
                    rules.cancel(job)
                case "start":
                    before = (job.state, counted(job), job.standing)
                    rules.start_anew()
                    job = rules.farm.jobs[1]
                    self.assertEqual((job.state, counted(job), job.standing), before)
            rules.drop()
        rules.run(rules.farm.clients[1])
        self.assertTrue(rules.farm.jobs[1].finished)


class SetJob(SynchronousTestCase):
    CHANGES: tuple[dict[str, Any], ...] = (
        {"priority": 80},
        {"owner": "bob"},
        {"project": "film"},
        {"order": "backwards"},
        {"preview": 2},
        {"pool": "lighting"},
        {"only": ["render-02"]},
        {"never": ["render-01"]},
        {"limits": {"arnold": 2}},
        {"after": [{"job": 1}]},
        {"not_before": 1e6},
        {"hours": "20:00-21:00"},
        {"zone": "Asia/Tokyo"},
        {"tries": 7},
        {"fail_after": 4},
        {"fail_share": 0.5},
        {"task_seconds": 60},
        {"session_seconds": 60},
        {"step_seconds": 1e6},
        {"quiet_seconds": 60},
        {"second_starts": False},
        {"preemptible": True},
    )

    def test_every_setting_can_be_changed_while_it_runs_and_twice_changes_nothing(self) -> None:
        self.assertEqual({name for change in self.CHANGES for name in change}, set(JobSettings.__struct_fields__))
        for change in self.CHANGES:
            rules = Written(limits={"arnold": {"count": 4}}, shares={"film": 2})
            client = rules.client(1, settings={"pools": ["lighting"]})
            rules.job(Stage(), only=["nobody"])
            job = rules.job(Stage(tasks=4))
            rules.match()
            rules.started(rules.orders(client)[0])
            self.assertTrue(rules.set(job, **change), change)
            self.assertIn(job.id, rules.farm.changes.jobs)
            rules.settle()
            self.assertFalse(rules.set(job, **change), change)
            self.assertFalse(rules.changes(), change)
            rules.ended(rules.orders(client)[0])
            rules.start_anew()
            self.assertEqual(rules.farm.jobs[2].settings, job.settings)

    def test_a_job_that_is_not_wanted_there_any_more_asks_back_what_has_not_begun(self) -> None:
        for change in ({"never": ["render-01"]}, {"only": ["render-02"]}, {"pool": "lighting"}):
            rules = Rules()
            client = rules.client(1)
            job = rules.job(Stage(tasks=4))
            rules.match()
            running, waiting = rules.orders(client)
            rules.started(running)
            rules.changes()
            rules.set(job, **change)
            self.assertEqual([order.id for order in rules.changes().recalled], [waiting.id], change)

    def test_higher_priority_is_next_at_once(self) -> None:
        rules = Rules()
        rules.job(Stage(tasks=4))
        second = rules.job(Stage(tasks=4))
        rules.set(second, priority=70)
        client = rules.client(1)
        rules.match()
        self.assertEqual({order.job for order in rules.orders(client)}, {second.id})

    def test_limits_that_are_changed_count_from_the_next_order_on(self) -> None:
        rules = Rules(limits={"arnold": {"count": 1}})
        job = rules.job(Stage(tasks=6, vcpus=1))
        client = rules.client(2)
        rules.match()
        self.assertEqual(len(client.orders), 4)
        rules.set(job, limits={"arnold": 1})
        for order in rules.orders(client):
            rules.ended(order)
            rules.match()
            self.assertLessEqual(rules.farm.counted["arnold"].held, 1)

    def test_a_larger_preview_wants_approval_again(self) -> None:
        rules = Rules()
        client = rules.client(1)
        job = rules.job(Stage(tasks=6), preview=1)
        rules.run(client)
        changing.approve(rules.farm, job)
        rules.set(job, preview=3)
        rules.run(client)
        self.assertEqual(counted(job), [{"completed": 3, "ready": 3}])

    def test_a_preview_that_is_given_up_lets_the_rest_go(self) -> None:
        rules = Rules()
        client = rules.client(1)
        job = rules.job(Stage(tasks=6), preview=1)
        rules.run(client)
        rules.set(job, preview=0)
        self.assertEqual((rules.run(client), job.state), (5, JobState.COMPLETED))

    def test_a_finished_job_may_get_others_for_when_it_is_opened_again(self) -> None:
        rules = Written()
        client = rules.client(1)
        job = rules.job(Stage(), tries=1)
        rules.run(client, FAILED)
        self.assertTrue(rules.set(job, tries=4))
        rules.settle()
        rules.again(job, {0: [0]})
        self.assertEqual(rules.run(client, FAILED), 4)


class Approve(SynchronousTestCase):
    def test_it_is_news_once_and_kept_over_a_start(self) -> None:
        rules = Written()
        client = rules.client(1)
        job = rules.job(Stage(tasks=3), preview=1)
        rules.run(client)
        self.assertTrue(changing.approve(rules.farm, job))
        self.assertFalse(changing.approve(rules.farm, job))
        rules.start_anew()
        self.assertEqual(rules.run(rules.farm.clients[1]), 2)

    def test_a_job_without_a_preview_waits_for_none(self) -> None:
        rules = Rules()
        self.assertFalse(changing.approve(rules.farm, rules.job(Stage())))


class AddTasks(SynchronousTestCase):
    VIDEO = Stage("Video", after=("Render",))

    def setUp(self) -> None:
        self.rules = Written()
        self.client = self.rules.client(1)

    def frames_run(self, job: Job) -> list[str]:
        ran: list[str] = []
        while True:
            self.rules.match()
            order = next((order for order in self.rules.orders(self.client) if order.open), None)
            if order is None:
                return ran
            step = job.steps[order.step]
            task = order.awaited()[0]
            ran.append(step.plan.parameters(task)["Frame"] if step.name == "Render" else step.name)
            self.rules.ended(order)

    def test_to_a_running_job(self) -> None:
        job = self.rules.submit(framed("1-2"))
        self.rules.match()
        self.assertEqual(self.rules.add(job, "3-4"), 2)
        self.assertEqual((self.frames_run(job), job.state), (["1", "2", "3", "4"], JobState.COMPLETED))

    def test_to_one_that_has_ended_of_which_the_rest_stays_as_it_is(self) -> None:
        job = self.rules.submit(framed("1-2"))
        self.frames_run(job)
        self.assertEqual(self.rules.add(job, "7"), 1)
        self.assertEqual(counted(job), [{"completed": 2, "ready": 1}])
        self.assertEqual((self.frames_run(job), job.state), (["7"], JobState.COMPLETED))

    def test_they_are_kept_over_a_start(self) -> None:
        job = self.rules.submit(framed("1-2"))
        self.frames_run(job)
        self.rules.add(job, "7")
        self.rules.add(job, "5")
        self.rules.start_anew()
        self.client, job = self.rules.farm.clients[1], self.rules.farm.jobs[1]
        self.assertEqual(self.frames_run(job), ["7", "5"])
        self.rules.add(job, "9")
        self.rules.start_anew()
        self.client, job = self.rules.farm.clients[1], self.rules.farm.jobs[1]
        self.assertEqual(self.frames_run(job), ["9"])

    def test_what_depends_on_the_step_waits_for_them_too(self) -> None:
        job = self.rules.submit(framed("1-2", self.VIDEO))
        for _ in range(2):
            self.rules.match()
            self.rules.ended(self.rules.orders(self.client)[0])
        self.rules.match()
        (video,) = self.rules.orders(self.client)
        self.rules.add(job, "3")
        self.assertTrue(video.ending)
        self.rules.drop()
        self.assertEqual((self.frames_run(job), job.state), (["3", "Video"], JobState.COMPLETED))

    def test_what_was_done_without_them_is_stale(self) -> None:
        job = self.rules.submit(framed("1-2", self.VIDEO))
        self.frames_run(job)
        self.rules.add(job, "3")
        self.assertEqual((counted(job), job.standing.stale), ([{"completed": 2, "ready": 1}, {"completed": 1}], [1]))

    def test_a_canceled_job_runs_what_is_added_and_nothing_else_even_after_a_start(self) -> None:
        job = self.rules.submit(framed("1-3"))
        self.rules.cancel(job)
        self.rules.add(job, "4")
        self.rules.start_anew()
        self.client, job = self.rules.farm.clients[1], self.rules.farm.jobs[1]
        self.assertEqual(self.frames_run(job), ["4"])

    def test_frames_that_it_has_are_refused_and_nothing_changes(self) -> None:
        job = self.rules.submit(framed("1-3"))
        for frames in ("3-4", "2", "1-3"):
            refused = self.assertRaises(Refused, self.rules.add, job, frames)
            self.assertTrue(str(refused).endswith("."))
        self.assertEqual((len(job.steps[0].tasks), job.added), (3, []))

    def test_a_preview_order_reaches_them(self) -> None:
        job = self.rules.submit(framed("1-3"), order="backwards")
        self.rules.add(job, "4-5")
        self.assertEqual(self.frames_run(job), ["5", "4", "3", "2", "1"])


class Revise(SynchronousTestCase):
    def setUp(self) -> None:
        definitions = [{"name": "Samples", "type": "INT", "default": 8}, {"name": "Last", "type": "INT", "default": 2}]
        step = documents.over(documents.frames("1-{{Param.Last}}"))
        self.template = documents.job(step, parameterDefinitions=definitions)
        self.rules = Written()
        self.client = self.rules.client(1)
        self.job = self.rules.submit(plan(self.template, {}))

    def test_other_values_count_and_are_kept(self) -> None:
        changing.revise(self.rules.farm, self.job, plan(self.template, {"Samples": 64}))
        self.rules.start_anew()
        self.assertEqual(self.rules.farm.jobs[1].values["Samples"], "64")

    def test_values_that_make_other_tasks_are_refused_and_change_nothing(self) -> None:
        refused = self.assertRaises(
            NotNow, changing.revise, self.rules.farm, self.job, plan(self.template, {"Samples": 64, "Last": 3})
        )
        self.assertIn("would change the tasks", str(refused))
        self.assertEqual((self.job.values["Samples"], len(self.job.steps[0].tasks)), ("8", 2))

    def test_what_waits_with_the_old_values_is_asked_back(self) -> None:
        self.rules.match()
        running, waiting = self.rules.orders(self.client)
        self.rules.started(running)
        changing.revise(self.rules.farm, self.job, plan(self.template, {"Samples": 64}))
        self.assertEqual((running.recalled, waiting.recalled), (False, True))

    def test_a_job_that_has_ended_is_refused_with_a_sentence(self) -> None:
        self.rules.run(self.client)
        refused = self.assertRaises(
            NotNow, changing.revise, self.rules.farm, self.job, plan(self.template, {"Samples": 64})
        )
        self.assertIn("Job 1 is completed", str(refused))


class Clients(SynchronousTestCase):
    def test_other_settings_are_news_once(self) -> None:
        rules = Rules()
        client = rules.client(1)
        settings = ClientSettings(pools=("lighting",))
        self.assertTrue(changing.set_client(rules.farm, client, settings, rules.now))
        rules.changes()
        self.assertFalse(changing.set_client(rules.farm, client, settings, rules.now))
        self.assertFalse(rules.changes())

    def test_a_client_that_comes_into_a_pool_takes_its_work(self) -> None:
        rules = Rules()
        client = rules.client(1)
        rules.job(Stage(), pool="lighting")
        rules.match()
        self.assertEqual(client.orders, {})
        changing.set_client(rules.farm, client, ClientSettings(pools=("lighting",)), rules.now)
        rules.match()
        self.assertEqual(len(client.orders), 1)

    def test_one_that_may_not_take_it_any_more_is_asked_for_what_has_not_begun(self) -> None:
        rules = Rules()
        client = rules.client(1)
        rules.job(Stage(tasks=3))
        rules.match()
        running, waiting = rules.orders(client)
        rules.started(running)
        rules.changes()
        changing.set_client(rules.farm, client, ClientSettings(takes=("lighting",)), rules.now)
        self.assertEqual([order.id for order in rules.changes().recalled], [waiting.id])


class TheFarm(SynchronousTestCase):
    def test_a_limit_may_be_raised_lowered_taken_away_and_given_back(self) -> None:
        rules = Rules(limits={"arnold": {"count": 2}})
        clients = [rules.client(1) for _ in range(4)]
        rules.job(Stage(tasks=200), limits={"arnold": 1})
        held = []
        for count in (2, 4, 1, 0, 3):
            limits = {"arnold": {"count": count}} if count else {}
            changing.set_farm(rules.farm, read(FarmSettings, {"limits": limits}))
            for _ in range(3):
                for client in clients:
                    for order in rules.orders(client)[:1]:
                        rules.ended(order)
                rules.match()
            held.append(len(rules.farm.orders))
        self.assertEqual(held, [2, 4, 1, 0, 3])

    def test_other_shares_count_at_once(self) -> None:
        rules = Rules(shares={"film": 90, "spot": 10})
        clients = [rules.client(1) for _ in range(10)]
        rules.job(Stage(tasks=60), project="film")
        rules.job(Stage(tasks=60), project="spot")
        changing.set_farm(rules.farm, read(FarmSettings, {"shares": {"film": 10, "spot": 90}}))
        rules.match()
        used = [sum(order.job == number for client in clients for order in rules.orders(client)) for number in (1, 2)]
        self.assertEqual(used, [2, 18])

    def test_what_is_held_is_counted_the_same_before_and_after(self) -> None:
        rules = Rules(limits={"arnold": {"count": 3}, "nuke": {"count": 2, "each": "client"}})
        client = rules.client(4)
        rules.job(Stage(tasks=9, vcpus=1), limits={"arnold": 1, "nuke": 1})
        rules.match()
        before = {name: (counted.held, counted.by) for name, counted in rules.farm.counted.items()}
        in_use = rules.farm.jobs[1].in_use
        changing.set_farm(rules.farm, rules.farm.settings)
        self.assertEqual({name: (counted.held, counted.by) for name, counted in rules.farm.counted.items()}, before)
        self.assertEqual((rules.farm.jobs[1].in_use, client.used), (in_use, in_use))


GIB = 2**30


class WhatWaits(SynchronousTestCase):
    def left(self, stage: Stage, **settings: Any) -> int:
        """How many orders it still has, of which two have begun, when it has given back what it was asked for."""
        rules = Rules()
        client = rules.client(4, memory=16 * GIB)
        rules.job(stage)
        rules.match()
        for order in rules.orders(client)[:2]:
            rules.started(order)
        changing.set_client(rules.farm, client, read(ClientSettings, settings), rules.now)
        rules.match()
        for order in [order for order in rules.orders(client) if order.recalled]:
            rules.farm.handed_back(client.id, order.id, order.awaited(), rules.now)
        rules.match()
        return len(client.orders)

    def test_one_that_takes_fewer_at_a_time(self) -> None:
        self.assertEqual(self.left(Stage(tasks=20, vcpus=1), most_tasks=2), 2)

    def test_one_that_keeps_memory_for_who_sits_there(self) -> None:
        self.assertEqual(self.left(Stage(tasks=20, vcpus=1, memory=4), keep_memory=8 * GIB), 4)


class StaleJobs(SynchronousTestCase):
    def test_a_job_that_came_after_one_that_runs_again_stays_and_says_that_it_is_stale(self) -> None:
        rules = Written()
        client = rules.client()
        first = rules.job(Stage(tasks=3))
        then = rules.job(Stage(), after=[{"job": first.id}])
        rules.run(client)
        rules.start_anew()
        first, then = rules.farm.jobs.values()
        rules.again(first, {0: [1]})
        self.assertEqual(then.state, "completed")
        self.assertEqual(then.warnings, ["It was made from job 1, of which tasks are done again."])
