"""The Blenders of a machine are found once, and remembered until they change."""

import importlib.util
import os
import sys
from pathlib import Path

from brender.worker.blender.find import KEPT, find_blenders
from tests.worker.blender.harness import BlenderTestCase

BESIDE = Path(sys.prefix).parent / ".blender" / "bin" / "python"  # where this Python has no module
MODULE = sys.executable if importlib.util.find_spec("bpy") else str(BESIDE)


class Found(BlenderTestCase):
    def program(self, folder: str, says: str) -> Path:
        """A program that counts how often it is asked."""
        path = self.folder / folder / "blender"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\necho asked >> {self.folder}/asked\necho '{says}'\n")
        path.chmod(0o755)
        return path

    def asked(self) -> int:
        file = self.folder / "asked"
        return len(file.read_text().splitlines()) if file.exists() else 0

    def test_our_own_interpreter_with_bpy_is_one(self) -> None:
        found = find_blenders((), "", self.folder)
        self.assertEqual([(each.kind, each.path) for each in found], [("module", MODULE)])
        self.assertRegex(found[0].version, r"^\d+\.\d+\.\d+$")

    def test_programs_on_the_search_path_and_configured_ones(self) -> None:
        one = self.program("bin", "Blender 3.4.1")
        two = self.program("opt/4.2", "Blender 4.2.9 LTS")
        found = find_blenders([str(two.parent)], f"{one.parent}::/nowhere", self.folder)
        programs = [(each.version, each.path) for each in found if each.kind == "program"]
        self.assertEqual(programs, [("4.2.9", str(two)), ("3.4.1", str(one))])

    def test_nothing_is_found_twice(self) -> None:
        one = self.program("bin", "Blender 3.4.1")
        (self.folder / "other").mkdir()
        (self.folder / "other" / "blender").symlink_to(one)
        found = find_blenders([str(one)], f"{one.parent}:{self.folder}/other", self.folder)
        self.assertEqual(len([each for each in found if each.kind == "program"]), 1)

    def test_what_is_no_blender_is_left_out(self) -> None:
        silent = self.program("bin", "Plender 9.9")
        found = find_blenders([str(silent), "/nowhere/blender", sys.base_prefix + "/bin/python3"], "", self.folder)
        self.assertEqual([each.path for each in found], [MODULE])

    def test_what_it_leaves_in_the_folder_for_temporary_files_is_removed(self) -> None:
        path = self.program("bin", "Blender 3.4.1")
        path.write_text(path.read_text() + f'touch "$TMPDIR/left"; echo "$TMPDIR" > {self.folder}/where\n')
        find_blenders([str(path)], "", self.folder)
        where = Path((self.folder / "where").read_text().strip())
        self.assertTrue(where.is_absolute())
        self.assertFalse(where.exists())

    def test_a_second_start_asks_nobody_until_the_program_changes(self) -> None:
        one = self.program("bin", "Blender 3.4.1")
        for _ in range(2):
            find_blenders([str(one)], "", self.folder)
        self.assertEqual(self.asked(), 1)
        self.program("bin", "Blender 4.5.3 LTS")
        os.utime(one, (1, 1))
        self.assertIn("4.5.3", [each.version for each in find_blenders([str(one)], "", self.folder)])
        self.assertEqual(self.asked(), 2)

    def test_a_broken_memory_is_made_anew(self) -> None:
        (self.folder / KEPT).write_text("{half")
        self.assertEqual(len(find_blenders((), "", self.folder)), 1)

    def test_without_a_folder_nothing_is_remembered(self) -> None:
        one = self.program("bin", "Blender 3.4.1")
        for _ in range(2):
            find_blenders([str(one)], "")
        self.assertEqual(self.asked(), 2)
