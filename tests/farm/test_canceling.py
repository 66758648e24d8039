"""Tasks that are canceled while their job goes on: what of them ends, what goes on, and how the job ends."""

from twisted.trial.unittest import SynchronousTestCase

from brender.farm import changing
from brender.farm.canceling import cancel_tasks
from brender.farm.order import Order
from brender.farm.scheduling.why import why_job
from brender.farm.transitions import JobState, TaskState
from tests.doubles import FAILED, Stage
from tests.farm.written import Written, counted, states

READY, ACTIVE, DONE, CANCELED = TaskState.READY, TaskState.ACTIVE, TaskState.COMPLETED, TaskState.CANCELED
RENDER = Stage("Render", 3, vcpus=1)
TWO = (RENDER, Stage("Video", after=("Render",)))


class Canceling(SynchronousTestCase):
    def setUp(self) -> None:
        self.rules = Written()
        self.client = self.rules.client(1)

    def order(self) -> Order:
        """What the client was given first."""
        self.rules.match()
        return self.rules.orders(self.client)[0]

    def test_what_waits_never_runs_and_the_others_do(self) -> None:
        job = self.rules.job(Stage(tasks=4))
        self.assertEqual(self.rules.cancel_tasks(job, {0: [3, 1]}), {0: [1, 3]})
        self.assertEqual(states(job), [READY, CANCELED, READY, CANCELED])
        self.assertEqual(self.rules.run(self.client), 2)
        self.assertEqual((job.state, counted(job)), (JobState.CANCELED, [{"completed": 2, "canceled": 2}]))
        self.assertEqual(why_job(self.rules.farm, job, 0.0), "Job 1 is canceled: 2 of its 4 tasks were canceled.")

    def test_what_runs_is_ended_and_what_it_says_later_changes_nothing(self) -> None:
        job = self.rules.job(Stage(tasks=2))
        order = self.order()
        self.rules.started(order)
        cancel_tasks(self.rules.farm, job, {0: [0]}, self.rules.now)
        self.assertEqual([each.id for each in self.rules.farm.changes.canceled], [order.id])
        self.rules.settle()
        self.assertFalse(self.rules.ended(order, 0))
        self.assertFalse(self.rules.ended(order, 0, FAILED, "It broke."))
        self.assertEqual((states(job)[0], job.reason), (CANCELED, ""))
        self.rules.drop()
        self.rules.run(self.client)
        self.assertEqual((job.state, counted(job)), (JobState.CANCELED, [{"completed": 1, "canceled": 1}]))

    def test_what_has_ended_stays_as_it_is(self) -> None:
        job = self.rules.job(Stage(tasks=3), tries=1)
        self.rules.ended(self.order())
        self.rules.ended(self.order(), outcome=FAILED)
        self.assertEqual(self.rules.cancel_tasks(job, {0: [0, 1]}), {})
        self.assertEqual(self.rules.cancel_tasks(job, {0: [0, 1, 2]}), {0: [2]})
        self.assertEqual(self.rules.cancel_tasks(job, {0: [2]}), {})
        self.assertEqual(counted(job), [{"completed": 1, "failed": 1, "canceled": 1}])

    def test_a_job_of_which_all_is_canceled_ends_without_having_begun(self) -> None:
        job = self.rules.job(*TWO)
        self.rules.cancel_tasks(job, {0: range(3)})
        self.assertEqual((job.state, job.started), (JobState.CANCELED, None))
        self.assertEqual(counted(job), [{"canceled": 3}, {"canceled": 1}])

    def test_of_a_paused_job_too(self) -> None:
        job = self.rules.job(Stage(tasks=2))
        self.rules.ended(self.order())
        changing.pause(self.rules.farm, job)
        self.rules.cancel_tasks(job, {0: [1]})
        self.rules.drop()
        self.assertEqual((job.state, counted(job)), (JobState.CANCELED, [{"completed": 1, "canceled": 1}]))

    def test_a_straggler_is_ended_on_both_clients(self) -> None:
        job = self.rules.job(Stage(tasks=5))
        for _ in range(4):
            self.rules.ended(self.order(), seconds=10.0)
        first = self.order()
        self.rules.started(first)
        other = self.rules.client(1)
        self.rules.wait(100.0)
        self.assertEqual([order.second for order in self.rules.orders(other)], [True])
        cancel_tasks(self.rules.farm, job, {0: [4]}, self.rules.now)
        self.assertEqual(len(self.rules.farm.changes.canceled), 2)
        self.rules.settle()
        self.rules.drop()
        self.assertEqual((job.state, self.rules.farm.orders, self.rules.farm.twins), (JobState.CANCELED, {}, {}))

    def test_what_was_never_given_out_is_not_of_the_preview(self) -> None:
        job = self.rules.job(Stage(tasks=6), preview=2)
        self.rules.cancel_tasks(job, {0: [3, 4, 5]})
        self.assertFalse(job.steps[0].wants_approval)
        for _ in range(2):
            self.rules.ended(self.order())
        self.rules.match()
        self.assertEqual((job.steps[0].wants_approval, self.rules.orders(self.client)), (True, []))


    def test_in_place_of_one_of_the_preview_that_was_given_out_another_is(self) -> None:
        client = self.rules.client(4)
        job = self.rules.job(Stage(tasks=5, vcpus=1), preview=2)
        self.rules.match()
        self.assertEqual(states(job), [ACTIVE, ACTIVE, READY, READY, READY])
        self.rules.cancel_tasks(job, {0: [1]})
        self.rules.match()
        self.assertEqual(states(job), [ACTIVE, CANCELED, ACTIVE, READY, READY])
        self.assertIn(2, [order.first for order in self.rules.orders(client)])


