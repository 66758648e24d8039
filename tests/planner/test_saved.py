"""What a scene has, beside the parameters of a template: asked of the real processes, on scenes of a real Blender."""

import os
import random
import struct
from pathlib import Path
from time import monotonic
from typing import Any

import msgspec
import zstandard
from twisted.internet import reactor
from twisted.trial.unittest import SynchronousTestCase

from brender.farm.submission.answers import JobParameter, Outline
from brender.farm.submission.outlines import outline
from brender.planner.planner import SECONDS, Planner
from brender.planner.saved import beside, scene_of
from brender.templates import path_of
from brender.verbs.telling.planned import of_the_scene
from tests.planner.test_scenes import OF_FORMS
from tests.worker.blender.harness import BlenderTestCase

BUILT_IN = path_of("blender").read_text()
HEAD = b"BLENDER-v405"
IN_CIRCLES = HEAD + struct.pack("<4siQii", b"DATA", -24, 1, 0, 1)  # its first block ends where it begins
OWN = """
specificationVersion: jobtemplate-2023-09
name: of a studio
parameterDefinitions:
- {name: Shot, type: PATH, objectType: FILE}
- {name: Frames, type: STRING, default: "1-24"}
- {name: Format, type: STRING, default: "", allowedValues: ["", PNG]}
- {name: Samples, type: INT, default: 16}
steps:
- name: Show
  script: {actions: {onRun: {command: echo}}}
"""


def parameters(template: str, **values: Any) -> dict[str, JobParameter]:
    return {each.name: each for each in outline(template, values, "", 1000)[0].parameters}


class Beside(SynchronousTestCase):
    def test_a_scene_is_a_file_whose_name_says_so(self) -> None:
        for value, folder, path in (
            ("/shots/a.blend", "", "/shots/a.blend"),
            ("a.blend", "/shots", "/shots/a.blend"),
            ("../a.blend", "/shots/b", "/shots/b/../a.blend"),
            ("a.blend", "", ""),
            ("//server/share/a.blend", "/shots", ""),
            ("/shots/a.blend1", "", ""),
            ("/shots/a.ma", "", ""),
            ("", "/shots", ""),
        ):
            given = list(parameters(BUILT_IN, Scene=value).values())
            self.assertEqual(scene_of(given, folder), path, value)

    def test_what_counts_is_said_where_the_default_leaves_it_to_the_scene(self) -> None:
        found = parameters(BUILT_IN, Scene="/a.blend")
        for name, counts in (("Output", True), ("Samples", True), ("Fps", True), ("Frames", False),
                             ("BlenderVersion", False), ("JobName", False)):  # fmt: skip
            shown = beside(found[name], "7")
            self.assertEqual((shown.saved, shown.saved_counts), ("7", counts), name)

    def test_a_template_of_a_studio_means_its_own_defaults(self) -> None:
        found = parameters(OWN, Shot="/a.blend")
        shown = beside(found["Samples"], "64")
        self.assertEqual((shown.saved, shown.saved_counts, shown.value), ("64", False, "16"))
        self.assertIsNone(beside(found["Format"], "OPEN_EXR").saved)
        self.assertEqual(beside(found["Format"], "PNG").saved, "PNG")


