"""The scene of the demo."""

import subprocess

from brender.worker.blender.describe import describe
from tests.worker.blender.harness import BLENDER, PROGRAMS, BlenderTestCase


class DemoScene(BlenderTestCase):
    def test_it_is_made_as_asked(self) -> None:
        out = self.folder / "new" / "demo.blend"
        words = [str(out), "--frames", "24", "--width", "640", "--height", "360"]
        subprocess.run(BLENDER.command(f"{PROGRAMS}/demo_scene.py", words), check=True, capture_output=True)
        facts = describe(BLENDER, out)
        self.assertEqual((facts.frames, facts.width, facts.height), ("1-24", 640, 360))
        self.assertEqual((facts.engine, facts.missing), ("CYCLES", []))
