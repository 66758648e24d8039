"""What is a JPEG that can be shown, and how large it is."""

from io import BytesIO

from hypothesis import given
from hypothesis import strategies as some
from PIL import Image
from twisted.trial.unittest import SynchronousTestCase

from brender.pictures.jpeg import LARGEST, size_of
from tests.fakes import jpeg


def made(kind: str, size: tuple[int, int] = (40, 30), **how: object) -> bytes:
    out = BytesIO()
    Image.new("RGB", size).save(out, kind, **how)
    return out.getvalue()


class Sizes(SynchronousTestCase):
    def test_of_every_way_in_which_a_jpeg_is_written(self) -> None:
        ways: tuple[dict[str, object], ...] = (
            {},
            {"progressive": True},
            {"optimize": True},
            {"comment": b"\xff\xc0" * 9},
            {"exif": b"Exif\0\0" + bytes(99)},
        )
        for how in ways:
            self.assertEqual(size_of(made("JPEG", (40, 30), **how)), (40, 30), how)

    def test_what_is_none(self) -> None:
        whole = jpeg()
        for data in (b"", b"\xff\xd8", b"\xff\xd8\xff\xd9", whole[:-1], whole[1:], made("PNG"), made("GIF"),
                     b"\xff\xd8\xff" + b"<script>alert(1)</script>" + b"\xff\xd9",
                     whole[:20] + b"\xff\xd9"):  # fmt: skip
            self.assertIsNone(size_of(data))

    def test_a_picture_that_would_fill_a_reader_s_memory_is_none(self) -> None:
        self.assertEqual(size_of(made("JPEG", (LARGEST, 1))), (LARGEST, 1))
        self.assertIsNone(size_of(made("JPEG", (LARGEST + 1, 1))))
        self.assertIsNone(size_of(made("JPEG", (1, LARGEST + 1))))

    @given(some.binary(max_size=60))
    def test_whatever_stands_between_begin_and_end_is_read_without_harm(self, middle: bytes) -> None:
        size = size_of(b"\xff\xd8\xff" + middle + b"\xff\xd9")
        self.assertTrue(size is None or all(0 < side <= LARGEST for side in size))
