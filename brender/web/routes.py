"""Every address of the web, in one table: what follows from the verbs, and what is written by hand.

How does this work?  Each row says: this method, at this address, is answered by that handler; `query` are the
parameters that it takes, `also` the other addresses of the same.  `derived` makes the rows of every verb: lists,
things, changes, and a verb's own address behind that of its thing.  Data has `.json` at the end of a page's address,
as the first brender had it (`/clients/list.json`, `/jobs/12.json`).  `{job}` stands for a number, `{pool:name}` for a
name. docs/api.md tells the same in words, and a test compares the two.
"""

from collections.abc import Iterator
from functools import partial

from brender.verbs.items import Item
from brender.verbs.verb import Verb, Which
from brender.web.archive import Archive
from brender.web.batch import Batch
from brender.web.face import API, Face
from brender.web.listing import Listing
from brender.web.metrics import Metrics
from brender.web.pages import Pages
from brender.web.pictures import Pictures
from brender.web.stream import Streams
from brender.web.summary import Summary
from brender.web.tables import is_parameter
from brender.web.tree import Route

METHODS = {"update": "PATCH", "delete": "DELETE"}
ALSO = {f"{API}/jobs/{{job}}/log": ("/jobs/{job}/log",)}


def routes(
    face: Face,
    listing: Listing,
    batch: Batch,
    summary: Summary,
    pictures: Pictures,
    archive: Archive,
    streams: Streams,
    pages: Pages,
    metrics: Metrics,
) -> list[Route]:
    job = f"{API}/jobs/{{job}}"
    return [
        *derived(face, listing),
        Route("POST", f"{API}/batch", batch.all, does="Do many requests, each with its answer.", body=("requests",)),
        Route("GET", f"{API}/farm", summary.farm, also=(f"{API}/farm.json", "/farm.json"), does="The farm in numbers."),
        Route("GET", f"{job}/picture", pictures.newest, ("v",), ("/jobs/{job}/picture",), "The newest frame of a job."),
        Route("GET", f"{API}/archive", archive.all, ("limit",), does="What is in the archive."),
        Route("POST", f"{API}/archive", archive.put_away, does="Move ended jobs to a file.", body=("before", "folder")),
        Route("GET", f"{API}/archive/{{job}}", archive.one, does="All that the archive has of a job."),
        Route("POST", f"{API}/archive/{{job}}/restore", archive.restore, does="Put a job back into the farm."),
        Route("GET", f"{API}/events", streams.events, ("kind", "since", "filter"), does="What happens, as it happens."),
        Route("GET", "/metrics", metrics.page),
        Route("GET", "/", pages.farm),
        Route("GET", "/jobs/{job}", pages.job),
        Route("GET", "/clients", pages.part, also=("/clients/list", "/clients/{client}")),
        Route("GET", "/jobs", pages.part, also=("/jobs/list",)),
        Route("GET", "/api", pages.api),
        Route("GET", "/favicon.ico", pages.icon),
        *(Route("GET", f"/static/{name}", pages.file) for name in pages.names()),
    ]


def derived(face: Face, listing: Listing) -> Iterator[Route]:
    """The rows of all verbs."""
    for verb in face.verbs.values():
        if verb.name == "read":
            yield from lists(verb, listing)
        elif verb.changes:
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
