"""Tasks between two frames, by arithmetic: the same as looking at each."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from brender.farm.submission.planning import StepPlan, extended, plan
from tests.farm.submission.documents import chunks, frames, job, over

RANGES = ("1-10", "1-10:3", "10-1:-2", "-5--1", "1-4,20-22,7", "5")
BEFORE, AFTER = frames("1-2", "Eye"), frames("1-3", "Pass")
BOUNDS = st.tuples(st.floats(-8, 30), st.floats(-8, 30)).map(sorted).map(tuple) | st.just((float("-inf"), float("inf")))


def step(text: str, kind: str) -> StepPlan:
    frame = frames(text, "Frame")
    parameters = {"alone": (frame,), "slowest": (frame, AFTER), "quickest": (BEFORE, frame)}
    if kind == "chunked":
        growing = chunks(text, 3)
        growing["chunks"]["targetRuntimeSeconds"] = 60
        return plan(job(over(growing), extensions=["TASK_CHUNKING"]), {}).steps[0]
    return plan(job(over(*parameters[kind])), {}).steps[0]


class Spans(SynchronousTestCase):
    @given(st.sampled_from(RANGES), st.sampled_from(("alone", "slowest", "chunked")), BOUNDS)
    def test_they_are_what_looking_at_each_comes_to(self, text: str, kind: str, bounds: tuple[float, float]) -> None:
        (first, last), found = bounds, step(text, kind)
        spans = found.tasks_between(first, last)
        assert spans is not None
        each = [task for task in range(found.tasks) if first <= next(found.frames(task)) <= last]
        self.assertEqual(sorted(task for span in spans for task in span), each)

    def test_of_frames_that_do_not_move_slowest_nothing_is_said(self) -> None:
        self.assertIsNone(step("1-10", "quickest").tasks_between(1, 3))

    def test_tasks_that_were_added_later_count_too(self) -> None:
        more = plan(job(over(frames("21-25", "Frame"))), {})
        (grown,) = extended([step("1-10", "alone")], more)
        self.assertEqual(grown.tasks_between(9, 22), [range(8, 10), range(10, 12)])
