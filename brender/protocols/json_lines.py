"""JSON lines: a conversation with a program at the shell's port.

How does this work?  Each line is a request, as `verbs.requests` has it, and is answered with a line, in the same
order; nothing is read while an answer is made, or while answers are not read.  `subscribe` has events told between the
answers.  A program that does not read is told what it missed from the farm's own ring of events once it reads again,
or `reset` when that has forgotten: nothing is kept for anybody.
"""

# mypy: disable-error-code="no-untyped-call"

from collections.abc import Callable
from itertools import count
from typing import Any, Literal

import msgspec
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure

from brender.farm.interfaces import Event, FarmService
from brender.protocols.conversation import Conversation, Later
from brender.verbs.given import read
from brender.verbs.hearing import Hearing
from brender.verbs.known import VERBS
from brender.verbs.performing import perform
from brender.verbs.requests import Filter, Refusal, Wanted, refusal_of
from brender.verbs.strict import parsed
from brender.verbs.unfit import Unfit, no_field
from brender.verbs.verb import Given
from brender.verbs.watching import for_views
from brender.verbs.words import listed

MOST_BYTES = 4 << 20  # of a line
REQUEST = "request"  # what a program calls its request; the answer has the same

log = Logger()
numbers = count(1)


class Subscribe(Given, frozen=True):
    action: Literal["subscribe"]
    kinds: list[str] = msgspec.field(default_factory=list)
    filters: Filter | None = None
    filter: Filter | None = None  # the same
    since: int | None = None  # the number of the last event that was heard


class Unsubscribe(Given, frozen=True):
    action: Literal["unsubscribe"]


SHAPES: dict[Any, type[Given]] = {"subscribe": Subscribe, "unsubscribe": Unsubscribe}


class JsonLines(Conversation):
    MAX_LENGTH = MOST_BYTES

    def __init__(self, service: FarmService, now: Callable[[], float], later: Later | None = None) -> None:
        super().__init__(later)
        self._service = service
        self._now = now
        self._hearing: Hearing | None = None
        self._end: Callable[[], None] = lambda: None  # of the subscription
        self._heard = 0  # the number of the last event that this program knows, or does not want to

    def lineReceived(self, line: bytes) -> None:
        if line.strip():
            self.work(self._reply(line))

    async def _reply(self, line: bytes) -> None:
        answer = await answered(self._service, line, self._now(), self)
        self.transport.write(answer + b"\n")
        self.go_on()

    def too_long(self) -> None:
        sentence = f"A line may have {MOST_BYTES:,} bytes; that one had more and was dropped."
        self.transport.write(encoded(Refusal("line-too-long", sentence).body()) + b"\n")

    # --- events

    def subscribe(self, wanted: Subscribe) -> dict[str, Any]:
        """Events follow the answer."""
        chosen = wanted.filters if wanted.filter is None else wanted.filter
        matching = for_views(self._service.farm, self._now)
        hearing = Hearing(wanted.kinds, "" if chosen is None else chosen, matching)
        self.unsubscribe()
        last = self._service.last_event
        self._heard = last if wanted.since is None else wanted.since
        self._hearing, self._end = hearing, self._service.subscribe(self._happened)
        return {"kinds": sorted(hearing.kinds), "last_event": last}

    def unsubscribe(self) -> None:
        self._end()
        self._hearing, self._end = None, lambda: None

    def _happened(self, event: Event) -> None:
        if not self.full and event.number == self._heard + 1:
            self._tell(event)
        else:
            self.go_on()

    def go_on(self) -> None:
        """Tell what is new, as far as it is read."""
        while self._hearing and not self.full:
            events = self._service.events_since(self._heard) if self._heard <= self._service.last_event else None
            if events is None:
                last = self._service.last_event
                events = [Event(last, "reset", {"last_event": last})]
            if not events:
                return
            for event in events:
                if not self.full:
                    self._tell(event)

    def _tell(self, event: Event) -> None:
        self._heard = event.number
        part = self._hearing.part(event) if self._hearing else None
        if part is not None:
            self._write(Event(event.number, event.kind, part))

    def _write(self, event: Event) -> None:
        self.transport.write(encoded({"event": event.kind, "id": event.number, "data": event.data}) + b"\n")

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.unsubscribe()
        super().connectionLost(reason)

    def release(self) -> None:
        self.unsubscribe()
        super().release()


# --- one line


async def answered(service: FarmService, line: bytes, now: float, program: JsonLines | None = None) -> bytes:
    """The answer to a line; events are for a program that can be told of them."""
    said: Any = None
    try:
        said = parsed(line, "The line")
        answer = {"ok": True, **named(said), **await done(service, said, now, program)}
        return encoded(answer)
    except Exception as error:  # whatever is wrong with a line is its answer
        refusal = refusal_of(error, service.refusing) or ours(error)
        return encoded({"ok": False, **named(said), **refusal.body()})


async def done(service: FarmService, said: Any, now: float, program: JsonLines | None) -> dict[str, Any]:
    shape = SHAPES.get(said.get("action"), Wanted) if isinstance(said, dict) and "item" not in said else Wanted
    wanted = read(without_name(said, shape), shape)
    if isinstance(wanted, Wanted):
        return (await perform(VERBS, service, wanted.request, now)).listed()
    if program is None:
        raise Unfit("Events are told to programs only: to those that begin with a line of JSON.", "action")
    if isinstance(wanted, Subscribe):
        return program.subscribe(wanted)
    program.unsubscribe()
    return {}


def without_name(said: Any, shape: type[Given]) -> Any:
    """What was said, but for what the program calls it."""
    if not isinstance(said, dict):
        raise Unfit(f"The line should be a JSON object with {listed(Wanted.__struct_fields__)}.")
    known = [*shape.__struct_fields__, REQUEST]
    for name in said:
        if name not in known:
            raise no_field(name, known)
    return {name: value for name, value in said.items() if name != REQUEST}


def named(said: Any) -> dict[str, Any]:
    return {REQUEST: said[REQUEST]} if isinstance(said, dict) and REQUEST in said else {}


def ours(error: BaseException) -> Refusal:
    number = next(numbers)
    log.failure("Mistake {number} of lines", Failure(error), number=number)
    return Refusal("our-mistake", f"The server made a mistake; its log tells more under “Mistake {number} of lines”.")


def encoded(value: Any) -> bytes:
    return msgspec.json.encode(value)
