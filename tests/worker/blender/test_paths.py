"""Paths of other systems reach this machine by rules, whole components at a time, or are refused."""

import json
import tempfile
from pathlib import PurePosixPath, PureWindowsPath

from openjd.sessions import PathFormat, PathMappingRule
from twisted.trial.unittest import TestCase

from brender.worker.blender.paths import Rule, WrongPath, beside, local, mapped, read_rules, scene_file
from tests.worker.blender.harness import BlenderTestCase, Farm

WINDOWS = [Rule(True, "S:\\proj", "/mnt/proj")]
UNC = [Rule(True, "\\\\srv\\share", "/mnt/share")]
POSIX = [Rule(False, "/mnt/a", "/data/a")]


class Mapping(TestCase):
    def test_a_drive(self) -> None:
        for path, right in (
            ("S:\\proj\\a b\\x.blend", "/mnt/proj/a b/x.blend"),
            ("s:\\PROJ\\a.png", "/mnt/proj/a.png"),
            ("S:/proj/x/y.exr", "/mnt/proj/x/y.exr"),
            ("S:\\project2\\x", "S:\\project2\\x"),
            ("S:\\proj", "/mnt/proj"),
            ("S:\\proj\\", "/mnt/proj/"),
        ):
            self.assertEqual(mapped(path, WINDOWS), right)

    def test_a_share(self) -> None:
        for path, right in (
            ("\\\\SRV\\Share\\tex\\é.png", "/mnt/share/tex/é.png"),
            ("//srv/share/a", "/mnt/share/a"),
            ("\\\\srv\\share2\\a", "\\\\srv\\share2\\a"),
        ):
            self.assertEqual(mapped(path, UNC), right)

    def test_our_own_kind(self) -> None:
        for path, right in (
            ("/mnt/A/x", "/mnt/A/x"),
            ("/mnt/ab/x", "/mnt/ab/x"),
            ("/mnt//a/x", "/data/a/x"),
        ):
            self.assertEqual(mapped(path, POSIX), right)

    def test_a_root_is_replaced_and_not_taken_off(self) -> None:
        self.assertEqual(mapped("X:/Test/a.nk", [Rule(True, "X:/", "/array/X/")]), "/array/X/Test/a.nk")

    def test_the_way_out_of_a_mapped_folder_is_refused(self) -> None:
        with self.assertRaisesRegex(WrongPath, "leads out of /mnt/proj"):
            mapped("S:\\proj\\..\\secret", WINDOWS)
        self.assertEqual(mapped("S:\\proj\\a\\..\\b", WINDOWS), "/mnt/proj/b")

    def test_blenders_two_slashes_are_no_share_unless_a_rule_says_so(self) -> None:
        self.assertEqual(mapped("//render/x_", WINDOWS), "//render/x_")

    def test_what_no_rule_maps_is_refused(self) -> None:
        for path in ("C:\\out\\", "C:/out/x", "\\\\srv\\out"):
            with self.assertRaisesRegex(WrongPath, "a Windows path: give a path mapping rule"):
                local(path, "The output", WINDOWS)


class Beside(TestCase):
    def test_relative_to_the_scene(self) -> None:
        for path, right in (
            ("//render/shot_", "/show/render/shot_"),
            ("//", "/show/"),
            ("render/x", "/show/render/x"),
            ("/abs/x_##", "/abs/x_##"),
        ):
            self.assertEqual(beside(path, "/show/a.blend"), right)

    def test_a_scene_with_two_slashes_is_found_where_it_is(self) -> None:
        with tempfile.NamedTemporaryFile(suffix=".blend") as file:
            self.assertEqual(scene_file("/" + file.name, []), file.name)


class RulesFile(BlenderTestCase):
    def test_the_rules_of_a_session_are_read(self) -> None:
        file = self.folder / "rules.json"
        rule = {"source_path_format": "POSIX", "source_path": "/a", "destination_path": "/b"}
        file.write_text(json.dumps({"version": "pathmapping-1.0", "path_mapping_rules": [rule]}))
        self.assertEqual(read_rules(str(file)), [Rule(False, "/a", "/b")])
        self.assertEqual(read_rules(""), [])

    def test_the_output_saved_in_a_scene_is_mapped_too(self) -> None:
        rule = PathMappingRule(
            source_path_format=PathFormat.WINDOWS, source_path=PureWindowsPath("X:\\show"), destination_path=self.folder
        )
        values = {"Scene": str(self.scene("windows_output"))}
        farm = Farm(self.folder, values, rules=[rule])
        self.addCleanup(farm.close)
        self.assertTrue(farm.enter().ok)
        self.rendered(farm, 1)
        self.assertEqual(self.written(), ["f_0001.png"])

    def test_scene_and_output_are_mapped_by_the_session(self) -> None:
        self.scene("plain")
        rule = PathMappingRule(
            source_path_format=PathFormat.POSIX, source_path=PurePosixPath("/artist"), destination_path=self.folder
        )
        values = {"Scene": "/artist/plain.blend", "Output": "/artist/mapped/x_#"}
        farm = Farm(self.folder, values, rules=[rule])
        self.addCleanup(farm.close)
        self.assertTrue(farm.enter().ok)
        self.rendered(farm, 1)
        self.assertEqual(self.written("mapped"), ["x_1.png"])


UNC = [Rule(True, "\\\\srv\\share", "/mnt/share")]


class Shares(TestCase):
    def test_a_local_folder_is_no_network_share(self) -> None:
        for path in ("/srv/share/a.blend", "srv/share/a.png", "\\srv\\share\\a"):
            self.assertEqual(mapped(path, UNC), path)

    def test_a_windows_rule_without_a_share_catches_no_share(self) -> None:
        self.assertEqual(mapped("\\\\proj\\x", [Rule(True, "\\proj", "/mnt/p")]), "\\\\proj\\x")
