"""A client that drains for a step with a limit: whom does that keep waiting, and for how long?"""

from twisted.trial.unittest import SynchronousTestCase

from brender.farm import changing
from brender.farm.scheduling.why import why_job
from tests.doubles import FAILED, Rules, Stage


class Draining(SynchronousTestCase):
    def setUp(self) -> None:
        """Two of four slots run; a whole-machine job that needs the licence waits; a small job comes after it."""
        self.rules = Rules(limits={"arnold": {"count": 1}})
        self.client = self.rules.client(4)
        self.long = self.rules.job(Stage(vcpus=2))
        self.rules.match()
        self.rules.started(self.rules.orders(self.client)[0])
        short = self.rules.job(Stage(vcpus=2))
        self.rules.match()
        self.large = self.rules.job(Stage(), limits={"arnold": 1})
        self.rules.match()
        self.rules.ended(next(iter(short.orders.values())))
        self.rules.match()
        self.small = self.rules.job(Stage(vcpus=1))
        self.rules.match()

    def test_why_does_not_say_that_it_is_next_there(self) -> None:
        sentence = why_job(self.rules.farm, self.small, self.rules.clock)
        self.assertNotIn("it is next there", sentence)

    def test_when_that_job_is_paused_the_small_one_begins(self) -> None:
        changing.pause(self.rules.farm, self.large)
        self.rules.match()
        self.assertEqual([order.client for order in self.small.orders.values()], [self.client.id])

    def test_when_that_job_is_canceled_the_small_one_begins(self) -> None:
        changing.cancel(self.rules.farm, self.large, self.rules.now)
        self.rules.match()
        self.assertEqual([order.client for order in self.small.orders.values()], [self.client.id])

    def test_when_that_job_begins_elsewhere_the_small_one_begins_here(self) -> None:
        other = self.rules.client(4)
        self.rules.match()
        self.assertEqual([order.client for order in self.large.orders.values()], [other.id])
        for order in self.rules.changes().recalled:
            self.rules.farm.handed_back(order.client, order.id, order.awaited(), self.rules.now)
        self.rules.match()
        self.assertEqual([order.client for order in self.small.orders.values()], [self.client.id])

    def test_when_the_licence_is_taken_elsewhere_the_small_one_begins_here(self) -> None:
        other = self.rules.client(1, settings={"pools": ["own"], "takes": ["own"]})
        self.rules.job(Stage(vcpus=1), limits={"arnold": 1}, pool="own")
        self.rules.match()
        self.assertEqual(len(other.orders), 1)
        self.assertEqual([order.client for order in self.small.orders.values()], [self.client.id])

    def test_nobody_drains_for_a_task_that_it_leaves_to_others(self) -> None:
        rules = Rules(limits={"arnold": {"count": 3}})
        first = rules.client(4)
        large = rules.job(Stage(tasks=3), limits={"arnold": 1})
        rules.match()
        other = rules.client(4)
        small = rules.job(Stage(tasks=20, vcpus=1))
        rules.match()
        self.assertEqual([order.first for order in large.orders.values()], [0, 1])
        rules.ended(rules.orders(first)[0], outcome=FAILED, message="It broke.")
        rules.match()
        found = [(order.client, order.first) for order in large.orders.values()]
        self.assertEqual(found, [(other.id, 1), (first.id, 2)])
        rules.ended(rules.orders(first)[0])
        rules.match()
        self.assertEqual([order.client for order in small.orders.values() if order.client == first.id], [first.id] * 8)
