"""The pages and what they are made of: files of this package, read once.

How does this work?  `Pages` reads the folder `static` when the site is made, so that an address chooses among the files
that are there and can never name another one.  A page is an empty shell with a strict policy: no
script and no style but our own files, no other host.  Its scripts ask the API for everything, and put
it on the page as text.  A page names what it is made of by ROOT, as it does not know under which prefix a web
server in front shows it.
"""

from html import escape
from importlib.resources import files

from brender.farm.archiving import no_job
from brender.farm.interfaces import FarmService, NotFound
from brender.web.answers import ROOT, Answer, tag_of
from brender.web.asking import Ask
from brender.web.wrong import Wrong

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

ERROR = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{status} · brender</title>
<link rel="icon" href="{root}static/icon.svg">
<link rel="stylesheet" href="{root}static/brender.css">
<main class="lost">
<h1>{status}</h1>
<p>{message}</p>
<p><a href="{root}">To the farm</a></p>
</main>
</html>
"""


class Pages:
    def __init__(self, service: FarmService) -> None:
        self._service = service
        self.files = dict(read())

    def names(self) -> list[str]:
        """The files that anybody may ask for by name."""
        return [name for name in self.files if not name.endswith(".html")]

    async def file(self, ask: Ask) -> Answer:
        return self.files[ask.path.strip("/").rpartition("/")[2]]

    async def farm(self, _: Ask) -> Answer:
        return self.files["farm.html"]

    async def api(self, _: Ask) -> Answer:
        """The interface for programs, to read and to try."""
        return self.files["api.html"]

    async def icon(self, _: Ask) -> Answer:
        return self.files["icon.svg"]

    async def job(self, ask: Ask) -> Answer:
        if ask.ids["job"] not in self._service.farm.jobs:
            raise NotFound(no_job(self._service.farm, ask.ids["job"]))
        return self.files["job.html"]

    async def part(self, ask: Ask) -> Answer:
        """The lists have no page of their own: they are parts of the one page."""
        part = "clients" if ask.path.startswith("/clients") else "jobs"
        return Answer(status=303, headers={"Location": f"/#{part}"})


def read() -> list[tuple[str, Answer]]:
    found = []
    for file in files("brender.web").joinpath("static").iterdir():
        kind = KINDS.get(file.name[file.name.rfind(".") :])
        if kind:
            body, policy = file.read_bytes(), {"Content-Security-Policy": POLICY}
            found.append((file.name, Answer(body, kind, headers=policy, tag=tag_of(body), page=kind == KINDS[".html"])))
    return found


def error_page(wrong: Wrong) -> Answer:
    body = ERROR.format(status=wrong.status, message=escape(wrong.message), root=ROOT.decode()).encode()
    return Answer(body, KINDS[".html"], wrong.status, {**wrong.headers, "Content-Security-Policy": POLICY}, page=True)
