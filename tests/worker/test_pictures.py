"""Small pictures of frames."""

from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path

from PIL import Image
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from brender.worker.pictures import HEIGHT, WIDTH, Pictures, picture


class PictureTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir(parents=True)

    def file(self, name: str, mode: str = "RGB", size: tuple[int, int] = (1920, 1080), colour: object = None) -> str:
        path = self.folder / name
        Image.new(mode, size, colour).save(path)  # type: ignore[arg-type]
        return str(path)

    def shown(self, *paths: str) -> Image.Image:
        made = picture(paths)
        assert made is not None
        image = Image.open(BytesIO(made))
        self.assertEqual((image.format, image.mode), ("JPEG", "RGB"))
        return image

    def test_a_frame_is_shrunk_and_keeps_its_shape(self) -> None:
        self.assertEqual(self.shown(self.file("a.png")).size, (WIDTH, HEIGHT))
        self.assertEqual(self.shown(self.file("b.png", size=(500, 2000))).size, (135, HEIGHT))

    def test_a_small_frame_stays_small(self) -> None:
        self.assertEqual(self.shown(self.file("a.png", size=(64, 32))).size, (64, 32))

    def test_every_kind_of_pixels_is_shown(self) -> None:
        kinds = {
            "a.png": ("L", 128),
            "b.png": ("RGBA", (255, 0, 0, 255)),
            "c.png": ("P", 3),
            "d.png": ("LA", (9, 9)),
            "e.png": ("1", 1),
            "f.tiff": ("CMYK", (0, 0, 0, 0)),
            "g.png": ("I;16", 30000),
            "h.tiff": ("F", 0.5),
        }
        for name, (mode, colour) in kinds.items():
            self.shown(self.file(name, mode, (40, 30), colour))

    def test_sixteen_bits_are_not_cut_to_white(self) -> None:
        pixel = self.shown(self.file("a.png", "I;16", (40, 30), 0x8000)).getpixel((5, 5))
        assert isinstance(pixel, tuple)
        self.assertLess(abs(pixel[0] - 128), 4)

    def test_what_is_transparent_is_grey(self) -> None:
        pixel = self.shown(self.file("a.png", "RGBA", (40, 30), (255, 0, 0, 0))).getpixel((5, 5))
        assert isinstance(pixel, tuple)
        self.assertTrue(all(abs(value - 70) < 4 for value in pixel), pixel)

    def test_the_first_file_that_can_be_read_is_taken(self) -> None:
        (self.folder / "depth.exr").write_bytes(b"v/1\x01 not for Pillow")
        (self.folder / "half.png").write_bytes(Path(self.file("a.png")).read_bytes()[:300])
        paths = [str(self.folder / name) for name in ("missing.png", "depth.exr", "half.png", "a.png")]
        self.assertEqual(self.shown(*paths).size, (WIDTH, HEIGHT))

    def test_where_none_can_be_read_there_is_no_picture(self) -> None:
        self.assertIsNone(picture(["/nonexistent.png", str(self.folder)]))
        self.assertIsNone(picture([]))


class PicturesTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.made: list[tuple[Sequence[str], Deferred[bytes | None]]] = []
        self.shown: list[tuple[int, int, bytes]] = []
        self.pictures = Pictures(self.in_thread, lambda *shown: self.shown.append(shown))

    def in_thread(
        self, work: Callable[[Sequence[str]], bytes | None], paths: Sequence[str]
    ) -> "Deferred[bytes | None]":
        self.made.append((paths, Deferred()))
        return self.made[-1][1]

    def test_one_is_made_at_a_time_and_of_those_that_wait_the_newest(self) -> None:
        for task in range(4):
            self.pictures.want(1, task, [f"{task}.png"])
        self.assertEqual(len(self.made), 1)
        self.made[0][1].callback(b"first")
        self.made[1][1].callback(b"last")
        self.assertEqual([paths for paths, _ in self.made], [["0.png"], ["3.png"]])
        self.assertEqual(self.shown, [(1, 0, b"first"), (1, 3, b"last")])

    def test_a_picture_that_cannot_be_made_is_no_reason_to_stop(self) -> None:
        self.pictures.want(1, 0, ["a.exr"])
        self.made[0][1].callback(None)
        self.pictures.want(1, 1, ["b.png"])
        self.made[1][1].errback(RuntimeError("a bug in a decoder"))
        self.pictures.want(1, 2, ["c.png"])
        self.made[2][1].callback(b"c")
        self.assertEqual(self.shown, [(1, 2, b"c")])
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)
