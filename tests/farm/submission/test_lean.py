"""A start reads only what it needs of templates: the plans have to be the same as when all is read."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from brender.farm.submission import planning
from brender.farm.submission.lean import lean
from brender.farm.submission.planning import plan, replan
from brender.farm.submission.template import Document
from brender.templates import built_in, path_of

VALUES = {"Scene": "/work/x.blend", "Frames": "1-20,30"}
SEVERAL = {
    "specificationVersion": "jobtemplate-2023-09",
    "extensions": ["EXPR", "FEATURE_BUNDLE_1"],
    "name": "{{Param.Shot}}",
    "parameterDefinitions": [
        {"name": "Shot", "type": "STRING", "default": "a"},
        {"name": "Last", "type": "INT", "default": 7},
        {"name": "Memory", "type": "INT", "default": 512},
        {"name": "Unused", "type": "STRING", "default": "only in the script"},
    ],
    "jobEnvironments": [{"name": "E", "variables": {"X": "{{Param.Unused}}"}}],
    "steps": [
        {
            "name": "A",
            "parameterSpace": {
                "taskParameterDefinitions": [{"name": "N", "type": "INT", "range": "1-{{Param.Last * 2}}"}]
            },
            "hostRequirements": {"amounts": [{"name": "amount.worker.memory", "min": "{{Param.Memory}}"}]},
            "script": {"actions": {"onRun": {"command": "echo", "args": ["{{Param.Unused}}"]}}},
        },
        {"name": "B", "dependencies": [{"dependsOn": "A"}], "bash": {"script": "echo {{Param.Unused}}"}},
    ],
}


class TheSame(SynchronousTestCase):
    def check(self, template: Any, values: dict[str, Any]) -> None:
        made = plan(template, values)
        whole = planning._plan(made.template, planning._decode(Document(dict(made.template))), dict(made.values))
        self.assertEqual(replan(made.template, made.values), made)
        self.assertEqual(whole, made)

    def test_plans_of_built_in_templates(self) -> None:
        for name in built_in():
            text = path_of(name).read_text("utf-8")
            self.check(text, {key: value for key, value in VALUES.items() if f"name: {key}" in text})

    def test_plans_of_one_with_everything(self) -> None:
        self.check(SEVERAL, {})
        self.check(SEVERAL, {"Last": 3, "Memory": 2048, "Shot": "b"})

    def test_jobs_of_one_template_differ_by_their_values(self) -> None:
        made = [plan(SEVERAL, {"Last": last}) for last in (3, 5)]
        self.assertEqual([replan(each.template, each.values).steps[0].tasks for each in made], [6, 10])

    def test_a_template_that_has_changed_in_what_matters_is_another(self) -> None:
        made = plan(SEVERAL, {})
        other = {**made.template, "name": "other"}
        self.assertEqual(replan(other, made.values).name, "other")


class WhatIsLeft(SynchronousTestCase):
    def test_scripts_and_what_only_they_name_are_left_out(self) -> None:
        left = lean(SEVERAL)
        self.assertEqual([each["name"] for each in left["parameterDefinitions"]], ["Shot", "Last", "Memory"])
        self.assertNotIn("echo", str(left))
        self.assertNotIn("jobEnvironments", left)

    def test_the_template_itself_is_as_it_was(self) -> None:
        before = str(SEVERAL)
        lean(SEVERAL)
        self.assertEqual(str(SEVERAL), before)
