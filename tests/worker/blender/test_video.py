"""The Video step joins whole frames, whatever they are called and however they were written."""

from pathlib import Path

from twisted.trial.unittest import TestCase

from brender.worker.blender.video import spans
from tests.worker.blender.harness import BlenderTestCase
from tests.worker.blender.videos import grey, look


class Joined(BlenderTestCase):
    def video(self, scene: str, **values: str) -> Path:
        farm = self.entered(scene, Frames="1-3", **values)
        for frame in farm.frames():
            self.rendered(farm, frame)
        farm.leave()
        ended = farm.video()
        self.assertTrue(ended.ok, ended.text)
        self.assertRegex(ended.status, "^3 frames joined to ")
        return Path(ended.status.removeprefix("3 frames joined to "))

    def test_beside_the_frames_by_default_at_the_speed_of_the_scene(self) -> None:
        path = self.video("plain")
        self.assertEqual(path, self.folder / "out" / "video.mp4")
        frames, line = look(path)
        self.assertEqual(frames, 3)
        self.assertIn("24 fps", line)
        self.assertIn("yuv420p(tv, bt709", line)
        self.assertEqual(len(list((self.folder / "out").iterdir())), 4)

    def test_elsewhere_and_at_another_speed(self) -> None:
        path = self.video("plain", Video=str(self.folder / "films" / "a b"), Fps="12.5")
        self.assertEqual(path, self.folder / "films" / "a b.mp4")
        self.assertIn("12.50 fps", look(path)[1])

    def test_odd_sides_and_see_through_ground(self) -> None:
        frames, line = look(self.video("see_through"))
        self.assertEqual(frames, 3)
        self.assertIn("34x18", line)

    def test_linear_pictures_look_as_the_scene_shows_them(self) -> None:
        direct = grey(self.video("plain", Output=str(self.folder / "png" / "f_####")))
        linear = grey(self.video("linear", Output=str(self.folder / "exr" / "f_####")))
        self.assertTrue(abs(direct - linear) <= 3, (direct, linear))

    def test_frames_of_several_passes_and_of_movies(self) -> None:
        self.assertEqual(look(self.video("half_float"))[0], 3)
        self.assertEqual(look(self.video("movie"))[0], 3)

    def test_frames_before_zero_too_in_their_order(self) -> None:
        farm = self.entered("plain", Frames="-2-2")
        self.assertEqual(farm.frames(), [-2, -1, 0, 1, 2])
        for frame in farm.frames():
            self.rendered(farm, frame)
        self.assertEqual(self.written(), ["f_-0001.png", "f_-0002.png", "f_0000.png", "f_0001.png", "f_0002.png"])
        farm.leave()
        ended = farm.video()
        self.assertEqual(ended.status, f"5 frames joined to {self.folder}/out/video.mp4")
        self.assertEqual(look(self.folder / "out" / "video.mp4")[0], 5)


class NotJoined(BlenderTestCase):
    def test_missing_and_broken_frames_are_named(self) -> None:
        farm = self.entered("plain", Frames="1-9")
        for frame in (1, 2, 3, 5):
            self.rendered(farm, frame)
        (self.folder / "out" / "f_0002.png").write_bytes(b"half")
        farm.leave()
        ended = farm.video()
        self.assertFalse(ended.ok)
        self.assertEqual(
            ended.reason,
            f"6 of 9 frames are missing or not whole in {self.folder}/out: 2, 4, 6-9. Render first.",
        )
        self.assertFalse((self.folder / "out" / "video.mp4").exists())

    def test_none_means_no_video(self) -> None:
        ended = self.farm("plain", Frames="1-3", Video="none").video()
        self.assertTrue(ended.ok)
        self.assertEqual(ended.status, "No video was asked for.")

    def test_one_frame_makes_none(self) -> None:
        ended = self.farm("plain", Frames="7").video()
        self.assertEqual((ended.ok, ended.status), (True, "One frame makes no video."))


class Spans(TestCase):
    def test_runs_are_joined(self) -> None:
        self.assertEqual(spans([9, 1, 2, 3, 7]), "1-3, 7, 9")
        self.assertEqual(spans([-2, -1, 5]), "-2--1, 5")
        self.assertTrue(spans(range(0, 100, 2)).endswith("20, 22 and more"))
