"""Which tasks people mean."""

from twisted.trial.unittest import SynchronousTestCase

from brender.farm import choosing
from brender.farm.choosing import Chosen
from brender.farm.submission.planning import plan
from brender.farm.submission.problems import Refused
from tests.doubles import DONE, FAILED, Stage
from tests.farm.submission import documents
from tests.farm.written import Written, framed


def as_lists(chosen: Chosen) -> dict[int, list[int]]:
    return {step: list(tasks) for step, tasks in chosen.items()}


class Choosing(SynchronousTestCase):
    def setUp(self) -> None:
        self.rules = Written()
        self.job = self.rules.submit(framed("1-5,10-20:5", Stage("Denoise", 20), Stage("Video")))

    def refused(self, *arguments: object) -> str:
        verb, *rest = arguments
        return str(self.assertRaises(Refused, verb, self.job, *rest))

    def test_frames_of_one_step_or_of_all_that_have_them(self) -> None:
        of = choosing.of_frames
        self.assertEqual(as_lists(of(self.job, "2,10", "Render")), {0: [1, 5]})
        self.assertEqual(as_lists(of(self.job, "2,10")), {0: [1, 5], 1: [1, 9]})
        self.assertEqual(as_lists(of(self.job, "20-1:-10", "Render")), {0: [5, 7]})

    def test_a_frame_that_some_step_has_is_enough(self) -> None:
        self.assertEqual(as_lists(choosing.of_frames(self.job, "6-7")), {1: [5, 6]})

    def test_a_chunk_is_meant_by_any_of_its_frames(self) -> None:
        step = documents.over(documents.chunks("1-6", 3))
        job = self.rules.submit(plan(documents.job(step, extensions=["TASK_CHUNKING"]), {}))
        self.assertEqual(as_lists(choosing.of_frames(job, "5")), {0: [1]})

    def test_a_frame_that_no_task_has_is_refused_by_its_number(self) -> None:
        self.assertIn("99", self.refused(choosing.of_frames, "99"))
        self.assertIn("99", self.refused(choosing.of_frames, "1-3,99"))
        self.assertIn("6", self.refused(choosing.of_frames, "4-7", "Render"))

    def test_what_are_no_frames_is_refused_with_a_hint(self) -> None:
        self.assertIn("1-10:2", self.refused(choosing.of_frames, "1-10x2"))
        self.assertIn("10-1:-1", self.refused(choosing.of_frames, "10-1"))
        for frames in ("", "1-10:0", "one", "1,1"):
            self.assertTrue(self.refused(choosing.of_frames, frames).endswith("."))

    def test_a_step_that_the_job_does_not_have(self) -> None:
        for verb, what in ((choosing.of_frames, "1"), (choosing.of_numbers, [0])):
            said = self.refused(verb, what, "Nope")
            self.assertIn('Job 1 has no step "Nope"; it has Render, Denoise, Video.', said)

    def test_a_job_without_frames(self) -> None:
        job = self.rules.submit(plan(documents.job(documents.step("Make")), {}))
        self.assertIn("has no step with frames", str(self.assertRaises(Refused, choosing.of_frames, job, "1")))

    def test_numbers_of_the_step_that_is_named_or_the_only_one(self) -> None:
        self.assertEqual(as_lists(choosing.of_numbers(self.job, [3, 0], "Denoise")), {1: [0, 3]})
        self.assertIn("say which: Render, Denoise, Video", self.refused(choosing.of_numbers, [1]))
        only = self.rules.job(Stage(tasks=2))
        self.assertEqual(as_lists(choosing.of_numbers(only, [1])), {0: [1]})

    def test_a_number_that_there_is_not(self) -> None:
        for number in (20, -1, 10**30):
            self.assertIn(f"there is no task {number}", self.refused(choosing.of_numbers, [0, number], "Denoise"))

    def test_a_number_that_is_written_twice_is_meant_once(self) -> None:
        job = self.rules.job(Stage(tasks=3))
        self.rules.run(self.rules.client(1))
        self.rules.take_up(job)
        self.assertEqual(as_lists(choosing.of_numbers(job, [1, 1, 0])), {0: [0, 1]})
        self.assertEqual(self.rules.again(job, choosing.of_numbers(job, [1, 1])), {0: [1]})

    def test_what_ended_badly(self) -> None:
        job = self.rules.job(Stage(tasks=4), tries=1, priority=90)
        client = self.rules.client(1)
        for outcome in (DONE, FAILED):
            self.rules.match()
            self.rules.ended(self.rules.orders(client)[0], outcome=outcome)
        self.assertEqual(as_lists(choosing.ended(job)), {0: [1]})
        self.rules.cancel(job)
        self.rules.take_up(job)
        self.assertEqual(as_lists(choosing.ended(job, states={FAILED})), {0: [1]})
        self.assertEqual(as_lists(choosing.ended(job)), {0: [1, 2, 3]})
        self.assertEqual(as_lists(choosing.ended(self.job)), {})
