"""Saved views in Chromium: saved in one browser, looked at in another, deleted; the address has all of it."""

from typing import ClassVar
from urllib.parse import parse_qs, urlencode, urlsplit

from playwright.sync_api import Locator, Page, expect

from tests.browser.harness import BrowserCase
from tests.browser.pages import see, told
from tests.line.harness import template


def menu(page: Page) -> Locator:
    """Of the first table of a page, opened."""
    views = page.locator(".views").first
    if not views.evaluate("menu => menu.open"):
        views.locator("summary").click()
    views.locator("fieldset").wait_for()
    return views


def save(page: Page, name: str) -> None:
    views = menu(page)
    views.get_by_label("Save this view as").fill(name)
    views.get_by_role("button", name="Save this view").click()


def said(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def headings(page: Page) -> list[str]:
    return [each.strip() for each in page.locator("main thead th .dt-column-title").all_inner_texts()]


class SavedViews(BrowserCase):
    workers: ClassVar = {}

    def setUp(self) -> None:
        super().setUp()
        for view in self.farm.api("views.json")["data"]:
            self.farm.api(f"views/{view['id']}", method="DELETE")
        if not self.farm.api("jobs")["data"]:
            for number, owner in enumerate(("mara", "bo", "mara", "bo")):
                settings = {"owner": owner, "priority": 10 * number}
                made = self.farm.submit(template("true"), name=f"shot_{number}", settings=settings)
                self.farm.api(f"jobs/{made}/cancel", {})

    def names(self, page: Page) -> list[str]:
        return page.locator("tbody tr td:nth-child(3)").all_inner_texts()

    def test_one_is_saved_here_looked_at_there_and_deleted(self) -> None:
        page = see(self.visit, "jobs?filter=owner%3Dmara&sort=-priority&columns=id,name,priority", ready="tbody td")
        save(page, "those of mara")
        told(page, "The view those of mara is saved.")
        (view,) = self.farm.api("views.json")["data"]
        kept = [view[name] for name in ("name", "item", "owner", "filter", "sort", "fields")]
        self.assertEqual(kept, ["those of mara", "job", "", "owner=mara", "-priority", "id,name,priority"])
        there = self.another()
        other = see(there, "jobs", ready="tbody td")
        self.assertEqual(said(other), {})
        menu(other).get_by_role("button", name="those of mara", exact=True).click()
        expect(other.locator(".matches")).to_contain_text("2 of")
        expect(other.locator("tbody tr")).to_have_count(2)
        self.assertEqual(said(other), {"filter": "owner=mara", "sort": "-priority", "columns": "id,name,priority"})
        self.assertEqual(headings(other)[-3:], ["Job", "Name", "Priority"])
        self.assertEqual(self.names(other), ["shot_2", "shot_0"])
        offered = menu(other).get_by_role("button", name="those of mara", exact=True)
        expect(offered).to_have_attribute("aria-current", "true")
        delete = menu(other).get_by_role("button", name="those of mara").and_(other.locator(".btn"))
        delete.click()
        self.assertEqual(len(self.farm.api("views.json")["data"]), 1)
        expect(delete).to_have_accessible_name("Really delete? those of mara")
        delete.click()
        told(other, "The view those of mara is deleted.")
        expect(menu(page).get_by_text("None is saved yet.")).to_be_visible()  # it was told
        self.assertEqual(self.farm.api("views.json")["data"], [])

    def test_the_order_alone_is_taken_and_a_heading_changes_it_as_before(self) -> None:
        self.farm.api("views", {"name": "by name", "item": "job", "sort": "-name"})
        page = see(self.visit, "jobs?page=1", ready="tbody td")
        menu(page).get_by_role("button", name="by name", exact=True).click()
        expect(page.locator("tbody tr").first).to_contain_text("shot_3")
        self.assertEqual(self.names(page), ["shot_3", "shot_2", "shot_1", "shot_0"])
        for sort, first in (({}, "shot_3"), ({"sort": "name"}, "shot_0"), ({"sort": "-name"}, "shot_3")):
            page.get_by_role("columnheader", name="Name").click()  # after the last one it is as usual again
            expect(page.locator("tbody tr").first).to_contain_text(first)
            expect(page).to_have_url(self.visit.address(f"jobs{'?' * bool(sort)}{urlencode(sort)}"))

    def test_what_it_sorts_by_is_shown_and_those_of_other_things_are_not_offered(self) -> None:
        self.farm.api("views", {"name": "by end", "item": "job", "sort": "-ended", "filter": "canceled"})
        self.farm.api("views", {"name": "idle ones", "item": "client", "filter": "idle"})
        page = see(self.visit, "jobs", ready="tbody td")
        expect(menu(page).locator(".view")).to_have_count(1)
        menu(page).get_by_role("button", name="by end", exact=True).click()
        expect(page.get_by_role("columnheader", name="Ended")).to_be_visible()
        self.assertEqual(said(page)["sort"], "-ended")

    def test_a_name_that_is_taken_is_told_at_the_field(self) -> None:
        self.farm.api("views", {"name": "mine", "item": "job"})
        page = see(self.visit, "jobs", ready="tbody td")
        save(page, "mine")
        expect(page.locator(".views [role=alert]")).to_contain_text('There is a view "mine"')
        self.excuse("409: ")

    def test_one_that_somebody_saves_elsewhere_comes_by_itself(self) -> None:
        page = see(self.visit, "jobs", ready="tbody td")
        expect(menu(page).get_by_text("None is saved yet.")).to_be_visible()
        self.farm.api("views", {"name": "from the shell", "item": "job"})
        expect(menu(page).get_by_role("button", name="from the shell", exact=True)).to_be_visible()

    def test_by_keyboard_alone(self) -> None:
        self.farm.api("views", {"name": "by name", "item": "job", "sort": "name"})
        page = see(self.visit, "jobs", ready="tbody td")
        page.locator(".views summary").focus()
        page.keyboard.press("Enter")
        page.locator(".view").wait_for()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.locator("tbody tr").first).to_contain_text("shot_0")
        for _ in range(2):
            page.keyboard.press("Tab")
        page.keyboard.type("typed")
        page.keyboard.press("Enter")
        told(page, "The view typed is saved.")
        page.keyboard.press("Escape")
        expect(page.locator(".views fieldset")).to_have_count(0)
        self.assertTrue(page.evaluate("document.activeElement.matches('.views summary')"))

    def test_each_table_of_a_page_has_its_own(self) -> None:
        self.farm.api("limits", {"name": "nuke", "count": 2})
        self.farm.api("views", {"name": "most", "item": "limit", "sort": "-count"})
        page = see(self.visit, "pools", ready=".views")
        last = page.locator(".views").last
        last.locator("summary").click()
        last.get_by_role("button", name="most", exact=True).click()
        expect(page).to_have_url(self.visit.address("pools?limit-sort=-count"))
