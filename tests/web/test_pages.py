"""The pages: strict, self-contained, and unable to turn a person's text into markup."""

import re
from importlib.resources import files

from twisted.trial.unittest import TestCase

from brender.web.pages import Pages
from tests.web.fakes import Web

STATIC = {file.name: file.read_text() for file in files("brender.web").joinpath("static").iterdir()}
SCRIPTS = {name: text for name, text in STATIC.items() if name.endswith(".js")}


class Served(TestCase):
    async def test_both_pages_are_there(self) -> None:
        web = Web(self)
        job = await web.farm.job()
        for path in ("/", f"/jobs/{job.id}"):
            reply = web.get(path)
            self.assertEqual((reply.status, reply.headers["content-type"]), (200, "text/html; charset=utf-8"))
            self.assertIn("script-src 'self'", reply.headers["content-security-policy"])

    def test_all_that_a_page_names_is_there_with_its_type(self) -> None:
        web = Web(self)
        named = {path for text in STATIC.values() for path in re.findall(r'"(?:\{root\}static|\.)(/[\w.]+)"', text)}
        self.assertGreater(len(named), 8)
        for path in named:
            reply = web.get(f"/static{path}")
            self.assertEqual(reply.status, 200, path)
            self.assertIn(reply.headers["content-type"].split(";")[0], ("text/css", "text/javascript", "image/svg+xml"))

    def test_a_file_that_the_reader_has_is_not_sent_again(self) -> None:
        web = Web(self)
        tag = web.get("/static/farm.js").headers["etag"]
        reply = web.get("/static/farm.js", If_None_Match=tag)
        self.assertEqual((reply.status, reply.body), (304, b""))
        self.assertEqual(reply.headers["cache-control"], "no-cache")

    def test_the_addresses_of_lists_lead_to_the_page(self) -> None:
        web = Web(self)
        for path, part in (
            ("/jobs", "jobs"),
            ("/jobs/list", "jobs"),
            ("/clients/list", "clients"),
            ("/clients/3", "clients"),
        ):
            reply = web.get(path)
            self.assertEqual((reply.status, reply.headers["location"]), (303, f"/#{part}"), path)

    def test_only_files_of_the_folder_can_be_named(self) -> None:
        self.assertEqual(set(Pages(Web(self).farm.service).names()), {n for n in STATIC if not n.endswith(".html")})


class Written(TestCase):
    """What the files themselves must never have."""

    def test_no_page_has_a_script_or_a_style_inside(self) -> None:
        for name, text in STATIC.items():
            if name.endswith(".html"):
                self.assertNotRegex(text, r"(?i)<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", name)

    def test_no_script_can_make_markup_of_text(self) -> None:
        for name, text in SCRIPTS.items():
            self.assertNotRegex(
                text, r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function", name
            )

    def test_nothing_is_asked_of_another_host(self) -> None:
        for name, text in STATIC.items():
            self.assertNotRegex(text.replace("http://www.w3.org/2000/svg", ""), r"https?://|//[a-z]+\.[a-z]+/", name)

    def test_every_element_that_a_script_looks_for_is_on_its_page(self) -> None:
        pages = {"farm.js": STATIC["farm.html"], "glance.js": STATIC["farm.html"], "job.js": STATIC["job.html"]}
        for script, page in pages.items():
            for name in re.findall(r'byId\("([\w-]+)"\)', SCRIPTS[script]):
                self.assertIn(f'id="{name}"', page, f"{script} looks for {name}")
        for name in re.findall(r'byId\("([\w-]+)"\)', SCRIPTS["live.js"]):
            for page in ("farm.html", "job.html"):
                self.assertIn(f'id="{name}"', STATIC[page], f"live.js looks for {name} on {page}")
