"""Events as they happen, for as many readers as there are: server-sent events.

How does this work?  `Streams` listens to the service once, makes bytes of each event once, and hands them to
every `Stream`.  A stream writes while its reader keeps up.  When the connection asks it to pause, it
keeps a bounded number of events; past that it drops them all, and when the reader is back tells it with
a `reset` to ask for everything anew.  The same `reset` is the answer to a reader who comes
back with a number that is no longer known.  A comment every 15 seconds finds readers that are gone.
"""

import re
from collections import deque
from collections.abc import Callable

from twisted.internet.interfaces import IPushProducer, IReactorTime
from twisted.internet.task import LoopingCall
from twisted.web.http import Request
from zope.interface import implementer

from brender.farm.interfaces import Event, FarmService
from brender.web.answers import Streaming, encoded
from brender.web.asking import Ask
from brender.web.wrong import Wrong

KINDS = ("job", "client", "picture", "farm")
BEAT = 15.0  # seconds between comments
MOST_READERS = 256
MOST_WAITING = 500  # events that a paused reader may be behind
RETRY = b"retry: 1000\n\n"  # a browser tries again after so many milliseconds


class Streams:
    def __init__(self, service: FarmService, clock: IReactorTime) -> None:
        self._service = service
        self._open: set[Stream] = set()
        self._unsubscribe: Callable[[], None] | None = None
        self._beat = LoopingCall(self._comment)
        self._beat.clock = clock

    def __len__(self) -> int:
        return len(self._open)

    async def events(self, ask: Ask) -> Streaming:
        kinds = frozenset(ask.choices("kind", KINDS))
        since = self._since(ask)
        if len(self._open) >= MOST_READERS:
            raise Wrong(503, f"{MOST_READERS} readers follow the events already.", headers={"Retry-After": "10"})

        def start(request: Request) -> None:
            Stream(request, kinds, self).begin(self._past(since))

        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return Streaming(start, "text/event-stream; charset=utf-8", headers)

    def reset(self) -> bytes:
        number = self._service.last_event
        return framed(number, "reset", encoded({"last_event": number}))

    def add(self, stream: "Stream") -> None:
        self._open.add(stream)
        if self._unsubscribe is None:
            self._unsubscribe = self._service.subscribe(self._announce)
            self._beat.start(BEAT, now=False)

    def remove(self, stream: "Stream") -> None:
        self._open.discard(stream)
        if not self._open and self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
            self._beat.stop()

    def close(self) -> None:
        """End them all; a browser comes back by itself."""
        for stream in list(self._open):
            stream.end()

    def _since(self, ask: Ask) -> int | None:
        """After which event the reader wants to go on; the header is newer than the address."""
        last = ask.header("last-event-id")
        return int(last) if re.fullmatch(r"[0-9]{1,16}", last) else ask.optional("since")

    def _past(self, since: int | None) -> list[tuple[str, bytes]]:
        if since is None:
            return []
        events = None if since > self._service.last_event else self._service.events_since(since)
        if events is None:
            return [("reset", self.reset())]
        return [(event.kind, frame(event)) for event in events]

    def _announce(self, event: Event) -> None:
        data = frame(event)
        for stream in list(self._open):
            stream.tell(event.kind, data)

    def _comment(self) -> None:
        for stream in list(self._open):
            stream.comment()


@implementer(IPushProducer)
class Stream:
    """One reader."""

    def __init__(self, request: Request, kinds: frozenset[str], streams: Streams) -> None:
        self._request = request
        self._kinds = kinds
        self._streams = streams
        self._waiting: deque[bytes] = deque()
        self._paused = False
        self._behind = False  # too far: what waited was dropped

    def begin(self, past: list[tuple[str, bytes]]) -> None:
        self._request.notifyFinish().addBoth(lambda _: self._streams.remove(self))
        self._streams.add(self)
        self._request.registerProducer(self, True)
        self._request.write(RETRY)
        for kind, data in past:
            self.tell(kind, data)

    def tell(self, kind: str, data: bytes) -> None:
        if self._behind or (self._kinds and kind not in self._kinds and kind != "reset"):
            return
        if not self._paused:
            self._request.write(data)
        elif len(self._waiting) < MOST_WAITING:
            self._waiting.append(data)
        else:
            self._waiting.clear()
            self._behind = True

    def comment(self) -> None:
        if not self._paused:
            self._request.write(b": still here\n\n")

    def end(self) -> None:
        self._streams.remove(self)
        self._request.unregisterProducer()
        self._request.finish()

    def pauseProducing(self) -> None:
        self._paused = True

    def resumeProducing(self) -> None:
        self._paused = False
        if self._behind:
            self._behind = False
            self._request.write(self._streams.reset())
        while self._waiting and not self._paused:
            self._request.write(self._waiting.popleft())

    def stopProducing(self) -> None:
        self._streams.remove(self)


def frame(event: Event) -> bytes:
    return framed(event.number, event.kind, encoded(event.data))


def framed(number: int, kind: str, data: bytes) -> bytes:
    """One event as the wire has it; `data` is JSON on one line with its line end."""
    return b"id: %d\nevent: %s\ndata: %s\n" % (number, kind.encode(), data)
