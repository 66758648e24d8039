"""Logging in, in Chromium: nobody sees the farm before, everybody gets to the page that was wanted, and out again."""

from twisted.trial.unittest import SynchronousTestCase

from tests.browser.harness import Visit, chromium
from tests.line.harness import Farm

PASSWORD = "correct horse battery"


class LoggingIn(SynchronousTestCase):
    def setUp(self) -> None:
        chromium()  # where there is none, no farm is needed
        self.farm = Farm()
        self.addCleanup(self.farm.end)
        self.farm.start_server()
        self.visit = Visit(self.farm.web_port)
        self.addCleanup(self.visit.close)

    def test_one_gets_to_the_page_that_was_wanted_and_out_again(self) -> None:
        self.farm.api("users", {"name": "ada", "role": "admin", "password": PASSWORD})
        page = self.visit.open("jobs?filter=state%3Dfailed")
        page.get_by_role("heading", name="Log in").wait_for()
        page.get_by_label("Name").fill("ada")
        page.get_by_label("Password").fill("a guess")
        page.get_by_role("button", name="Log in").click()
        page.get_by_role("alert").wait_for()
        self.assertIn("password", page.get_by_role("alert").inner_text().lower())
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.get_by_role("heading", name="Jobs").wait_for()
        self.assertTrue(page.url.endswith("/jobs?filter=state%3Dfailed"), page.url)
        page.get_by_text("ada, admin").wait_for()
        self.assertEqual({complaint[:3] for complaint in self.visit.complaints}, {"401"})
        page.get_by_role("button", name="Log out").click()
        page.get_by_role("heading", name="Log in").wait_for()
        self.visit.open("jobs")
        page.get_by_role("heading", name="Log in").wait_for()
