"""Every address of the web, in one table: what follows from the verbs, and what is written by hand.

How does this work?  Each row says: this method, at this address, is answered by that handler; `query` are the
parameters that it takes, `also` the other addresses of the same.  `derived` makes the rows of every verb: lists,
things, changes, and a verb's own address behind that of its thing.  Data has `.json` at the end of a page's address,
as the first brender had it (`/clients/list.json`, `/jobs/12.json`).  `{job}` stands for a number, `{pool:name}` for a
name. docs/api.md tells the same in words, and a test compares the two.
"""

from collections.abc import Iterator
from functools import partial

from brender.farm.people.users import Role
from brender.verbs.doing.who import LogIn
from brender.verbs.items.known import Item
from brender.verbs.verb import Verb, Which
from brender.web.face import API, Face
from brender.web.following.stream import Streams
from brender.web.handlers.archive import Archive
from brender.web.handlers.batch import Batch
from brender.web.handlers.completing import Completing
from brender.web.handlers.grids import Grids
from brender.web.handlers.metrics import Metrics
from brender.web.handlers.pages import Pages
from brender.web.handlers.pictures import Pictures
from brender.web.handlers.sessions import Sessions
from brender.web.handlers.summary import Summary
from brender.web.handlers.videos import Videos
from brender.web.listing import Listing
from brender.web.tables import is_parameter
from brender.web.tree import Route

PAGES = {  # and which of the dashboard's modules shows it
    "/": "farm",
    "/jobs": "jobs",
    "/jobs/list": "jobs",
    "/jobs/{job}": "job",
    "/jobs/{job}/tasks/{task:name}": "task",
    "/clients": "clients",
    "/clients/list": "clients",
    "/clients/{client}": "client",
    "/pools": "pools",
    "/submit": "submit",
    "/history": "history",
    "/audit": "audit",
    "/settings": "settings",
    "/login": "login",
    "/api": "api",
}
ALL = "Do many requests, each with its answer."
BACK = "Put a job back into the farm."
FOLLOWING = ("kind", "since", "filter", "job", "ids", "fields", "every")  # how events are followed
NEEDS = {"/login": None}  # the one page that anybody sees
METHODS = {"update": "PATCH", "delete": "DELETE"}
ALSO = {f"{API}/jobs/{{job}}/log": ("/jobs/{job}/log",)}


def routes(
    face: Face,
    listing: Listing,
    batch: Batch,
    summary: Summary,
    pictures: Pictures,
    videos: Videos,
    grids: Grids,
    archive: Archive,
    streams: Streams,
    completing: Completing,
    sessions: Sessions,
    pages: Pages,
    metrics: Metrics,
) -> list[Route]:
    job, session = f"{API}/jobs/{{job}}", f"{API}/session"
    wrangler, away = Role.WRANGLER, "Move ended jobs to a file."
    return [
        *derived(face, listing),
        Route("POST", f"{API}/batch", batch.all, does=ALL, body=("requests",), by_verb=True),
        Route("GET", session, sessions.show, does="Who you are, and what you may do.", by_verb=True),
        Route("POST", session, sessions.log_in, does="Log in.", body=LogIn.__struct_fields__, needs=None),
        Route("PATCH", session, sessions.change_password, does="Change your password.", body=("old", "new")),
        Route("DELETE", session, sessions.log_out, does="Log out.", by_verb=True),
        Route("GET", f"{API}/farm", summary.farm, also=(f"{API}/farm.json", "/farm.json"), does="The farm in numbers."),
        Route("GET", f"{job}/picture", pictures.newest, ("v",), ("/jobs/{job}/picture",), "The newest frame of a job."),
        Route("GET", f"{job}/pictures", pictures.of_job, ("since", "limit"), does="The pictures of a job's frames."),
        Route("GET", f"{job}/tasks/{{task:name}}/picture", pictures.of_task, ("v",), does="The picture of a task."),
        Route("GET", f"{API}/pictures", pictures.latest, ("limit",), does="The newest frames of the farm, one a job."),
        Route("GET", f"{job}/video", videos.of_job, does="The video of a job's frames."),
        Route("GET", f"{job}/steps/{{step:name}}/grid", grids.of_step, does="State and time of every task of a step."),
        Route("GET", f"{API}/archive", archive.all, ("limit",), does="What is in the archive."),
        Route("POST", f"{API}/archive", archive.put_away, does=away, body=("before", "folder"), needs=wrangler),
        Route("GET", f"{API}/archive/{{job}}", archive.one, does="All that the archive has of a job."),
        Route("GET", f"{API}/archive/{{job}}/steps/{{step:name}}/grid", grids.archived, does="Of an archived job."),
        Route("POST", f"{API}/archive/{{job}}/restore", archive.restore, does=BACK, needs=wrangler),
        Route("GET", f"{API}/complete", completing.filter, ("item", "text"), does="How a filter may go on."),
        Route("GET", f"{API}/events", streams.events, FOLLOWING, does="What happens, as it happens."),
        Route("GET", "/metrics", metrics.page),
        *(
            Route("GET", path, pages.page(name), for_scripts=True, needs=NEEDS.get(path, Role.VIEWER))
            for path, name in PAGES.items()
        ),
        Route("GET", "/favicon.ico", pages.icon, needs=None),
        *(Route("GET", f"/static/{name}", pages.file, needs=None) for name in pages.names()),
    ]


