"""The way of a job through the pages by keyboard alone, in Chromium: no test here has a mouse."""

import json
import re
from typing import Any, ClassVar

from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.harness import BrowserCase
from tests.browser.pages import SEEN, SLOW, live, mark, marked, state, told
from tests.line.harness import template

FURTHEST = 120  # presses of Tab
FRAMES = 3
WRONG = 2  # the frame that fails
SCRIPT = (
    f"[ $1 != {WRONG} ] || [ -e {{{{Param.Folder}}}}/mended ] || {{ echo 'Error: no wood.png' >&2; exit 1; }}; "
    "echo brender_output: {{Param.Folder}}/$1.png; echo brender_rate: 12"
)

FASTER_THAN_IT_IS_PAINTED = """async () => {
  const press = (key) =>
    document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  press("Enter");
  for (let turn = 0; turn < 50; turn++) await null;
  document.activeElement.blur();
  press("j");
  press("x");
}"""


def own() -> dict[str, Any]:
    """A template with a form; what its tasks make are pictures that are there already."""
    made = template(SCRIPT, name="Rings", tasks="{{Param.Frames}}")
    made["parameterDefinitions"] = [
        {"name": "Folder", "type": "STRING", "userInterface": {"control": "LINE_EDIT", "label": "The folder"}},
        {"name": "Frames", "type": "STRING", "default": "1"},
    ]
    return made


