"""The farm's first page: what fails and why, and the clients as a map."""

from typing import ClassVar

from playwright.sync_api import Route, expect

from tests.browser.harness import BrowserCase, Visit
from tests.browser.pages import see
from tests.line.harness import template

MOVED = """() => new Promise(told => {
  const shifts = list => told(list.getEntries().reduce((sum, each) => sum + each.value, 0));
  new PerformanceObserver(shifts).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => told(0), 1000);
})"""
LATE = 400  # milliseconds

FAILS = template("echo Error: the lamp is broken >&2; exit 3", name="shot_broken")


class TheFarm(BrowserCase):
    workers: ClassVar = {"alpha": 2}

    def test_what_fails_stands_there_with_its_reason_and_leads_to_the_job(self) -> None:
        job = self.farm.submit(FAILS, settings={"tries": 1})
        self.farm.wait(job, "failed")
        page = self.visit.open("")
        failing = page.get_by_role("region", name="Failing")
        expect(failing).to_contain_text("1 task failed")
        expect(failing).to_contain_text(self.farm.job(job)["reason"].splitlines()[0])
        failing.get_by_role("link", name="shot_broken").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("shot_broken")

    def test_a_tile_says_what_its_client_does_and_leads_to_it(self) -> None:
        page = self.visit.open("")
        clients = page.get_by_role("region", name="Clients")
        expect(clients.get_by_role("link", name="alpha: idle")).to_be_visible()
        job = self.farm.submit(template("sleep 60"))
        expect(clients.get_by_role("link", name="alpha: busy, 1 of 2 slots in use")).to_be_visible()
        busy = "/clients?filter=busy%20online%20enabled"
        expect(clients.get_by_role("link", name="1 busy")).to_have_attribute("href", busy)
        self.farm.cancel(job)
        expect(clients.get_by_role("link", name="alpha: idle")).to_be_visible()
        clients.get_by_role("link", name="1 idle").click()
        expect(page.get_by_role("cell", name="alpha")).to_be_visible()

    def late(self, address: str) -> Visit:
        """A page that gets what is at an address after everything else."""
        visit = self.another()

        def wait(route: Route) -> None:
            visit.page.wait_for_timeout(LATE)
            route.continue_()

        visit.page.route(f"**/api/v1/{address}", wait)
        return visit

    def test_whatever_is_answered_late_moves_nothing_that_is_there(self) -> None:
        self.farm.run(template("true", name="there"))
        for address in ("farm", "jobs?*", "pictures?*", "clients.json?*"):
            page = see(self.late(address), "", ready=".job-line")
            page.locator(".tile").wait_for()
            self.assertLess(page.evaluate(MOVED), 0.05, address)
