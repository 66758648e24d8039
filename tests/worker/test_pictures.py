"""Small pictures of frames."""

import os
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from PIL import Image
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from brender.protocols.codec import MOST_FROM_WORKER, encode
from brender.protocols.messages import Picture
from brender.worker.pictures import HEIGHT, LARGEST, MOST_WAITING, WIDTH, Frame, Pictures, picture


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

    def test_a_picture_has_room_in_a_message_whatever_is_in_the_frame(self) -> None:
        path = self.folder / "noise.png"
        Image.frombytes("RGB", (WIDTH, HEIGHT), os.urandom(3 * WIDTH * HEIGHT)).save(path)
        made = picture([str(path)])
        assert made is not None
        self.assertLessEqual(len(encode(Picture(1, 0, made, "Render", 24.0))), MOST_FROM_WORKER)

    def test_a_file_that_is_too_large_is_not_opened(self) -> None:
        path = Path(self.file("a.png"))
        os.truncate(path, LARGEST + 1)
        self.assertIsNone(picture([str(path)]))

    def test_where_none_can_be_read_there_is_no_picture(self) -> None:
        self.assertIsNone(picture(["/nonexistent.png", str(self.folder)]))
        self.assertIsNone(picture([]))


class PicturesTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.made: list[tuple[Sequence[str], Deferred[bytes | None]]] = []
        self.shown: list[tuple[int, bytes]] = []
        self.pictures = Pictures(self.begin, lambda frame, jpeg: self.shown.append((frame.task, jpeg)))

    def begin(self, paths: Sequence[str], owner: str) -> "Deferred[bytes | None]":
        self.assertEqual(owner, "ada")
        self.made.append((paths, Deferred()))
        return self.made[-1][1]

    def want(self, task: int) -> None:
        self.pictures.want(Frame(1, "Render", task, [f"{task}.png"], 24.0, "ada"))

    def test_one_is_made_at_a_time_of_every_frame(self) -> None:
        for task in range(4):
            self.want(task)
        self.assertEqual(len(self.made), 1)
        for task in range(4):
            self.made[task][1].callback(b"%d" % task)
        self.assertEqual([paths for paths, _ in self.made], [[f"{task}.png"] for task in range(4)])
        self.assertEqual(self.shown, [(task, b"%d" % task) for task in range(4)])

    def test_when_too_many_wait_the_oldest_are_passed_over(self) -> None:
        for task in range(MOST_WAITING + 3):
            self.want(task)
        self.made[0][1].callback(b"first")
        self.assertEqual(self.made[1][0], ["3.png"])

    def test_a_picture_that_cannot_be_made_is_no_reason_to_stop(self) -> None:
        self.want(0)
        self.made[0][1].callback(None)
        self.want(1)
        self.made[1][1].errback(RuntimeError("a bug in a decoder"))
        self.want(2)
        self.made[2][1].callback(b"c")
        self.assertEqual(self.shown, [(2, b"c")])
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)
