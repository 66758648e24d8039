"""A client that is shut out, in Chromium: its page says so, and the list of clients shows it to whoever wants that."""

from typing import ClassVar

from playwright.sync_api import expect

from tests.browser.harness import BrowserCase
from tests.browser.pages import see
from tests.browser.test_audit_page import cells


class Revoked(BrowserCase):
    workers: ClassVar = {"attic": 1}

    def test_its_page_says_so_at_once_and_the_list_has_a_column_for_it(self) -> None:
        client = self.farm.client("attic")["id"]
        page = see(self.visit, f"clients/{client}", ready="#client-name")
        head = page.locator(".job-head")
        expect(head).not_to_contain_text("revoked")
        self.farm.api(f"clients/{client}/revoke", {})
        expect(head).to_contain_text("revoked: it can come back with a new join token")
        page = see(self.visit, "clients?filter=revoked%3Dyes", ready="tbody td")
        expect(page.get_by_role("columnheader", name="Revoked")).to_have_count(0)
        page.get_by_text("Columns", exact=True).click()
        page.get_by_label("Revoked").check()
        expect(page.get_by_role("columnheader", name="Revoked")).to_be_visible()
        self.assertEqual((cells(page, "Name"), cells(page, "Revoked")), (["attic"], ["yes"]))
