"""Missing libraries and pictures are told with every frame, or refused; never silently green."""

from tests.worker.blender.harness import BlenderTestCase


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
        for number in (1, 2, 4):
            (self.folder / "textures" / f"seq_000{number}.png").write_bytes(b"there")
        where = self.folder / "textures"
        self.check("gaps", f"Missing 1 of the 4 images of a sequence in {where}: seq_0003.png")

    def test_a_scene_with_everything_has_no_warning(self) -> None:
        farm = self.farm("plain")
        self.assertEqual(farm.enter().warnings, [])
        self.assertRegex(self.rendered(farm, 1).status, r"^Frame 1 in [\d.]+ s$")
