"""The tree of addresses, grown from one table, and the one place where a request is answered.

How does this work?  A `Route` says: this method at this address is answered by that handler.  `grown` makes a tree
of twisted.web resources of them, a `Branch` for each part of an address; `{job}` stands for a number, `{pool:name}` for
a name, and what stands there is kept for the handler.  `Branch.render` runs the handler as a coroutine: checks who
asks, reads the query, awaits the answer, turns whatever was raised into an answer, and sends it unless
the reader has gone.  HEAD, OPTIONS, 404 and 405 follow from the table.
"""

# What is inherited from twisted.web has no types there.
# mypy: allow-untyped-calls

import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, cast

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.web.http import Request
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from brender.farm.people.users import Role
from brender.farm.submission.problems import shown
from brender.verbs.verb import Verb
from brender.web.handlers.pages import error_page
from brender.web.http.answers import Answer, Streaming, prepare, send, wrong_answer
from brender.web.http.asking import Ask, query_of
from brender.web.http.channel import FarmRequest
from brender.web.http.guard import check_change, check_host
from brender.web.http.knowing import Knowing
from brender.web.http.wrong import Wrong, wrong_of

Handler = Callable[[Ask], Awaitable[Answer | Streaming]]

CHANGES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
WILD = re.compile(r"\{(\w+)(:name)?\}(.*)")
NUMBER = re.compile(r"[0-9]{1,15}")

log = Logger()


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    handler: Handler
    query: Sequence[str] = ()
    also: Sequence[str] = ()  # other addresses of the same
    does: str = ""  # one sentence
    body: Sequence[str] = ()  # the fields of what is sent
    for_scripts: bool = False  # what its query says is for the scripts of a page
    table: Callable[[str], bool] | None = None  # knows the parameters of DataTables, where it may ask too
    verb: Verb | None = None  # from which the row was derived
    needs: Role | None = Role.VIEWER  # who may ask; None: anybody
    by_verb: bool = False  # each of its parts is held against a verb


@dataclass
class Desk:
    """What every branch needs to answer a request."""

    refusing: Callable[[], str]
    hosts: Sequence[str]
    knowing: Knowing
    last_event: Callable[[], int]


class Wild(NamedTuple):
    """A branch that stands for an id."""

    id: str  # what it is called
    named: bool  # a name, and not a number
    branch: "Branch"

    def value(self, text: str) -> Any:
        """What the text says, or None."""
        if self.named:
            return text or None
        return int(text) if NUMBER.fullmatch(text) else None


class Branch(Resource):
    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._wilds: dict[str, Wild] = {}  # by what follows the id: nothing, or `.json`
        self.routes: dict[str, Route] = {}
        self.wrong: Wrong | None = None  # what every request that ends here is told

    def grow(self, part: str) -> "Branch":
        """The branch for the next part of an address, made when there is none."""
        wild = WILD.fullmatch(part)
        if wild:
            return self._wilds.setdefault(wild[3], Wild(wild[1], bool(wild[2]), Branch(self._desk))).branch
        if part.encode() not in self.children:
            self.putChild(part.encode(), Branch(self._desk))
        return cast("Branch", self.children[part.encode()])

    def getChild(self, path: bytes, request: Request) -> "Branch":
        if not path and not cast("FarmRequest", request).postpath:
            return self  # a slash at the end changes nothing
        try:
            text = path.decode("utf-8")
        except UnicodeDecodeError:
            return self._end(Wrong(400, "The address is not UTF-8."))
        for ending in sorted(self._wilds, key=len, reverse=True):
            wild = self._wilds[ending]
            value = wild.value(text.removesuffix(ending)) if text.endswith(ending) else None
            if value is not None:
                cast("FarmRequest", request).ids[wild.id] = value
                return wild.branch
        return self._end(None)

    def _end(self, wrong: Wrong | None) -> "Branch":
        end = Branch(self._desk)
        end.wrong = wrong
        return end

    def render(self, request: Request) -> int:
        gone: list[object] = []
        request.notifyFinish().addErrback(gone.append)
        done = Deferred.fromCoroutine(self._serve(cast("FarmRequest", request), gone))
        done.addErrback(lambda failure: log.failure("An answer could not be sent", failure))
        return NOT_DONE_YET

    async def _serve(self, request: FarmRequest, gone: list[object]) -> None:
        request.setHeader("Server", "brender")
        answer: Answer | Streaming
        try:
            answer = await self._answer(request)
        except Exception as error:  # everything that a handler can raise has an answer
            answer = self._sorry(request, wrong_of(error, self._desk.refusing()))
        if gone:
            return
        if isinstance(answer, Answer):
            send(request, answer)
        else:
            self._stream(request, answer)

    async def _answer(self, request: FarmRequest) -> Answer | Streaming:
        path = request.path.decode("utf-8", "replace")
        ask = Ask(
            request.method.decode("latin-1"), path, request.requestHeaders, request.ids, {}, request.content.read()
        )
        check_host(ask, self._desk.hosts)
        if self.wrong or not self.routes:
            raise self.wrong or Wrong(404, f"There is nothing at {shown(path)}.", at=shown(path))
        if ask.method == "OPTIONS":
            return Answer(status=204, headers={"Allow": self.allowed})
        route = self.routes.get("GET" if ask.method == "HEAD" else ask.method)
        if route is None:
            sentence = f"{shown(ask.method)} is not possible at {shown(path)}; {self.allowed} are."
            raise Wrong(405, sentence, headers={"Allow": self.allowed})
        if ask.method in CHANGES:
            check_change(ask)
        ask = self._known(ask, request, route)
        if route.method == "GET" and path.startswith("/api/"):  # whoever follows the events from there misses nothing
            request.setHeader("Last-Event-ID", str(self._desk.last_event()))
        query = {} if route.for_scripts else query_of(request.uri, route.query, route.table)
        return await route.handler(replace(ask, query=query))

    def _known(self, ask: Ask, request: FarmRequest, route: Route) -> Ask:
        """With who asks, if they may."""
        knowing = self._desk.knowing
        who = knowing.who(request)
        knowing.let_in(who, route.needs, by_verb=route.by_verb or route.verb is not None)
        if renewed := knowing.renewed(who, request):
            request.responseHeaders.addRawHeader("Set-Cookie", renewed)
        return replace(ask, who=who, secure=request.is_secure)

    @property
    def allowed(self) -> str:
        head = ["HEAD"] if "GET" in self.routes else []
        return ", ".join([*sorted(self.routes), *head, "OPTIONS"])

    @staticmethod
    def _sorry(request: FarmRequest, wrong: Wrong) -> Answer:
        """In HTML for a person who followed a link, in JSON for everybody else."""
        wants_page = b"text/html" in (request.getHeader(b"accept") or b"")
        if wants_page and not request.path.startswith(b"/api/"):
            return error_page(wrong, request.uri.decode("latin-1"))
        return wrong_answer(wrong)

    @staticmethod
    def _stream(request: FarmRequest, answer: Streaming) -> None:
        prepare(request, answer.status, answer.kind, answer.headers)
        if request.method == b"HEAD":
            request.finish()
        else:
            answer.start(request)


def grown(routes: Iterable[Route], desk: Desk) -> Branch:
    """The root of a tree with all these routes."""
    root = Branch(desk)
    for route in routes:
        for path in (route.path, *route.also):
            branch = root
            for part in filter(None, path.split("/")):
                branch = branch.grow(part)
            branch.routes[route.method] = route
    return root
