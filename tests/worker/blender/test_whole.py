"""A picture that was cut off anywhere is not whole."""

import struct
import tempfile
from pathlib import Path

from PIL import Image
from twisted.trial.unittest import TestCase

from brender.worker.blender.whole import is_whole
from tests.worker.blender.harness import BlenderTestCase


def picture() -> Image.Image:
    made = Image.new("RGB", (16, 16))
    made.putdata([(x * 16, y * 16, (x * y) % 256) for y in range(16) for x in range(16)])
    return made


class Whole(TestCase):
    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(dir=self.mktemp_parent()))

    def mktemp_parent(self) -> Path:
        parent = Path(self.mktemp())
        parent.mkdir(parents=True)
        return parent

    def cut_everywhere(self, path: Path, step: int = 9) -> None:
        data = path.read_bytes()
        self.assertTrue(is_whole(path), path)
        for length in (*range(0, len(data) - 20, step), *range(len(data) - 20, len(data))):
            path.write_bytes(data[:length])
            self.assertFalse(is_whole(path), f"{path.name} cut to {length} of {len(data)} bytes")

    def test_formats_that_say_where_they_end(self) -> None:
        for ending in ("png", "jpg", "bmp", "webp"):
            path = self.folder / f"frame.{ending}"
            picture().save(path)
            self.cut_everywhere(path)

    def test_a_tiff_whose_directory_was_never_written(self) -> None:
        path = self.folder / "frame.tif"
        path.write_bytes(b"II*\0" + struct.pack("<I", 0) + b"pixels" * 50)
        self.assertFalse(is_whole(path))
        picture().save(path)
        self.assertTrue(is_whole(path))

    def test_what_is_not_there_or_is_a_folder_is_not_whole(self) -> None:
        self.assertFalse(is_whole(self.folder / "nothing.png"))
        (self.folder / "folder.png").mkdir()
        self.assertFalse(is_whole(self.folder / "folder.png"))

    def test_a_name_that_lies_is_not_whole(self) -> None:
        path = self.folder / "frame.png"
        picture().save(self.folder / "frame.jpg")
        path.write_bytes((self.folder / "frame.jpg").read_bytes())
        self.assertFalse(is_whole(path))

    def test_without_an_ending_the_head_decides(self) -> None:
        path = self.folder / "frame_0001"
        picture().save(path, "PNG")
        self.cut_everywhere_but_the_head(path)

    def cut_everywhere_but_the_head(self, path: Path) -> None:
        data = path.read_bytes()
        self.assertTrue(is_whole(path))
        for length in (0, *range(4, len(data))):
            path.write_bytes(data[:length])
            self.assertFalse(is_whole(path), length)

    def test_of_unknown_formats_only_that_they_are_not_empty(self) -> None:
        path = self.folder / "frame.xyz"
        path.write_bytes(b"")
        self.assertFalse(is_whole(path))
        path.write_bytes(b"something")
        self.assertTrue(is_whole(path))


class WholeExr(BlenderTestCase):
    def test_an_exr_whose_table_of_offsets_was_never_written(self) -> None:
        for scene, frame in (("linear", 1), ("half_float", 2)):
            self.rendered(self.entered(scene), frame)
            path = self.folder / "out" / f"f_{frame:04d}.exr"
            data = path.read_bytes()
            self.assertTrue(is_whole(path))
            for length in range(0, 300, 7):
                path.write_bytes(data[:length])
                self.assertFalse(is_whole(path), length)
            blank = bytearray(data)
            at = self.table(data)
            blank[at : at + 8] = bytes(8)
            path.write_bytes(bytes(blank))
            self.assertFalse(is_whole(path))

    def table(self, data: bytes) -> int:
        """Where the first offset is: it points at a block behind itself, whose first line is line 0."""
        for at in range(8, 4096):
            offset = struct.unpack_from("<Q", data, at)[0]
            if at < offset < len(data) - 8 and struct.unpack_from("<i", data, offset)[0] == 0:
                return at
        raise AssertionError("This EXR has no table.")
