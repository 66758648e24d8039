"""Events as they happen, for as many readers as there are: server-sent events, and WebSockets at the same address.

How does this work?  `Streams` listens to the service once, and hands each event to the audience of each question that
is asked (`audience`).  A `Reader` (`readers`) is a `Stream` here, or a `Socket` for a request that asks for an upgrade
(`websocket`).
A reader who comes back with a number first gets what it missed, or a `reset` when that is no longer known.
A comment every 15 seconds finds readers that are gone.
"""

import re
from collections.abc import Callable

from twisted.internet.interfaces import IPushProducer, IReactorTime
from twisted.internet.task import LoopingCall
from twisted.web.http import Request
from zope.interface import implementer

from brender.farm.event_kinds import KINDS
from brender.farm.interfaces import Event, FarmService
from brender.farm.people.users import LOCAL, NotLoggedIn, Who
from brender.farm.submission.problems import shown
from brender.verbs.following.hearing import Hearing, Matching
from brender.web.following.audience import Audience, Told
from brender.web.following.readers import Batch, Question, Reader, Said
from brender.web.following.sending import send
from brender.web.following.websocket import Socket, asks_for_socket, check_handshake, take_over
from brender.web.http.answers import Streaming
from brender.web.http.asking import Ask
from brender.web.http.wrong import Wrong

BEAT = 15.0  # seconds between comments
MOST_READERS = 256
MOST_OF_AN_ADDRESS = 64  # readers; of this machine as many as there may be
AGAIN = 1.0  # seconds between two looks at whose token has ended by itself
SLOWEST = 60  # seconds
RETRY = b"retry: 1000\n\n"  # a browser tries again after so many milliseconds


