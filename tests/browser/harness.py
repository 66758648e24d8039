"""Pages in a real browser: Chromium, driven by Playwright, in front of a real server.

How does this work?  The browser is started once for all tests of a process and ended with it; each test has a `Visit`
of its own, which is one page.  What the page says in its console, what it asks for in vain and what it does wrong is
collected, and a test fails by it unless it clears `complaints`.  On a farm with users (`PeopleCase`) a visit is
somebody's.  `serve` gives the page files that the server does not have, at addresses below the server's own: to the
browser all of it is one site.
"""

import asyncio
import atexit
import shutil
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from playwright.sync_api import ConsoleMessage, Page, Response, Route, sync_playwright
from twisted.trial.unittest import SkipTest, SynchronousTestCase

from brender.farm.people.users import Role
from tests.line.harness import CHECKOUT, PATIENCE, Farm, FarmTestCase
from tests.line.people import add_people, password_of, start

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
FROM_NPM = CHECKOUT / "tests" / "browser" / "node_modules"
NO_BROWSER = f"There is no {' or '.join(PROGRAMS)} on PATH; on Debian: sudo apt-get install chromium."


class Chromium:
    """The browser of this process, and the loop of events that Playwright keeps beside it."""

    def __init__(self, program: str) -> None:
        self._playwright = sync_playwright().start()
        self._loop = asyncio.get_running_loop()
        self.browser = self._playwright.chromium.launch(executable_path=program, timeout=1000 * PATIENCE)
        atexit.register(self.end)
        self.rest()

    def rest(self) -> None:
        """Tests of other things run loops of their own, and Playwright leaves its one as if it were running."""
        asyncio._set_running_loop(None)

    def resume(self) -> None:
        asyncio._set_running_loop(self._loop)

    def end(self) -> None:
        self.resume()
        self.browser.close()
        self._playwright.stop()


@cache
def chromium() -> Chromium:
    """Raises `SkipTest` where there is none."""
    if program := next((path for path in map(shutil.which, PROGRAMS) if path), None):
        return Chromium(program)
    raise SkipTest(NO_BROWSER)


class Visit:
    """A page, without cookies or anything else of those before it, in front of the server on a port.

    What else is given is the browser's: its size, its colours, whether it can touch.
    """

    def __init__(self, port: int, **how: Any) -> None:
        self._chromium = chromium()
        self._chromium.resume()
        self._port = port
        self._context = self._chromium.browser.new_context(**{"locale": "en-GB", "timezone_id": "UTC", **how})
        self._context.set_default_timeout(1000 * PATIENCE)
        self.page = self._context.new_page()
        self.complaints: list[str] = []
        self._listen()

    def close(self) -> None:
        self._chromium.resume()  # another page may have been closed before
        self._context.close()
        self._chromium.rest()

    def address(self, path: str = "") -> str:
        return f"http://127.0.0.1:{self._port}/{path}"

    def open(self, path: str = "") -> Page:
        self.page.goto(self.address(path))
        return self.page

    def cut(self, off: bool) -> None:
        """Take the network from this page, or give it back."""
        self._context.set_offline(off)

    def serve(self, path: str, source: Path) -> None:
        """A file, or those of a folder, at an address below the server's."""
        address = self.address(path)

        def give(route: Route) -> None:
            inside = route.request.url.removeprefix(address).partition("?")[0]
            route.fulfill(path=source / inside if inside else source)

        self.page.route(f"{address}**" if source.is_dir() else address, give)

    def _listen(self) -> None:
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error.stack or error}"))
        self.page.on("response", self._answered)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource"):
            self.complaints.append(f"{message.type}: {message.text}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self.complaints.append(f"{response.status}: {response.url}")


class BrowserCase(FarmTestCase):
    """Its tests share one farm, and each has a page in front of it."""

    workers: ClassVar = {}

    def setUp(self) -> None:
        chromium()  # where there is none, no farm is needed
        super().setUp()
        self.visit = Visit(self.farm.web_port)
        self.addCleanup(self.visit.close)
        self.others: list[Visit] = []

    def tearDown(self) -> None:
        for visit in (self.visit, *self.others):
            self.assertEqual(visit.complaints, [], "The page has complained.")

    def another(self, **how: Any) -> Visit:
        """One more page, of somebody else."""
        visit = Visit(self.farm.web_port, **how)
        self.others.append(visit)
        self.addCleanup(visit.close)
        return visit

    def excuse(self, *beginnings: str) -> None:
        """What the page complained of has to begin like one of these; it is forgotten then."""
        unexpected = [said for said in self.visit.complaints if not said.startswith(beginnings)]
        self.assertEqual(unexpected, [], "The page has complained of something else.")
        self.visit.complaints.clear()


class PeopleCase(SynchronousTestCase):
    """On a farm with users, which is another one for each test."""

    people: ClassVar[dict[str, Role]] = {}  # the first of them is an admin

    def setUp(self) -> None:
        chromium()  # where there is none, no farm is needed
        self.farm = Farm()
        self.addCleanup(self.farm.end)
        add_people(self.farm.folder / "server" / "brender.sqlite", **self.people)
        start(self.farm)

    def address(self, path: str) -> str:
        return f"http://127.0.0.1:{self.farm.web_port}/{path}"

    def of(self, name: str) -> Visit:
        """The pages of somebody who has logged in."""
        visit = Visit(self.farm.web_port)
        self.addCleanup(visit.close)
        page = visit.open("login")
        page.get_by_label("Name").fill(name)
        page.get_by_label("Password").fill(password_of(name))
        page.get_by_role("button", name="Log in").click()
        page.locator(".foot").get_by_text(f"{name}, ").wait_for()
        visit.complaints.clear()  # nobody knew who asks
        return visit

    def ask(self, visit: Visit, path: str, body: Any = None, method: str = "") -> Any:
        """What the farm says to whoever that is."""
        how = method or ("GET" if body is None else "POST")
        answer = visit.page.request.fetch(self.address(f"api/v1/{path}"), method=how, data=body)
        self.assertTrue(answer.ok, answer.text())
        return answer.json()
