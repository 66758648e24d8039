"""The way of a job through the pages, in Chromium, on a farm whose workers render: handed in, watched, mended, played.

How does this work?  Nothing is loaded anew on the way: `mark` leaves a word in the page, and it is still there at the
end.  What a page shows is compared with what the farm says.  A connection is cut in both ways that there are: at the
browser, while the farm goes on, and at the server, which is killed and started again.
"""

import re
from typing import ClassVar

from playwright.sync_api import expect

from tests.browser.harness import BrowserCase
from tests.browser.pages import SEEN, SLOW, field, live, mark, marked, row, see, state, told
from tests.line.harness import template
from tests.line.test_frames import scene

FRAMES = 4


class Journey(BrowserCase):
    workers: ClassVar = {"alpha": 1, "beta": 1}

    def test_a_scene_is_handed_in_watched_while_it_renders_and_played(self) -> None:
        (self.folder / "scene.blend").write_bytes(scene())
        page = see(self.visit, "")
        mark(page)
        page.get_by_role("link", name="Submit", exact=True).click()
        expect(page.locator("#template")).to_have_value("blender")
        expect(page.get_by_role("button", name="Submit")).to_be_disabled()
        field(page, "Scene").fill(str(self.folder / "scene.blend"))
        field(page, "Frames").fill(f"1-{FRAMES}")
        field(page, "Output").fill(f"{self.folder}/out/frame_####")
        field(page, "Name of the job").first.fill("Glass and rings")
        expect(page.get_by_role("heading", name=f"{FRAMES + 1} tasks")).to_be_visible()
        page.get_by_role("button", name=f"Submit {FRAMES + 1} tasks").click()
        page.wait_for_url(re.compile(r"/jobs/\d+$"))
        job = int(page.url.rpartition("/")[2])
        expect(page.get_by_role("heading", level=1)).to_have_text("Glass and rings")
        newest = page.locator(".film-screen img")
        newest.wait_for(timeout=SLOW)
        self.assertGreater(newest.evaluate("image => image.naturalWidth"), 0)
        state(page, "completed", SLOW)
        expect(page.locator(".legend")).to_contain_text(f"{FRAMES} completed")
        expect(page.locator(".film-words")).to_contain_text(f"of {FRAMES} frames · 12 a second")
        self.assertEqual(page.locator(".film-strip img").count(), FRAMES)
        page.get_by_role("button", name="Play", exact=True).click()
        played = page.evaluate(SEEN, FRAMES)
        self.assertEqual(sorted(played), [f"Frame: frame {number}" for number in range(1, FRAMES + 1)])
        page.get_by_role("button", name="Pause", exact=True).click()
        self.assertEqual(self.farm.job(job)["state"], "completed")
        self.assertTrue(marked(page), "It was loaded anew.")

    def failing(self) -> int:
        """Frame 3 of 5 fails until it is mended."""
        fails = "{ echo 'Error: no wood.png' >&2; exit 1; }"
        script = f"echo frame $1; [ $1 != 3 ] || [ -e {self.folder}/mended ] || {fails}"
        return self.farm.submit(template(script, name="shot_010", tasks="1-5"))

    def test_a_frame_has_failed_its_log_says_why_and_it_is_tried_again(self) -> None:
        job = self.failing()
        page = see(self.visit, f"jobs/{job}")
        mark(page)
        state(page, "failed", SLOW)
        why = page.locator(".failure")
        expect(why.locator(".failure-why")).to_contain_text("Error: no wood.png")
        why.get_by_role("link", name=re.compile("^Log of")).click()
        expect(page.get_by_role("heading", level=1)).to_have_text("frame 3")
        expect(page.get_by_role("list").locator(".try").first).to_contain_text("Error: no wood.png")
        page.get_by_role("button", name=re.compile("^First error, line")).click()
        expect(page.locator(".log-line[data-error]")).to_contain_text("Error: no wood.png")
        page.get_by_label("Search the log").fill("WOOD")
        expect(page.locator(".log mark").first).to_have_text("wood")
        page.go_back()
        (self.folder / "mended").touch()
        expect(page.locator(".legend")).to_contain_text("1 failed")
        page.locator(".grid-place canvas").click(position={"x": 28 * 2.5, "y": 14})
        expect(page.locator(".grid-at")).to_contain_text("frame 3: failed")
        expect(page.locator(".grid .chosen")).to_contain_text("1 task chosen")
        page.locator(".grid .chosen").get_by_role("button", name="Retry", exact=True).click()
        told(page, "1 task tried again")
        state(page, "completed", SLOW)
        expect(page.locator(".legend")).to_have_text(re.compile(r"^5 completed"))
        expect(page.locator(".failure")).to_have_count(0)
        self.assertTrue(marked(page), "It was loaded anew.")

    def test_two_browsers_see_what_the_other_does_and_what_is_taken_back(self) -> None:
        mine, theirs = see(self.visit, "clients"), see(self.another(), "clients")
        for page in (mine, theirs):
            live(page)
            expect(row(page, "beta").locator(".client-state")).to_have_text("idle")
        mark(theirs)
        row(mine, "beta").get_by_role("checkbox").check()
        mine.get_by_role("button", name="Disable", exact=True).click()
        told(mine, "1 client disabled")
        expect(row(theirs, "beta").locator(".client-state")).to_have_text("disabled")
        mine.get_by_role("button", name="Undo").click()
        told(mine, "1 client enabled")
        expect(row(theirs, "beta").locator(".client-state")).to_have_text("idle")
        row(theirs, "beta").get_by_role("link", name="beta").click()
        theirs.get_by_role("button", name="Disable beta").click()
        expect(row(mine, "beta").locator(".client-state")).to_have_text("disabled")
        self.assertEqual(self.farm.client("beta")["status"], "disabled")
        row(mine, "beta").get_by_role("checkbox").check()
        mine.get_by_role("button", name="Enable", exact=True).click()
        expect(theirs.get_by_role("button", name="Disable beta")).to_be_visible()
        expect(theirs.locator(".client-state")).to_have_text("idle")
        self.assertTrue(marked(theirs), "It was loaded anew.")

    def test_what_is_handed_in_elsewhere_comes_into_the_table_by_itself(self) -> None:
        page = see(self.visit, "jobs", ready=".farm-table")
        mark(page)
        job = self.farm.submit(template("true", name="from elsewhere"))
        expect(row(page, "from elsewhere").locator(".state")).to_have_text("completed")
        self.farm.api(f"jobs/{job}", method="DELETE", body={})
        expect(row(page, "from elsewhere")).to_have_count(0)
        self.assertTrue(marked(page), "It was loaded anew.")

    def test_what_matches_a_filter_by_now_comes_into_its_table_by_itself(self) -> None:
        job = self.waiting("not for long")
        for path in ("history", "jobs?filter=canceled"):
            page = see(self.visit, path, ready=".farm-table")
            mark(page)
            expect(page.locator(".matches")).to_be_attached()
            expect(row(page, "not for long")).to_have_count(0)
            self.farm.cancel(job)
            expect(row(page, "not for long").locator(".state")).to_have_text("canceled")
            self.assertTrue(marked(page), "It was loaded anew.")
            job = self.waiting("not for long")
            self.farm.api("jobs?filter=canceled", method="DELETE", body={})
            expect(row(page, "not for long")).to_have_count(0)

    def waiting(self, name: str) -> int:
        """A job that nobody here has room for."""
        return self.farm.submit(template("true", name=name, tasks="1-3", vcpus=64))

    def test_a_browser_without_network_says_since_when_tries_again_and_catches_up(self) -> None:
        job = self.waiting("patient")
        page = see(self.visit, f"jobs/{job}")
        state(page, "queued")
        mark(page)
        self.visit.cut(True)
        expect(page.locator(".link")).to_have_text(re.compile(r"^no connection since \d\d:\d\d · trying again$"))
        expect(page.get_by_role("heading", level=1)).to_have_text("patient")
        page.get_by_role("button", name="Pause patient").click()
        told(page, "The server does not answer")
        self.farm.api(f"jobs/{job}/pause", {})
        self.visit.cut(False)
        expect(page.locator(".link")).to_have_text("live")
        state(page, "paused")
        self.assertTrue(marked(page), "It was loaded anew.")

    def test_a_server_that_is_killed_and_started_again_is_taken_up_with_what_has_happened(self) -> None:
        job = self.waiting("patience")
        page = see(self.visit, f"jobs/{job}")
        table = see(self.another(), "jobs")
        mark(page)
        self.farm.kill_server()
        expect(page.locator(".link")).to_have_attribute("data-state", "lost")
        page.get_by_role("link", name="Clients", exact=True).click()
        expect(page.locator("main [role=alert]").first).to_contain_text("The server does not answer")
        page.go_back()
        self.farm.start_server()
        self.farm.api(f"jobs/{job}/cancel", {})
        expect(page.locator(".link")).to_have_text("live")
        state(page, "canceled")
        expect(row(table, "patience").locator(".state")).to_have_text("canceled")
        self.assertTrue(marked(page), "It was loaded anew.")
