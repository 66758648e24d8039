"""The page on which jobs are handed in, in Chromium: what a scene has of its own stands in the form, and is used."""

from playwright.sync_api import Locator, expect

from tests.browser.harness import BrowserCase
from tests.browser.pages import field, see
from tests.line.test_frames import FRAMES, scene

SCENE = f"1-{FRAMES}"


class OfTheScene(BrowserCase):
    def setUp(self) -> None:
        super().setUp()
        (self.folder / "scene.blend").write_bytes(scene())
        self.page = see(self.visit, "submit")
        field(self.page, "Scene").fill(str(self.folder / "scene.blend"))

    def param(self, label: str) -> Locator:
        return self.page.locator(".param").filter(has=field(self.page, label))

    def tasks(self, count: int) -> None:
        expect(self.page.get_by_role("button", name=f"Submit {count} tasks")).to_be_enabled()

    def test_what_the_scene_has_is_shown_where_nothing_is_given(self) -> None:
        """PATH-14"""
        expect(field(self.page, "Output")).to_have_attribute("placeholder", "In the scene: //frame_####")
        expect(field(self.page, "Output")).to_have_value("")
        expect(field(self.page, "Engine")).to_have_attribute("placeholder", "In the scene: CYCLES")
        expect(self.param("Size in percent")).to_contain_text("In the scene: 100")
        field(self.page, "Size in percent").fill("100")
        expect(self.param("Size in percent")).not_to_contain_text("In the scene")
        field(self.page, "Output").fill("/abs/x_##")
        expect(self.param("Output")).to_contain_text("In the scene: //")
        field(self.page, "Scene").fill("/gone.blend")
        expect(self.page.locator(".in-scene, [placeholder^='In the scene']")).to_have_count(0)

    def test_its_frames_are_taken_over_by_a_click_and_not_in_silence(self) -> None:
        """PATH-14"""
        expect(self.param("Frames")).to_contain_text(f"In the scene: {SCENE}")
        expect(field(self.page, "Frames")).to_have_value("1")
        self.tasks(2)
        self.page.get_by_role("button", name=f"Use {SCENE} for Frames").click()
        expect(field(self.page, "Frames")).to_have_value(SCENE)
        expect(field(self.page, "Frames")).to_be_focused()
        expect(self.param("Frames")).not_to_contain_text("In the scene")
        self.tasks(FRAMES + 1)
        field(self.page, "Frames").fill("2")
        self.tasks(2)
        expect(self.param("Frames")).to_contain_text(f"In the scene: {SCENE}")
