"""What tests do on several pages of the farm: find a part by what people call it, wait for what it says."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.harness import Visit
from tests.line.harness import PATIENCE

expect.set_options(timeout=1000 * PATIENCE)

SLOW = 90_000  # milliseconds that a render may take on a busy machine
SEEN = """count => new Promise(resolve => {
  const seen = new Set();
  const look = () => {
    seen.add(document.querySelector(".film-screen img")?.alt);
    seen.size >= count ? resolve([...seen]) : requestAnimationFrame(look);
  };
  look();
})"""


def field(page: Page, label: str) -> Locator:
    """By the beginning of its label, which may say "needed" after it."""
    return page.get_by_label(re.compile(rf"^{re.escape(label)}( needed)?$"))


def row(page: Page, name: str) -> Locator:
    """Of a table."""
    return page.get_by_role("row").filter(has=page.get_by_role("link", name=name, exact=True))


def live(page: Page) -> Page:
    expect(page.locator(".link")).to_have_attribute("data-state", "live")
    return page


def state(page: Page, word: str, within: float = 1000 * PATIENCE) -> None:
    """Of the job or the task whose page this is."""
    expect(page.locator(".job-head .state")).to_have_text(word, timeout=within)


def told(page: Page, *words: str) -> None:
    """What the line at the foot of the page says."""
    for word in words:
        expect(page.locator(".toast-line")).to_contain_text(word)


def mark(page: Page) -> None:
    """Whatever is loaded anew loses this."""
    page.evaluate("() => { window.stays = true; }")


def marked(page: Page) -> bool:
    return bool(page.evaluate("() => window.stays === true"))


def see(visit: Visit, path: str, *, ready: str = "h1") -> Page:
    """A page, live and with something in it."""
    page = visit.open(path)
    page.locator(ready).first.wait_for(state="attached")
    return live(page)
