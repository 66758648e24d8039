"""BLD-04: Python that stops inside Blender fails the task with what it said; nothing hangs, nothing is green."""

import json
import shutil
import sys
import traceback
from pathlib import Path

from twisted.trial.unittest import TestCase

from brender.worker.blender.describe import SceneError, ask_blender
from brender.worker.blender.settings import Settings
from brender.worker.blender.stumbles import sentence
from tests.worker.blender.harness import BLENDER, PROGRAMS, BlenderTestCase, Farm


class OursStops(BlenderTestCase):
    def broken(self, how: str) -> Path:
        """A copy of our programs in which the one inside Blender begins so."""
        programs = self.folder / "copy" / "brender" / "worker" / "blender"
        shutil.copytree(PROGRAMS, programs, ignore=shutil.ignore_patterns("__pycache__"))
        for package in (programs.parent, programs.parent.parent):
            shutil.copy(Path(PROGRAMS).parent / "__init__.py", package)
        keeper = programs / "keeper.py"
        keeper.write_text(keeper.read_text().replace("import bpy\n", f"import bpy\n{how}\n", 1))
        return programs

    def reason(self, how: str) -> str:
        known = {
            "BRENDER_PYTHON": sys.executable,
            "BRENDER_BLENDER_PROGRAMS": str(self.broken(how)),
            "BRENDER_BLENDER": json.dumps([BLENDER._asdict()]),
        }
        farm = Farm(self.folder, {"Scene": str(self.scene("plain"))}, variables=known)
        self.addCleanup(farm.close)
        ended = farm.enter()
        self.assertFalse(ended.ok, ended.text)
        return ended.reason

    def test_an_error_while_it_starts(self) -> None:
        said = self.reason("raise RuntimeError('the keeper is broken')")
        ended = "Blender ended by itself with exit code 1; its last line was: RuntimeError: the keeper is broken"
        self.assertEqual(said, ended)

    def test_an_error_between_two_messages(self) -> None:
        said = self.reason("import json\njson.loads = lambda line: [][0]")
        self.assertEqual(
            said, "Blender ended by itself with exit code 1; its last line was: IndexError: list index out of range"
        )

    def test_an_error_behind_a_frame_fails_that_frame_and_blender_stays(self) -> None:
        farm = self.entered("breaks_keeper")
        for frame in (1, 2):
            ended = farm.render(frame)
            self.assertEqual(ended.reason, "Blender's Python stopped with ZeroDivisionError: division by zero")
            self.assertIn("Traceback", ended.text)
            self.assertNotIn("Starting Blender", ended.text)
        self.assertEqual([path for path in self.written() if not path.startswith(".")], [])


class TheScenesEnds(BlenderTestCase):
    """`sys.exit` in a script of the scene; the module bpy would then hang in its own exit handlers."""

    def test_when_the_scene_is_opened(self) -> None:
        said = self.refused("exits")
        self.assertEqual(said, "Blender ended by itself with exit code 1; its last line was: no licence")

    def test_in_a_frame_although_it_says_that_all_is_well(self) -> None:
        farm = self.entered("exits_later")
        self.rendered(farm, 1)
        self.assertRegex(farm.render(2).reason, r"^Blender ended by itself with exit code 0.* \(in frame 2\)$")
        self.rendered(farm, 3)
        self.assertEqual(self.written(), ["f_0001.png", "f_0003.png"])

    def test_when_it_is_only_asked_what_its_frames_are_called(self) -> None:
        with self.assertRaisesRegex(SceneError, "its last line was: no licence$"):
            ask_blender(BLENDER, Settings(scene=str(self.scene("exits"))), {})


class TheScenesStops(BlenderTestCase):
    """Blender prints such errors and renders on; what is seen may be wrong."""

    def test_errors_of_its_scripts_and_drivers_are_warnings_of_every_frame_or_of_their_own(self) -> None:
        farm = self.farm("stumbles")
        opened = farm.enter().warnings
        self.assertEqual(
            opened,
            [
                "brender_warning: The script rig.py in the scene stopped in line 2: ValueError: no bones",
                "brender_warning: The script typed.py in the scene cannot be read: SyntaxError: invalid syntax",
                "brender_warning: A driver in the scene stopped: ZeroDivisionError: division by zero",
            ],
        )
        self.assertEqual(self.rendered(farm, 1).warnings, opened)
        later = "brender_warning: The script later.py in the scene stopped in line 5: RuntimeError: no path"
        self.assertEqual(self.rendered(farm, 2).warnings, [*opened, later])
        self.assertEqual(self.rendered(farm, 3).warnings, opened)


class Whose(TestCase):
    def said(self, file: str) -> str:
        try:
            exec(compile("\n\n1 / 0", file, "exec"))
        except ZeroDivisionError as error:
            return sentence(error, traceback.extract_tb(error.__traceback__))
        return "nothing stopped"

    def test_a_scenes_error_is_told_with_its_script_and_line(self) -> None:
        said = self.said("/show/a.blend/rig.py")
        self.assertEqual(said, "The script rig.py in the scene stopped in line 3: ZeroDivisionError: division by zero")

    def test_an_add_ons_error_is_not_the_scenes(self) -> None:
        self.assertEqual(self.said("/opt/addons/blender_kit.py"), "")
