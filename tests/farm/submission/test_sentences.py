"""openjd-model's errors as places and sentences."""

from twisted.trial.unittest import TestCase

from brender.farm.submission.planning import plan
from brender.farm.submission.sentences import place_of
from tests.farm.submission.documents import all_tasks, frames, job, over, problems, running, step

ARGUMENTS = "steps[0].script.actions.onRun.args"


class Places(TestCase):
    def test_a_place_has_only_what_the_document_has(self) -> None:
        document = {"steps": [{"space": {"defs": [{"type": "INT", "range": "x"}]}}]}
        location = ("steps", 0, "space", "defs", 0, "INT", "range", "list[int]")
        self.assertEqual(place_of(location, document), "steps[0].space.defs[0].range")

    def test_a_missing_field_is_part_of_its_place(self) -> None:
        self.assertEqual(place_of(("steps", 0, "name"), {"steps": [{}]}, missing=True), "steps[0].name")
        self.assertEqual(place_of(("steps", 0, "INT"), {"steps": [{}]}), "steps[0]")


class Sentences(TestCase):
    def test_three_errors_are_three_problems_with_their_places(self) -> None:
        wrong = job(
            {"name": "A", "script": {"actions": {"onRun": {}}}},
            {"name": "B", "script": {"actions": {"onRun": {"command": 5}}}},
            name="",
        )
        self.assertEqual(problems(wrong), {
            "name": "This text must not be empty.",
            "steps[0].script.actions.onRun.command": "This field is missing, and it is needed.",
            "steps[1].script.actions.onRun.command":
                'Text is needed here, not the number 5; put it in quotes: "5".',
        })  # fmt: skip

    def test_types_that_yaml_changes_are_refused_with_what_was_written(self) -> None:
        text = (
            "specificationVersion: jobtemplate-2023-09\nname: 010\nsteps:\n- name: yes\n"
            "  script: {actions: {onRun: {command: echo, args: [no, 012, 1e3, 12:30]}}}\n"
        )
        found = problems(text)
        self.assertEqual(
            found["name"], 'Text is needed here, not 010, which YAML reads as the number 8; put it in quotes: "010".'
        )
        self.assertIn('not yes, which YAML reads as true; put it in quotes: "yes"', found["steps[0].name"])
        self.assertIn("not yes, which YAML reads as true", problems(text.replace("name: 010", "name: yes"))["name"])
        self.assertIn("no, which YAML reads as false", found[f"{ARGUMENTS}[0]"])
        self.assertIn('012, which YAML reads as the number 10; put it in quotes: "012"', found[f"{ARGUMENTS}[1]"])
        self.assertIn("12:30, which YAML reads as the number 750", found[f"{ARGUMENTS}[3]"])
        self.assertNotIn(f"{ARGUMENTS}[2]", found)  # PyYAML reads 1e3 as text, and so it stays

    def test_where_numbers_are_wanted_those_that_yaml_makes_others_of_are_refused_too(self) -> None:
        """No frame 10 is rendered for 012, and none 750 for 12:30."""
        text = (
            "specificationVersion: jobtemplate-2023-09\nname: a\n"
            "parameterDefinitions: [{name: P, type: INT, default: 010, maxValue: 0_17}]\nsteps:\n- name: A\n"
            "  parameterSpace: {taskParameterDefinitions: [{name: Frame, type: INT, range: [012, 7, 12:30]}]}\n"
            "  script: {actions: {onRun: {command: echo, timeout: 1:30}}}\n"
        )
        definition, space = "parameterDefinitions[0]", "steps[0].parameterSpace.taskParameterDefinitions[0].range"
        numbers = {
            f"{definition}.default": ("010", 8), f"{definition}.maxValue": ("0_17", 15), f"{space}[0]": ("012", 10),
            f"{space}[2]": ("12:30", 750), "steps[0].script.actions.onRun.timeout": ("1:30", 90),
        }  # fmt: skip
        told = {
            at: f"{written} is the number {number} to YAML; write {number} where that is meant, or put it in quotes."
            for at, (written, number) in numbers.items()
        }
        self.assertEqual(problems(text), told)
        for number in ("012", "12:30"):
            self.assertIn(f"not {number}, which YAML reads", problems(text.replace("[012, 7, 12:30]", number))[space])

    def test_numbers_that_are_to_yaml_what_they_look_like_are_taken(self) -> None:
        step = "script: {actions: {onRun: {command: echo}}}"
        space = 'parameterSpace: {taskParameterDefinitions: [{name: F, type: INT, range: [007, 0, -5, 0x10, "012"]}]}'
        text = f"specificationVersion: jobtemplate-2023-09\nname: a\nsteps:\n- name: A\n  {space}\n  {step}\n"
        self.assertEqual([int(task["F"]) for task in all_tasks(plan(text, {}))], [7, 0, -5, 16, 12])

    def test_braces_without_a_partner_are_refused_with_their_position(self) -> None:
        found = problems(job(running("{{ x", '{"a":{"b":1}}', "}}", "{{{{", "a {{ Param }} b }} c", "{{}}")))
        opening, closing = '"{{" has no "}}" to it', '"}}" has no "{{" to it'
        for index, (position, said) in enumerate(
            ((1, opening), (12, closing), (1, closing), (1, opening), (17, closing))
        ):
            self.assertTrue(found[f"{ARGUMENTS}[{index}]"].startswith(f"Character {position}: {said}"), index)
        self.assertIn('put a blank between the braces: "} }"', found[f"{ARGUMENTS}[1]"])
        self.assertIn("Character 1: {{}} cannot be read", found[f"{ARGUMENTS}[5]"])

    def test_braces_in_a_text_of_many_lines_are_found_by_line(self) -> None:
        found = problems(job(running('import json\nprint({"a": {}})\n')))
        self.assertTrue(found[f"{ARGUMENTS}[0]"].startswith('Line 2, character 14: "}}" has no'))

    def test_single_and_parted_braces_are_text(self) -> None:
        self.assertEqual(problems(job(running('{"a": {"b": 1} }', "{ {", "{", "}{"))), {})

    def test_a_field_that_is_not_known_has_its_nearest_named(self) -> None:
        found = problems(job(step(srcipt=1), stepz=[]))
        self.assertEqual(found["stepz"], "There is no such field here. Did you mean steps?")
        self.assertEqual(found["steps[0].srcipt"], "There is no such field here. Did you mean script?")

    def test_a_type_that_is_not_known_has_the_known_ones_named(self) -> None:
        at = "steps[0].parameterSpace.taskParameterDefinitions[0]"
        found = problems(job(over({**frames("1"), "type": "INTT"})))[at]
        self.assertIn("there are INT, FLOAT, STRING, PATH and CHUNK[INT]. Did you mean INT?", found)

    def test_a_variable_that_is_not_known_has_its_nearest_named(self) -> None:
        definitions = [{"name": "Frames", "type": "STRING", "default": "1"}]
        found = problems(job(running("{{Param.Frame}}"), parameterDefinitions=definitions))
        self.assertEqual(found[f"{ARGUMENTS}[0]"], "There is no variable Param.Frame here. Did you mean Param.Frames?")

    def test_extensions_that_are_not_supported_are_named(self) -> None:
        found = problems(job(extensions=["EXPR", "TIME_TRAVEL"]))["extensions"]
        self.assertIn("TIME_TRAVEL", found)
        self.assertIn("TASK_CHUNKING, REDACTED_ENV_VARS, FEATURE_BUNDLE_1, EXPR and WRAP_ACTIONS", found)

    def test_kinds_of_values_are_named_in_words(self) -> None:
        self.assertEqual(problems(job(steps={})), {"steps": "A list is needed here, not a mapping."})
        self.assertEqual(problems(job(steps=[])), {"steps": "At least 1 item is needed here."})
        self.assertEqual(problems(job("x")), {"steps[0]": 'A mapping is needed here, not "x".'})
        self.assertEqual(problems(job(name=None)), {"name": "Text is needed here, not nothing."})

    def test_a_version_that_is_not_known_is_the_only_thing_that_can_be_told(self) -> None:
        self.assertEqual(
            problems({"name": "x"}),
            {"specificationVersion": "The version is missing; write jobtemplate-2023-09."},
        )
        for version in ("jobtemplate-2099-01", "environment-2023-09", 7, ["x"], None):
            found = problems(job(specificationVersion=version))
            self.assertEqual(list(found), ["specificationVersion"], version)

    def test_names_are_not_shared(self) -> None:
        self.assertIn("repeated: A", problems(job(step("A"), step("A")))["steps"])

    def test_an_environment_s_name_that_is_taken_is_told_at_its_place(self) -> None:
        environment = {"name": "e", "variables": {"A": "1"}}
        found = problems(job(step(stepEnvironments=[environment]), jobEnvironments=[environment]))
        self.assertEqual(list(found), ["steps[0].stepEnvironments[0].name"])
