"""Which orders a client had lately: the newest, those that failed, and what a start reads."""

import sys

from twisted.trial.unittest import SynchronousTestCase

from brender.farm.machines.lately import MOST, MOST_FAILED, Lately


class LatelyTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.lately = Lately()

    def test_the_newest_are_kept_and_what_failed_longer(self) -> None:
        for number in range(1, 2 * MOST + 1):
            self.lately.given(number)
            if number <= 2:
                self.lately.failed(number)
        self.assertEqual(self.lately.orders, [1, 2, *range(MOST + 1, 2 * MOST + 1)])

    def test_an_order_of_which_several_tasks_failed_is_kept_once(self) -> None:
        for number in (1, 1, 1, 2):
            self.lately.failed(number)
        self.assertEqual(self.lately.orders, [1, 2])

    def test_of_many_failures_the_newest_are_kept(self) -> None:
        for number in range(10 * MOST_FAILED):
            self.lately.failed(number)
        self.assertEqual(self.lately.orders, list(range(9 * MOST_FAILED, 10 * MOST_FAILED)))

    def test_a_start_puts_it_back(self) -> None:
        self.lately.given(9)
        self.lately.restore([(3, True), (5, False)])
        self.assertEqual(self.lately.orders, [3, 5])
        self.lately.given(6)
        self.assertEqual(self.lately.orders, [3, 5, 6])

    def test_ten_thousand_clients_cost_less_than_40_mb(self) -> None:
        most = 0
        for number in range(2**40, 2**40 + 5000):
            self.lately.given(number)
            self.lately.failed(number)
            most = max(most, sum(map(sys.getsizeof, (self.lately, self.lately._given, self.lately._failed))))
        self.assertLess(10_000 * most, 40e6)
