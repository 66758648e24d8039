"""The verbs as HTTP has them: a request becomes a verb about things, and what became of them an answer.

How does this work?  `Face.look` and `Face.change` answer for every verb.  The things are named by the address: an id
in it, or `?filter=`.  What is said besides comes from the query where nothing is changed, and from the body where
something is.  A change that is sent again with its Idempotency-Key is not done again: `Once` keeps what became of
it, and a job its key.  Whatever is wrong is raised, and answered by `wrong`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from twisted.internet.interfaces import IReactorTime

from brender.farm.farm import Farm
from brender.farm.interfaces import FarmService
from brender.farm.job import Job
from brender.verbs.allowing import allowed
from brender.verbs.items.reading import id_of
from brender.verbs.known import VERBS
from brender.verbs.lists.pages import LONGEST
from brender.verbs.performing import Request, Result, perform
from brender.verbs.verb import Outcome, Verb
from brender.web.http.answers import JSON, TEXT, Answer, Streaming, encoded, json_answer, tag_of
from brender.web.http.asking import Ask
from brender.web.http.once import HEADER, Once, handed_in, key_of
from brender.web.http.pieces import Written, streaming
from brender.web.http.versions import check_unchanged, tag_of_thing

API = "/api/v1"
MANY = LONGEST  # things, of which an answer is written piece by piece
TEXT_VERB = "log"  # answers with the text that it is named after
GONE = "delete"  # the verb after which there is no version to go on with


@dataclass
class Face:
    service: FarmService
    now: Callable[[], float]  # seconds of the epoch
    clock: IReactorTime
    verbs: Mapping[tuple[str, str], Verb] = field(default_factory=lambda: VERBS)
    _once: Once[Result] = field(default_factory=Once)

    async def perform(self, request: Request) -> Result:
        return await perform(self.verbs, self.service, request, self.now())

    async def look(self, verb: Verb, ask: Ask) -> Answer | Streaming:
        result = await self.perform(asked(verb, ask))
        if verb.name == TEXT_VERB:
            body = str(result.outcomes[0].more[TEXT_VERB]).encode("utf-8", "backslashreplace")
            return Answer(body, TEXT, tag=tag_of(body))
        if len(result.outcomes) > MANY:
            return streaming(ask, written(result), JSON, self.clock)
        answer = json_answer(result.plain())
        return Answer(answer.body, tag=self._tag(result, answer.body))

    async def change(self, verb: Verb, ask: Ask) -> Answer | Streaming:
        request = asked(verb, ask)

        async def work() -> Result:
            rights = allowed(verb, self.service, request.who, self.now())
            await check_unchanged(verb.item, self.service, request, ask.header("if-match"))
            key = key_of(rights.name, ask.header(HEADER), wanted(ask)) if verb.submits and verb.makes else ""
            job = handed_in(self.service.farm, key)
            return made(verb, job, self.service.farm) if job else await self.perform(replace(request, key=key))

        result = await self._once.do(ask.header(HEADER), content(ask), work)
        if len(result.outcomes) > MANY:
            return streaming(ask, written(result), JSON, self.clock)
        return self._changed(result, request)

    def _changed(self, result: Result, request: Request) -> Answer:
        body = json_answer(result.plain()).body
        headers = {}
        if result.verb.makes:
            headers["Location"] = address_of(result, request)
        if (result.one or result.verb.makes) and result.verb.name != GONE:
            headers["ETag"] = self._tag(result, body)
        return Answer(body, status=201 if result.verb.makes else 200, headers=headers)

    def _tag(self, result: Result, body: bytes) -> str:
        alone = (result.one or result.verb.makes) and len(result.outcomes) == 1
        thing = result.outcomes[0].thing if alone else None
        return tag_of(body) if thing is None else tag_of_thing(result.verb.item, thing, self.service.farm, body)


def written(result: Result) -> Written:
    """What became of so many that they are told piece by piece."""
    counted = b'"matched":%d,"changed":%d,' % (len(result.outcomes), result.changed) if result.verb.changes else b""
    also = b"," + encoded(result.also)[1:-2] if result.also else b""

    def rows(outcomes: Sequence[Outcome]) -> bytes:
        return b",".join(encoded(result.fields_of(each))[:-1] for each in outcomes)

    return Written(result.outcomes, b"{" + counted + b'"data":[', rows, b"]" + also + b"}\n", b",")


def asked(verb: Verb, ask: Ask) -> Request:
    """What a request wants, in the words of all faces."""
    item = verb.item
    looks = not verb.by_body
    return Request(
        item.name,
        verb.name,
        id=ask.ids.get(item.name),
        filter=ask.query.get("filter", "").strip() or None,
        values={name: text for name, text in ask.query.items() if name != "filter"} if looks else ask.said(),
        job=ask.ids["job"] if item.of_job else None,
        texts=looks,
        who=ask.who,
    )


def content(ask: Ask) -> bytes:
    """All that makes a request another one than one before with the same key."""
    return repr((ask.who.session, ask.who.token)).encode() + wanted(ask)


def wanted(ask: Ask) -> bytes:
    """The same, whoever asks."""
    return repr((ask.method, ask.path, sorted(ask.query.items()))).encode() + ask.content


def made(verb: Verb, job: Job, farm: Farm) -> Result:
    """As if it had been made now."""
    return Result(verb, None, [Outcome(job)], {}, one=False, farm=farm)


def address_of(result: Result, request: Request) -> str:
    """Where the new thing is."""
    item = result.verb.item
    within = f"/jobs/{request.job}" if item.of_job else ""
    number = quote(str(id_of(item, result.outcomes[0].thing)), safe="")
    return f"{API}{within}/{item.plural}/{number}"
