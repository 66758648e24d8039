"""What is read of scenes without a Blender, of files that a Blender has made."""

import gzip
from pathlib import Path

from brender.planner.scenes import FACTS, saved_in
from brender.worker.blender.describe import describe
from tests.worker.blender.harness import BLENDER, BlenderTestCase

OF_FORMS = {
    "SceneName": "Szene ä 名前",
    "Frames": "5-250:5",
    "Output": "//render/名前_",
    "Format": "OPEN_EXR",
    "Camera": "Kamera 名前",
    "Engine": "CYCLES",
    "Samples": "64",
    "ResolutionPercent": "50",
    "Fps": "59.94",
}
SPEEDS = {"plain": "24", "at_30": "30", "at_60": "59.94"}


class Read(BlenderTestCase):
    def saved(self, scene: str, name: str = "") -> dict[str, str]:
        return saved_in(str(self.scene(scene)), name)

    def test_all_that_a_form_shows_is_as_blender_has_it(self) -> None:
        """PATH-14"""
        facts = describe(BLENDER, self.scene("for_forms"))
        self.assertEqual(self.saved("for_forms"), {**OF_FORMS, "BlenderVersion": facts.saved_by})
        told = (facts.scene, facts.frames, facts.saved_output, facts.format, facts.camera, facts.engine)
        self.assertEqual(told, tuple(OF_FORMS.values())[:6])
        self.assertEqual(set(FACTS), {*OF_FORMS, "BlenderVersion"} - {"SceneName"})

    def test_frames_are_told_without_a_step_whatever_their_speed(self) -> None:
        speeds = {scene: (found["Frames"], found["Fps"]) for scene in SPEEDS if (found := self.saved(scene))}
        self.assertEqual(speeds, {scene: ("1-10", fps) for scene, fps in SPEEDS.items()})

    def test_a_compressed_scene_is_the_same(self) -> None:
        whole = self.saved("for_forms")
        packed = self.folder / "gzip.blend"
        packed.write_bytes(gzip.compress(self.scene("for_forms").read_bytes(), 1))  # as before Blender 3
        self.assertEqual(saved_in(str(packed)), whole)
        self.assertNotEqual(self.scene("packed").read_bytes()[:7], b"BLENDER")
        self.assertEqual(self.saved("packed"), whole)

    def test_every_format_of_pictures_has_blenders_name(self) -> None:
        path = self.scene("for_forms")
        named = [each for each in describe(BLENDER, path).scenes if each.startswith("as ")]
        self.assertGreater(len(named), 10)
        self.assertEqual([f"as {saved_in(str(path), name).get('Format')}" for name in named], named)

    def test_the_active_scene_of_several_or_the_one_that_is_named(self) -> None:
        active, other = self.saved("two_scenes"), self.saved("two_scenes", "名前")
        self.assertEqual((active["SceneName"], active["Output"]), ("my scene", "//out/second_####"))
        self.assertEqual((other["SceneName"], other["Output"]), ("my scene", "//out/f_####"))
        self.assertEqual(self.saved("two_scenes", "none of them"), {"SceneName": "my scene"})

    def test_samples_are_the_engines_own(self) -> None:
        self.assertEqual(self.saved("for_forms", "eevee")["Samples"], "7")
        self.assertNotIn("Samples", self.saved("workbench"))

    def test_an_output_is_told_as_the_artist_typed_it(self) -> None:
        """PATH-14"""
        typed = {"plain": "//out/f_####", "beside": "//", "windows_output": "X:\\show\\out\\f_####"}
        for scene, output in typed.items():
            self.assertEqual(self.saved(scene)["Output"], output)
        self.assertNotIn("Output", self.saved("empty_output"))

    def test_what_would_not_be_used_as_it_stands_is_left_out(self) -> None:
        """Cameras change at markers; the frames of a movie are rendered as PNG."""
        self.assertNotIn("Camera", self.saved("markers"))
        self.assertNotIn("Camera", self.saved("no_camera"))
        self.assertNotIn("Format", self.saved("movie"))

    def test_one_frame_is_no_range(self) -> None:
        self.assertEqual(self.saved("plain")["Frames"], "1-10")

    def test_nothing_is_known_of_what_is_no_scene(self) -> None:
        (self.folder / "folder.blend").mkdir()
        for path in (self.scene("not_blender"), self.folder / "folder.blend", self.folder / "gone.blend"):
            self.assertEqual(saved_in(str(path)), {}, path)

    def test_of_a_file_that_is_cut_nothing_is_known(self) -> None:
        for scene in ("for_forms", "packed"):
            whole = self.scene(scene).read_bytes()
            for size in (0, 7, 12, 1000, len(whole) // 2, len(whole) * 9 // 10):
                self.assertEqual(saved_in(str(self.scene_of_bytes(whole[:size]))), {}, f"{size} bytes of {scene}")

    def scene_of_bytes(self, data: bytes) -> Path:
        path = self.folder / "written.blend"
        path.write_bytes(data)
        return path
