"""Tasks are canceled on the pages, in Chromium: those that are chosen in the grid, and one on its own page."""

import re
from typing import ClassVar

from playwright.sync_api import expect

from tests.browser.harness import BrowserCase
from tests.browser.pages import mark, marked, see, state, told
from tests.line.harness import template

CELL = 28  # pixels


class Canceling(BrowserCase):
    workers: ClassVar = {"alpha": 2}

    def waiting(self) -> int:
        """Two frames of five run, and would for ever."""
        job = self.farm.submit(template(f"echo $$ > {self.folder}/pid-$1; sleep 300", name="shot_020", tasks="1-5"))
        for frame in (1, 2):
            self.pid_in(f"pid-{frame}")
        return job

    def test_those_that_are_chosen_in_the_grid_and_the_rest_on_their_own_pages(self) -> None:
        job = self.waiting()
        page = see(self.visit, f"jobs/{job}")
        mark(page)
        canvas = page.locator(".grid-place canvas")
        canvas.click(position={"x": CELL * 1.5, "y": CELL / 2})
        expect(page.locator(".grid-at")).to_contain_text("frame 2: active")
        canvas.click(position={"x": CELL * 4.5, "y": CELL / 2}, modifiers=["Shift"])
        chosen = page.locator(".grid .chosen")
        expect(chosen).to_contain_text("4 tasks chosen")
        chosen.get_by_role("button", name="Cancel", exact=True).click()
        chosen.get_by_role("button", name="Really cancel?", exact=True).click()
        told(page, "4 tasks canceled")
        expect(page.locator(".legend")).to_contain_text("4 canceled")
        self.assert_gone(self.pid_in("pid-2"))
        state(page, "active")
        self.assertTrue(marked(page), "It was loaded anew.")
        page = see(self.visit, f"jobs/{job}/tasks/Work:0")
        state(page, "active")
        verbs = page.locator(".job-head .verbs button")
        expect(verbs).to_have_text(["Cancel"])
        page.get_by_role("button", name="Cancel frame 1", exact=True).click()
        page.get_by_role("button", name=re.compile("^Really cancel")).click()
        told(page, "1 task canceled")
        state(page, "canceled")
        expect(verbs).to_have_text(["Retry", "Run again"])
        self.assert_gone(self.pid_in("pid-1"))
        self.assertEqual(self.farm.wait(job, "canceled")["canceled"], 5)
