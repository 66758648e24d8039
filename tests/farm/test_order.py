"""An order: what is awaited of it, and when it is over."""

from twisted.trial.unittest import SynchronousTestCase

from brender.farm.order import Order
from brender.farm.transitions import TaskState
from tests.doubles import CANCELED, DONE, FAILED


def order(first: int = 10, count: int = 3) -> Order:
    return Order(id=1, job=2, step=0, client=3, first=first, count=count, attempt=1, cost=1, issued=100.0)


class AnOrder(SynchronousTestCase):
    def test_a_fresh_one_awaits_every_task(self) -> None:
        fresh = order()
        self.assertEqual((fresh.awaited(), fresh.open, fresh.untouched), ([10, 11, 12], True, True))

    def test_it_holds_its_own_tasks_and_no_other(self) -> None:
        fresh = order()
        self.assertEqual([task for task in range(-20, 20) if fresh.holds(task)], [10, 11, 12])

    def test_a_task_that_is_settled_is_awaited_no_more(self) -> None:
        begun = order()
        begun.settle(11, DONE, 5.0)
        self.assertEqual((begun.awaited(), begun.holds(11), begun.open), ([10, 12], False, True))
        self.assertEqual((list(begun.tasks), begun.ended), ([TaskState.ACTIVE, DONE, TaskState.ACTIVE], None))

    def test_it_is_over_with_its_last_task_and_keeps_the_time(self) -> None:
        ended = order()
        for now, (task, state) in enumerate([(12, DONE), (10, FAILED), (11, CANCELED)]):
            ended.settle(task, state, float(now))
        self.assertEqual((ended.open, ended.ended), (False, 2.0))

    def test_what_it_runs_is_forgotten_with_the_result_of_that_task_alone(self) -> None:
        begun = order()
        begun.begin(11, 7.0)
        begun.settle(10, DONE, 8.0)
        self.assertEqual((begun.running, begun.began), (11, 7.0))
        begun.settle(11, DONE, 9.0)
        self.assertIsNone(begun.running)

    def test_the_next_task_begins_without_the_progress_of_the_last(self) -> None:
        begun = order()
        begun.begin(10, 7.0)
        begun.percent, begun.status = 80.0, "sample 400"
        begun.begin(11, 8.0)
        self.assertEqual((begun.percent, begun.status), (None, ""))

    def test_it_is_untouched_until_a_task_begins_or_ends_or_it_is_recalled(self) -> None:
        begun, handed_back, recalled = order(), order(), order()
        begun.begin(10, 1.0)
        handed_back.settle(12, TaskState.READY, 1.0)
        recalled.recalled = True
        self.assertEqual([each.untouched for each in (begun, handed_back, recalled)], [False] * 3)

    def test_one_from_the_database_keeps_what_became_of_its_tasks(self) -> None:
        stored = Order(1, 2, 0, 3, 10, 2, 1, 1, 100.0, 200.0, "", bytearray([DONE, FAILED]))
        self.assertEqual((stored.open, stored.awaited(), stored.ended), (False, [], 200.0))
