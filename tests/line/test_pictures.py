"""Pictures of frames and the video, from the worker's disk to whoever asks, on real servers and workers."""

from pathlib import Path
from typing import Any, NamedTuple
from urllib.request import Request, urlopen

from PIL import Image
from twisted.trial.unittest import SynchronousTestCase

from tests.line.harness import Farm, step_of
from tests.line.test_frames import LONG, scene

FRAMES = 3


class Got(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


class PicturesTestCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()
        self.farm = Farm(self.folder)
        self.addCleanup(self.farm.end)
        self.farm.start_server()
        self.farm.worker("one")

    def get(self, path: str, **headers: str) -> Got:
        asked = Request(f"http://127.0.0.1:{self.farm.web_port}/api/v1/{path}", headers=headers)
        with urlopen(asked, timeout=30) as answer:
            return Got(answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.read())

    def shown(self, job: int, count: int) -> dict[str, Any]:
        """The list of a job's pictures, when there are as many."""

        def there() -> Any:
            found = self.farm.api(f"jobs/{job}/pictures")
            return found if len(found["data"]) == count else None

        return dict(self.farm.until(there, f"{count} pictures are not there", LONG))

    def restart(self) -> None:
        self.farm.stop_server()
        self.farm.start_server()


class OfAnyTask(PicturesTestCase):
    def test_every_frame_of_every_step_is_shown_and_still_is_after_a_restart(self) -> None:
        for number in (1, 2, 3):
            Image.new("RGB", (64, 36), (80 * number, 0, 0)).save(self.folder / f"{number}.png")
        said = f"echo brender_output: {self.folder}/{{{{Task.Param.N}}}}.png; echo brender_rate: 12.5"
        steps = [step_of(said, tasks="1-3", name=name) for name in ("First", "Second")]
        made = {"specificationVersion": "jobtemplate-2023-09", "name": "pictures", "steps": steps}
        job = self.farm.run(made)["id"]
        found = self.shown(job, 6)
        self.assertEqual({each["task"] for each in found["data"]},
                         {f"{step}:{task}" for step in ("First", "Second") for task in range(3)})  # fmt: skip
        self.assertEqual((found["rate"], found["picture"]), (12.5, 6))
        self.restart()
        self.assertEqual(self.farm.api(f"jobs/{job}/pictures"), found)
        (newest,) = self.farm.api("pictures")["data"]
        self.assertEqual((newest["job"], newest["number"]), (job, 6))
        self.assertEqual(self.farm.job(job)["picture"], 6)
        again = self.farm.run(made)["id"]
        self.shown(again, 6)
        self.assertEqual([each["job"] for each in self.farm.api("pictures")["data"]], [again, job])
        self.farm.api(f"jobs/{job}", method="DELETE", body={})
        self.farm.until(lambda: not (self.folder / "server" / "pictures" / str(job)).exists(), "they were not removed")


class OfAScene(PicturesTestCase):
    def test_the_frames_are_a_film_strip_and_the_video_can_be_sought_in(self) -> None:
        (self.folder / "scene.blend").write_bytes(scene())
        values = {"Scene": f"{self.folder}/scene.blend", "Frames": f"1-{FRAMES}", "Output": f"{self.folder}/out/f_####"}
        job = self.farm.submit("blender", values)
        self.farm.wait(job, within=LONG)
        found = self.shown(job, FRAMES)
        self.assertEqual((found["rate"], sorted(each["frame"] for each in found["data"])), (12.0, [1, 2, 3]))
        for each in found["data"]:
            self.assertEqual((each["width"], each["height"]), (320, 180))
            got = self.get(f"jobs/{job}/tasks/{each['task']}/picture?v={each['version']}")
            self.assertEqual((got.headers["content-type"], got.body[:3]), ("image/jpeg", b"\xff\xd8\xff"))
            self.assertIn("immutable", got.headers["cache-control"])
        whole = (self.folder / "out" / "video.mp4").read_bytes()
        self.assertEqual(self.get(f"jobs/{job}/video").body, whole)
        part = self.get(f"jobs/{job}/video", Range="bytes=100-199")
        self.assertEqual((part.status, part.body), (206, whole[100:200]))
        self.assertEqual(part.headers["content-range"], f"bytes 100-199/{len(whole)}")
