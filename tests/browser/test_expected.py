"""What somebody asks for is shown at once, and goes again where the farm refuses it or nobody answers.

How does this work?  The server is real; only the way to it is slow: `Held` keeps what a page asks for until a test lets
it go on.  Meanwhile things happen on the farm, which the page hears of as ever.
"""

import re
from typing import ClassVar

from playwright.sync_api import Locator, Page, Route, expect

from brender.farm.people.users import Role
from tests.browser.harness import BrowserCase, PeopleCase, Visit
from tests.browser.pages import mark, marked, row, see, state, told
from tests.line.harness import template, until

NO_ANSWER = "The server does not answer"
WIDTHS = """async bar => {
  await Promise.all(bar.getAnimations({ subtree: true }).map(each => each.finished));
  return [bar, ...bar.children].map(each => each.getBoundingClientRect().width);
}"""  # pixels: of the bar, then of its parts


class Held:
    """What pages ask for at an address, until it may go on."""

    def __init__(self, page: Page, address: str) -> None:
        self._page = page
        self._routes: list[Route] = []
        page.route(f"**/api/v1/{address}*", self._hold)

    def _hold(self, route: Route) -> None:
        self._routes.append(route)

    def wait(self) -> None:
        def came() -> bool:
            self._page.wait_for_timeout(10)  # pages are heard while one waits
            return bool(self._routes)

        until(came, "nothing was asked for")

    def go_on(self) -> None:
        self.wait()
        for route in self._routes:
            route.continue_()
        self._routes.clear()


def busy(thing: Locator) -> None:
    expect(thing).to_have_attribute("aria-busy", "true")


def settled(thing: Locator) -> None:
    expect(thing).not_to_have_attribute("aria-busy", "true")


