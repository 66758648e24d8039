"""Many requests in one: each is done by itself, and has an answer of its own.

How does this work?  A request has the form that all programs know: item, action, an id or filters, and values.  They
are begun in their order, a few in each turn of the reactor, and share a commit where they wait for the database.  One
that is refused has its status and its problem in its place, and the others are done.  Once the answers are too large
to be one body, the rest is refused: nothing is done of it.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from brender.farm.people.users import Who
from brender.verbs.said.given import read
from brender.verbs.said.requests import Wanted
from brender.verbs.said.unfit import Unfit
from brender.verbs.verb import Given
from brender.web.face import Face, content
from brender.web.http.answers import Answer, encoded, json_answer
from brender.web.http.asking import Ask
from brender.web.http.once import HEADER, Once
from brender.web.http.wrong import Wrong, wrong_of

MOST = 1_000  # requests
MOST_ANSWERED = 8 * 2**20  # bytes of all answers; the last one may be more
AT_ONCE = 10  # requests that are begun in one turn of the reactor
MOST_KEYS = 32  # of batches, whose answers are kept


class Requests(Given, frozen=True):
    requests: list[Any]


class Part(msgspec.Struct, frozen=True):
    """The answer to one of them."""

    status: int
    body: msgspec.Raw


class Batch:
    def __init__(self, face: Face, clock: IReactorTime) -> None:
        self._face = face
        self._clock = clock
        self._once: Once[Sequence[Part]] = Once(MOST_KEYS)

    async def all(self, ask: Ask) -> Answer:
        wanted = read(ask.said(), Requests).requests
        if len(wanted) > MOST:
            raise Unfit(f"A batch has at most {MOST:,} requests; this one has {len(wanted):,}.", "requests")
        parts = await self._once.do(ask.header(HEADER), content(ask), lambda: self._each(wanted, ask.who))
        return json_answer({"answers": parts})

    async def _each(self, wanted: Sequence[Any], who: Who) -> Sequence[Part]:
        size, begun = Size(), []
        for place, said in enumerate(wanted):
            if place and place % AT_ONCE == 0:
                await self._turn()
            begun.append(Deferred.fromCoroutine(self._one(said, f"requests[{place}]", size, who)))
        return [await each for each in begun]

    async def _one(self, said: Any, at: str, size: "Size", who: Who) -> Part:
        try:
            if size.bytes > MOST_ANSWERED:
                raise Wrong(413, f"The answers before have more than {MOST_ANSWERED:,} bytes; ask for this by itself.")
            request = read(said, Wanted, at).request(who)
            result = await self._face.perform(request)
            part = Part(201 if result.verb.makes else 200, msgspec.Raw(encoded(result.plain())))
        except Exception as error:  # what is wrong with one is its own answer
            wrong = wrong_of(error, self._face.service.refusing)
            part = Part(wrong.status, msgspec.Raw(encoded(wrong.body())))
        size.bytes += len(part.body)
        return part

    def _turn(self) -> Deferred[None]:
        """Let the others have a turn."""
        turn: Deferred[None] = Deferred()
        self._clock.callLater(0, turn.callback, None)
        return turn


class Size:
    """How large the answers are that are there."""

    bytes = 0

