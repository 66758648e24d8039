"""Small pictures of frames that are done, so that people see what the farm makes.

How does this work?  A task says which files it made (`brender_output: PATH`).  `picture` opens the first
that Pillow can read and shrinks it to a JPEG; formats that it cannot read (EXR) give none.  `Pictures` has that
done, one at a time, in the order in which they came; when too many wait, the oldest are passed over.  It is not done
in the agent (`sessions.Cradle.picture`): a task says what it likes, and its files may be made to break a decoder.
"""

import os
from collections import deque
from collections.abc import Callable, Sequence
from io import BytesIO
from typing import NamedTuple

from PIL import Image
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from brender.protocols.messages import MOST_OF_A_PICTURE

WIDTH, HEIGHT = 960, 540  # at most
QUALITIES = (85, 60, 30)  # the first with which a picture has room in a message
MOST_WAITING = 500  # frames
LARGEST = 200_000_000  # bytes of a file that is still opened

Image.MAX_IMAGE_PIXELS = 2**28  # a frame of 16k by 16k


def picture(paths: Sequence[str]) -> bytes | None:
    """A JPEG of the first file that can be read, or None."""
    for path in paths:
        try:
            if os.path.getsize(path) > LARGEST:
                continue
            with Image.open(path) as image:
                image.draft("RGB", (WIDTH, HEIGHT))
                small = flat(image)
                small.thumbnail((WIDTH, HEIGHT))
                tried = (encoded(small, quality) for quality in QUALITIES)
                return next((jpeg for jpeg in tried if len(jpeg) <= MOST_OF_A_PICTURE), None)
        except (OSError, ValueError, Image.DecompressionBombError):
            continue
    return None


def encoded(image: Image.Image, quality: int) -> bytes:
    made = BytesIO()
    image.save(made, "JPEG", quality=quality)
    return made.getvalue()


def flat(image: Image.Image) -> Image.Image:
    """Eight bits a channel, and transparent parts on grey."""
    if image.mode.startswith("I"):
        return image.point(lambda value: value / 256).convert("L").convert("RGB")
    if image.mode in {"RGBA", "LA", "PA"}:
        ground = Image.new("RGBA", image.size, (70, 70, 70, 255))
        return Image.alpha_composite(ground, image.convert("RGBA")).convert("RGB")
    return image.convert("RGB")


class Frame(NamedTuple):
    """What a task has made."""

    job: int
    step: str
    task: int
    paths: Sequence[str]
    rate: float  # frames a second; 0 when nobody knows
    owner: str = ""  # of the job, if they are a user of the farm


class Pictures:
    log = Logger()

    def __init__(
        self,
        made: Callable[[Sequence[str], str], Deferred[bytes | None]],
        done: Callable[[Frame, bytes], None],
    ) -> None:
        self._made = made  # of files, by what may be looked at for somebody's job
        self._done = done
        self._waiting: deque[Frame] = deque(maxlen=MOST_WAITING)
        self._busy = False

    def want(self, frame: Frame) -> None:
        self._waiting.append(frame)
        if not self._busy:
            self._begin()

    def _begin(self) -> None:
        if not self._waiting:
            return
        frame = self._waiting.popleft()
        self._busy = True
        making = self._made(frame.paths, frame.owner)
        making.addCallback(lambda jpeg: self._done(frame, jpeg) if jpeg else None)
        making.addErrback(lambda failure: self.log.failure("A picture could not be made", failure))
        making.addBoth(self._ended)

    def _ended(self, _: object) -> None:
        self._busy = False
        self._begin()
