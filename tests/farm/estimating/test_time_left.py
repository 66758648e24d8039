"""When all that the farm has to do is done."""

from twisted.trial.unittest import SynchronousTestCase

from brender.farm import changing
from brender.farm.estimating.estimates import Forecast
from brender.farm.estimating.time_left import left_of_all, unmeasured
from tests.doubles import Rules, Stage


class TimeLeftOfAll(SynchronousTestCase):
    def setUp(self) -> None:
        self.rules = Rules(second_starts=False)

    def one_ends(self, seconds: float) -> None:
        """The first order of every client ends, and others follow."""
        self.rules.match()
        for client in self.rules.farm.clients.values():
            self.rules.ended(self.rules.orders(client)[0], seconds=seconds)
        self.rules.match()

    def left(self) -> Forecast:
        found = left_of_all(self.rules.farm)
        assert found is not None
        return found

    def test_it_is_the_work_of_all_jobs_shared_out_among_all_slots(self) -> None:
        for _ in range(2):
            self.rules.job(Stage("Render", 101, vcpus=1))
        self.rules.client(8)
        self.rules.client(2)
        self.one_ends(30.0)
        self.one_ends(30.0)
        # 198 of 202 are left, 20 of them given out and counted as half done; and half of the last one's time
        self.assertAlmostEqual(self.left().seconds, (198 - 20 / 2) * 30 / 10 + 30 / 2)
        self.assertTrue(self.left().early < self.left().seconds < self.left().late)

    def test_a_task_that_takes_the_whole_machine_counts_as_much(self) -> None:
        self.rules.job(Stage("Render", 12))
        self.rules.client(8)
        self.one_ends(60.0)
        self.assertAlmostEqual(self.left().seconds, (11 - 2 / 2) * 60 + 60 / 2)

    def test_what_nobody_has_measured_is_guessed_from_the_others_and_said_to_be(self) -> None:
        self.rules.job(Stage("Render", 11))
        self.rules.client()
        self.one_ends(60.0)
        known = self.left()
        self.rules.job(Stage("Render", 10))
        self.assertEqual(unmeasured(self.rules.farm), 10)
        self.assertAlmostEqual(self.left().seconds, known.seconds + 600)
        self.assertGreater(self.left().late - self.left().early, known.late - known.early)

    def test_steps_that_depend_on_each_other_take_their_time_however_many_machines_there_are(self) -> None:
        self.rules.job(Stage("A"), Stage("B", after=("A",)), Stage("C", after=("B",)), Stage("D", after=("C",)))
        for _ in range(100):
            self.rules.client()
        self.rules.match()
        held = next(order for order in self.rules.farm.orders.values())
        self.rules.ended(held, seconds=600.0)
        self.rules.match()
        self.assertGreaterEqual(self.left().seconds, 1200.0)  # one has begun, two have not

    def test_what_only_few_machines_can_run_keeps_those_for_as_long_as_it_takes(self) -> None:
        for _ in range(9):
            self.rules.client(8, memory=16 * 2**30)
        self.rules.client(8, memory=64 * 2**30)
        self.rules.job(Stage("Render", 101, vcpus=1, memory=40))
        self.rules.match()
        self.rules.ended(self.rules.orders(self.rules.farm.clients[10])[0], seconds=60.0)
        self.rules.match()
        self.assertGreaterEqual(self.left().seconds, 98 * 60)

    def test_nobody_knows_while_nothing_has_ended_nobody_works_or_nothing_is_to_be_done(self) -> None:
        self.assertIsNone(left_of_all(self.rules.farm))
        job = self.rules.job(Stage("Render", 3))
        self.assertIsNone(left_of_all(self.rules.farm))
        self.rules.client()
        self.rules.match()
        self.assertEqual((left_of_all(self.rules.farm), unmeasured(self.rules.farm)), (None, 3))
        self.one_ends(60.0)
        self.assertIsNotNone(left_of_all(self.rules.farm))
        changing.pause(self.rules.farm, job)
        self.assertEqual((left_of_all(self.rules.farm), unmeasured(self.rules.farm)), (None, 0))
