"""The page of the interface for programs, in Chromium: it lists what the document has, and what it sends is done."""

from playwright.sync_api import Locator, Route

from tests.browser.harness import BrowserCase


class ApiPage(BrowserCase):
    def opened(self, name: str, path: str = "api") -> Locator:
        """An operation by its name, unfolded."""
        page = self.visit.open(f"{path}#{name}")
        operation = page.locator(f"#{name}")
        operation.locator("form").wait_for()
        return operation

    def sent(self, operation: Locator) -> str:
        """Its answer, after its button was pressed."""
        operation.get_by_role("button").click()
        operation.locator(".answer").wait_for()
        return operation.locator(".answer").inner_text()

    def test_every_operation_of_the_document_is_listed_and_can_be_found(self) -> None:
        page = self.visit.open("api")
        page.locator(".operation").first.wait_for()
        paths = self.farm.api("openapi.json")["paths"]
        self.assertEqual(page.locator(".operation").count(), sum(map(len, paths.values())))
        page.fill("#wanted", "post /pause")
        shown = [each for each in page.locator(".operation").all() if each.is_visible()]
        self.assertEqual([each.get_attribute("id") for each in shown], ["pauseJob", "pauseJobs"])

    def test_what_only_looks_is_sent_at_once(self) -> None:
        operation = self.opened("listSettings")
        operation.locator("[name=fields]").fill("name")
        operation.locator("[name=filter]").fill("name=strikes")
        self.assertIn("/api/v1/settings?filter=name%3Dstrikes&fields=name", operation.locator(".line").inner_text())
        self.assertIn('"name": "strikes"', self.sent(operation))

    def test_what_changes_something_is_sent_when_it_was_confirmed(self) -> None:
        operation = self.opened("updateSetting")
        operation.locator("textarea").fill('{"value": 7}')
        operation.get_by_role("button").click()
        self.assertEqual(operation.get_by_role("button").inner_text(), "This changes the farm: send it")
        self.assertNotEqual(self.farm.api("settings/strikes")["value"], 7)
        self.assertIn('"value": 7', self.sent(operation))
        self.assertEqual(self.farm.api("settings/strikes")["value"], 7)

    def test_a_refusal_is_shown_as_it_is(self) -> None:
        operation = self.opened("showJob")
        operation.locator("[name=job]").fill("999")
        self.assertIn("There is no job 999.", self.sent(operation))
        self.assertIn("404", operation.locator(".status").inner_text())
        self.assertEqual([complaint[:3] for complaint in self.visit.complaints], ["404"])
        self.visit.complaints.clear()

    def test_it_works_under_the_prefix_of_a_server_in_front(self) -> None:
        server, prefix = self.visit.address(), self.visit.address("farm/")

        def forward(route: Route) -> None:
            route.continue_(url=route.request.url.replace(prefix, server))

        self.visit.page.route(f"{prefix}**", forward)
        asked: list[str] = []
        self.visit.page.on("request", lambda request: asked.append(request.url))
        operation = self.opened("showFarm", "farm/api")
        self.assertIn('"version"', self.sent(operation))
        self.assertEqual([url for url in asked if not url.startswith(prefix)], [])