def derived(face: Face, listing: Listing) -> Iterator[Route]:
    """The rows of all verbs."""
    for verb in face.verbs.values():
        if verb.name == "read":
            yield from lists(verb, listing)
        elif verb.by_body:
            yield from changes(verb, face)
        else:
            yield from looks(verb, face)


def lists(verb: Verb, listing: Listing) -> Iterator[Route]:
    base, query = base_of(verb.item), ("filter", *verb.takes.__struct_fields__)
    for ending, handler in (("", listing.page), (".json", listing.json), (".csv", listing.csv)):
        also = (f"/{verb.item.plural}/list{ending}",) if ending and not verb.item.of_job else ()
        table = None if ending == ".csv" else is_parameter
        yield Route("GET", base + ending, partial(handler, verb), query, also, verb.help, table=table, verb=verb)


def looks(verb: Verb, face: Face) -> Iterator[Route]:
    item, said, handler = verb.item, verb.takes.__struct_fields__, partial(face.look, verb)
    if verb.name == "show":
        yield Route("GET", one_of(item), handler, said, data_of(item), verb.help, verb=verb)
        return
    for address in addresses(verb):
        query = said if address.startswith(one_of(item)) else (*filtered(verb), *said)
        yield Route("GET", address, handler, query, ALSO.get(address, ()), verb.help, verb=verb)


def data_of(item: Item) -> tuple[str, ...]:
    """Where else one is; a name may end in `.json` itself."""
    if item.key == "name":
        return ()
    address = f"{one_of(item)}.json"
    return (address,) if item.of_job else (address, address.removeprefix(API))


def changes(verb: Verb, face: Face) -> Iterator[Route]:
    handler = partial(face.change, verb)
    for address in addresses(verb):
        query = () if address.startswith(one_of(verb.item)) else filtered(verb)
        body = verb.takes.__struct_fields__
        yield Route(METHODS.get(verb.name, "POST"), address, handler, query, does=verb.help, body=body, verb=verb)


def addresses(verb: Verb) -> Iterator[str]:
    """Of one thing, and of those that a filter chooses."""
    own = "" if verb.name in METHODS or verb.name == "create" else f"/{verb.name}"
    if verb.which is not Which.NONE:
        yield one_of(verb.item) + own
    if verb.which is not Which.ONE:
        yield base_of(verb.item) + own


def filtered(verb: Verb) -> tuple[str, ...]:
    return () if verb.which is Which.NONE else ("filter",)


def base_of(item: Item) -> str:
    return f"{API}/jobs/{{job}}/{item.plural}" if item.of_job else f"{API}/{item.plural}"


def one_of(item: Item) -> str:
    kind = ":name" if item.key == "name" else ""
    return f"{base_of(item)}/{{{item.name}{kind}}}"
