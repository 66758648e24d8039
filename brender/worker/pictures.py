"""Small pictures of frames that are done, so that people see what the farm makes.

How does this work?  A task says which files it made (`brender_output: PATH`).  `picture` opens the first
that Pillow can read and shrinks it to a JPEG; formats that it cannot read (EXR) give none.  `Pictures`
does so in a thread, one at a time: frames that come meanwhile are passed over but for the newest.
"""

from collections.abc import Callable, Sequence
from io import BytesIO

from PIL import Image
from twisted.internet.defer import Deferred
from twisted.logger import Logger

WIDTH, HEIGHT = 960, 540  # at most
LARGEST = 200_000_000  # bytes of a file that is still opened

Image.MAX_IMAGE_PIXELS = 2**28  # a frame of 16k by 16k


def picture(paths: Sequence[str]) -> bytes | None:
    """A JPEG of the first file that can be read, or None."""
    for path in paths:
        try:
            with Image.open(path) as image:
                image.draft("RGB", (WIDTH, HEIGHT))
                small = flat(image)
                small.thumbnail((WIDTH, HEIGHT))
                made = BytesIO()
                small.save(made, "JPEG", quality=85)
                return made.getvalue()
        except (OSError, ValueError, Image.DecompressionBombError):
            continue
    return None


def flat(image: Image.Image) -> Image.Image:
    """Eight bits a channel, and transparent parts on grey."""
    if image.mode.startswith("I"):
        return image.point(lambda value: value / 256).convert("L").convert("RGB")
    if image.mode in {"RGBA", "LA", "PA"}:
        ground = Image.new("RGBA", image.size, (70, 70, 70, 255))
        return Image.alpha_composite(ground, image.convert("RGBA")).convert("RGB")
    return image.convert("RGB")


class Pictures:
    log = Logger()

    def __init__(
        self,
        in_thread: Callable[[Callable[[Sequence[str]], bytes | None], Sequence[str]], Deferred[bytes | None]],
        done: Callable[[int, int, bytes], None],
    ) -> None:
        self._in_thread = in_thread
        self._done = done
        self._next: tuple[int, int, Sequence[str]] | None = None
        self._busy = False

    def want(self, job: int, task: int, paths: Sequence[str]) -> None:
        self._next = (job, task, paths)
        if not self._busy:
            self._begin()

    def _begin(self) -> None:
        if self._next is None:
            return
        (job, task, paths), self._next = self._next, None
        self._busy = True
        making = self._in_thread(picture, paths)
        making.addCallback(lambda jpeg: self._done(job, task, jpeg) if jpeg else None)
        making.addErrback(lambda failure: self.log.failure("A picture could not be made", failure))
        making.addBoth(self._ended)

    def _ended(self, _: object) -> None:
        self._busy = False
        self._begin()
