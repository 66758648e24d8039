"""Chunks cut by arithmetic are the chunks that openjd-model cuts by listing."""

import random

from openjd.model import StepParameterSpaceIterator
from twisted.trial.unittest import TestCase

from brender.farm.submission.planning import plan
from tests.farm.submission.documents import all_tasks, chunks, frames, job, made, over

CHUNKING = {"extensions": ["TASK_CHUNKING"]}


def cut(values: object, size: int, constraint: str = "CONTIGUOUS") -> list[str]:
    found = plan(job(over(chunks(values, size, constraint)), **CHUNKING), {})
    return [task["Frame"] for task in all_tasks(found)]


def some_range(source: random.Random) -> str:
    """Pieces with gaps or without, upwards or downwards, that do not overlap."""
    pieces, position = [], source.randint(-9, 9)
    for _ in range(source.randint(1, 5)):
        first, last, step = position, position + source.randint(0, 8), source.choice([1, 1, 2, 3])
        upwards = source.random() < 0.7
        pieces.append(f"{first}-{last}:{step}" if upwards else f"{last}-{first}:-{step}")
        position = last + source.randint(1, 3)
    return ",".join(pieces)


class Chunks(TestCase):
    def test_close_chunks_are_evened_out_and_never_end_beyond_the_range(self) -> None:
        self.assertEqual(cut("1-10", 5), ["1-5", "6-10"])
        self.assertEqual(cut("1-10", 3), ["1-3", "4-5", "6-8", "9-10"])
        self.assertEqual(cut("1-12", 5), ["1-4", "5-8", "9-12"])
        self.assertEqual(cut("1-10", 4), ["1-4", "5-7", "8-10"])
        self.assertEqual(cut("1-5", 2), ["1-2", "3-4", "5-5"])
        self.assertEqual(cut("1-3", 100), ["1-3"])
        seventy_two = cut("1-72", 10)
        self.assertEqual((seventy_two[:2], seventy_two[-1], len(seventy_two)), (["1-9", "10-18"], "64-72", 8))

    def test_loose_chunks_are_written_as_the_conformance_suite_writes_them(self) -> None:
        self.assertEqual(cut("1-8", 3, "NONCONTIGUOUS"), ["1-3", "4-6", "7,8"])
        self.assertEqual(cut("1-60:2", 10, "NONCONTIGUOUS"), ["1-19:2", "21-39:2", "41-59:2"])

    def test_chunks_of_a_stepped_range_are_evened_out_too(self) -> None:
        found = cut("1001-1200:10", 3, "NONCONTIGUOUS")
        self.assertEqual(len(found), 7)
        self.assertEqual((found[0], found[4], found[-1]), ("1001-1021:10", "1121-1141:10", "1181,1191"))

    def test_negative_frames_keep_their_signs(self) -> None:
        self.assertEqual(cut("-5-5", 4), ["-5--2", "-1-2", "3-5"])
        self.assertEqual(cut("-3", 4), ["-3--3"])

    def test_every_cut_of_many_ranges_is_the_reference_s(self) -> None:
        source = random.Random(20230901)
        for _ in range(400):
            listed = [source.choice([source.randint(-8, 8), str(source.randint(-3, 9))]) for _ in range(7)]
            values = listed if source.random() < 0.3 else some_range(source)
            template = job(
                over(chunks(values, source.randint(1, 9), source.choice(["CONTIGUOUS", "NONCONTIGUOUS"]))), **CHUNKING
            )
            expected = StepParameterSpaceIterator(space=made(template).steps[0].parameterSpace)
            self.assertEqual(
                [task["Frame"] for task in all_tasks(plan(template, {}))], [task["Frame"].value for task in expected]
            )

    def test_adaptive_chunks_have_the_default_count_and_are_indexable(self) -> None:
        adaptive = chunks("1-100", 10)
        adaptive["chunks"]["targetRuntimeSeconds"] = 60
        found = plan(job(over(adaptive, frames("1-2", "Eye")), **CHUNKING), {})
        self.assertEqual(found.steps[0].tasks, 20)
        self.assertEqual(found.steps[0].parameters(3), {"Frame": "11-20", "Eye": "2"})

    def test_the_last_of_a_million_chunks_is_found_without_the_others(self) -> None:
        for constraint in ("CONTIGUOUS", "NONCONTIGUOUS"):
            found = plan(job(over(chunks("1-10000000000", 10_000, constraint)), **CHUNKING), {})
            self.assertEqual(found.steps[0].tasks, 1_000_000)
            self.assertEqual(found.steps[0].parameters(999_999), {"Frame": "9999990001-10000000000"})
