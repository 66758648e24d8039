"""The whole line with a real Blender: a scene goes in, frames and a video come out, whoever dies meanwhile."""

import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import psutil
from twisted.trial.unittest import SkipTest, TestCase

from brender.worker.blender.child import KEEPER
from brender.worker.blender.installed import Blender
from brender.worker.blender.whole import is_whole
from tests.line.harness import Farm, WorkerProgram, known_blenders, stop
from tests.worker.blender.videos import look

FRAMES = 24
LONG = 120.0  # seconds that a job may take on a busy machine
SCENE_PROGRAM = Path(__file__).parents[2] / "brender" / "worker" / "blender" / "demo_scene.py"


def best_blender() -> Blender:
    from brender.worker.blender.find import find_blenders  # noqa: PLC0415 (looks for Blenders only where they are needed)

    found = find_blenders((), "/usr/local/bin:/usr/bin:/bin", known_blenders())
    if not found:
        raise SkipTest("There is no Blender on this machine; make test installs one.")
    return found[0]


@cache
def scene() -> bytes:
    """The demo's scene, small: a quarter of a second a frame."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scene.blend"
        words = [str(path), "--frames", str(FRAMES), "--width", "320", "--height", "180"]
        subprocess.run(best_blender().command(str(SCENE_PROGRAM), words), check=True, capture_output=True)
        return path.read_bytes()


def is_blender(process: psutil.Process) -> bool:
    try:
        return KEEPER in process.cmdline()
    except psutil.Error:  # it ended meanwhile
        return False


class AScene(TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()
        self.farm = Farm(self.folder)
        self.addCleanup(self.farm.end)
        (self.folder / "scene.blend").write_bytes(scene())
        self.farm.start_server()
        self.farm.worker("one")
        self.farm.worker("two")

    def submit(self) -> int:
        values = {"Scene": str(self.folder / "scene.blend"), "Frames": f"1-{FRAMES}",
                  "Output": f"{self.folder}/out/frame_####"}  # fmt: skip
        return self.farm.submit("blender", values)

    def stop_blender(self, worker: WorkerProgram) -> None:
        """In the middle of what it does, so that its frame does not end."""
        stop(self.farm.until(lambda: [*filter(is_blender, worker.descendants())], f"{worker.name} has no Blender")[0])

    def when_completed(self, job: int, frames: int) -> None:
        self.farm.until(lambda: self.farm.job(job)["completed"] >= frames, f"{frames} frames are not done", LONG)

    def frames(self) -> list[Path]:
        return sorted((self.folder / "out").glob("frame_*.png"))

    def check_results(self, job: dict[str, Any]) -> None:
        render, video = job["steps"]
        self.assertEqual((render["completed"], video["completed"]), (FRAMES, 1))
        orders = [order for order in job["orders"] if order["step"] == "Render"]
        self.assertEqual(sum(order["completed"] for order in orders), FRAMES, "a frame was counted twice, or never")
        self.assertEqual([path.name for path in self.frames()], [f"frame_{n:04d}.png" for n in range(1, FRAMES + 1)])
        for path in self.frames():
            self.assertTrue(is_whole(path), f"{path.name} is not whole")
        self.assertEqual(look(self.folder / "out" / "video.mp4")[0], FRAMES)

    def test_frames_and_a_video_come_out(self) -> None:
        job = self.submit()
        self.check_results(self.farm.wait(job, within=LONG))
        self.assertEqual({order["client"] for order in self.farm.job(job)["orders"]}, {"one", "two"})
        self.farm.until(lambda: not list((self.folder / "out").glob(".*")), "something was left behind")
        self.assertGreater(self.farm.job(job)["picture"], 0, "no picture of a frame was shown")

    def test_the_frames_of_a_worker_that_is_killed_are_rendered_by_the_other(self) -> None:
        job = self.submit()
        self.when_completed(job, 4)
        one = self.farm.workers[0]
        self.stop_blender(one)
        self.when_completed(job, self.farm.job(job)["completed"] + 2)  # one of them may have been on its way
        held = {each["order"] for each in self.farm.until(lambda: self.farm.running("one"), "one has no order")}
        one.kill()
        self.check_results(self.farm.wait(job, within=LONG))
        orders = self.farm.job(job)["orders"]
        lost = {order["id"] for order in orders if order["client"] == "one" and order["completed"] < order["count"]}
        self.assertEqual(held - lost, set(), "what it rendered was not lost")

    def test_a_server_that_is_killed_goes_on_where_it_was(self) -> None:
        job = self.submit()
        self.when_completed(job, 6)
        tasks = self.farm.api(f"jobs/{job}/tasks?filter=step%3DRender+and+state%3Dcompleted")["data"]
        done = {task["frame"] for task in tasks}
        self.assertGreaterEqual(len(done), 6)
        self.farm.kill_server()
        before = {path.name: path.stat().st_mtime_ns for path in self.frames()}
        self.farm.start_server()
        self.check_results(self.farm.wait(job, within=LONG))
        after = {path.name: path.stat().st_mtime_ns for path in self.frames()}
        again = [name for name in (f"frame_{n:04d}.png" for n in done) if before[name] != after[name]]
        self.assertEqual(again, [], "frames that were acknowledged were rendered again")
        self.assertTrue(self.farm.online("one") and self.farm.online("two"))
