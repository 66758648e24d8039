"""Missing libraries, pictures, caches and all else are told with every frame, or refused; never silently green."""

import shutil
from pathlib import Path

from twisted.trial.unittest import SkipTest

from tests.worker.blender.harness import BLENDER, BlenderTestCase, scenes


class Missing(BlenderTestCase):
    def check(self, scene: str, expected: str) -> None:
        farm = self.farm(scene)
        ended = farm.enter()
        self.assertTrue(ended.ok, ended.text)
        self.assertEqual(ended.warnings, [f"brender_warning: {expected}"])
        frame = self.rendered(farm, 1)
        self.assertEqual(frame.warnings, [f"brender_warning: {expected}"])
        self.assertTrue(frame.status.endswith(", 1 file missing"), frame.status)
        self.assertEqual(self.refused(scene, MissingFiles="fail"), f"{expected}.")

    def test_a_library(self) -> None:
        self.check("gone_library", f"Missing library //../lib/char.blend ({self.folder.parent}/lib/char.blend)")

    def test_a_picture(self) -> None:
        self.check("gone_image", f"Missing image //textures/gone.png ({self.folder}/textures/gone.png)")

    def test_one_picture_of_a_sequence(self) -> None:
        (self.folder / "textures").mkdir()
        for number in {*range(1, 85)} - {37}:
            (self.folder / "textures" / f"seq_{number:04d}.png").write_bytes(b"there")
        where = self.folder / "textures"
        self.check("gaps", f"Missing 1 of the 84 images of a sequence in {where}: seq_0037.png")

    def test_a_picture_that_is_there_and_cannot_be_read(self) -> None:
        self.check("unreadable_image", f"Unreadable image // ({self.folder})")

    def test_a_cache_that_was_baked_for_another_name_of_the_scene(self) -> None:
        self.check("baked", f"Missing cache {self.folder}/blendcache_baked")

    def gone(self) -> list[str]:
        """What is missing of the scene that has one of each kind, before anything of it is there."""
        one = {
            "image": "stills/gone.png",
            "film": "films/gone.mp4",
            "sound": "sounds/gone.wav",
            "font": "fonts/gone.ttf",
            "volume": "smoke/gone.vdb",
        }
        several = (("image", "clips/c", "png"), ("image", "pictures/p", "png"), ("volume", "smoke/s", "vdb"))
        lines = [f"Missing {kind} //{path} ({self.folder}/{path})" for kind, path in one.items()]
        lines += [f"Missing cache //caches/gone.{end} ({self.folder}/caches/gone.{end})" for end in ("abc", "usdc")]
        for kind, start, end in several:
            folder, name = start.split("/")
            names = ", ".join(f"{name}_000{number}.{end}" for number in range(2, 6))
            lines.append(f"Missing 4 of the 4 {kind}s of a sequence in {self.folder}/{folder}: {names}")
        return lines

    def test_every_kind_of_file_is_told_with_its_path(self) -> None:
        farm = self.farm("gone_many")
        ended = farm.enter()
        self.assertTrue(ended.ok, ended.text)
        expected = sorted(f"brender_warning: {line}" for line in self.gone())
        self.assertEqual(sorted(ended.warnings), expected)
        frame = self.rendered(farm, 1)
        self.assertEqual(sorted(frame.warnings), expected)
        self.assertTrue(frame.status.endswith(", 10 files missing"), frame.status)
        self.assertRegex(self.refused("gone_many", MissingFiles="fail"), r"^Missing .* and 5 more\.$")

    def test_of_every_kind_of_sequence_the_gap_is_told(self) -> None:
        for start, end in (("clips/c", "png"), ("smoke/s", "vdb"), ("pictures/p", "png")):
            for number in (2, 3, 5):
                path = self.folder / f"{start}_000{number}.{end}"
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(b"there")
        said = [line for line in self.farm("gone_many").enter().warnings if "sequence" in line]
        gaps = [(line.split()[2:5], line.rpartition("/")[2]) for line in said]
        one = ["1", "of", "the"]
        names = ["clips: c_0004.png", "pictures: p_0004.png", "smoke: s_0004.vdb"]
        self.assertEqual(sorted(gaps), [(one, name) for name in names])


class Libraries(BlenderTestCase):
    """The scene links to `//../lib/char.blend`."""

    def put(self, depth: str) -> Path:
        """The scene so deep in this test's folder, beside which the library is in `lib`."""
        (self.folder / "lib").mkdir(exist_ok=True)
        shutil.copy(scenes() / "char.blend", self.folder / "lib")
        placed = self.folder / depth / "linked.blend"
        placed.parent.mkdir(parents=True)
        shutil.copy(scenes() / "linked.blend", placed)
        return placed

    def warnings(self, scene: Path) -> list[str]:
        ended = self.farm("linked", Scene=str(scene)).enter()
        self.assertTrue(ended.ok, ended.text)
        return ended.warnings

    def test_one_that_is_there_is_no_warning_until_the_scene_is_moved_to_another_depth(self) -> None:
        self.assertEqual(self.warnings(self.put("shots")), [])
        deeper = self.put("shots/deeper")
        gone = self.folder / "shots" / "lib" / "char.blend"
        self.assertEqual(self.warnings(deeper), [f"brender_warning: Missing library //../lib/char.blend ({gone})"])

    def test_one_that_is_removed_is_a_warning_from_then_on(self) -> None:
        """BLD-13"""
        scene = self.put("shots")
        self.assertEqual(self.warnings(scene), [])
        library = self.folder / "lib" / "char.blend"
        library.unlink()
        missing = f"Missing library //../lib/char.blend ({library})"
        self.assertEqual(self.warnings(scene), [f"brender_warning: {missing}"])
        self.assertEqual(self.refused("linked", Scene=str(scene), MissingFiles="fail"), f"{missing}.")

    def test_one_that_has_no_longer_what_the_scene_takes_from_it(self) -> None:
        if BLENDER.numbers() < (4, 5):
            raise SkipTest("This Blender does not say what it did not find.")
        scene = self.put("shots")
        library = self.folder / "lib" / "char.blend"
        shutil.copy(scenes() / "markers.blend", library)
        self.assertEqual(self.warnings(scene), [])
        shutil.copy(scenes() / "linked.blend", library)
        self.assertEqual(
            self.warnings(scene), [f"brender_warning: Missing Cube in library //../lib/char.blend ({library})"]
        )


class Whole(BlenderTestCase):
    def test_a_scene_with_everything_has_no_warning(self) -> None:
        farm = self.farm("plain")
        self.assertEqual(farm.enter().warnings, [])
        self.assertRegex(self.rendered(farm, 1).status, r"^Frame 1 in [\d.]+ s$")