class Expected(BrowserCase):
    workers: ClassVar = {"alpha": 2}

    def waiting(self, name: str) -> int:
        """A job that nobody here has room for."""
        return self.farm.submit(template("true", name=name, vcpus=64))

    def test_a_job_is_shown_as_it_will_be_before_the_farm_has_answered_and_stays_so(self) -> None:
        job = self.waiting("patience")
        page = see(self.visit, f"jobs/{job}")
        state(page, "queued")
        held, head = Held(page, "jobs/pause"), page.locator(".job-head")
        page.get_by_role("button", name="Pause patience").click()
        state(page, "paused")
        busy(head)
        self.assertEqual(self.farm.job(job)["state"], "queued")
        self.farm.api(f"jobs/{job}", {"priority": 81}, "PATCH")
        expect(head).to_contain_text("priority 81")
        state(page, "paused")
        held.go_on()
        told(page, "1 job paused")
        settled(head)
        state(page, "paused")
        self.assertEqual(self.farm.job(job)["state"], "paused")
        self.farm.api(f"jobs/{job}/resume", {})
        state(page, "queued")

    def test_what_is_refused_is_as_the_farm_has_it_by_now_and_the_reason_is_told(self) -> None:
        job = self.waiting("ended meanwhile")
        page = see(self.visit, f"jobs/{job}")
        state(page, "queued")
        held, head = Held(page, "jobs/pause"), page.locator(".job-head")
        page.get_by_role("button", name="Pause ended meanwhile").click()
        state(page, "paused")
        self.farm.api(f"jobs/{job}", {"priority": 82}, "PATCH")
        self.farm.cancel(job)
        state(page, "canceled")
        held.go_on()
        told(page, f"Job {job} is canceled and cannot be paused.")
        settled(head)
        state(page, "canceled")
        expect(head).to_contain_text("priority 82")

    def test_rows_of_a_table_stay_chosen_where_it_could_not_be(self) -> None:
        first, second = self.waiting("first"), self.waiting("second")
        page = see(self.visit, "jobs", ready="tbody a")
        held = Held(page, "jobs/cancel")
        for name in ("first", "second"):
            row(page, name).get_by_role("checkbox").check()
        page.get_by_role("button", name="Cancel", exact=True).click()
        page.get_by_role("button", name="Really cancel?").click()
        for name in ("first", "second"):
            expect(row(page, name).locator(".state")).to_have_text("canceled")
            busy(row(page, name))
        held.wait()
        self.farm.api(f"jobs/{first}/pause", {})
        self.farm.api(f"jobs/{first}", {"priority": 83}, "PATCH")
        expect(row(page, "first")).to_contain_text("83")
        self.visit.cut(True)
        held.go_on()
        told(page, NO_ANSWER)
        expect(row(page, "first").locator(".state")).to_have_text("paused")
        expect(row(page, "second").locator(".state")).to_have_text("queued")
        settled(row(page, "first"))
        expect(page.locator(".chosen")).to_contain_text("2 jobs chosen")
        self.visit.cut(False)
        page.get_by_role("button", name="Cancel", exact=True).click()
        page.get_by_role("button", name="Really cancel?").click()
        held.go_on()
        told(page, "2 jobs canceled")
        self.assertEqual({self.farm.job(job)["state"] for job in (first, second)}, {"canceled"})
        self.visit.complaints.clear()

    def test_a_server_that_does_not_answer_changes_nothing(self) -> None:
        job = self.waiting("alone")
        page = see(self.visit, f"jobs/{job}")
        state(page, "queued")
        self.visit.cut(True)
        page.get_by_role("button", name="Pause alone").click()
        told(page, NO_ANSWER)
        state(page, "queued")
        settled(page.locator(".job-head"))
        self.assertEqual(self.farm.job(job)["state"], "queued")
        self.visit.cut(False)

    def test_a_client_is_shown_so_wherever_it_stands(self) -> None:
        page = see(self.visit, "", ready=".tile")
        held = Held(page, "clients/disable")
        mark(page)
        page.get_by_role("link", name="alpha: idle").click()
        expect(page.locator(".client-state")).to_have_text("idle")
        page.get_by_role("button", name="Disable alpha").click()
        expect(page.locator(".client-state")).to_have_text("disabled")
        busy(page.locator(".job-head"))
        page.get_by_role("navigation", name="Pages").get_by_role("link", name="Clients").click()
        expect(row(page, "alpha").locator(".client-state")).to_have_text("disabled")
        busy(row(page, "alpha"))
        page.get_by_role("navigation", name="Pages").get_by_role("link", name="Farm").click()
        expect(page.get_by_role("link", name="alpha: disabled")).to_be_visible()
        self.assertEqual(self.farm.client("alpha")["status"], "enabled")
        held.go_on()
        told(page, "1 client disabled")
        settled(page.get_by_role("listitem").filter(has=page.get_by_role("link", name="alpha: disabled")))
        page.get_by_role("button", name="Undo").click()
        expect(page.get_by_role("link", name="alpha: idle")).to_be_visible()
        self.assertEqual(self.farm.client("alpha")["status"], "enabled")
        self.assertTrue(marked(page), "It was loaded anew.")

    def test_a_setting_that_is_refused_stays_written_and_what_is_set_is_shown_at_once(self) -> None:
        page = see(self.visit, f"clients/{self.farm.client('alpha')['id']}")
        sleeps, asleep = page.get_by_label("Sleeps"), page.get_by_role("region", name="Hours of sleep")
        held = Held(page, "clients")
        sleeps.fill("whenever")
        page.get_by_role("button", name="Set", exact=True).click()
        expect(asleep).to_contain_text("whenever")
        held.go_on()
        expect(page.locator("form [role=alert]")).to_contain_text("whenever")
        expect(asleep).to_contain_text("it never sleeps")
        expect(sleeps).to_have_value("whenever")
        self.excuse("400: ", "422: ")
        sleeps.fill("sat-sun 01:00-02:00")
        page.get_by_role("button", name="Set", exact=True).click()
        expect(asleep).to_contain_text("sat-sun 01:00-02:00")
        held.go_on()
        told(page, "alpha: 1 set.")
        expect(asleep).to_contain_text("sat-sun 01:00-02:00")
        self.farm.api(f"clients/{self.farm.client('alpha')['id']}", {"sleeps": ""}, "PATCH")
        expect(sleeps).to_have_value("")

    def test_a_pool_waits_for_the_answer_before_it_goes(self) -> None:
        for name in ("gpu", "cpu"):
            self.farm.api("pools", {"name": name, "clients": "name=alpha"})
        page = see(self.visit, "pools", ready="tbody td")
        pools = page.get_by_role("table", name="pools")
        held, gpu = Held(page, "pools?filter="), pools.get_by_role("row").filter(has_text="gpu")
        gpu.get_by_role("checkbox").check()
        page.get_by_role("button", name="Delete", exact=True).click()
        page.get_by_role("button", name="Really delete?").click()
        busy(gpu)
        held.go_on()
        told(page, "1 pool deleted.")
        expect(gpu).to_have_count(0)
        self.assertEqual([pool["name"] for pool in self.farm.api("pools")["data"]], ["cpu"])


