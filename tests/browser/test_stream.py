"""One stream of events for a page, whatever comes late, and what a filter's field holds when keys come quickly."""

from typing import ClassVar

from playwright.sync_api import expect

from tests.browser.harness import BrowserCase
from tests.browser.pages import live, see
from tests.line.harness import template

# Every answer comes late; `streams` are those that are open.
SLOWLY = """
window.streams = new Set();
const [ask, Stream] = [window.fetch, window.EventSource];
window.fetch = async (...question) => { await new Promise(go => setTimeout(go, 1000)); return ask(...question); };
window.EventSource = class extends Stream {
  constructor(...how) { super(...how); window.streams.add(this); }
  close() { super.close(); window.streams.delete(this); }
};
"""
# Keys that come before the next frame of the screen.
AT_ONCE = """async field => {
  const { set } = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value");
  const frame = () => new Promise(requestAnimationFrame);
  field.dispatchEvent(new KeyboardEvent("keydown", { key: "Tab", bubbles: true }));
  await null;
  await null;
  const at = field.selectionStart;
  set.call(field, `${field.value.slice(0, at)}f${field.value.slice(at)}`);
  field.setSelectionRange(at + 1, at + 1);
  field.dispatchEvent(new Event("input", { bubbles: true }));
  await frame();
  await frame();
  return [field.value, field.selectionStart];
}"""


class Stream(BrowserCase):
    workers: ClassVar = {"alpha": 1}

    def test_there_is_one_however_late_the_first_answers_are(self) -> None:
        page = self.visit.page
        page.add_init_script(SLOWLY)
        self.visit.open("")
        page.get_by_role("link", name="Clients", exact=True).click()
        page.get_by_role("link", name="alpha", exact=True).wait_for()
        self.assertEqual(live(page).evaluate("() => window.streams.size"), 1)

    def test_a_key_that_follows_what_was_taken_is_written_after_it(self) -> None:
        self.farm.run(template("true"))
        page = see(self.visit, "jobs", ready="tbody a")
        field = page.get_by_role("combobox", name="Filter jobs")
        field.fill("stat")
        expect(page.get_by_role("option").first).to_contain_text("state")
        self.assertEqual(field.evaluate(AT_ONCE), ["state=f", len("state=f")])
