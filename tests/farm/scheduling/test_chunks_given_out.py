"""Adaptive chunks: frames are tasks, put together as they are given out, towards the seconds that are asked for."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from brender.farm import changing
from brender.farm.client import RuntimeClient
from brender.farm.job import Job
from brender.farm.order import Order
from brender.farm.submission import ranges
from brender.farm.submission.planning import plan
from brender.farm.transitions import TaskState
from tests.doubles import DONE, FAILED, Rules
from tests.doubles import job as made
from tests.farm.submission import documents


def chunked(values: object, size: int = 10, seconds: int = 60, constraint: str = "CONTIGUOUS") -> dict[str, Any]:
    frames = documents.chunks(values, size, constraint)
    frames["chunks"]["targetRuntimeSeconds"] = seconds
    return documents.job(documents.over(frames), extensions=["TASK_CHUNKING"])


class Chunks(SynchronousTestCase):
    def setUp(self) -> None:
        self.rules = Rules()
        self.client = self.rules.client()

    def job(self, template: dict[str, Any], **settings: Any) -> Job:
        found = plan(template, {})
        return changing.submit(self.rules.farm, made(1, submitted=1.0, **settings), found, self.rules.now)

    def frames(self, order: Order) -> str:
        step = self.rules.farm.step_of(order)
        return step.plan.together(order.first, order.count)["Frame"]

    def ran(self, client: RuntimeClient, seconds: float, most: int = 1000) -> list[str]:
        """The chunks that a client is given, each frame of which takes so many seconds."""
        ran = []
        for _ in range(most):
            self.rules.match()
            if not client.orders:
                break
            order = self.rules.orders(client)[0]
            ran.append(self.frames(order))
            self.rules.started(order)
            self.rules.ended(order, seconds=seconds * order.count)
        return ran

    def test_until_something_is_measured_a_chunk_has_the_default_count(self) -> None:
        self.job(chunked("1-100"))
        self.rules.match()
        self.assertEqual([self.frames(order) for order in self.rules.orders(self.client)], ["1-10", "11-20"])

    def test_then_as_many_as_take_the_seconds_that_are_asked_for(self) -> None:
        for seconds, length in ((2.0, 30), (0.5, 120), (61.0, 1)):
            self.setUp()
            self.job(chunked("1-1000"))
            self.assertEqual([size(text) for text in self.ran(self.client, seconds, 4)[2:]], [length] * 2)

    def test_every_frame_runs_once_whatever_the_gaps(self) -> None:
        for values in ("1-7,9,20-35:3,40-41", [1, 2, 3, 10, 11, 30], "-5-5,8", "10-1:-1"):
            for constraint in ("CONTIGUOUS", "NONCONTIGUOUS"):
                self.setUp()
                job = self.job(chunked(values, 4, constraint=constraint))
                step = job.steps[0]
                wanted = sorted(frame for task in range(len(step.tasks)) for frame in step.plan.frames(task))
                ran = sorted(frame for text in self.ran(self.client, 1.0) for frame in listed(text))
                self.assertEqual((job.state.value, ran), ("completed", wanted))

    def test_a_close_chunk_has_no_gap(self) -> None:
        self.job(chunked("1-3,5-20", 10))
        self.assertEqual(self.ran(self.client, 60.0)[:2], ["1-3", "5-14"])

    def test_frames_that_follow_on_are_put_together_however_they_are_written(self) -> None:
        for values in (list(range(1, 41)), "1-5,6-40", "1,2,3-40"):
            self.setUp()
            self.job(chunked(values, 10))
            self.rules.match()
            self.assertEqual(self.frames(self.rules.orders(self.client)[0]), "1-10", values)

    def test_a_loose_chunk_may_have_gaps(self) -> None:
        self.job(chunked("1-60:2", 10, constraint="NONCONTIGUOUS"))
        self.rules.match()
        self.assertEqual([self.frames(order) for order in self.rules.orders(self.client)], ["1-19:2", "21-39:2"])

    def test_the_last_frames_are_shared_among_all_slots(self) -> None:
        others = [self.rules.client() for _ in range(9)]
        self.job(chunked("1-100", 50))
        self.rules.match()
        sizes = [size(self.frames(self.rules.orders(client)[0])) for client in [self.client, *others]]
        self.assertEqual((sizes[0], sizes == sorted(sizes, reverse=True)), (10, True))

    def test_a_chunk_runs_and_ends_as_one(self) -> None:
        job = self.job(chunked("1-20"))
        self.rules.match()
        order = self.rules.orders(self.client)[0]
        self.rules.started(order)
        self.assertTrue(self.rules.ended(order, seconds=20.0))
        self.assertEqual((job.steps[0].counts[DONE], job.steps[0].estimate.seconds), (10, 2.0))

    def test_frames_of_a_chunk_that_failed_are_tried_one_by_one(self) -> None:
        job = self.job(chunked("1-20", 5))
        self.rules.match()
        order = self.rules.orders(self.client)[0]
        self.rules.ended(order, outcome=FAILED)
        ran = self.ran(self.client, 30.0)
        self.assertEqual([text for text in ran if listed(text)[0] <= 5], [f"{frame}-{frame}" for frame in range(1, 6)])
        self.assertEqual(job.state.value, "completed")

    def test_one_frame_that_always_fails_does_not_take_the_others_with_it(self) -> None:
        job = self.job(chunked("1-10"), tries=2)
        self.rules.match()
        order = self.rules.orders(self.client)[0]
        self.assertTrue(order.holds(4))
        self.rules.ended(order, outcome=FAILED)
        while not job.finished:
            self.rules.match()
            order = self.rules.orders(self.client)[0]
            self.rules.ended(order, outcome=FAILED if order.holds(4) else DONE)
        self.assertEqual((job.state.value, job.steps[0].counts[DONE], job.steps[0].tasks[4]), ("failed", 9, FAILED))

    def test_a_chunk_that_is_handed_back_or_lost_may_be_put_together_again(self) -> None:
        self.job(chunked("1-100"))
        self.rules.match()
        order = self.rules.orders(self.client)[0]
        self.rules.farm.handed_back(self.client.id, order.id, [order.first], self.rules.now)
        self.rules.match()
        self.assertEqual([self.frames(order) for order in self.rules.orders(self.client)], ["11-20", "1-10"])

    def test_no_chunk_goes_beyond_a_preview_that_waits_for_approval(self) -> None:
        job = self.job(chunked("1-100"), preview=3)
        self.rules.match()
        self.assertEqual((job.steps[0].counts[TaskState.ACTIVE], job.steps[0].wants_approval), (3, True))
        changing.approve(self.rules.farm, job)
        self.rules.match()
        self.assertGreater(job.steps[0].counts[TaskState.ACTIVE], 3)

    def test_backwards_chunks_are_as_long_as_forwards_ones(self) -> None:
        self.job(chunked("1-100"), order="backwards")
        self.rules.match()
        self.assertEqual([self.frames(order) for order in self.rules.orders(self.client)], ["91-100", "81-90"])

    def test_for_every_eye_the_frames_are_put_together(self) -> None:
        frames = documents.chunks("1-40", 5)
        frames["chunks"]["targetRuntimeSeconds"] = 60
        self.job(documents.job(documents.over(frames, documents.frames("1-2", "Eye")), extensions=["TASK_CHUNKING"]))
        ran = []
        self.rules.match()
        while self.client.orders:
            order = self.rules.orders(self.client)[0]
            ran.append(self.rules.farm.step_of(order).plan.together(order.first, order.count))
            self.rules.ended(order, seconds=12.0 * order.count)
            self.rules.match()
        pairs = [(task["Eye"], frame) for task in ran for frame in listed(task["Frame"])]
        self.assertEqual(pairs, [(eye, frame) for eye in "12" for frame in range(1, 41)])
        self.assertEqual(ran[:2], [{"Eye": "1", "Frame": "1-5"}, {"Eye": "1", "Frame": "6-10"}])


def size(text: str) -> int:
    return len(listed(text))


def listed(text: str) -> list[int]:
    return [frame for part in ranges.pieces(ranges.parse(text)) for frame in part]
