"""Takes the pictures: Chromium opens each page as a person sees it, and Pillow makes a small PNG of it.

How does this work?  A `Shot` is a page, a name, how wide the window is and whether the room is dark.  A picture is
taken when the page has waited for nothing for a while, but for its stream of events.  A palette of 256 colours makes a
small file; one that is still too large loses some of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, Request

MOST = 250_000  # bytes of a picture
COLOURS = (256, 192, 128, 96, 64)
STREAM = "/events"  # the one answer that never ends
REST = 1000  # milliseconds in which nothing came: plots and grids are drawn
PATIENCE = 6  # times that
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 400, "height": 860}


@dataclass(frozen=True)
class Shot:
    name: str
    path: str
    dark: bool = False
    phone: bool = False
    height: int = 0  # of a picture that shows more than a window does
    wait: str = "main h1"
    down: str = ""  # the page is scrolled to its end, which has that
    fill: tuple[tuple[str, str], ...] = ()  # fields, by selector

    @property
    def file(self) -> str:
        return f"{self.name}{'-dark' if self.dark else ''}{'-phone' if self.phone else ''}.png"


def take(browser: Browser, port: int, shots: Sequence[Shot], folder: Path) -> list[str]:
    """And what the pages have complained of."""
    folder.mkdir(parents=True, exist_ok=True)
    complaints: list[str] = []
    for shot in shots:
        size = NARROW if shot.phone else {**WIDE, "height": shot.height or WIDE["height"]}
        context = browser.new_context(
            viewport=size,  # type: ignore[arg-type]
            device_scale_factor=2 if shot.phone else 1,
            color_scheme="dark" if shot.dark else "light",
            reduced_motion="reduce",
            locale="en-GB",
            timezone_id="UTC",
        )
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))  # noqa: B023 (its page is open only now)
        open_page(page, f"http://127.0.0.1:{port}{shot.path}", shot)
        save(page.screenshot(), folder / shot.file)
        context.close()
    return complaints


class Waits:
    """What a page has asked for and not got."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._asked = 0
        self._turn = 0
        page.on("request", lambda request: self._count(request, 1))
        for ended in ("requestfinished", "requestfailed"):
            page.on(ended, lambda request: self._count(request, -1))

    def _count(self, request: Request, by: int) -> None:
        if STREAM not in request.url:
            self._asked += by
            self._turn += 1

    def for_nothing(self) -> None:
        """Or for a while, on a page that asks again and again."""
        turn = -1
        for _ in range(PATIENCE):
            if not self._asked and turn == self._turn:
                return
            turn = self._turn
            self._page.wait_for_timeout(REST)


def open_page(page: Page, address: str, shot: Shot) -> None:
    waits = Waits(page)
    page.goto(address)
    page.wait_for_selector(shot.wait, state="attached")
    for selector, text in shot.fill:
        page.fill(selector, text)
    if shot.down:
        page.locator(shot.down).scroll_into_view_if_needed()
        page.evaluate("scrollBy(0, 10000)")
    waits.for_nothing()


def save(png: bytes, path: Path) -> None:
    image = Image.open(BytesIO(png)).convert("RGB")
    for colours in COLOURS:
        small = image.quantize(colours, Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE)
        small.save(path, optimize=True)
        if path.stat().st_size <= MOST:
            return
