"""Parameter spaces: counted, looked up by index, in openjd-model's order."""

from typing import Any

from openjd.model import StepParameterSpaceIterator
from twisted.trial.unittest import TestCase

from brender.farm.submission.planning import plan
from tests.farm.submission.documents import all_tasks, chunks, frames, job, made, over, problems, step

A, B, C = frames("1-3", "A"), frames("10-12", "B"), frames("1-2", "C")


def tasks(*parameters: dict[str, Any], combination: str | None = None) -> list[dict[str, str]]:
    return all_tasks(plan(job(over(*parameters, combination=combination)), {}))


class Spaces(TestCase):
    def test_a_step_without_parameters_is_one_task(self) -> None:
        self.assertEqual(all_tasks(plan(job(step()), {})), [{}])

    def test_combinations_count_as_the_specification_says(self) -> None:
        self.assertEqual(len(tasks(A, B, combination="A*B")), 9)
        self.assertEqual(len(tasks(A, B, combination="(A,B)")), 3)
        self.assertEqual(len(tasks(A, B, C, combination="(A,B)*C")), 6)
        self.assertEqual(len(tasks(A, B, C)), 18)

    def test_combinations_that_do_not_fit_are_refused_with_their_place(self) -> None:
        at = "steps[0].parameterSpace.combination"
        wrong = {"(A,C)": "(3, 2)", "(A,A)": "only once", "A": "leaves out C", "A*C*D": "no task parameter D"}
        for combination, said in wrong.items():
            self.assertIn(said, problems(job(over(A, C, combination=combination)))[at], combination)
        one_term = problems(job(over(A, C, combination="A * (C)")))
        self.assertIn("more than one term", one_term["steps[0].parameterSpace"])

    def test_a_chunk_cannot_stand_in_an_association(self) -> None:
        template = job(over(chunks("1-3", 1, name="K"), A, combination="(K,A)"), extensions=["TASK_CHUNKING"])
        self.assertIn("CHUNK[INT] parameter K", problems(template)["steps[0].parameterSpace.combination"])

    def test_brackets_without_end_are_refused(self) -> None:
        found = problems(job(over(A, B, combination="(" * 600), name=""))
        self.assertIn("32 brackets", found["steps[0].parameterSpace.combination"])
        self.assertIn("name", found)

    def test_the_order_is_the_reference_s(self) -> None:
        letters = {"name": "L", "type": "STRING", "range": ["x", "y"]}
        floats = {"name": "D", "type": "FLOAT", "range": [1.5, "02.50", 3]}
        down = frames("3-1:-1", "N")
        for parameters, combination in (
            ((A, floats, letters), "(A, D) * L"),
            ((A, frames("1-6", "E"), letters), "(A * L, E)"),
            ((down, letters), "L * N"),
            ((down, letters, floats), None),
        ):
            template = job(over(*parameters, combination=combination))
            expected = StepParameterSpaceIterator(space=made(template).steps[0].parameterSpace)
            self.assertEqual(
                all_tasks(plan(template, {})),
                [{name: value.value for name, value in task.items()} for task in expected],
            )

    def test_the_old_way_to_cut_chunks_with_two_parameters_works(self) -> None:
        start, end = frames("1-25:10", "Start"), frames("10-24:10,25", "End")
        found = [tuple(task.values()) for task in tasks(start, end, combination="(Start,End)")]
        self.assertEqual(found, [("1", "10"), ("11", "20"), ("21", "25")])
        wrong = job(over(frames("1-10:10", "Start"), frames("10-9:10,10", "End"), combination="(Start,End)"))
        at = "steps[0].parameterSpace.taskParameterDefinitions[1].range"
        self.assertIn("10-9:10 runs downwards", problems(wrong)[at])

    def test_a_list_may_name_a_frame_twice(self) -> None:
        self.assertEqual([task["Frame"] for task in tasks(frames([1, 1, 2]))], ["1", "1", "2"])

    def test_the_last_frame_is_never_dropped(self) -> None:
        for text, count, last in (("1-10", 10, "10"), ("1-10:3", 4, "10"), ("10", 1, "10"), ("1-2", 2, "2")):
            found = tasks(frames(text))
            self.assertEqual((len(found), found[-1]["Frame"]), (count, last))

    def test_a_negative_frame_s_text_is_a_number(self) -> None:
        self.assertEqual([task["Frame"] for task in tasks(frames("-5--4"))], ["-5", "-4"])

    def test_there_is_no_task_outside_of_the_step(self) -> None:
        found = plan(job(over(A)), {})
        for index in (-1, 3):
            with self.assertRaisesRegex(IndexError, f"no task {index}"):
                found.steps[0].parameters(index)
