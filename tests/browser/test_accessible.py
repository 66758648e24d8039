"""Every page for everybody, in Chromium: axe-core finds nothing, by day and by night, and a phone has room for it.

How does this work?  The farm is as farms are: jobs that are done, that run, that wait and that have failed, with
frames to look at, a client that sleeps, pools and limits.  Each page is looked at when it is there, and once more
with what opens on it.
axe-core comes from npm; where there is none, its tests are left out.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, ClassVar

from PIL import Image
from playwright.sync_api import Page, expect
from twisted.trial.unittest import SkipTest

from tests.browser.harness import FROM_NPM, BrowserCase, Visit
from tests.browser.pages import SLOW, see
from tests.line.harness import template

AXE = FROM_NPM / "axe-core" / "axe.min.js"
NO_AXE = "There is no axe-core here; with npm on PATH: npm ci --prefix tests/browser."
RUN = """async () => {
  const { violations, passes } = await axe.run(document, { resultTypes: ["violations"] });
  const why = checks => checks.map(one => one.message).join(" ");
  const said = ({ id, help, nodes }) =>
    nodes.map(({ html, any }) => `${id}: ${help}: ${html.slice(0, 160)} ${why(any)}`);
  return { found: violations.flatMap(said), passes: passes.length };
}"""
OVERFLOW = """() => {
  const wide = [document.documentElement, ...document.querySelectorAll(".table-place")];
  return Math.max(...wide.map(one => one.scrollWidth - one.clientWidth));
}"""
PHONE = {"width": 360, "height": 780}

# What is there when a page is: path -> a part of it.
PAGES = {
    "": ".frames",
    "jobs": "tbody a",
    "jobs/1": ".film",
    "jobs/2": ".failure",
    "jobs/2/tasks/Work:2": ".log-line[data-error]",
    "clients": "tbody a",
    "clients/1": ".turn",
    "clients/2": ".changes",
    "pools": "tbody td",
    "submit": "#param-Scene",
    "history": "tbody a",
    "audit": "tbody td",
    "settings": "#main form, #main table",
    "api": ".operation",
    "login": ".login",
}


def choose_a_row(page: Page) -> None:
    page.locator("tbody .box input").first.check()
    page.locator(".chosen").first.wait_for()


def choose_tasks(page: Page) -> None:
    page.locator(".grid-place").press("Shift+ArrowRight")
    page.locator(".grid .chosen").wait_for()


def offer(page: Page) -> None:
    page.locator("[data-filter]").press_sequentially("sta")
    page.get_by_role("option").first.wait_for()


def list_keys(page: Page) -> None:
    page.keyboard.press("?")
    page.get_by_role("dialog").wait_for()


def mistake(page: Page) -> None:
    page.locator("#param-Frames").fill("one to ten")
    page.locator("#main .note-bad").first.wait_for()


def unfold(page: Page) -> None:
    page.locator(".operation summary").first.click()
    page.locator(".operation form").first.wait_for()


def search(page: Page) -> None:
    page.get_by_label("Search the log").fill("memory")
    page.locator(".log mark").first.wait_for()


def list_views(page: Page) -> None:
    page.locator(".views summary").click()
    page.locator(".view").first.wait_for()
    page.locator(".view .btn").first.click()  # it asks once more


def list_changes(page: Page) -> None:
    page.locator(".changes summary").click()
    page.locator(".change").first.wait_for()


OPENED: dict[str, tuple[Callable[[Page], None], ...]] = {
    "": (list_keys,),
    "jobs": (choose_a_row, offer, list_views),
    "jobs/2": (choose_tasks, list_changes),
    "clients/2": (list_changes,),
    "jobs/2/tasks/Work:2": (search,),
    "submit": (mistake,),
    "api": (unfold,),
}


@cache
def axe() -> str:
    if not AXE.is_file():
        raise SkipTest(NO_AXE)
    return AXE.read_text("utf-8")


class Accessible(BrowserCase):
    workers: ClassVar = {"render-01": 2, "attic": 1}

    def setUp(self) -> None:
        super().setUp()
        if not self.farm.api("jobs")["data"]:
            self.fill()

    def fill(self) -> None:
        """Jobs 1 to 4: with frames, with failures, running, waiting."""
        for number in (1, 2, 3):
            Image.new("RGB", (64, 36), (60 * number, 120, 90)).save(self.folder / f"{number}.png")
        said = f"echo brender_output: {self.folder}/$1.png; echo brender_rate: 12"
        frames = self.farm.submit(template(said, name="shot_010 lighting", tasks="1-3"), settings={"owner": "mary"})
        fails = template("[ $1 != 3 ] || { echo 'Error: no more memory' >&2; exit 1; }", tasks="1-12")
        failing = self.farm.submit(fails, name="shot_020 smoke")
        self.farm.wait(frames, within=SLOW / 1000)
        self.farm.wait(failing, "failed", within=SLOW / 1000)
        self.farm.until(lambda: len(self.farm.api(f"jobs/{frames}/pictures")["data"]) == 3, "there are no pictures")
        self.farm.api("clients/2", {"pools": ["gpu"], "tags": ["fast"], "sleeps": "mon-sun 00:00-24:00"}, "PATCH")
        self.farm.api("limits", {"name": "nuke", "count": 2})
        self.farm.api("views", {"name": "what failed", "item": "job", "filter": "failed", "sort": "-ended"})

    def open_jobs(self) -> None:
        """They are canceled after each test."""
        self.farm.submit(template("sleep 600", tasks="1-40", vcpus=2), name="shot_030 crowd")
        self.farm.submit(template("sleep 600", tasks="1-4", vcpus=64), name="waits for a machine")

    def found(self, page: Page, where: str) -> list[str]:
        page.evaluate(axe())
        said: dict[str, Any] = page.evaluate(RUN)
        self.assertGreater(said["passes"], 12, f"{where} was not looked at.")
        return [f"{where}: {each}" for each in said["found"]]

    def look(self, visit: Visit, colours: str) -> list[str]:
        """At all pages."""
        found: list[str] = []
        for path, ready in PAGES.items():
            page = see(visit, path, ready=ready)
            expect(page.locator("html")).to_have_attribute("data-bs-theme", colours)
            found += self.found(page, f"/{path} {colours}")
            for opened in OPENED.get(path, ()):
                opened(page)
                found += self.found(page, f"/{path} {colours}, {opened.__name__}")
        return found

    def test_axe_finds_nothing_by_day(self) -> None:
        self.open_jobs()
        visit = self.another(color_scheme="light", reduced_motion="reduce")
        self.assertEqual(self.look(visit, "light"), [])

    def test_axe_finds_nothing_by_night(self) -> None:
        self.open_jobs()
        visit = self.another(color_scheme="dark", reduced_motion="reduce")
        self.assertEqual(self.look(visit, "dark"), [])

    def test_axe_finds_nothing_where_something_is_wrong(self) -> None:
        page = self.visit.open("jobs/987654")
        page.locator("main [role=alert]").wait_for()
        found = self.found(page, "no such job")
        self.visit.cut(True)
        expect(page.locator(".link")).to_have_attribute("data-state", "lost")
        self.assertEqual(found + self.found(page, "no connection"), [])
        self.excuse("404: ")

    def on_a_phone(self) -> Visit:
        return self.another(viewport=PHONE, is_mobile=True, has_touch=True)

    def test_a_phone_has_room_for_every_page_and_its_tables(self) -> None:
        self.open_jobs()
        visit = self.on_a_phone()
        wide = {}
        for path, ready in PAGES.items():
            page = see(visit, path, ready=ready)
            if overflow := page.evaluate(OVERFLOW):
                wide[path] = overflow
        self.assertEqual(wide, {})

    def test_a_phone_shows_the_columns_that_matter_and_others_where_they_are_chosen(self) -> None:
        visit = self.on_a_phone()
        for path, shown in {"jobs": ["Name", "State", "Progress"], "clients": ["Name", "State", "Runs"]}.items():
            page = see(visit, path, ready="tbody a")
            headings = page.locator("thead th:not(.box)").filter(visible=True)
            expect(headings).to_have_text(shown)
            page.get_by_text("Columns", exact=True).click()
            page.get_by_label("Job" if path == "jobs" else "Client", exact=True).check()
            expect(headings).to_have_count(len(shown) + 1)
            self.assertIn("columns=id%2Cname", page.url)
