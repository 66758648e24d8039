"""What `brender submit shot.blend` learns from the file."""

import sys

from brender.worker.blender.describe import SceneError, describe
from brender.worker.blender.installed import Blender
from tests.worker.blender.harness import BLENDER, BlenderTestCase


class Described(BlenderTestCase):
    def test_frames_size_engine_camera_and_output(self) -> None:
        facts = describe(BLENDER, self.scene("plain"))
        self.assertEqual(facts.frames, "1-10")
        self.assertEqual((facts.width, facts.height, facts.fps), (32, 18, 24.0))
        self.assertEqual((facts.engine, facts.camera, facts.format), ("CYCLES", "Near", "PNG"))
        self.assertEqual(facts.output, f"{self.folder}/out/f_####")
        self.assertEqual(str(facts), f"frames 1-10, 32 x 18, CYCLES, camera Near, to {self.folder}/out/f_####")

    def test_the_active_scene_of_several(self) -> None:
        facts = describe(BLENDER, self.scene("two_scenes"))
        self.assertEqual((facts.scene, facts.scenes), ("my scene", ["my scene", "名前"]))

    def test_all_frames_are_read_whatever_their_speed(self) -> None:
        """RNG-23"""
        for scene, fps in (("at_30", 30), ("at_60", 60 / 1.001)):
            facts = describe(BLENDER, self.scene(scene))
            self.assertEqual((facts.frames, facts.frame_step), ("1-10", 1), scene)
            self.assertAlmostEqual(facts.fps, fps, 3)

    def test_a_movie_and_missing_files_are_told(self) -> None:
        self.assertTrue(describe(BLENDER, self.scene("movie")).is_movie)
        self.assertEqual(len(describe(BLENDER, self.scene("gone_image")).missing), 1)

    def test_looking_at_a_scene_does_not_run_its_scripts_or_make_its_folders(self) -> None:
        describe(BLENDER, self.scene("scripted"))
        self.assertEqual([path.name for path in self.folder.iterdir()], ["scripted.blend"])

    def test_an_output_that_is_of_another_system_is_left_open(self) -> None:
        facts = describe(BLENDER, self.scene("windows_output"))
        self.assertEqual(facts.output, "")
        self.assertIn("X:/show/out/f_#### (give Output)", str(facts))

    def test_what_cannot_be_described_is_a_sentence(self) -> None:
        with self.assertRaisesRegex(SceneError, "does not exist on this machine"):
            describe(BLENDER, self.folder / "gone.blend")
        with self.assertRaisesRegex(SceneError, "is not a file that Blender can open"):
            describe(BLENDER, self.scene("not_blender"))

    def test_a_blender_that_cannot_be_started_is_a_sentence(self) -> None:
        with self.assertRaisesRegex(SceneError, "cannot be started from /nowhere/blender"):
            describe(Blender("4.5.0", "program", "/nowhere/blender"), self.scene("plain"))

    def test_a_blender_that_ends_before_it_answers_is_a_sentence(self) -> None:
        with self.assertRaisesRegex(SceneError, "ended by itself with exit code"):
            describe(Blender("4.5.0", "program", sys.executable), self.scene("plain"))
