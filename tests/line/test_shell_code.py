"""Values that are pieces of shell script, through brender's own template, on a real farm with a real Blender: SEC-05.

How does this work?  Every piece would make a file, whose name the worker's environment has, so that a piece fits into
the name of a file.  The values come out as they went in: in names of files that are really there, and in sentences.
"""

from pathlib import Path

from twisted.trial.unittest import TestCase

from tests.line.harness import Farm, environment, template
from tests.line.test_frames import LONG, scene

TOUCH = 'touch "$MARK"'
PIECES = (f"$({TOUCH})", f"`{TOUCH}`", f"'; {TOUCH}; '", f'"; {TOUCH}; "', f"& {TOUCH} #", f"\n{TOUCH}\n")
NAMES = ("SceneName", "Camera", "ViewLayer", "Engine")  # what the scene does not have


class ShellCode(TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()
        self.farm = Farm(self.folder)
        self.addCleanup(self.farm.end)
        self.mark = self.folder / "mark"
        self.farm.start_server()

    def start_worker(self) -> None:
        self.farm.worker("one", env={**environment(), "MARK": str(self.mark)})

    def check_that_the_worker_could_have_made_it(self) -> None:
        self.assertFalse(self.mark.exists())
        self.farm.run(template(TOUCH))
        self.assertTrue(self.mark.exists())

    def test_frames_have_to_be_frames(self) -> None:
        for piece in (f"1'; touch {self.mark}; '", *PIECES, *(f"1-2{piece}" for piece in PIECES)):
            with self.assertRaises(AssertionError) as refused:
                self.farm.submit("blender", {"Scene": "/shot.blend", "Frames": piece})
            self.assertRegex(str(refused.exception), r"^jobs answers 4\d\d: .*Frames")
        self.assertEqual(self.farm.api("jobs")["data"], [])

    def test_names_of_files_are_taken_as_they_are(self) -> None:
        piece = f"$({TOUCH}) `{TOUCH}` '; {TOUCH}; '"
        file = self.folder / f"{piece}.blend"
        file.write_bytes(scene())
        self.start_worker()
        values = {"Scene": str(file), "Frames": "1-2", "Output": f"{self.folder}/out/{piece}_####",
                  "Video": f"{self.folder}/out/{piece}.mp4", "JobName": piece}  # fmt: skip
        job = self.farm.wait(self.farm.submit("blender", values), within=LONG)
        self.assertEqual(job["name"], piece)
        made = {path.name for path in (self.folder / "out").iterdir() if path.is_file()}
        self.assertEqual(made, {f"{piece}_0001.png", f"{piece}_0002.png", f"{piece}.mp4"})
        self.check_that_the_worker_could_have_made_it()

    def test_other_names_are_looked_for_as_they_are(self) -> None:
        file = self.folder / "plain.blend"
        file.write_bytes(scene())
        self.start_worker()
        piece = "".join(PIECES[:-1])
        job = self.farm.submit("blender", {"Scene": str(file), **dict.fromkeys(NAMES, piece)})
        self.assertIn(TOUCH, self.farm.wait(job, "failed", within=LONG)["reason"])
        self.check_that_the_worker_could_have_made_it()
