"""The built-in template: what OpenJD makes of it, and what it says without a brender worker."""

import os
import re
from pathlib import Path

from openjd.model import create_job, decode_job_template, preprocess_job_parameters
from twisted.trial.unittest import TestCase
from yaml import safe_load

import brender.templates
from brender.worker.blender.settings import FIELDS, read
from tests.worker.blender.harness import BLENDER, BlenderTestCase, Farm

TEXT = brender.templates.path_of("blender").read_text()


def job(values: dict[str, str], folder: str = "/submit") -> object:
    template = decode_job_template(template=safe_load(TEXT), supported_extensions=[])
    parameters = preprocess_job_parameters(
        job_template=template,
        job_parameter_values=values,
        job_template_dir=Path("/templates"),
        current_working_dir=Path(folder),
    )
    return create_job(job_template=template, job_parameter_values=parameters)


class BuiltIn(TestCase):
    def test_it_is_listed_and_found(self) -> None:
        self.assertIn("blender", brender.templates.built_in())
        with self.assertRaisesRegex(LookupError, 'No built-in template "maya"; there are .*blender'):
            brender.templates.path_of("maya")

    def test_only_the_scene_has_to_be_given(self) -> None:
        made = job({"Scene": "/shot.blend"})
        self.assertEqual([step.name for step in made.steps], ["Render", "Video"])  # type: ignore[attr-defined]

    def test_every_setting_that_a_program_reads_is_handed_over_and_no_other(self) -> None:
        enter = safe_load(TEXT)["steps"][0]["stepEnvironments"][0]["script"]["actions"]["onEnter"]
        named = {word.partition("=")[0] for word in enter["args"][3:]}
        self.assertEqual(named, set(FIELDS))

    def test_the_defaults_are_settings(self) -> None:
        defaults = {each["name"]: each.get("default") for each in safe_load(TEXT)["parameterDefinitions"]}
        words = [f"{name}={defaults[name]}" for name in FIELDS if defaults.get(name) is not None]
        asked = read(["Scene=/x.blend", *words])
        self.assertTrue(asked.persistent)
        self.assertTrue(asked.scripts)
        self.assertFalse(asked.skip_existing)
        self.assertFalse(asked.fail_on_missing)

    def test_every_parameter_has_a_label_and_a_description(self) -> None:
        for each in safe_load(TEXT)["parameterDefinitions"]:
            self.assertTrue(each["userInterface"]["label"], each["name"])
            self.assertTrue(each["description"], each["name"])

    def test_the_documentation_lists_every_parameter(self) -> None:
        page = (Path(brender.__file__).parent.parent / "docs" / "blender.md").read_text()
        listed = re.findall(r"^\| `(\w+)` \|", page.partition("## Parameters")[2].partition("\n## ")[0], re.MULTILINE)
        self.assertEqual(sorted(listed), sorted(each["name"] for each in safe_load(TEXT)["parameterDefinitions"]))


class Ranges(BlenderTestCase):
    def test_frames_run_in_the_order_that_they_were_given_in(self) -> None:
        farm = self.farm("plain", Frames="10-1:-3")
        self.assertEqual(farm.frames(), [10, 7, 4, 1])


class WithoutAWorker(BlenderTestCase):
    def test_one_sentence_says_that_the_template_needs_one(self) -> None:
        farm = Farm(self.folder, {"Scene": str(self.scene("plain"))}, variables={"BRENDER_PYTHON": ""})
        self.addCleanup(farm.close)
        ended = farm.enter()
        self.assertFalse(ended.ok)
        self.assertEqual(ended.reason, "This template needs a brender worker: BRENDER_PYTHON is not set.")

    def test_a_machine_without_blender_says_so(self) -> None:
        farm = Farm(self.folder, {"Scene": str(self.scene("plain"))}, blenders=[])
        self.addCleanup(farm.close)
        reason = farm.enter().reason
        self.assertIn("This machine has no Blender: install one", reason)
        self.assertIn(f"found in {os.environ['PATH']}, and no module bpy", reason)

    def test_a_version_that_is_not_there_is_named_with_those_that_are(self) -> None:
        reason = self.refused("plain", BlenderVersion="1.0")
        self.assertEqual(reason, f"This machine has no Blender 1.0; it has {BLENDER.version}.")
