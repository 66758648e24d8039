"""Every address of the web, in one table.

How does this work?  Each row says: this method, at this address, is answered by that handler; `query` are the
parameters that it takes, `also` the other addresses of the same.  Data has `.json` at the end of a
page's address, as the first brender had it (`/clients/list.json`, `/jobs/12.json`).  `{job}` and
`{client}` are ids.  docs/api.md tells the same in words, and a test compares the two.
"""

from brender.web.archive import Archive
from brender.web.changes import Changes
from brender.web.clients import Clients
from brender.web.jobs import Jobs
from brender.web.pages import Pages
from brender.web.reasons import Reasons
from brender.web.stream import Streams
from brender.web.tree import Route

API = "/api/v1"


def routes(
    clients: Clients,
    jobs: Jobs,
    changes: Changes,
    reasons: Reasons,
    archive: Archive,
    streams: Streams,
    pages: Pages,
) -> list[Route]:
    job, client = f"{API}/jobs/{{job}}", f"{API}/clients/{{client}}"
    log = ("task", "step", "order", "tail")
    page = ("state", "limit", "before")
    return [
        Route("GET", f"{API}/farm", clients.farm, also=(f"{API}/farm.json", "/farm.json")),
        Route("GET", f"{API}/clients", clients.all, ("filter",), (f"{API}/clients.json", "/clients/list.json")),
        Route("PATCH", f"{API}/clients", clients.change_many, ("filter",)),
        Route("GET", client, clients.one, also=(f"{client}.json", "/clients/{client}.json")),
        Route("PATCH", client, clients.change_one),
        Route("GET", f"{client}/why", reasons.client),
        Route("GET", f"{API}/jobs", jobs.page, page, (f"{API}/jobs.json", "/jobs/list.json")),
        Route("POST", f"{API}/jobs", jobs.submit),
        Route("GET", job, jobs.one, ("orders",), (f"{job}.json", "/jobs/{job}.json")),
        Route("PATCH", job, changes.set),
        Route("GET", f"{job}/why", reasons.job, ("frame", "task", "step")),
        Route("POST", f"{job}/cancel", changes.cancel),
        Route("POST", f"{job}/pause", changes.pause),
        Route("POST", f"{job}/resume", changes.resume),
        Route("POST", f"{job}/retry", changes.retry),
        Route("POST", f"{job}/requeue", changes.requeue),
        Route("POST", f"{job}/add", changes.add),
        Route("POST", f"{job}/revise", changes.revise),
        Route("POST", f"{job}/approve", changes.approve),
        Route("POST", f"{job}/forgive", changes.forgive),
        Route("GET", f"{job}/log", jobs.log, log, ("/jobs/{job}/log",)),
        Route("GET", f"{job}/picture", jobs.picture, ("v",), ("/jobs/{job}/picture",)),
        Route("GET", f"{API}/archive", archive.all, ("limit",)),
        Route("POST", f"{API}/archive", archive.put_away),
        Route("GET", f"{API}/archive/{{job}}", archive.one),
        Route("POST", f"{API}/archive/{{job}}/restore", archive.restore),
        Route("GET", f"{API}/events", streams.events, ("kind", "since")),
        Route("GET", "/", pages.farm),
        Route("GET", "/jobs/{job}", pages.job),
        Route("GET", "/clients", pages.part, also=("/clients/list", "/clients/{client}")),
        Route("GET", "/jobs", pages.part, also=("/jobs/list",)),
        Route("GET", "/favicon.ico", pages.icon),
        *(Route("GET", f"/static/{name}", pages.file) for name in pages.names()),
    ]
