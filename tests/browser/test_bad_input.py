"""What must not harm a page, in Chromium: names, values and logs that are markup, huge logs, frames that are none, a
failing server.

How does this work?  Whatever came of text as markup would set `window.hit`, and an image without a source would be
asked for; both are looked for on every page.  A server that fails is played between the browser and the real one, which
stays as it is: so it can be seen as well that the page takes up again when the trouble is over.
"""

import re
import shlex
from collections.abc import Callable
from typing import ClassVar
from urllib.parse import quote

from playwright.sync_api import Page, Route, expect

from tests.browser.harness import BrowserCase
from tests.browser.pages import SLOW, live, mark, marked, row, see, state
from tests.line.harness import template

MARKUP = '<img src=nowhere onerror="window.hit=1"><script>window.hit=1</script>'
NAMES = (MARKUP, "שלום עולם (סצנה 2)!", "🎬 Übergang 🇳🇱👩‍🚀", "x" * 128)
MACHINE = '<img src=nowhere onerror="window.hit=1">'  # a name that a file may have, too
NO_LINK = "javascript:window.hit=1"
STEP = "50% of <b>it</b> & more"
LINES = 210_000
LONG_LINE = 10_000_000
PLACES = ("", "jobs", "clients", "pools", "submit", "history", "audit", "settings", "api", "clients/1")
MISTAKE = '{"status": 500, "detail": "The server has made a mistake.", "code": "internal"}'
SIGN_IN = '{"status": 401, "detail": "Please sign in first.", "code": "unauthorized"}'
EVERYWHERE = ("500", "nothing at all")  # the others are only looked at on two pages
SENTENCE = re.compile(r"[A-Z][^<>{}]{8,}[.?!]")


def answer(status: int, body: str, kind: str) -> Callable[[Route], None]:
    return lambda route: route.fulfill(status=status, body=body, content_type=kind)


FAILING: dict[str, Callable[[Route], None]] = {
    "500": answer(500, MISTAKE, "application/problem+json"),
    "502, as a server in front says it": answer(502, "<h1>Bad Gateway</h1>", "text/html"),
    "401": answer(401, SIGN_IN, "application/problem+json"),
    "another page than ours": answer(200, "<html>Welcome to the hotel</html>", "text/html"),
    "nothing at all": lambda route: route.abort(),
}


