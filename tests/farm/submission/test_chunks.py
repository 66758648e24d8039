"""Chunks cut by arithmetic are the chunks that openjd-model cuts by listing."""

import random
from typing import Any

from openjd.model import StepParameterSpaceIterator
from twisted.trial.unittest import TestCase

from brender.farm.submission.planning import Refused, StepPlan, plan
from tests.farm.submission.documents import all_tasks, chunks, frames, job, made, over

CHUNKING = {"extensions": ["TASK_CHUNKING"]}


def cut(values: object, size: int, constraint: str = "CONTIGUOUS") -> list[str]:
    found = plan(job(over(chunks(values, size, constraint)), **CHUNKING), {})
    return [task["Frame"] for task in all_tasks(found)]


def adaptive(values: object, size: int, *others: dict[str, Any], constraint: str = "CONTIGUOUS") -> StepPlan:
    """The step whose chunks should take a minute each."""
    parameter = chunks(values, size, constraint)
    parameter["chunks"]["targetRuntimeSeconds"] = 60
    return plan(job(over(parameter, *others), **CHUNKING), {}).steps[0]


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
        self.assertEqual(cut("1-72", 10), [f"{first}-{first + 8}" for first in range(1, 72, 9)])

    def test_loose_chunks_are_written_as_the_conformance_suite_writes_them(self) -> None:
        self.assertEqual(cut("1-8", 3, "NONCONTIGUOUS"), ["1-3", "4-6", "7,8"])
        self.assertEqual(cut("1-60:2", 10, "NONCONTIGUOUS"), ["1-19:2", "21-39:2", "41-59:2"])

    def test_chunks_of_a_stepped_range_are_evened_out_too(self) -> None:
        found = cut("1001-1200:10", 3, "NONCONTIGUOUS")
        self.assertEqual(len(found), 7)
        self.assertEqual((found[0], found[4:]), ("1001-1021:10", ["1121-1141:10", "1151-1171:10", "1181,1191"]))

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

    def test_of_adaptive_chunks_each_frame_is_a_task_and_moves_fastest(self) -> None:
        found = adaptive("1-100", 10, frames("1-2", "Eye"))
        self.assertEqual(found.tasks, 200)
        self.assertEqual(found.parameters(3), {"Eye": "1", "Frame": "4-4"})
        self.assertEqual(found.parameters(103), {"Eye": "2", "Frame": "4-4"})

    def test_a_written_combination_does_not_keep_them_from_moving_fastest(self) -> None:
        parameter = chunks("1-3", 2)
        parameter["chunks"]["targetRuntimeSeconds"] = 60
        template = job(over(parameter, frames("1-2", "Eye"), combination="Frame * Eye"), **CHUNKING)
        found = plan(template, {}).steps[0]
        self.assertEqual([found.parameters(index)["Frame"] for index in range(4)], ["1-1", "2-2", "3-3", "1-1"])

    def test_how_many_follow_on_is_known_of_every_frame(self) -> None:
        found = adaptive("1-4,7-8,20-30:5", 10)
        most = [chunk.most for chunk in map(found.chunked, range(found.tasks)) if chunk]
        self.assertEqual(most, [4, 3, 2, 1, 2, 1, 1, 1, 1])
        loose = adaptive("1-4,7-8", 10, constraint="NONCONTIGUOUS")
        self.assertEqual([chunk.most for chunk in map(loose.chunked, range(6)) if chunk], [6, 5, 4, 3, 2, 1])

    def test_frames_that_follow_on_do_so_however_they_are_written(self) -> None:
        for values in ([1, 2, 3, 4], "1-2,3-4", "1,2,3,4"):
            found = adaptive(values, 10)
            self.assertEqual([chunk.most for chunk in map(found.chunked, range(4)) if chunk], [4, 3, 2, 1], values)

    def test_no_chunk_reaches_into_the_next_value_of_another_parameter(self) -> None:
        for constraint in ("CONTIGUOUS", "NONCONTIGUOUS"):
            found = adaptive("1-3", 10, frames("1-2", "Eye"), constraint=constraint)
            self.assertEqual([chunk.most for chunk in map(found.chunked, range(6)) if chunk], [3, 2, 1, 3, 2, 1])

    def test_what_is_put_together_is_told_as_the_reference_would(self) -> None:
        self.assertEqual(adaptive("-5-5", 4).together(0, 4), {"Frame": "-5--2"})
        self.assertEqual(adaptive("-3", 4).together(0, 1), {"Frame": "-3--3"})
        loose = adaptive("1-9:2,20,21", 3, constraint="NONCONTIGUOUS")
        self.assertEqual([loose.together(0, 5), loose.together(4, 3)], [{"Frame": "1-9:2"}, {"Frame": "9,20,21"}])

    def test_a_frame_that_is_there_already_is_found_without_writing_all_of_them(self) -> None:
        found, more = adaptive("1-9000000", 10), adaptive("9000001-9000400", 10)
        self.assertEqual(found.and_more(more).tasks, 9_000_400)
        self.assertRaises(Refused, found.and_more, adaptive("8999999-9000001", 10))

    def test_the_last_of_a_million_chunks_is_found_without_the_others(self) -> None:
        for constraint in ("CONTIGUOUS", "NONCONTIGUOUS"):
            found = plan(job(over(chunks("1-10000000000", 10_000, constraint)), **CHUNKING), {})
            self.assertEqual(found.steps[0].tasks, 1_000_000)
            self.assertEqual(found.steps[0].parameters(999_999), {"Frame": "9999990001-10000000000"})