class Together(SynchronousTestCase):
    """Tasks that a client was given in one order."""

    def setUp(self) -> None:
        self.rules = Written()
        self.client = self.rules.client(1)

    def several(self) -> Order:
        """An order of the first five tasks, of which one runs."""
        self.job = self.rules.job(Stage(tasks=10))
        self.job.steps[0].estimate.learn(0.001)
        self.rules.match()
        order = self.rules.orders(self.client)[0]
        self.assertGreater(order.count, 4)
        self.rules.started(order)
        return order

    def cancel(self, *tasks: int) -> list[tuple[int, list[int]]]:
        """What workers are told."""
        cancel_tasks(self.rules.farm, self.job, {0: tasks}, self.rules.now)
        told = [(order.id, list(stopped)) for order, stopped in self.rules.farm.changes.stopped]
        self.assertEqual(self.rules.farm.changes.canceled, [])
        self.rules.settle()
        return told

    def test_the_worker_ends_these_and_goes_on_with_the_others(self) -> None:
        order = self.several()
        self.assertEqual(self.cancel(0, 2), [(order.id, [0, 2])])
        self.assertEqual((order.running, order.open, order.holds(1)), (None, True, True))
        self.assertTrue(self.rules.ended(order, 1))
        self.assertFalse(self.rules.ended(order, 2))
        self.assertEqual(states(self.job)[:4], [CANCELED, DONE, CANCELED, ACTIVE])

    def test_the_slot_is_free_when_the_last_of_them_is_gone(self) -> None:
        order = self.several()
        self.cancel(1)
        for task in order.awaited():
            self.rules.ended(order, task)
        self.assertIn(order, self.rules.orders(self.client))
        self.rules.farm.handed_back(self.client.id, order.id, [1], self.rules.now)
        self.assertNotIn(order, self.rules.orders(self.client))

    def test_asked_for_again_they_wait_until_they_are_gone(self) -> None:
        order = self.several()
        self.cancel(0, 1)
        self.rules.again(self.job, {0: [0, 1]})
        self.assertEqual(states(self.job)[:2], [TaskState.WAITING] * 2)
        self.rules.farm.handed_back(self.client.id, order.id, [1], self.rules.now)
        self.assertEqual(states(self.job)[:2], [TaskState.WAITING, READY])
        self.rules.ended(order, 0)  # it had ended before it heard of that
        self.assertEqual(states(self.job)[:2], [READY, READY])

    def test_a_worker_that_has_not_heard_of_it_is_told_again(self) -> None:
        order = self.several()
        self.cancel(0, 2)
        self.rules.start_anew()
        self.job, client = self.rules.farm.jobs[1], self.rules.farm.clients[1]
        self.assertEqual(states(self.job)[:3], [CANCELED, ACTIVE, CANCELED])
        self.rules.farm.join(client, client.machine, {order.id: list(range(order.count))}, self.rules.now)
        told = [(each.id, list(tasks)) for each, tasks in self.rules.farm.changes.stopped]
        self.assertEqual(told, [(order.id, [0, 2])])
        self.rules.farm.leave(client, self.rules.now)
        self.rules.farm.join(client, client.machine, {order.id: [1]}, self.rules.now)
        self.assertEqual(self.rules.orders(client)[0].stopping, set())

    def test_when_all_of_it_is_canceled_the_order_is(self) -> None:
        order = self.several()
        self.rules.cancel_tasks(self.job, {0: order.awaited()[1:]})
        cancel_tasks(self.rules.farm, self.job, {0: [0]}, self.rules.now)
        self.assertEqual(self.rules.farm.changes.canceled, [order])

    def test_a_chunk_is_ended_and_the_others_of_it_run_again(self) -> None:
        job = self.rules.job(Stage(tasks=4, vcpus=1, chunk=4))
        self.rules.match()
        (order,) = self.rules.orders(self.client)
        self.rules.started(order)
        self.rules.cancel_tasks(job, {0: [1]})
        self.assertTrue(order.ending)
        self.rules.match()
        self.assertEqual(self.rules.orders(self.client), [order], "it runs nowhere before it is gone")
        self.rules.drop()
        self.rules.run(self.client)
        self.assertEqual(counted(job), [{"completed": 3, "canceled": 1}])


