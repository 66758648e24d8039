"""How long tasks took, in two bytes each."""

from itertools import pairwise

from twisted.trial.unittest import SynchronousTestCase

from brender.farm.estimating.durations import MOST, Durations, code_of, seconds_of
from tests.doubles import DONE, FAILED, Stage
from tests.farm.written import Written, framed


class Codes(SynchronousTestCase):
    def test_what_is_read_back_is_off_by_less_than_a_thousandth(self) -> None:
        for times in range(2000):
            seconds = 1e-4 * 1.0148**times
            found = seconds_of(code_of(seconds))
            assert found is not None
            self.assertLess(abs(found / seconds - 1), 0.001, seconds)

    def test_each_code_is_told_as_a_number_that_has_it_and_longer_ones_are_more(self) -> None:
        told = [seconds_of(code) or 0.0 for code in range(1, MOST + 1, 7)]
        self.assertEqual([code_of(seconds) for seconds in told], list(range(1, MOST + 1, 7)))
        self.assertTrue(all(one < other for one, other in pairwise(told)))

    def test_common_times_are_told_as_they_are(self) -> None:
        common = [0.1, 0.5, 1.0, 2.5, 7.0, 60.0, 61.0, 90.0, 3600.0, 86400.0]
        self.assertEqual([seconds_of(code_of(seconds)) for seconds in common], common)

    def test_no_time_is_none_and_what_is_out_of_range_is_at_its_end(self) -> None:
        self.assertIsNone(seconds_of(0))
        self.assertEqual((code_of(0.0), code_of(-5.0), code_of(1e300)), (1, 1, MOST))


class OfManyTasks(SynchronousTestCase):
    def test_nothing_is_kept_before_the_first_has_ended(self) -> None:
        took = Durations()
        self.assertEqual((took[7], bool(took), took.packed(), took.packed(2)), (0, False, b"", bytes(4)))

    def test_they_are_little_endian_and_grow_with_their_step(self) -> None:
        took = Durations()
        took.note(1, 0x0102, bytes(2))
        took.note(2, 0x0304, bytes(3))
        self.assertEqual(took.packed(), bytes.fromhex("000002010403"))
        self.assertEqual(took.packed(4), bytes.fromhex("0000020104030000"))
        self.assertEqual([Durations(took.packed())[task] for task in range(3)], [0, 0x0102, 0x0304])

    def test_an_order_tells_of_those_that_ended_in_it(self) -> None:
        took = Durations()
        for task in range(4):
            took.note(task, 9, bytes(4))
        took.put(1, bytes.fromhex("05000000"), bytes(4))  # of the second it says nothing
        took.put(2, bytes.fromhex("06000700"), bytes(4))
        self.assertEqual([took[task] for task in range(4)], [9, 5, 6, 7])


class InAFarm(SynchronousTestCase):
    def setUp(self) -> None:
        self.rules = Written()
        self.client = self.rules.client(1)

    def took(self, job: int = 1) -> list[float | None]:
        found = self.rules.farm.jobs[job]
        self.rules.take_up(found)
        (step,) = found.steps
        return [seconds_of(step.took[task]) for task in range(len(step.tasks))]

    def run_one(self, seconds: float, outcome: object = DONE) -> None:
        self.rules.match()
        order = next(order for order in self.rules.orders(self.rules.farm.clients[1]) if order.open)
        self.rules.ended(order, outcome=outcome, seconds=seconds)  # type: ignore[arg-type]

    def test_the_last_run_that_came_to_an_end_counts_done_or_failed(self) -> None:
        self.rules.job(Stage(tasks=2), tries=2)
        self.run_one(5.0, FAILED)
        self.assertEqual(self.took(), [5.0, None])
        self.run_one(3.0)
        self.run_one(7.0)
        self.assertEqual(self.took(), [7.0, 3.0])  # the second one waited at the client already

    def test_tasks_of_a_chunk_share_what_it_took(self) -> None:
        self.rules.job(Stage(tasks=4, chunk=4))
        self.run_one(8.0)
        self.assertEqual(self.took(), [2.0, 2.0, 2.0, 2.0])

    def test_a_start_knows_them_whatever_the_order_in_which_rows_are_read(self) -> None:
        job = self.rules.job(Stage(tasks=3), tries=3)
        for seconds, outcome in ((5.0, FAILED), (3.0, DONE), (7.0, FAILED)):
            self.run_one(seconds, outcome)
        before = self.took()
        self.rules.start_anew()
        self.assertEqual(self.took(), before)
        self.assertEqual(sorted(before, key=str), [3.0, 7.0, None])
        self.assertEqual(job.id, 1)

    def test_they_stay_when_a_job_has_ended_and_when_it_goes_on(self) -> None:
        job = self.rules.submit(framed("1-2"))
        self.run_one(3.0)
        self.run_one(4.0)
        self.assertTrue(job.finished)
        self.assertEqual(self.took(), [3.0, 4.0])
        job.close()
        self.rules.add(job, "3-4")
        self.run_one(6.0)
        self.rules.start_anew()
        self.assertEqual(self.took(), [3.0, 4.0, 6.0, None])
