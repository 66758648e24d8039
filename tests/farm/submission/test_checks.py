"""Steps that wait for one another, embedded files that would leave their folder, ranges: seen before openjd-model."""

from typing import Any

from twisted.trial.unittest import TestCase

from brender.farm.submission.planning import plan
from tests.farm.submission.documents import frames, job, over, problems, step


def after(name: str, *needed: str) -> dict[str, Any]:
    return step(name, dependencies=[{"dependsOn": each} for each in needed]) if needed else step(name)


def with_file(filename: str) -> dict[str, Any]:
    file = {"name": "f", "type": "TEXT", "data": "x", "filename": filename}
    return step(script={"actions": {"onRun": {"command": "echo"}}, "embeddedFiles": [file]})


class Dependencies(TestCase):
    def test_a_circle_of_steps_names_its_members(self) -> None:
        two = problems(job(after("A", "B"), after("B", "A")))
        self.assertEqual(list(two), ["steps[0].dependencies"])
        self.assertIn("A and B wait for one another in a circle (A -> B -> A)", two["steps[0].dependencies"])
        three = problems(job(step("first"), after("A", "B"), after("B", "C"), after("C", "A", "first")))
        self.assertIn("(A -> B -> C -> A)", three["steps[1].dependencies"])

    def test_what_waits_for_a_circle_is_not_part_of_it(self) -> None:
        found = problems(job(after("last", "A"), after("A", "B"), after("B", "A"), after("X", "Y"), after("Y", "X")))
        self.assertEqual(list(found), ["steps[1].dependencies", "steps[3].dependencies"])
        self.assertNotIn("last", found["steps[1].dependencies"])

    def test_a_circle_of_thousands_is_told_in_a_line(self) -> None:
        ring = job(*(after(f"s{index}", f"s{(index + 1) % 2000}") for index in range(2000)))
        said = problems(ring)["steps[0].dependencies"]
        self.assertIn("1988 more", said)
        self.assertLess(len(said), 500)

    def test_a_step_cannot_wait_for_itself_or_for_nobody(self) -> None:
        at = "steps[0].dependencies[0].dependsOn"
        self.assertEqual(problems(job(after("A", "A")))[at], "Step A cannot wait for itself.")
        self.assertEqual(problems(job(after("A", "Z")))[at], 'There is no step "Z".')
        missed = problems(job(after("Video", "render"), step("Render")))
        self.assertIn("Did you mean Render?", missed[at])

    def test_chains_and_diamonds_are_accepted_in_whatever_order_they_are_written(self) -> None:
        chain = plan(job(*(after(f"s{i}", *([f"s{i - 1}"] if i else [])) for i in range(300))), {})
        self.assertEqual([one.depends_on for one in chain.steps[:3]], [(), (0,), (1,)])
        self.assertEqual(chain.steps[299].depends_on, (298,))
        diamond = plan(job(after("D", "B", "C"), after("B", "A"), after("C", "A"), step("A")), {})
        self.assertEqual([one.depends_on for one in diamond.steps], [(1, 2), (3,), (3,), ()])

    def test_what_else_is_wrong_is_told_as_well(self) -> None:
        found = problems(job(after("A", "B"), after("B", "A"), name=""))
        self.assertEqual(set(found), {"name", "steps[0].dependencies"})


class Files(TestCase):
    AT = "steps[0].script.embeddedFiles[0].filename"

    def test_names_that_would_not_stay_in_the_session_s_folder_are_refused(self) -> None:
        for name in ("../../home/u/.ssh/authorized_keys", "/etc/cron.d/x", "a/b", "a\\b"):
            self.assertIn("/ or \\", problems(job(with_file(name)))[self.AT])
        for name in (".", ".."):
            self.assertIn("is a folder", problems(job(with_file(name)))[self.AT])

    def test_names_that_no_file_system_takes_are_refused(self) -> None:
        self.assertIn("U+0000", problems(job(with_file("a\0b")))[self.AT])
        found = problems(job(with_file("名" * 100), extensions=["FEATURE_BUNDLE_1"]))
        self.assertIn("255 bytes; this has 300", found[self.AT])

    def test_other_names_are_accepted_verbatim(self) -> None:
        for name in ("naïve 名前.txt", "...", ".hidden", "{{x}}", "a b"):
            self.assertEqual(problems(job(with_file(name))), {})

    def test_two_of_one_name_beside_each_other_are_refused_and_in_two_steps_they_are_not(self) -> None:
        twice = with_file("a.txt")
        twice["script"]["embeddedFiles"].append({"name": "g", "type": "TEXT", "data": "y", "filename": "a.txt"})
        found = problems(job(twice))
        self.assertEqual(list(found), ["steps[0].script.embeddedFiles[1].filename"])
        self.assertIn('called "a.txt" too', found["steps[0].script.embeddedFiles[1].filename"])
        other = with_file("a.txt") | {"name": "other"}
        self.assertEqual(problems(job(with_file("a.txt"), other)), {})

    def test_files_of_environments_are_looked_at_too(self) -> None:
        script = with_file("..")["script"] | {"actions": {"onEnter": {"command": "echo"}}}
        found = problems(job(jobEnvironments=[{"name": "e", "script": script}]))
        self.assertIn("is a folder", found["jobEnvironments[0].script.embeddedFiles[0].filename"])


class Ranges(TestCase):
    AT = "steps[0].parameterSpace.taskParameterDefinitions[0].range"

    def test_a_bad_range_is_told_with_its_hint_beside_what_else_is_wrong(self) -> None:
        found = problems(job(over(frames("1-10x2")), name=""))
        self.assertIn("write 1-10:2.", found[self.AT])
        self.assertIn("name", found)

    def test_a_list_of_numbers_has_1024_at_most_and_an_expression_as_many_as_it_likes(self) -> None:
        for values, count in (("1-1024", 1024), ("1-1025", 1025), ("1-5000", 5000), (list(range(1024)), 1024)):
            self.assertEqual(plan(job(over(frames(values))), {}).steps[0].tasks, count)
        self.assertEqual(
            problems(job(over(frames(list(range(1025))))))[self.AT],
            "At most 1,024 items can stand here; there are 1,025.",
        )

    def test_a_range_that_is_neither_text_nor_list_is_refused(self) -> None:
        self.assertEqual(problems(job(over(frames(5))))[self.AT], "A list or text is needed here, not the number 5.")
