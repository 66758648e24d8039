"""The whole line with a real Blender, scene after scene: each job renders what its own file says now."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from PIL import Image
from twisted.trial.unittest import TestCase
from yaml import safe_load

import brender.templates
from tests.line.harness import Farm
from tests.line.test_frames import LONG, best_blender

COLOURS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}
MAKER = """
import bpy, json, os, sys
folder, colours = sys.argv[-2], json.loads(sys.argv[-1])
for name, colour in colours.items():
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.engine, scene.cycles.samples, scene.cycles.use_denoising = "CYCLES", 1, False
    scene.render.resolution_x = scene.render.resolution_y = 8
    scene.view_settings.view_transform = "Standard"
    bpy.ops.object.camera_add()
    scene.camera = bpy.context.object
    scene.world = bpy.data.worlds.new("Sky")
    scene.world.use_nodes = True
    scene.world.node_tree.nodes["Background"].inputs["Color"].default_value = (*[part / 255 for part in colour], 1)
    bpy.ops.wm.save_as_mainfile(filepath=os.path.join(folder, name + ".blend"), compress=False)
os._exit(0)
"""


def make_scenes(folder: Path) -> None:
    """One of each colour, which is all that is to be seen in it."""
    program = folder / "maker.py"
    program.write_text(MAKER)
    command = best_blender().command(str(program), [str(folder), json.dumps(COLOURS)])
    known = {**os.environ, "TMPDIR": str(folder)}
    subprocess.run(command, check=True, capture_output=True, env=known)


class ScenesTestCase(TestCase):
    def setUp(self) -> None:
        best_blender()
        self.folder = Path(self.mktemp()).absolute()
        self.farm = Farm(self.folder)
        self.addCleanup(self.farm.end)
        make_scenes(self.folder)
        self.farm.start_server()

    def put(self, shot: str, colour: str) -> None:
        """As a tool does that writes over a file and keeps its time."""
        path = self.folder / shot / "scene.blend"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes((self.folder / f"{colour}.blend").read_bytes())
        os.utime(path, (1_700_000_000, 1_700_000_000))

    def values(self, shot: str, name: str) -> dict[str, Any]:
        scene = self.folder / shot / "scene.blend"
        return {"Scene": str(scene), "Output": f"{self.folder}/out/{name}_####", "Video": "none"}

    def pixel(self, name: str) -> Any:
        with Image.open(self.folder / "out" / f"{name}_0001.png") as image:
            return image.convert("RGB").getpixel((4, 4))


class NewContent(ScenesTestCase):
    def test_on_one_worker_every_job_has_the_pixels_of_its_own_scene_as_it_is_now(self) -> None:
        """BLD-25: files of one name in two folders, and another file at the path of the first."""
        self.farm.worker("one")
        for number, (shot, colour) in enumerate([("a", "red"), ("b", "green"), ("a", "blue")]):
            self.put(shot, colour)
            name = f"{number}_{colour}"
            job = self.farm.wait(self.farm.submit("blender", self.values(shot, name)), within=LONG)
            self.assertEqual({order["client"] for order in job["orders"]}, {"one"})
            self.assertEqual(self.pixel(name), COLOURS[colour])


class Versions(TestCase):
    """BLD-22: two programs where nobody's PATH leads, which say who they are and can do nothing else."""

    def put(self, version: str) -> str:
        path = self.folder / version / "blender"
        path.parent.mkdir()
        path.write_text(f"#!/bin/sh\necho Blender {version}\nexit 3\n")
        path.chmod(0o755)
        return str(path)

    def test_with_the_path_of_cron_those_that_are_configured_are_used_each_by_its_version(self) -> None:
        self.folder = Path(self.mktemp()).absolute()
        farm = Farm(self.folder)
        self.addCleanup(farm.end)
        farm.start_server()
        blenders = [self.put("2.71.1"), self.put("2.72.2")]
        farm.worker("bare", env={"PATH": "/usr/bin:/bin"}, settings={"blenders": blenders})
        for version in ("2.71.1", "2.72"):
            values = {"Scene": "/x.blend", "BlenderVersion": version, "Video": "none"}
            reason = farm.wait(farm.submit("blender", values), "failed")["reason"]
            self.assertIn("exit code 3; its last line was: Blender " + version, reason)
        values["BlenderVersion"] = "2.7"
        reason = farm.wait(farm.submit("blender", values), "failed")["reason"]
        self.assertRegex(reason, r"This machine has no Blender 2\.7; it has .*2\.72\.2, 2\.71\.1")


class Capability(ScenesTestCase):
    def test_a_step_that_asks_for_a_display_library_runs_only_where_a_worker_says_that_it_has_one(self) -> None:
        """BLD-10: with an attribute of the studio's own."""
        template = safe_load(brender.templates.path_of("blender").read_text())
        asks = {"attributes": [{"name": "attr.display", "anyOf": ["egl"]}]}
        for step in template["steps"]:
            step["hostRequirements"] = asks
        self.put("a", "red")
        self.farm.worker("bare")
        job = self.farm.submit(template, {**self.values("a", "shot"), "Frames": "1-3"})
        self.farm.until(lambda: "attr.display" in str(self.farm.api(f"jobs/{job}/why")), "it does not say why it waits")
        self.farm.worker("graphic", settings={'attributes."attr.display"': ["egl"]})
        done = self.farm.wait(job, within=LONG)
        self.assertEqual({order["client"] for order in done["orders"]}, {"graphic"})
        self.assertEqual(self.pixel("shot"), COLOURS["red"])
