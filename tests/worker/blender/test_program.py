"""Blender as an executable, where this machine has one: the same as the module."""

import os

from twisted.trial.unittest import SkipTest

from brender.worker.blender.find import find_blenders
from brender.worker.blender.installed import Blender, numbers_of
from tests.worker.blender.harness import FOUND, BlenderTestCase, Farm


def program() -> Blender:
    for each in find_blenders([], os.environ.get("PATH", "")):
        if each.kind == "program":
            return each
    raise SkipTest("No blender on PATH.")


class Program(BlenderTestCase):
    def test_frames_and_video(self) -> None:
        blender = program()
        if FOUND is not None and numbers_of(blender.version) < numbers_of(FOUND.version)[:1]:
            raise SkipTest(f"Blender {blender.version} is too old for the scenes that {FOUND.version} made.")
        values = {"Scene": str(self.scene("plain")), "Frames": "1-2"}
        farm = Farm(self.folder, values, blenders=[blender])
        self.addCleanup(farm.close)
        self.assertTrue(farm.enter().ok)
        for frame in farm.frames():
            self.rendered(farm, frame)
        farm.leave()
        self.assertTrue(farm.video().ok)
        self.assertEqual(self.written(), ["f_0001.png", "f_0002.png", "video.mp4"])
