"""Whether a picture file is whole: cheap checks of its head and its end.

How does this work?  Every format that says where it ends is asked: PNG by its last chunk, JPEG and JPEG 2000 by
their end marks, OpenEXR by its table of offsets (written last), TIFF by its directory (written last), BMP, WebP
and DPX by the length in their head.  Of the others it is known only that they are not empty.  A file whose name
says PNG but whose head does not is not whole.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from typing import BinaryIO

EXR_MULTIPART = 0x1000
MOST_HEADER = 1 << 20  # bytes of an EXR's head that we are willing to read


def is_whole(path: str | os.PathLike[str]) -> bool:
    try:
        size = os.path.getsize(path)
        with open(path, "rb") as file:
            check = CHECKS.get(os.path.splitext(path)[1].lower()) or by_head(file.read(12))
            file.seek(0)
            return size > 0 and check(file, size)
    except (OSError, ValueError, struct.error):  # the head itself ends too early
        return False


def tail(file: BinaryIO, size: int, length: int) -> bytes:
    file.seek(max(0, size - length))
    return file.read(length)


def png(file: BinaryIO, size: int) -> bool:
    return file.read(8) == b"\x89PNG\r\n\x1a\n" and tail(file, size, 12) == b"\0\0\0\0IEND\xaeB`\x82"


def jpeg(file: BinaryIO, size: int) -> bool:
    return file.read(2) == b"\xff\xd8" and tail(file, size, 2) == b"\xff\xd9"


def jpeg2000(file: BinaryIO, size: int) -> bool:
    return file.read(12)[4:8] == b"jP  " and tail(file, size, 2) == b"\xff\xd9"


def tiff(file: BinaryIO, size: int) -> bool:
    head = file.read(8)
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(head[:4])
    return order is not None and 8 <= struct.unpack(order + "I", head[4:])[0] < size


def bmp(file: BinaryIO, size: int) -> bool:
    head = file.read(6)
    return head[:2] == b"BM" and struct.unpack("<I", head[2:])[0] == size


def webp(file: BinaryIO, size: int) -> bool:
    head = file.read(12)
    return head[:4] == b"RIFF" and head[8:] == b"WEBP" and struct.unpack("<I", head[4:8])[0] + 8 <= size


def dpx(file: BinaryIO, size: int) -> bool:
    head = file.read(20)
    order = {b"SDPX": ">", b"XPDS": "<"}.get(head[:4])
    return order is not None and struct.unpack(order + "I", head[16:20])[0] <= size


def exr(file: BinaryIO, size: int) -> bool:
    """The first offset of the table behind the head is zero until the file has been closed."""
    head = file.read(min(size, MOST_HEADER))
    if head[:4] != b"\x76\x2f\x31\x01":
        return False
    end = end_of_exr_head(head)
    file.seek(end)
    first = struct.unpack("<Q", file.read(8))[0]
    return bool(end < first < size)


def end_of_exr_head(head: bytes) -> int:
    """Behind the attributes (name, type, size, value) of one part, or of all parts and an empty one."""
    many = struct.unpack_from("<I", head, 4)[0] & EXR_MULTIPART
    at = 8
    while True:
        while head[at : at + 1] != b"\0":
            at = head.index(b"\0", head.index(b"\0", at) + 1) + 1
            at += 4 + struct.unpack_from("<I", head, at)[0]
        at += 1
        if not many or head[at : at + 1] in (b"\0", b""):
            return at + 1 if many else at


def anything(file: BinaryIO, size: int) -> bool:
    return size > 0


Check = Callable[[BinaryIO, int], bool]
CHECKS: dict[str, Check] = {
    ".png": png,
    ".jpg": jpeg,
    ".jpeg": jpeg,
    ".jp2": jpeg2000,
    ".tif": tiff,
    ".tiff": tiff,
    ".bmp": bmp,
    ".webp": webp,
    ".dpx": dpx,
    ".exr": exr,
}
HEADS: tuple[tuple[bytes, Check], ...] = (
    (b"\x89PNG", png),
    (b"\xff\xd8\xff", jpeg),
    (b"II*\0", tiff),
    (b"MM\0*", tiff),
    (b"\x76\x2f\x31\x01", exr),
    (b"RIFF", webp),
)


def by_head(head: bytes) -> Check:
    """For a name without a known ending."""
    return next((check for mark, check in HEADS if head.startswith(mark)), anything)