class ManyAtOnce(BrowserCase):
    """WEB-07"""

    workers: ClassVar = {"alpha": 7}

    def test_fifty_jobs_are_canceled_by_one_request_and_the_one_that_was_before_is_told_of(self) -> None:
        jobs = [self.farm.submit(template("true", name=f"one_of_{number}", vcpus=64)) for number in range(52)]
        self.farm.cancel(jobs[7])
        page = see(self.visit, "jobs?length=100&sort=id&filter=name%3Done_of_*", ready="tbody a")
        boxes = page.get_by_role("checkbox", name=re.compile("^Choose job"))
        boxes.nth(0).check()
        boxes.nth(49).click(modifiers=["Shift"])
        expect(page.locator(".chosen")).to_contain_text("50 jobs chosen")
        asked = list[str]()
        page.on("request", lambda request: asked.append(f"{request.method} {request.url}"))
        page.get_by_role("button", name="Cancel", exact=True).click()
        page.get_by_role("button", name="Really cancel?").click()
        told(page, "49 jobs canceled, 1 of 50 stays as it is.")
        expect(page.locator("tbody .state").filter(has_text="canceled")).to_have_count(50)
        self.assertEqual([self.farm.job(job)["state"] for job in jobs], ["canceled"] * 50 + ["queued"] * 2)
        page.wait_for_timeout(100)  # what it asks for meanwhile is heard
        self.assertEqual(["/api/v1/jobs/cancel?" in each for each in asked if not each.startswith("GET ")], [True])
        self.assertEqual([each for each in asked if re.search(r"/jobs/\d", each)], [])

    def test_the_parts_of_a_bar_add_up_to_its_width(self) -> None:
        script = f"case $1 in 4) exit 1;; [567]) echo $1 >> {self.folder}/held; sleep 300;; esac"
        job = self.farm.submit(template(script, name="of_all", tasks="1-7"), settings={"tries": 1})
        self.until(lambda: len(self.written("held")) == 3, "they do not run")
        self.farm.api(f"jobs/{job}/tasks/cancel?filter=frame=7", {})
        for path in (f"jobs/{job}", f"jobs?filter=id%3D{job}"):
            bar = see(self.visit, path, ready=".bar").locator(".bar").first
            expect(bar).to_have_attribute("aria-valuetext", "3 completed, 2 running, 1 failed, 1 canceled, of 7")
            whole, *parts = bar.evaluate(WIDTHS)
            self.assertGreater(whole, 50.0)
            self.assertLess(abs(sum(parts) - whole), 1.0, parts)
            for part, tasks in zip(parts, (3, 2, 1, 1), strict=True):
                self.assertLess(abs(part - whole * tasks / 7), 1.0, parts)


class Refused(PeopleCase):
    """What was offered and may not be done any more."""

    people: ClassVar = {"ada": Role.ADMIN, "wim": Role.WRANGLER, "mara": Role.ARTIST}

    def setUp(self) -> None:
        super().setUp()
        self.ada = self.of("ada")
        submission = {"template": template("true", name="cube", vcpus=64), "settings": {"owner": "mara"}}
        self.job = self.ask(self.ada, "jobs", submission)["id"]

    def cancel(self, visit: Visit) -> Held:
        page = see(visit, f"jobs/{self.job}", ready=".job-head")
        held = Held(page, "jobs/cancel")
        page.get_by_role("button", name="Cancel cube").click()
        page.get_by_role("button", name="Really cancel? cube").click()
        state(page, "canceled")
        busy(page.locator(".job-head"))
        held.wait()
        return held

    def test_a_job_that_is_somebody_elses_by_now_is_left_to_them(self) -> None:
        mara = self.of("mara")
        held, page = self.cancel(mara), mara.page
        self.ask(self.ada, f"jobs/{self.job}", {"owner": "wim"}, "PATCH")
        held.go_on()
        told(page, f"Job {self.job} is wim's; mara is an artist, and changes their own. Nothing was changed.")
        state(page, "queued")
        settled(page.locator(".job-head"))
        expect(page.locator(".job-head")).to_contain_text("wim")
        expect(page.locator(".job-head").get_by_role("button")).to_have_count(0)
        self.assertEqual({complaint[:3] for complaint in mara.complaints}, {"403"})

    def test_whoever_has_lost_their_role_is_told_so_and_is_offered_nothing_more(self) -> None:
        wim = self.of("wim")
        held, page = self.cancel(wim), wim.page
        self.ask(self.ada, "users/wim", {"role": "viewer"}, "PATCH")
        held.go_on()
        expect(page.locator(".toast-line.bad")).to_be_visible()
        expect(page.get_by_role("alert").filter(has_text="You are not logged in")).to_be_visible()
        state(page, "queued")
        settled(page.locator(".job-head"))
        expect(page.locator(".job-head").get_by_role("button")).to_have_count(0)
        self.assertEqual(self.ask(self.ada, f"jobs/{self.job}")["state"], "queued")
