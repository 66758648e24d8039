"""`brender demo` with a real Blender: frames, a video, and nothing left behind."""

import importlib.util
import shutil
from pathlib import Path
from unittest import skipUnless

import psutil
from twisted.internet.threads import deferToThread

from brender.cli.demo import last_lines
from brender.client.http import Api
from brender.worker.blender.whole import is_whole
from tests.cli.case import CommandCase, Running
from tests.worker.blender.videos import look

HAS_BLENDER = shutil.which("blender") or importlib.util.find_spec("bpy")


def processes_of(folder: Path) -> list[int]:
    """Who still names this folder on its command line."""
    found = []
    for process in psutil.process_iter(["pid", "cmdline", "status"]):
        words = process.info["cmdline"] or ()
        if process.info["status"] != psutil.STATUS_ZOMBIE and any(str(folder) in word for word in words):
            found.append(process.info["pid"])
    return found


@skipUnless(HAS_BLENDER, "No Blender here: neither blender on PATH nor the Python module bpy.")
class Demo(CommandCase):
    timeout = 240

    async def test_it_renders_frames_and_a_video_and_leaves_nothing_running(self) -> None:
        old = self.file("demo-output/frame_0099.png", "of an earlier demo")
        ran = await self.brender("demo", "--exit", "--frames", "2")
        self.assertEqual((ran.code, ran.err), (0, ""), ran)
        output = self.folder / "demo-output"
        self.assertEqual(sorted(path.name for path in output.glob("*.png")), ["frame_0001.png", "frame_0002.png"])
        for frame in output.glob("*.png"):
            self.assertTrue(is_whole(frame), f"{frame.name} is not whole")
        self.assertEqual(look(output / "video.mp4")[0], 2)
        self.assertFalse(old.exists())
        lines = ran.out.splitlines()
        self.assertEqual(lines[0], "brender 2.0 · everything on this machine, nothing to configure")
        self.assertRegex(lines[1], r"^  Blender   \d+\.\d+")
        self.assertRegex(
            lines[2], r"^  server    shell localhost:\d+ · workers localhost:\d+ · web http://localhost:\d+$"
        )
        self.assertIn("  scene     demo-output/scene.blend, 2 frames, 640 x 360, Cycles", lines)
        self.assertIn("  frames    demo-output/frame_0001.png … frame_0002.png", lines)
        self.assertIn("  video     demo-output/video.mp4", lines)
        self.assertRegex(lines[-1], r"^Done in \d")
        self.assertEqual(processes_of(self.folder), [])

    async def test_a_demo_that_is_interrupted_ends_all_that_it_started(self) -> None:
        running: Running = self.start("demo", "--frames", "500")
        await self.until(lambda: b"job 1" in running.out or running.ended.called)
        self.assertGreaterEqual(len(processes_of(self.folder)), 3)
        running.interrupt()
        ran = await running.ended
        self.assertEqual(ran.code, 130)
        self.assertIn("Everything is stopped.", ran.out)
        self.assertEqual(processes_of(self.folder), [])

    async def test_a_folder_that_cannot_be_written_is_told(self) -> None:
        self.file("taken/state", "a file")
        ran = await self.brender("demo", "--exit", "--output", "taken/state")
        self.assertEqual(ran.code, 2)


class Failing(CommandCase):
    async def test_the_end_of_the_log_is_told_if_there_is_one(self) -> None:
        api, job, client = Api(self.url), await self.farm.job(), await self.farm.client("ada")
        self.assertEqual(await deferToThread(last_lines, api, job.id), [])
        self.farm.service.logged(client.id, self.farm.start(client).id, 0, "one\ntwo\n")
        told = await deferToThread(last_lines, api, job.id)
        self.assertEqual((told[0], told[-2:]), ("The last lines of its log:", ["one", "two"]))
