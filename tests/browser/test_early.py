"""What a page asks for first: asked before the rest of the application is there, and only once."""

import re
from typing import ClassVar

from playwright.sync_api import Page, Request, expect

from tests.browser.harness import BrowserCase
from tests.browser.pages import live
from tests.line.harness import step_of, template


def asks(request: Request, first: str) -> bool:
    return re.sub(r".*/api/v1", "", request.url).startswith(first)


class Early(BrowserCase):
    workers: ClassVar = {"alpha": 2}

    def setUp(self) -> None:
        super().setUp()
        self.job = self.farm.run(template("true"))["id"]
        self.requests: list[Request] = []
        self.visit.page.on("request", self.note)

    def note(self, request: Request) -> None:
        self.requests.append(request)

    def opened(self, path: str, ready: str) -> Page:
        self.requests.clear()
        page = self.visit.open(path)
        page.locator(ready).first.wait_for()
        return live(page)

    def asked(self, first: str) -> int:
        return sum(asks(request, first) for request in self.requests)

    def test_the_first_question_of_a_page_is_asked_before_all_others_and_not_again(self) -> None:
        pages = {
            "jobs": ("/jobs?draw=1&", "tbody a"),
            "history": ("/jobs?draw=1&", "tbody a"),
            "clients": ("/clients?draw=1&", "tbody a"),
            "clients/1": ("/clients/1", "h1"),
        }
        for path, (first, ready) in pages.items():
            self.opened(path, ready)
            of_the_api = [each for each in self.requests if asks(each, "/") and not asks(each, "/events")]
            self.assertTrue(asks(of_the_api[0], first), (path, of_the_api))
            again = [request.url for request in of_the_api[1:] if request.url == of_the_api[0].url]
            self.assertEqual(again, [], path)

    def test_the_grid_of_a_job_is_asked_for_next_and_once(self) -> None:
        self.opened(f"jobs/{self.job}", "canvas")
        of_the_job = [request for request in self.requests if asks(request, f"/jobs/{self.job}")]
        grid = f"/jobs/{self.job}/steps/Work/grid"
        self.assertTrue(asks(of_the_job[1], grid), [request.url for request in of_the_job])
        self.assertEqual(self.asked(grid), 1)

    def test_a_step_that_is_named_in_the_address_is_the_one_that_is_asked_for(self) -> None:
        two = template() | {"steps": [step_of("true", name="Large", tasks="1-3"), step_of("true", name="Small")]}
        job = self.farm.run(two)["id"]
        for path, shown, other in (("?step=Small", "Small", "Large"), ("", "Large", "Small")):
            page = self.opened(f"jobs/{job}{path}", "canvas")
            expect(page.get_by_role("application")).to_be_visible()
            asked = [self.asked(f"/jobs/{job}/steps/{step}/grid") for step in (shown, other)]
            self.assertEqual(asked, [1, 0])

    def test_a_link_to_another_page_asks_once_too(self) -> None:
        page = self.opened("clients", "tbody a")
        self.requests.clear()
        page.get_by_role("link", name="Jobs", exact=True).click()
        page.locator("tbody a").first.wait_for()
        self.assertEqual(self.asked("/jobs?draw=1&"), 1)

    def test_of_a_job_that_is_not_there_only_that_is_told(self) -> None:
        page = self.opened("jobs/999", "[role=alert]")
        expect(page.get_by_role("alert")).to_contain_text("no job 999")
        self.assertEqual(self.asked("/jobs/999/steps"), 0)
        self.excuse("404")