class Planned(BlenderTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.planner = Planner(reactor, reactor)
        self.addCleanup(self.planner.stop)

    async def outline(self, scene: object, template: str = BUILT_IN, folder: str = "", **values: Any) -> Outline:
        wanted = {"Shot" if template == OWN else "Scene": str(scene), **values}
        found, made = await self.planner.outline(template, wanted, folder, 1000)
        self.assertIsNotNone(made, found.problems)
        return found

    async def saved(self, scene: object, **how: Any) -> dict[str, str]:
        found = await self.outline(scene, **how)
        return {each.name: each.saved for each in found.parameters if each.saved is not None}

    async def test_an_outline_has_what_the_scene_has(self) -> None:
        """PATH-14"""
        found = await self.saved(self.scene("for_forms"))
        self.assertEqual({**found, **OF_FORMS}, found)
        self.assertEqual(set(found), {*OF_FORMS, "BlenderVersion"})

    async def test_what_is_given_goes_before_it(self) -> None:
        """PATH-14"""
        found = await self.outline(self.scene("for_forms"), Output="/abs/x_##", Frames="1-3")
        shown = {each.name: (each.value, each.saved) for each in found.parameters}
        self.assertEqual((shown["Output"], shown["Frames"]), (("/abs/x_##", "//render/名前_"), ("1-3", "5-250:5")))
        self.assertEqual(found.steps[0].tasks, 3)

    async def test_nothing_of_the_scene_is_used_in_silence(self) -> None:
        found = await self.outline(self.scene("for_forms"))
        self.assertEqual(found.steps[0].first, [{"Frame": "1"}])

    async def test_people_are_told_what_counts_and_what_would_have_to_be_said(self) -> None:
        found = msgspec.to_builtins(await self.outline(self.scene("for_forms"), Samples="32"))
        counts, other = of_the_scene(found["parameters"])
        self.assertTrue(counts.startswith("As in the scene: "), counts)
        self.assertNotIn("Samples", counts)
        self.assertIn(f"Output {OF_FORMS['Output']}", counts)
        self.assertIn(f"In the scene, but not asked for: Frames {OF_FORMS['Frames']}", other)

    async def test_the_scene_that_is_named_a_folder_and_another_template(self) -> None:
        self.scene("for_forms")
        found = await self.saved("for_forms.blend", folder=str(self.folder), SceneName="eevee")
        self.assertEqual(found["Samples"], "7")
        self.assertEqual(await self.saved("for_forms.blend"), {})
        found = await self.saved(self.folder / "for_forms.blend", template=OWN)
        self.assertEqual(found, {"Frames": "5-250:5", "Samples": "64"})

    async def test_what_is_no_scene_costs_nothing(self) -> None:
        (self.folder / "folder.blend").mkdir()
        os.mkfifo(self.folder / "fifo.blend")
        for path in (self.scene("not_blender"), "/gone.blend", *self.folder.glob("f*.blend")):
            begun = monotonic()
            self.assertEqual(await self.saved(path), {}, path)
            self.assertLess(monotonic() - begun, SECONDS)

    async def test_what_never_comes_to_an_end_is_left_and_the_plan_is_made(self) -> None:
        await self.outline("/gone.blend")
        processes = self.planner.processes
        for name, data in (("circles", IN_CIRCLES), ("bomb", bomb())):
            self.assertEqual(await self.saved(self.scene_of_bytes(name, data)), {}, name)
        self.assertEqual((await self.saved(self.scene("plain")))["Frames"], "1-10")
        self.assertEqual(self.planner.processes, processes)

    async def test_a_plan_that_has_little_time_left_is_made_without(self) -> None:
        planner = Planner(reactor, reactor, seconds=1.5)
        self.addCleanup(planner.stop)
        await planner.outline(BUILT_IN, {"Scene": "/gone.blend"}, "", 1000)
        circles = str(self.scene_of_bytes("circles", IN_CIRCLES))
        found, made = await planner.outline(BUILT_IN, {"Scene": circles}, "", 1000)
        self.assertIsNotNone(made)
        self.assertEqual({each.saved for each in found.parameters}, {None})

    async def test_damage_anywhere_breaks_no_plan(self) -> None:
        chance, whole = random.Random(14), self.scene("for_forms").read_bytes()
        for number in range(25):
            data = bytearray(whole)
            for _ in range(200):
                data[chance.randrange(12, len(data))] = chance.randrange(256)
            found = await self.outline(self.scene_of_bytes("damaged", bytes(data)))
            self.assertEqual(found.tasks, 2, number)

    def scene_of_bytes(self, name: str, data: bytes) -> Path:
        path = self.folder / f"{name}.blend"
        path.write_bytes(data)
        return path


def bomb() -> bytes:
    """Gigabytes of nothing in a few kilobytes."""
    packed = zstandard.ZstdCompressor().compress(HEAD + bytes(64 << 20))
    return packed * 64
