"""A task that failed: tried again twice, elsewhere first.  The rule alone, then on a farm."""

from twisted.trial.unittest import SynchronousTestCase

from brender.farm.failures.retries import Tries, elsewhere
from brender.farm.transitions import JobState, TaskState
from tests.doubles import CANCELED, FAILED, Rules, Stage


class TheRule(SynchronousTestCase):
    def test_there_are_three_tries_in_all(self) -> None:
        tries = Tries()
        seen = []
        for client in (1, 2, 3):
            seen.append((tries.attempt, tries.may_try(3)))
            tries.clients.append(client)
        self.assertEqual((seen, tries.may_try(3)), ([(1, True), (2, True), (3, True)], False))

    def test_who_has_not_failed_it_may_have_it(self) -> None:
        self.assertFalse(elsewhere([1], 2, [1, 2, 3]))

    def test_who_has_failed_it_leaves_it_to_somebody_who_has_not(self) -> None:
        self.assertTrue(elsewhere([1], 1, [1, 2]))

    def test_when_everybody_who_could_has_failed_it_anybody_may(self) -> None:
        self.assertFalse(elsewhere([1, 2], 1, [1, 2]))
        self.assertFalse(elsewhere([1], 1, [1]))


class OnAFarm(SynchronousTestCase):
    def test_a_task_that_failed_goes_to_another_machine_next(self) -> None:
        rules = Rules()
        job = rules.job(Stage())
        first, second = rules.client(), rules.client()
        rules.match()
        (order,) = rules.orders(first)
        rules.ended(order, outcome=FAILED, message="It broke.")
        rules.match()
        self.assertEqual(rules.orders(first), [])
        (again,) = rules.orders(second)
        self.assertEqual((again.first, again.attempt), (0, 2))
        rules.ended(again)
        self.assertEqual((job.state, job.reason), (JobState.COMPLETED, ""))

    def test_on_a_farm_of_one_machine_the_same_one_tries_three_times(self) -> None:
        rules = Rules()
        job = rules.job(Stage())
        self.assertEqual(rules.run(rules.client(), FAILED), 3)
        self.assertEqual((job.state, job.reason), (JobState.FAILED, "It broke."))
        self.assertEqual(job.steps[0].counts[TaskState.FAILED], 1)

    def test_a_machine_that_cannot_run_it_is_no_elsewhere(self) -> None:
        rules = Rules()
        job = rules.job(Stage(vcpus=2))
        small, large = rules.client(1), rules.client(2)
        self.assertEqual((rules.run(large, FAILED), rules.orders(small)), (3, []))
        self.assertIs(job.state, JobState.FAILED)

    def test_the_other_machine_that_goes_is_no_elsewhere_any_more(self) -> None:
        rules = Rules()
        rules.job(Stage())
        first, second = rules.client(), rules.client()
        rules.match()
        rules.ended(rules.orders(first)[0], outcome=FAILED)
        rules.farm.leave(second, rules.now)
        rules.match()
        self.assertEqual([order.attempt for order in rules.orders(first)], [2])

    def test_a_lost_machine_and_one_that_was_needed_otherwise_count_as_no_try(self) -> None:
        rules = Rules()
        job = rules.job(Stage())
        client = rules.client()
        for _ in range(4):
            rules.match()
            rules.ended(rules.orders(client)[0], outcome=CANCELED)
        for _ in range(4):
            rules.match()
            rules.farm.leave(client, rules.now)
            rules.farm.lose(client, rules.now)
            rules.farm.join(client, client.machine, {}, rules.now)
        rules.match()
        self.assertEqual([order.attempt for order in rules.orders(client)], [1])
        self.assertEqual(job.steps[0].tries, {})

    def test_other_tasks_do_not_wait_for_one_that_is_left_to_another_machine(self) -> None:
        rules = Rules()
        rules.job(Stage(tasks=5))
        first, second = rules.client(), rules.client()
        rules.match()
        kept = [order.first for order in rules.orders(second)]
        rules.ended(rules.orders(first)[0], outcome=FAILED)
        rules.match()
        self.assertEqual((kept, [order.first for order in rules.orders(first)]), ([1, 3], [2, 4]))

    def test_a_task_that_has_failed_goes_alone(self) -> None:
        rules = Rules()
        job = rules.job(Stage(tasks=200))
        client = rules.client()
        job.steps[0].estimate.learn(0.01)
        rules.match()
        failed = rules.orders(client)[0]
        rules.ended(failed, 10, FAILED)
        for task in failed.awaited():
            rules.ended(failed, task)
        rules.match()
        again = next(order for order in rules.orders(client) if order.first == 10)
        self.assertEqual((again.count, again.attempt), (1, 2))
