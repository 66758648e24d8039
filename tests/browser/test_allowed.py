"""What somebody may not do is not offered to them, in Chromium: neither buttons nor boxes of rows, forms and keys.

How does this work?  There is one person of each role.  Two jobs wait: one is mara's, the artist's, the other somebody
else's; a machine is there, so that each page has something on it.
"""

from collections.abc import Sequence
from typing import ClassVar

from playwright.sync_api import Page, expect

from brender.farm.people.users import Role
from tests.browser.harness import PeopleCase, Visit
from tests.browser.pages import row, see, state, told
from tests.line.harness import template, until

OF_A_JOB = ["Pause", "Cancel"]
OF_JOBS = ["Pause", "Resume", "Retry failed", "Cancel"]
OF_A_CLIENT = ["Disable", "Restart", "Drain"]
SOME_KEYS = {"Submit a job", "Choose the row"}
OF_TASKS = ["Retry", "Run again", "Cancel"]


def offered(page: Page, where: str) -> Sequence[str]:
    """The buttons of verbs."""
    return page.locator(f"{where} button.btn").all_inner_texts()


class Offered(PeopleCase):
    people: ClassVar = {"ada": Role.ADMIN, "wim": Role.WRANGLER, "mara": Role.ARTIST, "vera": Role.VIEWER}

    def setUp(self) -> None:
        super().setUp()
        self.ada = self.of("ada")
        self.mine, self.other = (self.waiting(name, owner) for name, owner in (("cube", "mara"), ("sphere", "bo")))

    def waiting(self, name: str, owner: str) -> int:
        """A job that nobody here has room for."""
        made = template("true", name=name, tasks="1-3", vcpus=64)
        return int(self.ask(self.ada, "jobs", {"template": made, "settings": {"owner": owner}})["id"])

    def client(self) -> int:
        self.farm.worker("alpha", wait=False)
        online = "clients.json?filter=online"
        return int(until(lambda: self.ask(self.ada, online)["data"], "no client comes")[0]["id"])

    def test_a_viewer_is_offered_none_of_it_an_artist_what_is_of_their_own_jobs_and_a_wrangler_all(self) -> None:
        for name, of_mine, of_other in (("vera", False, False), ("mara", True, False), ("wim", True, True)):
            visit = self.of(name)
            page = see(visit, "", ready=".job-line .job-name")
            for title, may in (("cube", of_mine), ("sphere", of_other)):
                line = page.get_by_role("listitem").filter(has=page.get_by_role("link", name=title, exact=True))
                self.assertEqual(line.locator("button").all_inner_texts(), OF_A_JOB * may, (name, title))
            for job, may in ((self.mine, of_mine), (self.other, of_other)):
                page = see(visit, f"jobs/{job}", ready="canvas")
                self.assertEqual(offered(page, ".job-head"), OF_A_JOB * may, (name, job))
                page.get_by_role("application").focus()
                page.keyboard.press("Control+a")
                expect(page.locator(".chosen")).to_contain_text("3 tasks chosen")
                self.assertEqual(offered(page, ".chosen"), [*OF_TASKS * may, "Show log"], (name, job))
                page = see(visit, f"jobs/{job}/tasks/Work:0", ready=".job-head")
                self.assertEqual(offered(page, ".job-head"), ["Cancel"] * may, (name, job))
            self.assertEqual(visit.complaints, [], name)

    def chosen(self, visit: Visit, *names: str) -> Sequence[str]:
        """What can be done with these of the table of jobs."""
        page = see(visit, "jobs", ready="tbody a")
        for name in names:
            row(page, name).get_by_role("checkbox").check()
        expect(page.locator(".chosen")).to_contain_text(f"{len(names)} job")
        return offered(page, ".chosen")

    def test_rows_are_chosen_by_those_who_may_do_something_with_them(self) -> None:
        vera, mara, wim = (self.of(name) for name in ("vera", "mara", "wim"))
        page = see(vera, "jobs", ready="tbody a")
        expect(page.get_by_role("checkbox", name="Choose job")).to_have_count(0)
        page.keyboard.press("j")
        page.keyboard.press("x")
        expect(page.locator(".chosen")).to_have_count(0)
        self.assertEqual(self.chosen(mara, "cube", "sphere"), [])
        expect(mara.page.locator(".chosen")).to_contain_text("not all of them are yours")
        self.assertEqual(self.chosen(wim, "cube", "sphere"), OF_JOBS)
        self.assertEqual(self.chosen(mara, "cube"), OF_JOBS)
        mara.page.get_by_role("button", name="Pause", exact=True).click()
        told(mara.page, "1 job paused")
        expect(row(mara.page, "cube").locator(".state")).to_have_text("paused")

    def keys(self, page: Page) -> Sequence[str]:
        page.keyboard.press("?")
        listed = page.locator("dl.keys dd").all_inner_texts()
        page.keyboard.press("Escape")
        return listed

    def test_keys_and_ways_to_what_one_may_not_do_are_not_there(self) -> None:
        for name, may in (("vera", 0), ("mara", 1)):
            visit = self.of(name)
            page = see(visit, "jobs", ready="tbody a")
            listed = self.keys(page)
            self.assertIn("Next row", listed)
            self.assertEqual(SOME_KEYS & {*listed}, SOME_KEYS if may else set())
            page = see(visit, f"jobs/{self.mine}", ready="#submitted-title")
            expect(page.get_by_role("link", name="Submit", exact=True)).to_have_count(may)
            expect(page.get_by_role("link", name="Submit again with changes")).to_have_count(may)
            page.keyboard.press("g")
            page.keyboard.press("s")
            expect(page.get_by_role("heading", level=1)).to_have_text("Submit a job" if may else "cube")
        page = see(self.of("vera"), "submit")
        expect(page.locator("main")).to_contain_text("Handing in jobs is for an artist; vera is a viewer.")
        expect(page.locator("main").locator("button, input, select, textarea")).to_have_count(0)

    def test_machines_and_pools_are_changed_by_wranglers_and_settings_by_admins(self) -> None:
        client = self.client()
        self.ask(self.ada, f"clients/{client}", {"tags": ["fast"]}, "PATCH")
        self.ask(self.ada, "pools", {"name": "gpu", "clients": "name=alpha"})
        for visit, wrangles, governs in ((self.of("mara"), 0, 0), (self.of("wim"), 1, 0), (self.ada, 1, 1)):
            page = see(visit, "clients", ready="tbody a")
            expect(page.get_by_role("checkbox", name="Choose client")).to_have_count(wrangles)
            page = see(visit, f"clients/{client}", ready="#settings-title")
            self.assertEqual(offered(page, ".job-head"), OF_A_CLIENT * wrangles)
            expect(page.get_by_label("Tags")).to_have_count(wrangles)
            if not wrangles:
                expect(page.get_by_role("region", name="Settings")).to_contain_text("fast")
            page = see(visit, "pools", ready="tbody td")
            expect(page.locator(".adding")).to_have_count(3 * wrangles)
            expect(page.get_by_role("checkbox", name="Choose pool")).to_have_count(wrangles)
            page = see(visit, "settings", ready=".setting")
            expect(page.locator("main").locator("button, input, select").first).to_be_visible(visible=bool(governs))
            expect(page.get_by_text("Changing settings is for an admin")).to_have_count(1 - governs)
            self.assertEqual(visit.complaints, [])

    def test_whoever_gets_a_larger_role_is_offered_more_when_they_come_again(self) -> None:
        vera = self.of("vera")
        page = see(vera, f"jobs/{self.mine}", ready="canvas")
        self.assertEqual(offered(page, ".job-head"), [])
        self.ask(self.ada, "users/vera", {"role": "wrangler"}, "PATCH")
        page = see(vera, f"jobs/{self.mine}", ready="canvas")
        page.get_by_role("button", name="Pause cube").click()
        state(page, "paused")