class WhatFollows(SynchronousTestCase):
    def setUp(self) -> None:
        self.rules = Written()
        self.client = self.rules.client(1)

    def test_what_depends_on_them_ends_with_them(self) -> None:
        job = self.rules.job(*TWO)
        self.rules.cancel_tasks(job, {0: [2]})
        self.assertEqual(counted(job)[1], {"waiting": 1})
        self.rules.run(self.client)
        self.assertEqual(job.state, JobState.CANCELED)
        self.assertEqual(counted(job), [{"completed": 2, "canceled": 1}, {"canceled": 1}])

    def test_other_steps_go_on(self) -> None:
        job = self.rules.job(RENDER, Stage("Preview", 2, vcpus=1), Stage("Video", after=("Render",)))
        self.rules.cancel_tasks(job, {0: range(3)})
        self.assertEqual(counted(job), [{"canceled": 3}, {"ready": 2}, {"canceled": 1}])
        self.assertEqual(self.rules.run(self.client), 2)
        self.assertEqual(job.state, JobState.CANCELED)

    def test_a_job_of_which_a_task_has_failed_has_failed(self) -> None:
        job = self.rules.job(Stage(tasks=2), tries=1)
        self.rules.cancel_tasks(job, {0: [1]})
        self.rules.run(self.client, FAILED)
        self.assertEqual(job.state, JobState.FAILED)

    def test_retry_brings_back_what_was_canceled_and_what_ended_with_it(self) -> None:
        job = self.rules.job(*TWO)
        self.rules.cancel_tasks(job, {0: [1]})
        self.rules.run(self.client)
        self.assertEqual(self.rules.again(job, {0: [1]}), {0: [1], 1: [0]})
        self.assertEqual((job.state, counted(job)), (JobState.QUEUED, [{"completed": 2, "ready": 1}, {"waiting": 1}]))
        self.assertEqual((self.rules.run(self.client), job.state), (2, JobState.COMPLETED))

    def test_frames_of_other_jobs_wait_for_them_as_for_what_failed(self) -> None:
        job = self.rules.job(Stage(tasks=2))
        other = self.rules.job(Stage("Comp", 2), after=[{"job": 1, "frames": [0, 0]}])
        self.rules.cancel_tasks(job, {0: [0]})
        self.rules.run(self.client)
        self.assertEqual((job.state, counted(other)), (JobState.CANCELED, [{"completed": 1, "waiting": 1}]))
        self.assertIn("it waits for frame 1 of job 1, which is canceled", why_job(self.rules.farm, other, 0.0))
        self.rules.again(job, {0: [0]})
        self.rules.run(self.client)
        self.assertEqual((job.state, other.state), (JobState.COMPLETED, JobState.COMPLETED))

    def test_all_of_it_is_kept_over_a_start(self) -> None:
        job = self.rules.job(Stage(tasks=4), Stage("Video", after=("A",)))
        self.rules.match()
        self.rules.ended(self.rules.orders(self.client)[0])
        self.rules.match()
        self.rules.cancel_tasks(job, {0: [1, 3]})
        self.rules.start_anew()
        job, client = self.rules.farm.jobs[1], self.rules.farm.clients[1]
        self.assertEqual(states(job), [DONE, CANCELED, ACTIVE, CANCELED])
        self.rules.run(client)
        self.assertEqual(job.state, JobState.CANCELED)
        self.rules.start_anew()
        job = self.rules.farm.jobs[1]
        self.assertEqual(counted(job), [{"completed": 2, "canceled": 2}, {"canceled": 1}])
        self.rules.again(job, {0: [1]})
        self.rules.start_anew()
        self.assertEqual(
            counted(self.rules.farm.jobs[1]), [{"completed": 2, "ready": 1, "canceled": 1}, {"waiting": 1}]
        )
