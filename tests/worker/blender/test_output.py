"""A file with a frame's name is always a whole frame; what is there and whole can be kept."""

import os
from pathlib import Path

from tests.worker.blender.harness import BlenderTestCase


class Existing(BlenderTestCase):
    def test_whole_frames_are_skipped_when_that_is_asked_for(self) -> None:
        farm = self.entered("plain", SkipExisting="true")
        self.rendered(farm, 1)
        before = os.stat(self.folder / "out" / "f_0001.png").st_ino
        ended = self.rendered(farm, 1)
        self.assertEqual(ended.status, "Frame 1 was there already and whole: skipped")
        self.assertEqual(os.stat(self.folder / "out" / "f_0001.png").st_ino, before)

    def test_empty_and_broken_ones_are_rendered_again(self) -> None:
        farm = self.entered("plain", SkipExisting="true")
        self.rendered(farm, 1)
        path = self.folder / "out" / "f_0001.png"
        whole = path.read_bytes()
        for broken in (b"", whole[: len(whole) // 2], whole[:-1]):
            path.write_bytes(broken)
            self.assertIn("brender_output: ", self.rendered(farm, 1).text)
            self.assertTrue(path.read_bytes().endswith(b"IEND\xaeB`\x82"))

    def test_they_are_rendered_again_when_it_is_not(self) -> None:
        farm = self.entered("plain")
        for _ in range(2):
            self.assertIn("brender_output: ", self.rendered(farm, 1).text)

    def test_a_scene_that_says_not_to_overwrite_is_obeyed_but_placeholders_are_no_frames(self) -> None:
        (self.folder / "out").mkdir()
        (self.folder / "out" / "f_0003.png").touch()
        farm = self.entered("placeholders")
        self.assertIn("brender_output: ", self.rendered(farm, 3).text)
        self.assertIn("skipped", self.rendered(farm, 3).status)

    def test_every_view_has_to_be_there(self) -> None:
        farm = self.entered("stereo", SkipExisting="true")
        self.rendered(farm, 1)
        (self.folder / "out" / "f_0001_R.png").unlink()
        self.assertIn("brender_output: ", self.rendered(farm, 1).text)
        self.assertIn("skipped", self.rendered(farm, 1).status)


class NewContent(BlenderTestCase):
    def test_the_same_path_with_another_scene_in_it_is_another_scene(self) -> None:
        first = self.farm("plain")
        first.enter()
        self.rendered(first, 1)
        before = (self.folder / "out" / "f_0001.png").read_bytes()
        scene = self.folder / "plain.blend"
        scene.write_bytes(self.scene("see_through").read_bytes())
        self.rendered(self.entered("plain"), 1)
        after = (self.folder / "out" / "f_0001.png").read_bytes()
        self.assertEqual([before[16:24].hex(), after[16:24].hex()], ["0000002000000012", "0000002100000011"])


class FullDisk(BlenderTestCase):
    def test_a_frame_that_does_not_fit_fails_and_leaves_no_file(self) -> None:
        full = Path("/dev/shm/brender-full")
        if os.geteuid() != 0 or os.system(f"mkdir -p {full} && mount -t tmpfs -o size=8k none {full}") != 0:
            self.skipTest("Only root can make a file system that is too small.")
        self.addCleanup(os.system, f"umount {full} && rmdir {full}")
        farm = self.entered("deep_png", Output=str(full / "f_####"), ResolutionPercent="400")
        ended = farm.render(1)
        self.assertFalse(ended.ok)
        self.assertRegex(ended.reason, "No space left|only in part|could not render|cannot be put")
        self.assertEqual([name for name in os.listdir(full) if not name.startswith(".")], [])
        farm.close()
