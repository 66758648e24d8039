"""Events as they happen, for as many readers as there are: server-sent events, and WebSockets at the same address.

How does this work?  `Streams` listens to the service once, makes bytes of each event once, and hands them to
every `Reader` (`readers`): a `Stream` here, or a `Socket` for a request that asks for an upgrade (`websocket`).
A reader who comes back with a number first gets what it missed, or a `reset` when that is no longer known.
A comment every 15 seconds finds readers that are gone.
"""

import re
from collections.abc import Callable

from twisted.internet.interfaces import IPushProducer, IReactorTime
from twisted.internet.task import LoopingCall
from twisted.web.http import Request
from zope.interface import implementer

from brender.farm.interfaces import Event, FarmService
from brender.verbs.hearing import KINDS, Hearing, Matching
from brender.web.answers import Streaming
from brender.web.asking import Ask
from brender.web.readers import Reader, Said
from brender.web.websocket import Socket, asks_for_socket, check_handshake, take_over
from brender.web.wrong import Wrong

BEAT = 15.0  # seconds between comments
MOST_READERS = 256
RETRY = b"retry: 1000\n\n"  # a browser tries again after so many milliseconds


class Streams:
    def __init__(self, service: FarmService, clock: IReactorTime, matching: Matching) -> None:
        self._service = service
        self._clock = clock
        self._matching = matching
        self._open: set[Reader] = set()
        self._unsubscribe: Callable[[], None] | None = None
        self._beat = LoopingCall(self._look)
        self._beat.clock = clock

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
        hearing = Hearing(ask.choices("kind", KINDS), ask.query.get("filter", ""), self._matching)
        since = self._since(ask)
        if len(self._open) >= MOST_READERS:
            raise Wrong(503, f"{MOST_READERS} readers follow the events already.", headers={"Retry-After": "10"})

        def start(request: Request) -> None:
            if upgrade:
                take_over(request, Socket(request, hearing, self._matching, self._clock, self), since)
            else:
                Stream(request, hearing, self).begin(since)

        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return Streaming(start, "text/event-stream; charset=utf-8", headers)

    def last_event(self) -> int:
        return self._service.last_event

    def add(self, reader: Reader, since: int | None) -> None:
        """Tell it what it missed, and from now on everything."""
        self._open.add(reader)
        if self._unsubscribe is None:
            self._unsubscribe = self._service.subscribe(self._announce)
            self._beat.start(BEAT, now=False)
        for said in self._past(since):
            reader.tell(said)

    def remove(self, reader: Reader) -> None:
        self._open.discard(reader)
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

    def _past(self, since: int | None) -> list[Said]:
        if since is None:
            return []
        events = None if since > self._service.last_event else self._service.events_since(since)
        return [Said.reset(self.last_event())] if events is None else [Said.of(event) for event in events]

    def _announce(self, event: Event) -> None:
        said = Said.of(event)
        for reader in list(self._open):
            reader.tell(said)

    def _look(self) -> None:
        for reader in list(self._open):
            reader.beat()


@implementer(IPushProducer)
class Stream(Reader):
    """One reader of server-sent events."""

    def __init__(self, request: Request, hearing: Hearing, streams: Streams) -> None:
        super().__init__(hearing, streams.last_event)
        self._request = request
        self._streams = streams

    def begin(self, since: int | None) -> None:
        self._request.notifyFinish().addBoth(lambda _: self._streams.remove(self))
        self._request.registerProducer(self, True)
        self._request.write(RETRY)
        self._streams.add(self, since)

    def write(self, said: Said) -> None:
        self._request.write(said.frame)

    def beat(self) -> None:
        if not self._paused:
            self._request.write(b": still here\n\n")

    def end(self) -> None:
        self._streams.remove(self)
        self._request.unregisterProducer()
        self._request.finish()

    def stopProducing(self) -> None:
        self._streams.remove(self)
