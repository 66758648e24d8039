"""What does not exist is refused with one clear sentence; nothing falls back to something else."""

import os
import subprocess
from pathlib import Path

from PIL import Image
from twisted.trial.unittest import SkipTest

from brender.worker.blender.describe import describe
from tests.worker.blender.harness import BLENDER, BlenderTestCase
from tests.worker.blender.test_keeper import pixels

CHECKOUT = Path(__file__).resolve().parents[3]


class Refusals(BlenderTestCase):
    def test_a_scene_that_is_not_there(self) -> None:
        self.assertEqual(
            self.refused("plain", Scene="/nowhere/shot.blend"),
            "The scene /nowhere/shot.blend does not exist on this machine.",
        )

    def test_a_file_that_is_no_scene(self) -> None:
        self.assertRegex(self.refused("not_blender"), r"^The scene .*/not_blender.blend is not a file that Blender")

    def test_a_folder_is_no_scene(self) -> None:
        self.assertIn("is not a file that may be read", self.refused("plain", Scene=str(self.folder)))

    def test_a_network_path_is_not_beside_anything(self) -> None:
        reason = self.refused("plain", Scene="//srv/share/a b/x.blend")
        self.assertEqual(
            reason, "The scene is //srv/share/a b/x.blend, a network path: give a path mapping rule for it."
        )

    def test_a_scene_of_another_name(self) -> None:
        reason = self.refused("two_scenes", SceneName="Scene")
        self.assertRegex(reason, r'^No scene "Scene" in .*two_scenes.blend; it has my scene, 名前\.$')

    def test_one_of_two_whose_names_begin_alike_is_not_taken_for_the_other(self) -> None:
        reason = self.refused("daylight", SceneName="Scene.002")
        self.assertRegex(reason, r'^No scene "Scene.002" in .*daylight.blend; it has Scene, Scene\.001, daylight\.$')

    def test_a_camera_that_is_not_there(self) -> None:
        self.assertEqual(self.refused("markers", Camera="Nera"), 'No camera "Nera" in scene Scene; it has Far, Near.')

    def test_no_camera_at_all(self) -> None:
        reason = self.refused("no_camera")
        self.assertEqual(reason, "The scene Scene has no camera set; its objects have these cameras: Near.")

    def test_a_view_layer_that_is_not_there(self) -> None:
        reason = self.refused("plain", ViewLayer="Foreground")
        self.assertEqual(reason, 'No view layer "Foreground" in scene Scene; it has ViewLayer.')

    def test_an_engine_that_is_not_there(self) -> None:
        reason = self.refused("plain", Engine="LUXCORE")
        self.assertRegex(reason, r'^No engine "LUXCORE" in this Blender; it has .*CYCLES')

    def test_a_format_that_is_not_there(self) -> None:
        self.assertRegex(self.refused("plain", Format="GIF"), r'^No format "GIF" in this Blender; it has .*PNG')

    def test_an_output_folder_that_cannot_be_written(self) -> None:
        (self.folder / "file").write_text("in the way")
        reason = self.refused("plain", Output=str(self.folder / "file" / "f_####"))
        self.assertEqual(reason, f"The output folder {self.folder}/file cannot be made: a file has its name.")
        reason = self.refused("plain", Output="/proc/nowhere/f_####")
        self.assertEqual(reason, "The output folder /proc/nowhere cannot be written: No such file or directory.")

    def test_a_frame_whose_name_is_taken_by_a_folder(self) -> None:
        (self.folder / "out" / "f_0001.png").mkdir(parents=True)
        ended = self.entered("plain").render(1)
        self.assertEqual(ended.reason, f"The frame cannot be put at {self.folder}/out/f_0001.png: Is a directory.")


