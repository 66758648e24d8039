"""What is learnt of how long tasks take, and what follows from it."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from brender.farm.estimating.estimates import LONGEST_RUN, Estimate, forecast, run_length


def learnt(*seconds: float) -> Estimate:
    estimate = Estimate()
    for each in seconds:
        estimate.learn(each)
    return estimate


class Learning(SynchronousTestCase):
    def test_the_first_task_is_all_that_is_known(self) -> None:
        self.assertEqual(learnt(2.0).seconds, 2.0)

    def test_one_straggler_does_not_count(self) -> None:
        self.assertEqual(learnt(2.0, 2.0, 2.0, 900.0).seconds, 2.0)

    def test_a_scene_that_grows_slower_is_followed(self) -> None:
        self.assertAlmostEqual(learnt(*[1.0] * 20, *[10.0] * 30).seconds or 0, 10.0, places=1)

    @given(st.lists(st.floats(0, 1e6), min_size=1))
    def test_the_average_stays_between_the_least_and_the_most(self, seconds: list[float]) -> None:
        found = learnt(*seconds).seconds
        assert found is not None
        self.assertTrue(min(seconds) - 1e-6 <= found <= max(seconds) + 1e-6)

    def test_a_worker_that_says_less_than_nothing_took_no_time(self) -> None:
        self.assertEqual(learnt(-5.0).seconds, 0.0)


class Runs(SynchronousTestCase):
    def test_before_anything_is_known_an_order_has_one_task(self) -> None:
        self.assertEqual(run_length(Estimate(), 1000, 1), 1)

    def test_an_order_has_about_half_a_second_of_work(self) -> None:
        lengths = {seconds: run_length(learnt(seconds), 10_000, 1) for seconds in (0.004, 0.01, 0.1, 0.25, 0.5, 3600.0)}
        self.assertEqual(lengths, {0.004: 64, 0.01: 50, 0.1: 5, 0.25: 2, 0.5: 1, 3600.0: 1})

    def test_the_last_tasks_are_shared_among_all_slots(self) -> None:
        self.assertEqual([run_length(learnt(0.001), ready, 8) for ready in (1600, 160, 16, 3)], [64, 10, 1, 1])

    @given(st.floats(0, 1e300), st.integers(0, 10**7), st.integers(0, 10**5))
    def test_it_is_never_less_than_one_nor_more_than_the_longest(self, seconds: float, ready: int, slots: int) -> None:
        self.assertTrue(1 <= run_length(learnt(seconds), ready, slots) <= LONGEST_RUN)


class TimeLeft(SynchronousTestCase):
    def test_fourteen_tasks_of_two_seconds_take_one_machine_28_seconds(self) -> None:
        found = forecast(learnt(2.0), 14, 1)
        assert found
        self.assertEqual(found.seconds, 28.0)

    def test_it_is_later_than_the_work_shared_out_as_the_last_task_ends_last(self) -> None:
        found = forecast(learnt(*[9.0, 11.0] * 16), 1000, 100)
        assert found
        self.assertTrue(100.0 < found.seconds < 115.0, found)

    def test_the_fewer_are_left_of_those_that_run_the_sooner_all_are_done(self) -> None:
        left = [found.seconds for unfinished in (1, 2, 5, 50) if (found := forecast(learnt(60.0), unfinished, 50))]
        self.assertEqual(left, sorted(left))
        self.assertTrue(len(left) == 4 and left[-1] < 60.0, left)

    def test_tasks_that_differ_make_it_unsure_and_more_of_them_less_so(self) -> None:
        few, many = (forecast(learnt(*[1.0, 3.0] * times), 100, 2) for times in (2, 16))
        assert few
        assert many
        self.assertTrue(few.early < many.early < many.seconds < many.late < few.late)

    def test_nobody_knows_while_nothing_has_ended_or_nothing_runs(self) -> None:
        self.assertIsNone(forecast(Estimate(), 5, 2))
        self.assertIsNone(forecast(learnt(2.0), 5, 0))

    @given(st.lists(st.floats(0, 1e6), min_size=1), st.integers(0, 10**7), st.integers(1, 10**5))
    def test_the_middle_is_between_early_and_late_and_none_is_less_than_nothing(
        self, seconds: list[float], unfinished: int, at_once: int
    ) -> None:
        found = forecast(learnt(*seconds), unfinished, at_once)
        assert found
        self.assertTrue(0.0 <= found.early <= found.seconds <= found.late, found)
