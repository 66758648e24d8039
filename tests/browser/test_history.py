"""Jobs that have ended are deleted on their page, in Chromium: at once, or when clients have ended what they run."""

from typing import ClassVar

from playwright.sync_api import Page, expect

from tests.browser.harness import BrowserCase
from tests.browser.pages import row, see, told
from tests.line.harness import go_on, stop, template

LATER = "to be deleted as soon as clients have ended what they run"


class Deleting(BrowserCase):
    workers: ClassVar = {"alpha": 1}
    settings: ClassVar = {"heartbeat": 60.0, "lost_after": 60.0}  # nobody is taken for lost

    def delete(self, page: Page) -> None:
        page.get_by_role("button", name="Delete", exact=True).click()
        page.get_by_role("button", name="Really delete?").click()

    def test_one_that_a_client_still_ends_is_told_to_go_later_and_goes_then(self) -> None:
        kept = self.farm.submit(template(f"echo $$ > {self.folder}/pid; sleep 300", name="shot_030"))
        self.pid_in("pid")
        waiting = self.farm.submit(template(name="shot_040", vcpus=64))
        stop(self.worker)
        self.addCleanup(go_on, self.worker)
        for job in (kept, waiting):
            self.farm.cancel(job)
        page = see(self.visit, "history?filter=name%3Dshot_0*", ready="tbody a")
        for name in ("shot_030", "shot_040"):
            row(page, name).get_by_role("checkbox").check()
        self.delete(page)
        told(page, f"1 job deleted, 1 job {LATER}.")
        expect(row(page, "shot_040")).to_have_count(0)
        row(page, "shot_030").get_by_role("checkbox").check()
        self.delete(page)
        expect(page.locator(".toast-line span")).to_have_text(f"1 job {LATER}.")
        go_on(self.worker)
        expect(row(page, "shot_030")).to_have_count(0)
