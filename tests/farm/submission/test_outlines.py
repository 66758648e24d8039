"""What people are told while they write: what would be made, or all that is wrong, and where."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from brender.farm.submission.answers import Outline, Wrong
from brender.farm.submission.lines import Lines
from brender.farm.submission.outlines import outline
from brender.farm.submission.problems import Problem
from brender.templates import path_of
from tests.fakes import FRAMES

LIMIT = 10_000_000
WITH_CHOICE = FRAMES.replace(
    "steps:",
    """- name: Quality
  type: INT
  minValue: 1
  maxValue: 9
  default: 3
  description: How good.
  userInterface: {label: How good, groupLabel: Looks, singleStepDelta: 2}
- {name: Device, type: STRING, allowedValues: [CPU, GPU], default: CPU}
- {name: Scene, type: PATH, objectType: FILE, dataFlow: IN}
- {name: Out, type: PATH, default: out}
- {name: Take, type: FLOAT, default: 1.50}
steps:""",
)


def outlined(template: Any = FRAMES, values: Any = None, limit: int = LIMIT) -> Outline:
    return outline(template, values or {}, "", limit)[0]


class WhatWouldBeMade(SynchronousTestCase):
    def test_steps_with_their_tasks_and_the_first_and_the_last_of_them(self) -> None:
        found = outlined(values={"Frames": "1-100:3"})
        (step,) = found.steps
        self.assertEqual(
            (found.name, found.tasks, step.name, step.tasks, step.frame), ("shot_010", 34, "Render", 34, "Frame")
        )
        self.assertEqual(step.first, [{"Frame": "1"}, {"Frame": "4"}, {"Frame": "7"}])
        self.assertEqual(step.last, {"Frame": "100"})
        self.assertEqual(found.problems, [])

    def test_a_million_tasks_are_counted_and_not_listed(self) -> None:
        self.assertEqual(outlined(values={"Frames": "1-1000000"}).tasks, 1_000_000)

    def test_steps_know_what_they_come_after(self) -> None:
        found = outlined(path_of("blender").read_text(), {"Scene": "/shot.blend", "Frames": "1-4"})
        self.assertEqual(
            [(step.name, step.depends_on) for step in found.steps], [("Render", []), ("Video", ["Render"])]
        )
        self.assertEqual(found.description[:6], "Frames")

    def test_values_in_the_form_of_a_bundle_count_too(self) -> None:
        self.assertEqual(outlined(values='{"parameterValues": [{"name": "Frames", "value": "1-7"}]}').tasks, 7)


class WhatIsWrong(SynchronousTestCase):
    def problems(self, template: Any, values: Any = None, limit: int = LIMIT) -> dict[str, Wrong]:
        found = outlined(template, values, limit)
        self.assertIsNone(found.tasks)
        return {problem.at: problem for problem in found.problems}

    def test_each_has_its_place_and_the_line_of_the_text(self) -> None:
        text = FRAMES.replace("command: render", "command: 5").replace("name: shot_010", "nam: shot")
        lines = {at: text.splitlines()[found.line - 1] for at, found in self.problems(text).items() if found.line}
        self.assertEqual(lines["nam"], "nam: shot")
        self.assertIn("command: 5", lines["steps[0].script.actions.onRun.command"])

    def test_a_field_that_is_missing_at_the_top_is_in_no_line(self) -> None:
        self.assertIsNone(self.problems(FRAMES.replace("name: shot_010", "nam: shot"))["name"].line)

    def test_those_of_values_name_their_parameter_and_no_line(self) -> None:
        found = self.problems(FRAMES, {"Frames": "1-x", "Other": "1"})
        self.assertEqual(
            (found["parameterValues.Frames"].parameter, found["parameterValues.Frames"].line), ("Frames", None)
        )
        self.assertEqual(found["parameterValues.Other"].parameter, "Other")

    def test_those_of_definitions_name_their_parameter_and_their_line(self) -> None:
        text = WITH_CHOICE.replace("minValue: 1", "minValue: x")
        problem = self.problems(text)["parameterDefinitions[1].minValue"]
        self.assertEqual((problem.parameter, text.splitlines()[problem.line - 1].strip()), ("Quality", "minValue: x"))  # type: ignore[operator]

    def test_a_text_that_cannot_be_read_says_where(self) -> None:
        (problem,) = outlined("name: [1, 2\nsteps: }").problems
        self.assertEqual((problem.at, problem.line), ("template", 2))

    def test_json_has_lines_too(self) -> None:
        text = json.dumps({"specificationVersion": "jobtemplate-2023-09", "name": "x", "steps": [], "foo": 1}, indent=1)
        self.assertEqual(text.splitlines()[self.problems(text)["foo"].line - 1].strip(), '"foo": 1')  # type: ignore[operator]

    def test_an_object_has_places_without_lines(self) -> None:
        self.assertIsNone(self.problems({"name": "x"})["specificationVersion"].line)

    def test_too_many_tasks_are_told(self) -> None:
        self.assertIn("at most 10 a step", next(iter(self.problems(FRAMES, limit=10).values())).message)

    def test_values_that_are_no_text_in_yaml_are_told_and_the_form_is_there(self) -> None:
        found = outlined(FRAMES, "a: [")
        self.assertEqual((found.problems[0].at, [field.name for field in found.parameters]), ("values", ["Frames"]))

    def test_the_form_and_the_steps_are_there_while_something_is_wrong(self) -> None:
        found = outlined(WITH_CHOICE)
        self.assertEqual([problem.parameter for problem in found.problems], ["Scene"])
        self.assertEqual(len(found.parameters), 6)
        self.assertEqual([(step.name, step.tasks) for step in found.steps], [("Render", None)])

    @settings(max_examples=60, deadline=None)
    @given(some.text(max_size=80), some.integers(0, len(FRAMES)))
    def test_whatever_is_typed_is_answered(self, typed: str, place: int) -> None:
        found, made = outline(FRAMES[:place] + typed + FRAMES[place:], {}, "", 1000)
        self.assertEqual(made is None, bool(found.problems))
        for problem in found.problems:
            self.assertTrue(problem.message)


class Form(SynchronousTestCase):
    def setUp(self) -> None:
        self.fields = {
            field.name: field for field in outlined(WITH_CHOICE, {"Scene": "/a.blend", "Quality": "5"}).parameters
        }

    def test_what_a_value_may_be(self) -> None:
        quality, device = self.fields["Quality"], self.fields["Device"]
        self.assertEqual(
            (quality.type, quality.minValue, quality.maxValue, quality.description), ("INT", 1, 9, "How good.")
        )
        self.assertEqual((quality.default, quality.value, quality.required), ("3", "5", False))
        self.assertEqual((device.allowedValues, device.value), (["CPU", "GPU"], "CPU"))
        self.assertTrue(self.fields["Scene"].required)

    def test_text_is_as_it_was_written(self) -> None:
        self.assertEqual(outlined(WITH_CHOICE).parameters[5].default, "1.50")

    def test_hints_are_the_templates_own_with_the_control_that_is_meant(self) -> None:
        hints = {"control": "SPIN_BOX", "label": "How good", "groupLabel": "Looks", "singleStepDelta": 2}
        self.assertEqual(self.fields["Quality"].userInterface, hints)
        controls = {name: field.userInterface["control"] for name, field in self.fields.items()}
        self.assertEqual(
            controls,
            {"Frames": "LINE_EDIT", "Quality": "SPIN_BOX", "Device": "DROPDOWN_LIST", "Scene": "CHOOSE_INPUT_FILE",
             "Out": "CHOOSE_DIRECTORY", "Take": "SPIN_BOX"},
        )  # fmt: skip

    def test_a_path_has_its_kind(self) -> None:
        scene, out = self.fields["Scene"], self.fields["Out"]
        self.assertEqual((scene.objectType, scene.dataFlow), ("FILE", "IN"))
        self.assertEqual((out.objectType, out.dataFlow), ("DIRECTORY", "NONE"))

    def test_the_built_in_template_has_all_that_it_says(self) -> None:
        form = {field.name: field for field in outlined(path_of("blender").read_text()).parameters}
        self.assertEqual(form["Scene"].userInterface["fileFilters"][0]["patterns"], ["*.blend"])
        self.assertEqual(form["Fps"].userInterface["decimals"], 3)
        self.assertEqual(form["Output"].userInterface["control"], "CHOOSE_OUTPUT_FILE")

    def test_definitions_that_are_none_are_left_out(self) -> None:
        for definitions in (5, "x", [1, {"name": 3}, {"name": "A"}], {"name": "A"}):
            self.assertEqual(outlined({"parameterDefinitions": definitions}).parameters, [])


class LinesOfAText(SynchronousTestCase):
    def test_what_is_missing_has_the_line_of_what_it_should_be_in(self) -> None:
        lines = Lines("a:\n  b:\n  - c: 1\n  - d: 2\n")
        found = [lines.of(Problem(at, "x")) for at in ("a.b[1].d", "a.b[1].missing.deeper", "a.b[7]", "nowhere", "a")]
        self.assertEqual(found, [4, 4, 3, None, 2])

    def test_a_sentence_with_a_line_of_its_own_knows_better(self) -> None:
        self.assertEqual(Lines("a: 1").of(Problem("template", "Line 12, column 3: a tab.")), 12)
