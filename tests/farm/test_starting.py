"""A start of the server: what was becomes what is, whatever had happened to a job before."""

from twisted.trial.unittest import SynchronousTestCase

from brender.farm import changing
from brender.farm.job import Job
from brender.farm.transitions import JobState, TaskState
from tests.doubles import DONE, FAILED, Stage
from tests.farm.written import HOUR, Written, counted, framed, states


class Starts(SynchronousTestCase):
    def setUp(self) -> None:
        self.rules = Written()
        self.client = self.rules.client(1)

    def anew(self, number: int = 1) -> Job:
        self.rules.start_anew()
        self.client = self.rules.farm.clients[1]
        return self.rules.farm.jobs[number]

    def test_jobs_that_are_done_give_nothing_to_do(self) -> None:
        for _ in range(20):
            self.rules.job(Stage(tasks=2))
        self.rules.run(self.client)
        self.anew()
        self.rules.match()
        self.assertEqual((self.rules.farm.orders, list(self.rules.farm.queue)), ({}, []))

    def test_between_the_end_of_one_step_and_the_begin_of_the_next(self) -> None:
        self.rules.job(Stage("A"), Stage("B", after=("A",)))
        self.rules.match()
        self.rules.ended(self.rules.orders(self.client)[0])
        job = self.anew()
        self.assertEqual(counted(job), [{"completed": 1}, {"ready": 1}])

    def test_what_runs_goes_on_and_nothing_is_canceled(self) -> None:
        self.rules.job(Stage(tasks=3))
        self.rules.match()
        held = [order.id for order in self.rules.orders(self.client)]
        job = self.anew()
        self.assertEqual([order.id for order in self.rules.orders(self.client)], held)
        self.assertEqual((self.rules.run(self.client), job.state), (3, JobState.COMPLETED))

    def test_a_job_that_was_opened_again_goes_on_and_its_orders_of_before_do_not_count(self) -> None:
        job = self.rules.job(Stage("A", 3, vcpus=1), Stage("B", after=("A",)))
        self.rules.run(self.client)
        self.rules.again(job, {0: [1]})
        job = self.anew()
        self.assertEqual((job.state, counted(job)), (JobState.QUEUED, [{"completed": 2, "ready": 1}, {"completed": 1}]))
        self.rules.match()
        job = self.anew()
        self.assertEqual(states(job), [DONE, TaskState.ACTIVE, DONE])
        self.assertEqual((self.rules.run(self.client), job.state, job.standing.stale), (1, JobState.COMPLETED, [1]))

    def test_a_job_that_is_opened_again_and_again(self) -> None:
        job = self.rules.job(Stage(tasks=2), tries=1)
        for _ in range(3):
            self.rules.run(self.client, FAILED)
            self.assertIs(job.state, JobState.FAILED)
            job = self.anew()
            self.rules.again(job, {0: [0, 1]})
            job = self.anew()
            self.assertEqual((job.state, states(job)), (JobState.QUEUED, [TaskState.READY] * 2))

    def test_what_was_given_up_stays_so_though_one_of_its_tries_was_before_another_task_was_canceled(self) -> None:
        job = self.rules.job(Stage(tasks=3), tries=2)
        self.rules.match()
        self.rules.ended(self.rules.orders(self.client)[0], 0, FAILED)
        self.rules.cancel_tasks(job, {0: [2]})
        self.rules.match()
        self.rules.ended(next(order for order in self.rules.orders(self.client) if order.holds(0)), 0, FAILED)
        self.assertEqual(states(self.anew())[0], FAILED)

    def test_a_gate_is_as_it_was(self) -> None:
        self.rules = Written(12 * HOUR)
        self.client = self.rules.client(1)
        for settings in ({"not_before": 20 * HOUR}, {"hours": "13:00-14:00"}, {"after": [{"job": 1}]}):
            self.rules.job(Stage(), **settings)
        before = {job.id: job.gate for job in self.rules.farm.jobs.values()}
        self.anew()
        self.assertEqual({job.id: job.gate for job in self.rules.farm.jobs.values()}, before)

    def test_a_client_keeps_its_hours_and_sleeps_when_it_is_back(self) -> None:
        self.rules = Written(12 * HOUR)
        self.client = self.rules.client(1, settings={"sleeps": "12:00-14:00"})
        self.rules.job(Stage())
        self.anew()
        self.assertTrue(self.client.asleep)
        self.rules.pass_by(3 * HOUR)
        self.assertFalse(self.client.asleep)

    def test_frames_that_were_added_are_there(self) -> None:
        job = self.rules.submit(framed("1-2"))
        self.rules.add(job, "3-4")
        self.rules.match()
        self.rules.ended(self.rules.orders(self.client)[0])
        self.assertEqual(counted(self.anew()), [{"ready": 2, "active": 1, "completed": 1}])

    def test_a_paused_one_that_was_opened_again_stays_paused(self) -> None:
        job = self.rules.job(Stage(tasks=2))
        self.rules.run(self.client)
        self.rules.again(job, {0: [0]})
        changing.pause(self.rules.farm, job)
        job = self.anew()
        self.rules.match()
        self.assertEqual((job.state, self.rules.farm.orders), (JobState.PAUSED, {}))