class Keyboard(BrowserCase):
    workers: ClassVar = {"alpha": 1}

    @property
    def page(self) -> Page:
        return self.visit.page

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def tab_to(self, selector: str) -> None:
        """As often as it takes."""
        for _ in range(FURTHEST):
            self.press("Tab")
            if self.page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        self.fail(f"{selector} is not reached by Tab.")

    def title(self, words: str | re.Pattern[str]) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_have_text(words)

    def test_a_job_is_handed_in_watched_mended_and_played(self) -> None:
        for number in range(1, FRAMES + 1):
            Image.new("RGB", (64, 36), (80 * number, 0, 0)).save(self.folder / f"{number}.png")
        page = live(self.visit.open())
        mark(page)
        self.hand_in()
        state(page, "failed", SLOW)
        self.read_why()
        self.find_in_the_table()
        self.mend()
        self.play()
        self.assertTrue(marked(page), "It was loaded anew.")

    def hand_in(self) -> None:
        self.press("g", "s")
        self.title("Submit a job")
        self.tab_to("#template")
        self.press("End")  # one of your own
        self.tab_to("textarea.own")
        self.press("Control+a")
        self.page.keyboard.insert_text(json.dumps(own(), indent=1))
        self.page.locator("#param-Folder").wait_for()
        self.tab_to("#param-Folder")
        self.page.keyboard.type(str(self.folder))
        self.tab_to("#param-Frames")
        self.press("Control+a")
        self.page.keyboard.type(f"1-{FRAMES}")
        expect(self.page.get_by_role("heading", name=f"{FRAMES} tasks")).to_be_visible()
        self.tab_to("button[type=submit]")
        self.press("Enter")
        self.title("Rings")

    def read_why(self) -> None:
        self.page.locator(".failure a").wait_for()
        self.tab_to(".failure a")
        self.press("Enter")
        self.title(f"frame {WRONG}")
        error = self.page.locator(".log-line[data-error]")
        expect(error).to_contain_text("Error: no wood.png")
        self.press("e")
        self.tab_to(".log-search")
        self.page.keyboard.type("wood")
        expect(self.page.locator(".log-part .tools [role=status]")).to_contain_text("line")
        self.press("Enter", "Escape", "n")
        expect(self.page.locator(".log-line[data-at] mark")).to_have_text("wood")

    def find_in_the_table(self) -> None:
        self.press("g", "j")
        self.title("Jobs")
        self.page.locator("tbody tr").first.wait_for()
        self.press("/")
        field = self.page.get_by_role("combobox", name="Filter jobs")
        expect(field).to_be_focused()
        self.page.keyboard.type("sta")
        self.take_offered("state=")
        self.page.keyboard.type("fai")
        self.page.get_by_role("option", name=re.compile("^failed")).wait_for()
        self.press("Tab")
        expect(field).to_have_value(re.compile("^state ?= ?failed ?$"))
        self.press("Enter", "Escape")
        expect(self.page.locator(".tools [role=status]")).to_have_text("1 of 1 job")
        self.press("j", "x")
        expect(self.page.locator(".chosen")).to_contain_text("1 job chosen")
        self.press("x")
        expect(self.page.locator(".chosen")).to_be_hidden()
        self.press("j", "k", "Enter")
        self.title("Rings")

    def take_offered(self, word: str) -> None:
        """With the arrows and Enter."""
        self.page.get_by_role("option", name=re.compile(f"^{word}")).first.wait_for()
        chosen = self.page.locator("[role=option][aria-selected=true]")
        for _ in range(FURTHEST):
            self.press("ArrowDown")
            expect(chosen).to_have_count(1)
            if chosen.inner_text().startswith(word):
                break
        self.press("Enter")
        expect(self.page.get_by_role("combobox", name="Filter jobs")).to_have_value(word)

    def mend(self) -> None:
        self.page.locator(".grid-place").wait_for()
        self.tab_to(".grid-place")
        at, chosen = self.page.locator(".grid-at"), self.page.locator(".grid .chosen")
        self.press("Home", "Enter")
        self.title("frame 1")
        self.press("g", "j")
        self.page.locator("tbody tr").first.wait_for()
        self.press("j", "Enter")
        self.page.locator(".grid-place").wait_for()
        self.tab_to(".grid-place")
        self.press("Home", "ArrowRight")
        expect(at).to_contain_text(f"frame {WRONG}: failed")
        self.press("Shift+ArrowRight")
        expect(chosen).to_contain_text("2 tasks chosen")
        self.press("Escape")
        expect(chosen).to_have_count(0)
        self.press("ArrowLeft", " ")
        expect(at).to_contain_text(f"frame {WRONG}: failed")
        expect(chosen).to_contain_text("1 task chosen")
        (self.folder / "mended").touch()
        self.tab_to(".grid .chosen button")
        self.press("Enter")
        told(self.page, "1 task tried again")
        state(self.page, "completed", SLOW)

    def play(self) -> None:
        expect(self.page.locator(".film-words")).to_contain_text(f"of {FRAMES} frames")
        self.tab_to(".film-button")
        self.press(" ")
        self.assertEqual(len(self.page.evaluate(SEEN, FRAMES)), FRAMES)
        self.press(" ", ".")
        expect(self.page.locator(".film-button").first).to_have_text("Play")

    def test_a_client_is_disabled_and_enabled_again(self) -> None:
        live(self.visit.open())
        self.press("g", "c")
        self.title("Clients")
        self.page.locator("tbody tr").first.wait_for()
        self.press("j", "x")
        expect(self.page.locator(".chosen")).to_contain_text("1 client chosen")
        self.tab_to(".chosen .btn + .btn")  # the second one: Disable
        self.press("Enter")
        told(self.page, "1 client disabled")
        expect(self.page.locator("tbody .client-state")).to_have_text("disabled")
        self.press("u")
        told(self.page, "1 client enabled")
        expect(self.page.locator("tbody .client-state")).to_have_text("idle")

    def test_what_is_chosen_right_after_a_filter_was_given_stays_chosen(self) -> None:
        page = live(self.visit.open("clients"))
        page.locator("tbody tr").first.wait_for()
        self.press("/")
        page.keyboard.type("online")
        page.evaluate(FASTER_THAN_IT_IS_PAINTED)
        expect(page.locator(".tools [role=status]")).to_have_text("1 of 1 client")
        expect(page.locator(".chosen")).to_contain_text("1 client chosen")
        expect(page.get_by_role("checkbox", name="Choose client 1")).to_be_checked()

    def test_the_keys_are_listed_and_the_list_is_left(self) -> None:
        page = live(self.visit.open("jobs"))
        self.press("?")
        sheet = page.get_by_role("dialog", name="Keys")
        for words in ("Submit a job", "Next row", "Open the row", "Filter", "Undo what was just done"):
            expect(sheet.get_by_text(words, exact=True)).to_be_visible()
        self.press("g", "c")  # nothing happens behind it
        self.title("Jobs")
        self.press("Escape")
        expect(sheet).to_be_hidden()

    def test_the_first_link_leads_past_what_stands_above_every_page(self) -> None:
        page = live(self.visit.open("jobs"))
        self.press("Tab")
        expect(page.get_by_role("link", name="To the page")).to_be_focused()
        self.press("Enter", "Tab")
        expect(page.get_by_role("combobox", name="Filter jobs")).to_be_focused()
