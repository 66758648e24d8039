"""BLD-10: EEVEE and Workbench draw by EGL; without it they are refused, and an abort is told as what it is."""

import ctypes
import os

from twisted.trial.unittest import SkipTest

from tests.worker.blender.harness import BlenderTestCase

CRASHED = r"^Blender crashed \(SIGABRT\): this engine needs a display library \(EGL, .*{}.* \(in frame 1\)$"


def has_egl() -> bool:
    try:
        ctypes.CDLL("libEGL.so.1")
    except OSError:
        return False
    return True


class Display(BlenderTestCase):
    def without_egl(self) -> dict[str, str]:
        """The variables of a machine on which EGL is a file that cannot be loaded."""
        broken = self.folder / "libraries" / "libEGL.so.1"
        broken.parent.mkdir()
        broken.touch()
        first = ":".join(filter(None, (str(broken.parent), os.environ.get("LD_LIBRARY_PATH"))))
        return {"LD_LIBRARY_PATH": first, "DISPLAY": ""}

    def without_driver(self) -> dict[str, str]:
        if not has_egl():
            raise SkipTest("There is no EGL here, so none without a driver.")
        return {"__EGL_VENDOR_LIBRARY_DIRS": "/nowhere", "__EGL_VENDOR_LIBRARY_FILENAMES": "", "DISPLAY": ""}

    def check_refused(self, variables: dict[str, str], sentence: str) -> None:
        ended = self.farm("workbench").enter(**variables)
        self.assertFalse(ended.ok, ended.text)
        self.assertEqual(ended.reason, sentence)

    def check_abort(self, variables: dict[str, str], line: str) -> None:
        """A script of the scene asks for the engine when the frame is begun, so that nothing could be refused."""
        farm = self.farm("late_workbench")
        ended = farm.enter(**variables)
        self.assertTrue(ended.ok, ended.text)
        self.assertRegex(farm.render(1, **variables).reason, CRASHED.format(line))
        self.assertEqual([path for path in self.written() if not path.startswith(".")], [])

    def test_without_egl_the_engine_is_refused(self) -> None:
        sentence = "No EGL on this machine, and BLENDER_WORKBENCH cannot render without: install libegl1."
        self.check_refused(self.without_egl(), sentence)

    def test_without_a_driver_for_egl_too(self) -> None:
        sentence = (
            "EGL has no driver on this machine, and BLENDER_WORKBENCH cannot render without: install libegl-mesa0,"
            " or the graphics card's own."
        )
        self.check_refused(self.without_driver(), sentence)

    def test_blender_that_aborts_for_want_of_egl_says_so_with_its_line(self) -> None:
        self.check_abort(self.without_egl(), "open libEGL")

    def test_or_for_want_of_a_driver(self) -> None:
        self.check_abort(self.without_driver(), "(EGL context|OpenGL vendor|find a GPU)")

    def test_where_it_is_the_engine_renders(self) -> None:
        farm = self.farm("workbench")
        ended = farm.enter()
        if not ended.ok:
            self.assertIn("EGL", ended.reason)
            raise SkipTest(ended.reason)
        self.assertIn("BLENDER_WORKBENCH on the graphics library", ended.text)
        self.rendered(farm, 1)
        self.assertEqual(self.written(), ["f_0001.png"])
