"""The audit in Chromium: who did what, filtered, sorted and sent to others; what was changed of a job or a client; and
nothing of it for whoever may not see it.
"""

from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Locator, Page, expect

from brender.farm.people.users import Role
from tests.browser.harness import BrowserCase, PeopleCase
from tests.browser.pages import live, see
from tests.line.harness import template


def cells(page: Page, heading: str) -> list[str]:
    """A column of the table, from above."""
    headings = [each.strip() for each in page.locator("main thead th").all_inner_texts()]
    return page.locator(f"main tbody tr td:nth-child({headings.index(heading) + 1})").all_inner_texts()


def said(page: Page) -> dict[str, str]:
    """What the address remembers."""
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def changes(page: Page) -> Locator:
    page.get_by_text("Changes", exact=True).click()
    page.locator(".change").first.wait_for()
    return page.locator(".change")


class AuditPage(BrowserCase):
    workers: ClassVar = {"attic": 1}

    def setUp(self) -> None:
        super().setUp()
        self.job = self.farm.submit(template("sleep 600", tasks="1-4", vcpus=64), name="waits")
        self.other = self.farm.submit(template("sleep 600", tasks="1-4", vcpus=64), name="waits too")
        self.farm.api(f"jobs/pause?filter=id={self.job},{self.other}", {})
        self.farm.api(f"jobs/{self.job}/resume", {})
        self.client = self.farm.client("attic")["id"]
        self.farm.api(f"clients/{self.client}", {"tags": ["fast"]}, "PATCH")

    def test_each_change_is_a_row_the_newest_first_and_things_are_links(self) -> None:
        page = see(self.visit, "audit", ready="tbody td")
        made = ["create job", "create job"]
        self.assertEqual(cells(page, "What")[:5], ["update client", "resume job", "pause 2 jobs", *made])
        self.assertEqual(cells(page, "Which")[:3], [str(self.client), str(self.job), f"{self.other}, {self.job}"])
        self.assertEqual({*cells(page, "Outcome")[:5]}, {"done"})
        self.assertEqual({*cells(page, "By")}, {"http"})
        page.locator("tbody tr").nth(1).get_by_role("link", name=str(self.job), exact=True).click()
        expect(page.get_by_role("heading", name="waits", exact=True)).to_be_visible()

    def test_filter_order_and_columns_stand_in_the_address_and_come_back(self) -> None:
        page = see(self.visit, "audit", ready="tbody td")
        page.get_by_label("Filter audits").press_sequentially("item=job act")
        page.get_by_role("option", name="action", exact=False).first.wait_for()
        page.get_by_label("Filter audits").fill(f"item=job action=pause,resume things~*{self.job}")
        page.get_by_label("Filter audits").press("Enter")
        expect(page.locator(".matches")).to_contain_text("2 of")
        page.get_by_role("columnheader", name="What").click()
        page.get_by_text("Columns", exact=True).click()
        page.get_by_label("How many").check()
        expect(page.get_by_role("columnheader", name="How many")).to_be_visible()
        self.assertEqual((cells(page, "What"), cells(page, "How many")), (["pause 2 jobs", "resume job"], ["2", "1"]))
        self.assertEqual(said(page)["sort"], "action")
        there = self.another().page
        there.goto(page.url)
        expect(there.locator("tbody tr")).to_have_count(2)
        self.assertEqual(cells(there, "What"), ["pause 2 jobs", "resume job"])
        self.assertEqual(cells(there, "How many"), ["2", "1"])

    def test_somebody_looks_again(self) -> None:
        page = see(self.visit, "audit", ready="tbody td")
        self.farm.api(f"jobs/{self.other}/cancel", {})
        page.get_by_role("button", name="Look again").click()
        expect(page.locator("tbody tr").first).to_contain_text("cancel job")

    def test_a_job_and_a_client_show_what_was_changed_of_them_when_somebody_asks(self) -> None:
        job = self.farm.run(template("true", tasks="1-2"))["id"]
        self.farm.api(f"jobs/{job}/tasks/Work:1/requeue", {})
        self.farm.api(f"jobs/pause?filter=id={self.job},{job},{self.other}", {})
        page = see(self.visit, f"jobs/{job}")
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url) if "/audits" in request.url else None)
        live(page)
        self.assertEqual(asked, [])
        rows = changes(page)
        expect(rows).to_have_count(3)
        for text, what in zip(rows.all_inner_texts(), ("pause 3 jobs", "requeue task", "create job"), strict=True):
            self.assertIn(what, text)
        self.assertEqual(len(asked), 1)
        page.get_by_role("link", name="in the audit").click()
        expect(page.locator("main tbody tr")).to_have_count(3)
        self.assertEqual(cells(page, "Which")[1], f"{job}/Work:1")
        page = see(self.visit, f"clients/{self.client}")
        self.assertIn("update client", changes(page).first.inner_text())

    def test_settings_and_the_foot_lead_there(self) -> None:
        page = see(self.visit, "settings", ready=".setting")
        page.locator("main").get_by_role("link", name="audit").click()
        expect(page.get_by_role("heading", name="Audit")).to_be_visible()
        page = see(self.visit, "")
        page.locator(".foot").get_by_role("link", name="Audit").click()
        expect(page.get_by_role("heading", name="Audit")).to_be_visible()


class WithUsers(PeopleCase):
    people: ClassVar = {"ada": Role.ADMIN, "vi": Role.VIEWER}

    def test_an_admin_sees_who_it_was(self) -> None:
        visit = self.of("ada")
        visit.page.locator(".foot").get_by_role("link", name="Audit").click()
        visit.page.locator("tbody td").first.wait_for()
        self.assertEqual((cells(visit.page, "Who")[0], cells(visit.page, "Role")[0]), ("ada", "admin"))
        self.assertEqual((cells(visit.page, "What")[0], cells(visit.page, "From")[0]), ("create session", "127.0.0.1"))

    def test_whoever_may_not_is_told_so_and_is_offered_no_way_there(self) -> None:
        ada, page = self.of("ada").page, self.of("vi").page
        made = ada.request.post(self.address("api/v1/jobs"), data={"template": template("true")})
        self.assertEqual(made.status, 201)
        for visitor, seen in ((ada, 1), (page, 0)):
            visitor.goto(self.address("jobs/1"))
            expect(visitor.locator(".foot").get_by_role("link", name="Audit")).to_have_count(seen)
            expect(visitor.get_by_role("heading", name="Submitted with")).to_be_visible()
            expect(visitor.locator(".changes")).to_have_count(seen)
        page.goto(self.address("audit"))
        expect(page.get_by_role("heading", name="Audit")).to_be_visible()
        expect(page.locator("main").get_by_text("The audit is for an admin; vi is a viewer.")).to_be_visible()
