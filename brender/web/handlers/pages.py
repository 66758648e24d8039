"""The pages and what they are made of: files of this package, read once.

How does this work?  `make` builds the pages from `dashboard/` into the folder `static`.  `Pages` reads that when the
site is made, so that an address chooses among the files that are there and can never name another one.  Every address
of a page is answered with the same HTML: an empty shell with a strict policy, which names the scripts by ROOT, as it
does not know under which prefix a web server in front shows it, and the scripts of that page (`PARTS`), so that a
browser need not read one to hear of the next.  The scripts look at the address, ask the API for everything, and put it
on the page as text.  Files with a hash in their name never change.
"""

import json
import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from html import escape
from importlib.resources import files
from urllib.parse import quote

from brender.web.http.answers import ROOT, Answer, tag_of
from brender.web.http.asking import Ask
from brender.web.http.wrong import Wrong

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
HASHED = re.compile(r"-[0-9A-Z]{8}\.")
FOR_GOOD = "public, max-age=31536000, immutable"
STATIC = files("brender.web").joinpath("static")
PAGE = "index.html"
PARTS = "parts.json"  # the files that each page needs besides those of all
NOT_BUILT = "The pages are not built in this copy of brender: run make in its folder, and start the server again."

ERROR = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{status} · brender</title>
<link rel="icon" href="{root}static/icon.svg">
<link rel="stylesheet" href="{root}static/plain.css">{sent_on}
<main class="lost">
<h1>{status}</h1>
<p>{message}</p>
<p><a href="{root}{way}">{words}</a></p>
</main>
</html>
"""


class Pages:
    def __init__(self) -> None:
        self.files = dict(read())
        parts = STATIC.joinpath(PARTS)
        self._parts: dict[str, list[str]] = json.loads(parts.read_bytes()) if parts.is_file() else {}

    def names(self) -> list[str]:
        """The files that anybody may ask for by name."""
        return [name for name in self.files if name != PAGE]

    async def file(self, ask: Ask) -> Answer:
        return self.files[ask.path.strip("/").rpartition("/")[2]]

    def page(self, name: str) -> Callable[[Ask], Awaitable[Answer]]:
        """The handler of that page's addresses."""
        shell = self.files.get(PAGE)
        answer = shell and with_parts(shell, self._parts.get(name, ()))

        async def page(_: Ask) -> Answer:
            if answer is None:
                raise Wrong(503, NOT_BUILT)
            return answer

        return page

    async def icon(self, _: Ask) -> Answer:
        return self.files["icon.svg"]


def read() -> list[tuple[str, Answer]]:
    found = []
    for file in STATIC.iterdir() if STATIC.is_dir() else ():
        kind = KINDS.get(file.name[file.name.rfind(".") :])
        if kind:
            body, page = file.read_bytes(), file.name == PAGE
            headers = {"Content-Security-Policy": POLICY}
            if HASHED.search(file.name):
                headers["Cache-Control"] = FOR_GOOD
            answer = Answer(body, kind, headers=headers, tag=tag_of(body), page=page, lasting=not page)
            found.append((file.name, answer))
    return found


def with_parts(shell: Answer, parts: Iterable[str]) -> Answer:
    named = "".join(f'<link rel="modulepreload" href="{ROOT.decode()}static/{name}">\n' for name in parts)
    body = shell.body.replace(b"</head>", named.encode() + b"</head>")
    return replace(shell, body=body, tag=tag_of(body))


def error_page(wrong: Wrong, path: str = "/") -> Answer:
    """Whoever has to log in is sent there at once, with the page that they came for behind the #."""
    way, words, root = "", "To the farm", ROOT.decode()
    sent_on = ""
    if wrong.status == 401:
        way, words = f"login#{quote(path)}", "Log in"
        sent_on = f'\n<meta http-equiv="refresh" content="0; url={root}{way}">'
    named = {"root": root, "way": way, "words": words, "sent_on": sent_on}
    body = ERROR.format(status=wrong.status, message=escape(wrong.message), **named).encode()
    return Answer(body, KINDS[".html"], wrong.status, {**wrong.headers, "Content-Security-Policy": POLICY}, page=True)
