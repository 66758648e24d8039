"""The pages as they are served: strict, self-contained, kept for good where they cannot change."""

import gzip
import json
import re
from importlib.resources import files
from pathlib import Path

from twisted.trial.unittest import TestCase

from brender.web.handlers import pages
from brender.web.handlers.pages import Pages
from brender.web.http.squeezing import well_squeezed
from brender.web.routes import PAGES
from tests.line.harness import CHECKOUT
from tests.web.fakes import Web

BUILT = {file.name: file.read_text() for file in files("brender.web").joinpath("static").iterdir()}
SOURCES = CHECKOUT / "brender" / "web" / "dashboard"
MOST_BYTES = 300_000
HASHED = re.compile(r"[\w-]+-[0-9A-Z]{8}\.(?:js|css)")


class Served(TestCase):
    def test_every_page_is_the_same_shell_with_a_strict_policy(self) -> None:
        web = Web(self)
        for path in PAGES:
            reply = web.get(re.sub(r"\{\w+(:name)?\}", "7", path))
            self.assertEqual((reply.status, reply.headers["content-type"]), (200, "text/html; charset=utf-8"), path)
            self.assertIn("script-src 'self';", reply.headers["content-security-policy"])
            self.assertIn("style-src 'self';", reply.headers["content-security-policy"])

    def test_each_names_the_scripts_that_it_alone_needs(self) -> None:
        web, parts = Web(self), json.loads(BUILT["parts.json"])
        for path, name in PAGES.items():
            page = web.get(re.sub(r"\{\w+(:name)?\}", "7", path)).body.decode()
            self.assertTrue(parts[name], path)
            named = re.findall(r'"modulepreload" href="[./]+static/([\w.-]+)"', page)
            self.assertEqual(set(parts[name]) - set(named), set(), path)

    def test_the_addresses_of_pages_are_those_that_the_scripts_know(self) -> None:
        way = re.compile(r'path: "([^"]+)", load: \(\) => import\("./pages/(\w+)"\)')
        ways = way.findall((SOURCES / "src" / "main.tsx").read_text())
        self.assertEqual(dict(ways), {re.sub(r":\w+", "", path): name for path, name in PAGES.items()})

    def test_what_its_query_says_is_the_pages_own_business(self) -> None:
        for query in ("filter=state%3Dfailed&page=2", "x=1&x=2", "job=5", "%ff"):
            self.assertEqual(Web(self).get(f"/jobs?{query}").status, 200, query)

    def test_all_that_is_named_is_there_with_its_type(self) -> None:
        web = Web(self)
        page = web.get("/").body.decode()
        named = set(re.findall(r'"\./static/([\w.-]+)"', page))
        self.assertGreaterEqual(len(named), 3)
        named |= {name for text in BUILT.values() for name in re.findall(r'"\./([\w-]+\.js)"', text)}
        self.assertGreater(len(named), 8)
        for name in named:
            reply = web.get(f"/static/{name}")
            self.assertEqual(reply.status, 200, name)
            self.assertIn(reply.headers["content-type"].split(";")[0], ("text/css", "text/javascript", "image/svg+xml"))

    def test_a_file_with_a_hash_in_its_name_is_kept_for_good(self) -> None:
        web = Web(self)
        hashed = [name for name in BUILT if HASHED.fullmatch(name)]
        self.assertGreater(len(hashed), 4)
        for name in hashed:
            self.assertIn("immutable", web.get(f"/static/{name}").headers["cache-control"], name)

    def test_any_other_file_is_asked_for_again_and_not_sent_again(self) -> None:
        web = Web(self)
        for path in ("/static/icon.svg", "/"):
            tag = web.get(path).headers["etag"]
            reply = web.get(path, If_None_Match=tag)
            self.assertEqual((reply.status, reply.body), (304, b""), path)
            self.assertEqual(reply.headers["cache-control"], "no-cache", path)

    def test_only_files_of_the_folder_can_be_named(self) -> None:
        self.assertEqual(set(Pages().names()), set(BUILT) - {"index.html", "parts.json"})

    def test_the_whole_application_is_small(self) -> None:
        """All that a browser may ever fetch of it, as it goes over the wire."""
        web = Web(self)
        replies = {name: web.get(f"/static/{name}", Accept_Encoding="gzip") for name in Pages().names()}
        sent = {name: len(reply.body) for name, reply in replies.items()}
        sent["index.html"] = len(web.get("/", Accept_Encoding="gzip").body)
        self.assertLessEqual(sum(sent.values()), MOST_BYTES, sent)

    def test_a_file_is_compressed_once(self) -> None:
        web = Web(self)
        name = next(name for name in BUILT if name.startswith("style-") and name.endswith(".css"))
        first = web.get(f"/static/{name}", Accept_Encoding="gzip")
        before = well_squeezed.cache_info()
        again = Web(self).get(f"/static/{name}", Accept_Encoding="gzip")
        self.assertEqual((first.body, gzip.decompress(first.body).decode()), (again.body, BUILT[name]))
        self.assertEqual(first.headers["content-encoding"], "gzip")
        after = well_squeezed.cache_info()
        self.assertEqual((after.misses, after.hits), (before.misses, before.hits + 1))

    def test_a_copy_without_pages_says_what_to_do(self) -> None:
        self.patch(pages, "read", list)
        web = Web(self)
        reply = web.get("/", Accept="text/html")
        self.assertEqual(reply.status, 503)
        self.assertIn("run make", reply.body.decode())
        self.assertEqual(web.get("/api/v1/farm").status, 200)


class Written(TestCase):
    """What the sources themselves must never have."""

    def sources(self) -> dict[Path, str]:
        return {path: path.read_text() for folder in ("src", "styles") for path in (SOURCES / folder).rglob("*.*")}

    def test_no_page_has_a_script_or_a_style_inside(self) -> None:
        page = (SOURCES / "index.html").read_text()
        self.assertNotRegex(page, r"(?i)<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:")

    def test_no_script_can_make_markup_of_text(self) -> None:
        for path, text in self.sources().items():
            unsafe = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|javascript:"
            self.assertNotRegex(text, unsafe, str(path))

    def test_nothing_is_asked_of_another_host(self) -> None:
        for path, text in self.sources().items():
            if path.name != "api.d.ts":
                self.assertNotRegex(text.replace("http://www.w3.org/2000/svg", ""), r"https?://", str(path))