class Streams:
    def __init__(
        self, service: FarmService, clock: IReactorTime, matching: Matching, of_an_address: int = MOST_OF_AN_ADDRESS
    ) -> None:
        self._of_an_address = of_an_address
        self._service = service
        self._clock = clock
        self._matching = matching
        self._open: set[Reader] = set()
        self._audiences: dict[Question, Audience] = {}
        self._looked = -AGAIN  # when it was seen last who may hear
        self._unsubscribe: Callable[[], None] | None = None
        self._beat = LoopingCall(self._look)
        self._beat.clock = clock
        service.farm.people.listeners.append(self._show_out)

    def __len__(self) -> int:
        return len(self._open)

    @property
    def sockets(self) -> int:
        """How many of the readers have a WebSocket."""
        return sum(isinstance(reader, Socket) for reader in self._open)

    async def events(self, ask: Ask) -> Streaming:
        upgrade = asks_for_socket(ask)
        if upgrade:
            check_handshake(ask)
        question = question_of(ask)
        hearing = self._hearing(question)
        if hearing.tasks is not None:
            self._service.follow_tasks(hearing.tasks).end()  # there is such a job; nothing is missed until it begins
        since = self._since(ask)
        self._check_room(ask.who)

        def start(request: Request) -> None:
            if upgrade:
                take_over(request, Socket(request, question, self._clock, self, ask.who), since)
            else:
                Stream(request, question, self, ask.who).begin(since)

        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return Streaming(start, "text/event-stream; charset=utf-8", headers)

    def _check_room(self, who: Who) -> None:
        if len(self._open) >= MOST_READERS:
            raise Wrong(503, f"{MOST_READERS} readers follow the events already.", headers={"Retry-After": "10"})
        if not who.here and sum(each.who.address == who.address for each in self._open) >= self._of_an_address:
            sentence = f"{self._of_an_address} readers at {who.address} follow the events already."
            raise Wrong(503, sentence, headers={"Retry-After": "10"})

    def last_event(self) -> int:
        return self._service.last_event

    def add(self, reader: Reader, since: int | None) -> None:
        """Tell it what it missed, and from now on everything."""
        self._open.add(reader)
        if self._unsubscribe is None:
            self._unsubscribe = self._service.subscribe(self._announce)
            self._beat.start(BEAT, now=False)
        audience = self.ask(reader, reader.question)
        reader.tell(Batch(*self._past(reader, audience, since)))

    def ask(self, reader: Reader, question: Question) -> Audience:
        """What it wants to hear from now on; raises `BadFilter`, `Unfit` or `NotFound`, and then nothing changes."""
        audience = self._audiences.get(question) or Audience(
            question, self._hearing(question), self._clock, self.__len__
        )
        following = None if audience.tasks is None else self._service.follow_tasks(audience.tasks)
        self._leave(reader)
        reader.question, reader.following = question, following
        self._audiences[question] = audience
        audience.readers.add(reader)
        return audience

    def _hearing(self, question: Question) -> Hearing:
        return Hearing(question.kinds, question.filter, self._matching, question.job, question.ids, question.fields)

    def _leave(self, reader: Reader) -> None:
        if reader.following:
            reader.following.end()
            reader.following = None
        audience = self._audiences.get(reader.question)
        if audience is None:
            return
        audience.readers.discard(reader)
        if not audience.readers:
            audience.end()
            del self._audiences[reader.question]

    def remove(self, reader: Reader) -> None:
        self._open.discard(reader)
        self._leave(reader)
        if not self._open and self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
            self._beat.stop()

    def close(self) -> None:
        """End them all; a browser comes back by itself."""
        for reader in list(self._open):
            reader.end()

    def _since(self, ask: Ask) -> int | None:
        """After which event the reader wants to go on; the header is newer than the address."""
        last = ask.header("last-event-id")
        return int(last) if re.fullmatch(r"[0-9]{1,16}", last) else ask.optional("since")

    def _past(self, reader: Reader, audience: Audience, since: int | None) -> list[Said]:
        if since is None:
            return []
        known = since <= self._service.last_event and (reader.following is None or since >= reader.following.since)
        events = self._service.events_since(since) if known else None
        return [Said.reset(self.last_event())] if events is None else audience.past(events)

    def _announce(self, event: Event) -> None:
        if self._clock.seconds() >= self._looked + AGAIN:
            self._looked = self._clock.seconds()
            self._show_out()
        told = Told(event)
        for audience in list(self._audiences.values()):
            audience.happened(told)

    def _show_out(self) -> None:
        """Whoever may not hear the events any more, hears them no more."""
        for reader in list(self._open):
            if not self._may_hear(reader.who):
                reader.end()

    def _may_hear(self, who: Who) -> bool:
        try:
            self._service.rights(who)
        except NotLoggedIn:
            return False
        return True

    def _look(self) -> None:
        self._show_out()
        for reader in list(self._open):
            reader.beat()


def question_of(ask: Ask) -> Question:
    said = ask.query
    return Question(
        kinds=frozenset(ask.choices("kind", KINDS)),
        filter=said.get("filter", "").strip(),
        job=ask.optional("job"),
        ids=said.get("ids", ""),
        fields=said.get("fields", ""),
        every=pace(said.get("every", "0")),
    )


def pace(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,3})?", text) or float(text) > SLOWEST:
        raise Wrong(400, f"every={shown(text)}: it should be seconds from 0 to {SLOWEST}, as in 0.5.", at="every")
    return float(text)


@implementer(IPushProducer)
class Stream(Reader):
    """One reader of server-sent events."""

    def __init__(self, request: Request, question: Question, streams: Streams, who: Who = LOCAL) -> None:
        super().__init__(question, streams.last_event, who)
        self._request = request
        self._streams = streams

    def begin(self, since: int | None) -> None:
        self._request.notifyFinish().addBoth(lambda _: self._streams.remove(self))
        self._request.registerProducer(self, True)
        self._request.write(RETRY)
        self._streams.add(self, since)

    def write(self, batch: Batch) -> None:
        if self._request.channel:
            send(self._request.channel.transport, batch.chunk if self._request.chunked else batch.frames)

    def beat(self) -> None:
        if not self._paused:
            self._request.write(b": still here\n\n")

    def end(self) -> None:
        self._streams.remove(self)
        self._request.unregisterProducer()
        self._request.finish()

    def stopProducing(self) -> None:
        self._streams.remove(self)
