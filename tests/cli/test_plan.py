"""`brender plan`, and what `submit` takes besides files: bundles, and templates of the farm."""

import json
from pathlib import Path

from brender.farm.submission.here import Here
from brender.templates.library import Library
from tests.cli.case import CommandCase
from tests.fakes import FRAMES

WITH_PATH = FRAMES.replace("steps:", "- {name: Asset, type: PATH, default: a.obj}\nsteps:")


class PlanCommand(CommandCase):
    async def test_it_tells_what_would_be_made_and_makes_nothing(self) -> None:
        self.file("shot.yaml", FRAMES)
        ran = await self.brender("plan", "shot.yaml", "--frames", "1-100")
        told = "shot_010 would have 100 tasks.\n  Render: 100 tasks (Frame 1; Frame 2; Frame 3; ... Frame 100)\n"
        self.assertEqual(ran, (0, told, ""))
        self.assertEqual(self.farm.service.farm.jobs, {})

    async def test_all_that_is_wrong_is_told_with_lines_and_it_ends_with_1(self) -> None:
        self.file("shot.yaml", FRAMES.replace("command: render", "command: 5"))
        ran = await self.brender("plan", "shot.yaml", "Frame=1", "--pool", "x", "--after", "7")
        self.assertEqual((ran.code, ran.err), (1, ""))
        self.assertEqual(
            ran.out.splitlines(),
            [
                "shot_010 would not be taken:",
                "  line 11, steps[0].script.actions.onRun.command: Text is needed here, not the number 5; put it in "
                'quotes: "5".',
                "  parameterValues.Frame: There is no such parameter; the template has Frames. Did you mean Frames?",
                "  after[0]: There is no job 7 to come after.",
            ],
        )

    async def test_json_is_all_of_it(self) -> None:
        self.file("shot.yaml", FRAMES)
        ran = await self.brender("plan", "shot.yaml", "--json")
        self.assertEqual((ran.code, ran.json["tasks"], ran.json["parameters"][0]["name"]), (0, 24, "Frames"))


class OfTheFarm(CommandCase):
    async def test_a_template_of_the_studio_is_handed_in_by_its_name(self) -> None:
        shelf = self.folder / "shelf"
        shelf.mkdir()
        (shelf / "comp.yaml").write_text(WITH_PATH)
        self.farm.service.templates = Library(shelf, Here(), self.farm.clock)
        ran = await self.brender("submit", "comp", "Asset=b.obj")
        self.assertEqual(ran, (0, "Job 1 shot_010: 24 tasks, priority 50.\n", ""))
        self.assertEqual(self.farm.service.farm.jobs[1].values["Asset"], str(self.folder / "b.obj"))

    async def test_a_name_that_is_none_is_told_with_the_nearest(self) -> None:
        ran = await self.brender("submit", "blendr")
        self.assertEqual((ran.code, ran.err), (1, 'There is no template "blendr"; did you mean blender?\n'))


class Bundles(CommandCase):
    def bundle(self, values: object) -> Path:
        folder = self.folder / "bundle"
        folder.mkdir()
        (folder / "template.yaml").write_text(WITH_PATH)
        (folder / "parameter_values.json").write_text(json.dumps(values))
        return folder

    async def test_a_folder_is_a_template_with_values(self) -> None:
        listed = [{"name": "Frames", "value": "1-7"}, {"name": "Asset", "value": "in/x.obj"}]
        folder = self.bundle({"parameterValues": [*listed, {"name": "deadline:priority", "value": 3}]})
        ran = await self.brender("submit", "bundle")
        self.assertEqual(ran, (0, "Job 1 shot_010: 7 frames, priority 50.\n", ""))
        job = self.farm.service.farm.jobs[1]
        self.assertEqual(job.values, {"Frames": "1-7", "Asset": str(folder / "in/x.obj")})

    async def test_what_is_typed_goes_before_what_is_in_the_file(self) -> None:
        self.bundle({"parameterValues": [{"name": "Frames", "value": "1-7"}]})
        ran = await self.brender("plan", "bundle", "--frames", "1-3", "--json")
        self.assertEqual((ran.json["tasks"], ran.json["parameters"][0]["value"]), (3, "1-3"))

    async def test_values_that_are_none_are_wrong_use(self) -> None:
        self.bundle({"parameterValues": [{"name": "Frames"}]})
        ran = await self.brender("submit", "bundle")
        self.assertEqual(ran.code, 2)
        self.assertIn(
            "parameter_values.json: parameterValues[0]: A value of a job bundle has a name and a value.", ran.err
        )