class BadInput(BrowserCase):
    workers: ClassVar = {"alpha": 2}

    def unharmed(self, page: Page, where: str) -> None:
        self.assertIsNone(page.evaluate("() => window.hit ?? null"), where)
        self.assertEqual(page.locator("main script, img[src=nowhere], main b:not([data-method])").count(), 0, where)

    def test_names_are_shown_as_what_they_are(self) -> None:
        made = template(f"echo '{MARKUP} Error' >&2; exit 1")
        made["steps"][0]["name"] = STEP
        settings = {"owner": MARKUP[:64], "tries": 1}
        jobs = {name: self.farm.submit(made, settings=settings, name=name) for name in NAMES}
        for job in jobs.values():
            self.farm.wait(job, "failed")
        for path, ready in (("", ".job-name"), ("jobs", "tbody a"), ("history", "tbody a")):
            page = see(self.visit, path, ready=ready)
            for name in NAMES:
                expect(page.get_by_role("link", name=name, exact=True).first).to_be_visible()
            self.unharmed(page, path)
        for name, job in jobs.items():
            page = see(self.visit, f"jobs/{job}", ready=".failure")
            expect(page.get_by_role("heading", level=1)).to_have_text(name)
            self.assertIn(name, page.title())
            expect(page.locator(".failure-why")).to_contain_text(MARKUP)
            self.unharmed(page, name)
        page.locator(".failure a").click()
        page.locator(".log-line[data-error]").wait_for()
        self.assertIn(quote(STEP, safe=""), page.url)
        expect(page.locator(".job-head")).to_contain_text(STEP)
        expect(page.locator(".log-line[data-error]")).to_contain_text(MARKUP)
        self.unharmed(page, "the task")

    def on_a_machine_of_that_name(self, script: str) -> int:
        """A job whose task has the value "MARKUP" and says what the script does."""
        self.farm.worker(MACHINE)
        client = self.farm.client(MACHINE)["id"]
        self.farm.api(f"clients/{client}", {"pools": ["odd"], "tags": [MACHINE]}, "PATCH")
        made = template(script, tasks="1")
        made["parameterDefinitions"] = [{"name": "Scene", "type": "STRING", "description": MARKUP}]
        (step,) = made["steps"]
        step["parameterSpace"]["taskParameterDefinitions"][0] |= {"type": "STRING", "range": [MARKUP]}
        return self.farm.submit(made, {"Scene": MARKUP}, settings={"pool": "odd", "owner": MARKUP[:64]})

    def test_what_machines_values_warnings_and_states_are_is_shown_as_text(self) -> None:
        said = f"echo {shlex.quote(f'brender_warning: {MARKUP}')}; echo {shlex.quote(f'openjd_status: {MARKUP}')}"
        job = self.on_a_machine_of_that_name(f"{said}; sleep 600")
        client = self.farm.client(MACHINE)["id"]
        self.until(lambda: self.farm.job(job)["warnings"], "there is no warning")
        self.until(lambda: self.farm.api(f"jobs/{job}/tasks/Work:0")["status"], "there is no status")
        pages = {
            f"jobs/{job}": {".warnings": MARKUP, ".facts dd": MARKUP},
            f"jobs/{job}/tasks/Work:0": {
                ".job-middle p:first-child": f"runs on {MACHINE}",
                ".job-middle > p:first-child": MARKUP,  # its state
                ".job-middle .soft": MARKUP,  # and its values
                "section:has(#log-title) .heading": f" on {MACHINE}",
            },
            f"clients/{client}": {"h1": MACHINE, ".running": MARKUP},
            "clients": {"tbody": MACHINE},
            f"submit?job={job}": {".param .soft": MARKUP, ".outcome": MARKUP},
        }
        for path, parts in pages.items():
            page = see(self.visit, path, ready="h1")
            for part, text in parts.items():
                expect(page.locator(part).filter(has_text=text).first, path).to_be_visible()
            self.unharmed(page, path)
        expect(page.get_by_label("Scene")).to_have_value(MARKUP)
        page = see(self.visit, f"clients/{client}", ready="#settings-title")
        expect(page.get_by_label("Tags")).to_have_value(MACHINE)
        self.assertIn(MACHINE, page.title())
        page = see(self.visit, "", ready=".tile")
        tile = page.locator(f'a.tile[href$="/clients/{client}"]')
        expect(tile).to_have_attribute("title", re.compile(re.escape(MACHINE)))
        self.unharmed(page, "the farm")
        self.farm.cancel(job)

    def test_colours_of_a_log_are_shown_and_all_else_of_it_is_text(self) -> None:
        escape = "\\033"
        lines = {
            "in colour": f"{escape}[1;31m{MARKUP}{escape}[22m not bold{escape}[0m plain",
            "cut by a code": f"{MARKUP[:9]}{escape}[32m{MARKUP[9:]}{escape}[m",
            "of a palette": f"{escape}[38;5;9m{MARKUP}{escape}[48;2;1;2;3m!",
            "a link": f"{escape}]8;;{NO_LINK}{escape}\\\\{MARKUP}{escape}]8;;\\007",
            "a title": f"{escape}]0;{NO_LINK}\\007{escape}[2K{escape}[1A{MARKUP}",
            "the end of the element": f"</pre></div></script>{MARKUP}",
        }
        page = self.log_of("; ".join(f"printf '%b\\n' {shlex.quote(line)}" for line in lines.values()))
        shown = page.locator(".log-line").filter(has_text="nowhere")
        texts = [f"{MARKUP} not bold plain", MARKUP, f"{MARKUP}!", MARKUP, MARKUP, f"</pre></div></script>{MARKUP}"]
        expect(shown).to_have_text([re.compile(rf"^\d+{re.escape(text)}$") for text in texts])
        for number, looks in enumerate(
            (["ansi-red ansi-bold", "ansi-red", ""], ["", "ansi-green"], ["", ""], [""], [""], [""])
        ):
            spans = shown.nth(number).locator("span:not(.log-number)")
            found = [each.get_attribute("class") or "" for each in spans.all()]
            self.assertEqual(found, looks, [*lines][number])
        expect(page.locator(".log a")).to_have_count(0)
        page.get_by_label("Search the log").fill(MARKUP[:20])
        expect(shown.first.locator("mark")).to_have_text(MARKUP[:20])
        self.unharmed(page, "the log")

    def test_an_address_of_nothing_says_so(self) -> None:
        job = self.farm.submit(template("true"))
        told = {
            "jobs/987654": "There is no job 987654.",
            "jobs/987654/tasks/Work:0": "There is no job 987654.",
            f"jobs/{job}/tasks/none": "none",
            "clients/987654": "There is no client 987654.",
            "jobs?filter=naem%3Dx": "naem",
        }
        for path, words in told.items():
            page = live(self.visit.open(path))
            expect(page.locator("main [role=alert]").first).to_contain_text(words)
        self.excuse("404: ", "400: ")

    def test_what_somebody_deletes_meanwhile_is_gone_here_as_well(self) -> None:
        job = self.farm.submit(template("true", name="not for long"))
        self.farm.wait(job)
        page = see(self.visit, f"jobs/{job}", ready=".grid")
        self.farm.api(f"jobs/{job}", method="DELETE", body={})
        expect(page.get_by_role("heading", level=1)).to_have_text("Not here")
        expect(page.locator("main [role=alert]")).to_contain_text(f"There is no job {job}.")
        live(page)
        gone, just_then = f"api/v1/jobs/{job}", "api/v1/events"
        self.excuse(*(f"404: {self.visit.address(path)}" for path in (gone, just_then)))

    def test_a_frame_that_is_no_picture_is_told_of_and_the_rest_of_the_page_is_there(self) -> None:
        picture = {"task": "Work:0", "frame": 7, "version": "1", "width": 64, "height": 36}
        pictures = {"last": 1, "more": False, "rate": 12, "data": [picture]}
        job = self.farm.submit(template("true", name="shot"))
        self.farm.wait(job)

        def pictured(route: Route) -> None:
            said = route.fetch().json()
            route.fulfill(json={**said, "picture": 1, "picture_step": "Work", "picture_task": 0})

        self.visit.page.route(f"**/api/v1/jobs/{job}", pictured)
        self.visit.page.route(f"**/api/v1/jobs/{job}/pictures?*", lambda route: route.fulfill(json=pictures))
        self.visit.page.route("**/picture?*", answer(200, "this is no picture", "image/jpeg"))
        page = see(self.visit, f"jobs/{job}", ready=".film")
        expect(page.locator(".film-screen")).to_have_text("The picture of frame 7 cannot be shown.")
        state(page, "completed")
        page.get_by_role("button", name="Play", exact=True).click()
        expect(page.locator(".legend")).to_contain_text("1 completed")

    def log_of(self, script: str) -> Page:
        job = self.farm.submit(template(script))
        self.farm.wait(job, within=SLOW / 1000)
        return see(self.visit, f"jobs/{job}/tasks/Work:0", ready=".log-line")

    def test_a_line_of_ten_megabytes_is_shown_as_far_as_anybody_reads(self) -> None:
        page = self.log_of(f"echo before; head -c {LONG_LINE} /dev/zero | tr '\\0' x; echo; echo afterwards")
        expect(page.locator(".log-line").filter(has_text="afterwards")).to_be_visible(timeout=SLOW)
        expect(page.locator(".log-line").filter(has_text="xxxxxxxxxx").first).to_contain_text("more")
        self.assertLess(page.evaluate("() => document.querySelector('.log').innerText.length"), 100_000)

    def test_a_log_of_very_many_lines_is_scrolled_searched_and_ended(self) -> None:
        page = self.log_of(f"seq {LINES}; echo that was all")
        lines, log = page.locator(".log-line"), page.locator(".log")
        expect(lines.filter(has_text="that was all")).to_be_visible(timeout=SLOW)
        self.assertLess(lines.count(), 200)
        log.focus()
        page.keyboard.press("Home")
        expect(lines.first.locator(".log-number")).to_have_text("1")
        log.evaluate("log => { log.scrollTop = log.scrollHeight / 2; }")
        expect(lines.first).to_contain_text(re.compile(r"10\d{4}"))
        page.get_by_label("Search the log").fill("123456")
        expect(page.locator(".tools [role=status]")).to_have_text("1 line")
        page.keyboard.press("Enter")
        expect(page.locator(".log-line[data-at]")).to_contain_text("123456")
        log.focus()
        page.keyboard.press("End")
        expect(lines.filter(has_text="that was all")).to_be_visible()

    def completed(self) -> int:
        job = self.farm.submit(template("true", name="the first"))
        self.farm.wait(job)
        return job

    def between(self, way: Callable[[Route], None], addresses: str = "**/api/v1/**") -> None:
        self.visit.page.route(addresses, way)

    def test_every_page_says_in_a_sentence_that_it_could_not_be_read(self) -> None:
        job = f"jobs/{self.completed()}"
        for trouble, way in FAILING.items():
            self.visit.page.unroute("**/api/v1/**")
            self.between(way)
            for path in (*PLACES, job, f"{job}/tasks/Work:0") if trouble in EVERYWHERE else ("jobs", job):
                page = self.visit.open(path)
                expect(page.locator("main [role=alert]").first, f"{path}: {trouble}").to_have_text(SENTENCE)
                self.assertTrue(page.locator("h1").first.inner_text(), f"{path} has no heading.")
                expect(page.get_by_role("navigation", name="Pages")).to_be_visible()
            self.excuse("500: ", "502: ", "401: ", "error: EventSource")

    def test_a_page_that_cannot_be_drawn_says_so_and_the_others_go_on(self) -> None:
        job = self.completed()
        self.between(answer(200, f'{{"id": {job}, "steps": []}}', "application/json"), f"**/api/v1/jobs/{job}")
        page = self.visit.open(f"jobs/{job}")
        expect(page.get_by_role("heading", level=1)).to_have_text("This page could not be drawn")
        expect(page.get_by_role("alert").first).to_contain_text(re.compile("The mistake is ours, not yours: .+"))
        mark(page)
        page.get_by_role("link", name="Jobs", exact=True).click()
        expect(row(page, "the first").locator(".state")).to_have_text("completed")
        page.unroute(f"**/api/v1/jobs/{job}")
        page.get_by_role("link", name="the first", exact=True).click()
        state(page, "completed")
        self.assertTrue(marked(page), "It was loaded anew.")
        self.excuse("uncaught: TypeError")

    def test_a_page_that_could_not_be_read_is_there_when_the_trouble_is_over(self) -> None:
        job = self.completed()
        for trouble, way in FAILING.items():
            self.between(way)
            page = self.visit.open(f"jobs/{job}")
            page.locator("main [role=alert]").first.wait_for()
            mark(page)
            page.unroute("**/api/v1/**")
            expect(page.get_by_role("heading", level=1), trouble).to_have_text("the first")
            self.assertTrue(marked(live(page)), "It was loaded anew.")
            self.excuse("500: ", "502: ", "401: ", "error: EventSource")

    def test_what_is_shown_stays_when_the_events_stop_and_is_caught_up(self) -> None:
        job = self.farm.submit(template("sleep 600", name="in the dark"))
        page = see(self.visit, "jobs", ready="tbody a")
        self.between(lambda route: route.abort(), "**/api/v1/events?*")
        self.visit.cut(True)
        expect(page.locator(".link")).to_contain_text("no connection since")
        self.visit.cut(False)
        self.farm.api(f"jobs/{job}/cancel", {})
        expect(page.locator(".link")).to_contain_text("trying again")
        expect(row(page, "in the dark").locator(".state")).to_be_visible()
        page.unroute("**/api/v1/events?*")
        live(page)
        expect(row(page, "in the dark").locator(".state")).to_have_text("canceled")

    def test_a_change_that_fails_is_told_and_nothing_looks_as_if_it_were_done(self) -> None:
        job = self.farm.submit(template("sleep 600", name="steady"))
        page = see(self.visit, f"jobs/{job}", ready=".job-head")
        self.between(FAILING["500"], "**/pause?*")
        page.get_by_role("button", name="Pause steady").click()
        expect(page.locator(".toast-line.bad")).to_contain_text("The server has made a mistake.")
        state(page, "active")
        self.excuse("500: ")