class Named(BlenderTestCase):
    """BLD-08"""

    def width(self, name: str) -> int:
        """Of a frame of the scene of this name: each has its own."""
        self.rendered(self.entered("daylight", SceneName=name, Output=f"{self.folder}/{name}/f_#"), 1)
        with Image.open(self.folder / name / "f_1.png") as image:
            return image.width

    def test_the_scene_that_is_named_is_rendered(self) -> None:
        widths = {name: self.width(name) for name in ("daylight", "Scene", "Scene.001")}
        self.assertEqual(widths, {"daylight": 32, "Scene": 40, "Scene.001": 48})

    def test_without_a_name_the_active_one_is(self) -> None:
        self.assertEqual(describe(BLENDER, self.scene("daylight")).scene, "daylight")


class Gpu(BlenderTestCase):
    def test_a_gpu_that_is_asked_for_renders_or_the_job_is_refused(self) -> None:
        ended = self.farm("plain", Device="GPU").enter()
        if ended.ok:
            self.assertNotIn("on the processor", ended.text)
        else:
            self.assertIn("A GPU was asked for, and Cycles finds none here (looked for OPTIX", ended.reason)

    def test_a_session_that_was_given_none_uses_none(self) -> None:
        self.patch(os, "environ", {**os.environ, "BRENDER_GPUS": ""})
        said = "A GPU was asked for, and this session was given none: its step has to ask for amount.worker.gpu."
        self.assertEqual(self.refused("plain", Device="GPU"), said)
        ended = self.farm("gpu").enter()
        self.assertTrue(ended.ok, ended.text)
        self.assertIn("saved for a GPU and this session was given none: the processor renders it", ended.text)

    def test_of_the_cards_that_blender_finds_those_of_the_session_are_used(self) -> None:
        if BLENDER.kind != "module":
            raise SkipTest("This Blender is a program of its own; the function is the same in both.")
        program = "from brender.worker.blender import device; print(device.own(list('abc')))"
        for told, cards in {"0,2": "['a', 'c']", "1": "['b']", "2,9": "['c']", "0,1,2": "['a', 'b', 'c']"}.items():
            known = {**os.environ, "BRENDER_GPUS": told}
            command = [BLENDER.path, "-c", program]
            printed = subprocess.run(command, env=known, capture_output=True, text=True, check=True, cwd=CHECKOUT)
            self.assertIn(cards, printed.stdout)


class Scripts(BlenderTestCase):
    def test_they_run_unless_forbidden_in_the_folder_of_the_session_and_the_log_says_so(self) -> None:
        farm = self.farm("scripted")
        ended = farm.enter()
        self.assertIn("Scripts in the .blend are allowed to run (rig.py).", ended.lines)
        self.assertTrue((farm.session.working_directory / "script-ran").exists())

    def test_forbidden_ones_do_not_run_and_the_log_names_them(self) -> None:
        farm = self.farm("scripted", Scripts="forbid")
        ended = farm.enter()
        self.assertTrue(ended.ok, ended.text)
        self.assertRegex(ended.text, r"Scripts in the \.blend were not run \(rig\.py\)")
        self.assertFalse((farm.session.working_directory / "script-ran").exists())

    def test_what_the_farm_forbids_does_not_run_although_the_job_allows_it(self) -> None:
        """SEC-09, BLD-16: in Blender that is told so by the worker."""
        farm = self.farm("scripted", Scripts="allow")
        ended = farm.enter(BRENDER_SCRIPTS="forbid")
        self.assertTrue(ended.ok, ended.text)
        said = "Scripts in the .blend were not run because the farm forbids them in jobs of this owner."
        self.assertIn(said, ended.lines)
        self.assertIn(f"brender_warning: {said}", ended.warnings)
        self.assertFalse((farm.session.working_directory / "script-ran").exists())

    def test_a_scripted_driver_moves_things_only_when_scripts_may_run(self) -> None:
        """BLD-16: unless somebody forbids it they may."""
        pictures = []
        for name, scripts in (("default", {}), ("allow", {"Scripts": "allow"}), ("forbid", {"Scripts": "forbid"})):
            farm = self.entered("driven", Output=str(self.folder / name / "f_#"), **scripts)
            self.rendered(farm, 1)
            pictures.append(pixels(self.folder / name / "f_1.png"))
        self.assertEqual(pictures[0], pictures[1])
        self.assertNotEqual(pictures[1], pictures[2])
