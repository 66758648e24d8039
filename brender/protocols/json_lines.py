"""JSON lines: a conversation with a program at the shell's port.

How does this work?  Each line is a request, as `verbs.requests` has it, and is answered with a line, in the same
order; nothing is read while an answer is made, or while answers are not read.  A line may be as long as a request by
HTTP where somebody is known, and much shorter where nobody is.  `subscribe` has events told between the answers.  A
program that does not read is told what it missed from the farm's own ring of events once it reads again, or `reset`
when that has forgotten: nothing is kept for anybody.
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
from brender.farm.people.users import NotAllowed, Rights, Role
from brender.farm.submission.problems import shown
from brender.protocols.caller import Caller
from brender.protocols.conversation import Conversation, Later
from brender.verbs.doing.who import LogIn
from brender.verbs.following.hearing import Hearing
from brender.verbs.following.watching import for_views
from brender.verbs.known import VERBS
from brender.verbs.performing import perform
from brender.verbs.said.given import read
from brender.verbs.said.requests import Filter, Refusal, Wanted, refusal_of
from brender.verbs.said.size import MOST_SAID
from brender.verbs.said.strict import parsed
from brender.verbs.said.unfit import Unfit, no_field
from brender.verbs.said.words import listed
from brender.verbs.verb import Given

MOST_BYTES = 4 << 20  # of a line where nobody is known; where somebody is, `MOST_SAID`
NO_EVENTS = "You are not logged in any more: no events follow."
UNKNOWN = -1  # the number of no event: what came after it has to be asked for anew
SESSION = "session"  # what somebody logs in with
REQUEST = "request"  # what a program calls its request; the answer has the same

log = Logger()
numbers = count(1)


class Subscribe(Given, frozen=True):
    action: Literal["subscribe"]
    kinds: list[str] = msgspec.field(default_factory=list)
    filters: Filter | None = None
    filter: Filter | None = None  # the same
    job: int | None = None  # whose events, and whose tasks
    since: int | None = None  # the number of the last event that was heard


class Unsubscribe(Given, frozen=True):
    action: Literal["unsubscribe"]


SHAPES: dict[Any, type[Given]] = {"subscribe": Subscribe, "unsubscribe": Unsubscribe}


class JsonLines(Conversation):
    MAX_LENGTH = MOST_BYTES

    def __init__(self, service: FarmService, now: Callable[[], float], later: Later | None = None) -> None:
        super().__init__(later)
        self.caller = Caller(service, "json")
        self._service = service
        self._now = now
        self._hearing: Hearing | None = None
        self._ends: list[Callable[[], None]] = []  # of the subscription
        self._heard = 0  # the number of the last event that this program knows, or does not want to
        self._pieces: list[bytes] = []  # of a line that has not ended
        self._size = 0  # of them together

    def connectionMade(self) -> None:
        super().connectionMade()
        self.caller.at(self.transport)

    def hear(self, data: bytes) -> None:
        """A line is put together once, and not anew with each of its pieces."""
        self._pieces.append(data)
        self._size += len(data)
        if self._size > MOST_BYTES:
            self._look_who_is_there()
        if not data or self.delimiter in data or not self.line_mode or self._size > self.MAX_LENGTH:
            self._put_together()

    def _look_who_is_there(self) -> None:
        """Before the end of a long line; the port hears of it too if they are no stranger."""
        most = MOST_SAID if self.caller.is_known else MOST_BYTES
        if most > self.MAX_LENGTH and self._later:
            self._later(self.go_on)
        self.MAX_LENGTH = most

    def _put_together(self) -> None:
        data, self._pieces, self._size = b"".join(self._pieces), [], 0
        super().hear(data)

    def readConnectionLost(self) -> None:
        self._put_together()
        super().readConnectionLost()

    def lineReceived(self, line: bytes) -> None:
        if line.strip():
            self.work(self._reply(line))

    async def _reply(self, line: bytes) -> None:
        answer = await answered(self._service, line, self._now(), self, self.caller)
        self.transport.write(answer + b"\n")
        self.go_on()

    def too_long(self) -> None:
        sentence = f"A line may have {self.MAX_LENGTH:,} bytes; that one had more and was dropped."
        self.transport.write(encoded(Refusal("line-too-long", sentence).body()) + b"\n")

    # --- events

    def subscribe(self, wanted: Subscribe) -> dict[str, Any]:
        """Events follow the answer."""
        may_follow(self.caller.rights)
        chosen = wanted.filters if wanted.filter is None else wanted.filter
        matching = for_views(self._service.farm, self._now)
        hearing = Hearing(wanted.kinds, "" if chosen is None else chosen, matching, wanted.job)
        following = None if hearing.tasks is None else self._service.follow_tasks(hearing.tasks)
        self.unsubscribe()
        last = self._service.last_event
        self._heard = last if wanted.since is None else wanted.since
        if following and self._heard < following.since:
            self._heard = UNKNOWN
        ends = [self._service.subscribe(self._happened), *([following.end] if following else [])]
        self._hearing, self._ends = hearing, ends
        return {"kinds": sorted(hearing.kinds), "last_event": last}

    def unsubscribe(self) -> None:
        for end in self._ends:
            end()
        self._hearing, self._ends = None, []

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
        if not self.caller.is_known:
            self.unsubscribe()
            self.transport.write(encoded(Refusal("not-logged-in", NO_EVENTS).body()) + b"\n")
        part = self._hearing.part(event) if self._hearing else None
        if part is not None:
            self._write(Event(event.number, event.kind, part))

    def _write(self, event: Event) -> None:
        self.transport.write(encoded({"event": event.kind, "id": event.number, "data": event.data}) + b"\n")

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.unsubscribe()
        self.caller.log_out()
        super().connectionLost(reason)

    def release(self) -> None:
        self.unsubscribe()
        super().release()


# --- one line


async def answered(
    service: FarmService, line: bytes, now: float, program: JsonLines | None = None, caller: Caller | None = None
) -> bytes:
    """The answer to a line; events are for a program that can be told of them."""
    said: Any = None
    caller = caller or Caller(service, "json")
    try:
        caller.speaks()
        said = parsed(line, "The line")
        answer = {"ok": True, **named(said), **await done(service, said, now, program, caller)}
        return encoded(answer)
    except Exception as error:  # whatever is wrong with a line is its answer
        refusal = refusal_of(error, service.refusing) or ours(error)
        return encoded({"ok": False, **named(said), **refusal.body()})


async def done(
    service: FarmService, said: Any, now: float, program: JsonLines | None, caller: Caller
) -> dict[str, Any]:
    shape = shape_of(said)
    wanted = read(without_name(said, shape), shape)
    if isinstance(wanted, Wanted) and wanted.item == SESSION:
        return await session(wanted, caller)
    if isinstance(wanted, Wanted):
        return (await perform(VERBS, service, wanted.request(caller.who), now)).listed()
    if program is None:
        raise Unfit("Events are told to programs only: to those that begin with a line of JSON.", "action")
    if isinstance(wanted, Subscribe):
        return program.subscribe(wanted)
    program.unsubscribe()
    return {}


async def session(wanted: Wanted, caller: Caller) -> dict[str, Any]:
    """Log in, log out, or tell who is there: an item of the connection, and not of the farm."""
    match wanted.action:
        case "create":
            return await caller.log_in(read(wanted.values, LogIn, "values"))
        case "read":
            return caller.about()
        case "delete":
            caller.log_out()
            return {}
    raise Unfit(f"A session has create, read and delete, and not {shown(wanted.action)}.", "action", "unknown-action")


def may_follow(rights: Rights) -> None:
    """Raises `NotAllowed` for tokens that are for something else."""
    if not rights.covers("farm", "read", Role.VIEWER):
        raise NotAllowed(f"That token of {rights.name} is for {listed(rights.verbs)} alone, and not for events.")


def shape_of(said: Any) -> type[Given]:
    """What a line has to look like; an action that is no text is no action of ours."""
    action = said.get("action") if isinstance(said, dict) and "item" not in said else None
    return SHAPES.get(action, Wanted) if isinstance(action, str) else Wanted


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
