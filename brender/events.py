"""What happened, numbered: a ring of the last events, and who is told of the next ones.

How does this work?  `publish` gives an event the next number, keeps it in a ring of `KEPT`, and calls
every listener.  A reader that was away asks `since` for what it missed; when that is no longer in the
ring it gets None and has to read everything again.  Numbers begin at the start of the server with the
milliseconds of the epoch, so that a number from before a restart is never taken for one of now.

`Announcer` stands in front of them: things that change often are shown as they are, each at most every
`SHOW_EVERY` seconds, and once all that the views speak of is written.  All of a kind that have changed since are one
event, whose data is the list of their views.
"""

from collections import deque
from collections.abc import Awaitable, Callable
from itertools import groupby
from operator import itemgetter
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from brender.farm.interfaces import Event

KEPT = 4096
SHOW_EVERY = 0.1  # seconds
MOST_THINGS = 1000  # that one event shows
Listener = Callable[[Event], None]


class Events:
    log = Logger()

    def __init__(self, begin: int) -> None:
        self.last = begin
        self._ring: deque[Event] = deque(maxlen=KEPT)
        self._listeners: dict[object, Listener] = {}

    def publish(self, kind: str, data: Any) -> None:
        self.last += 1
        event = Event(self.last, kind, data)
        self._ring.append(event)
        for listener in list(self._listeners.values()):
            try:
                listener(event)
            except Exception:
                self.log.failure("A listener of events failed")

    def since(self, number: int) -> list[Event] | None:
        """The events after `number`, or None when some of them are forgotten."""
        if number == self.last:
            return []
        oldest = self._ring[0].number if self._ring else self.last + 1
        if not oldest - 1 <= number < self.last:
            return None
        return [event for event in self._ring if event.number > number]

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call the listener from now on; gives the function that ends it."""
        key = object()
        self._listeners[key] = listener
        return lambda: self._listeners.pop(key, None) and None


class Announcer:
    """Publishes how things are, some time after they have changed."""

    log = Logger()

    def __init__(
        self,
        events: Events,
        clock: IReactorTime,
        view: Callable[[str, int], Any],
        written: Callable[[], Awaitable[None]],
    ) -> None:
        self._events = events
        self._clock = clock
        self._view = view
        self._written = written  # done when all that has happened so far is in the database
        self._changed: set[tuple[str, int]] = set()  # kind and id
        self._due: IDelayedCall | None = None
        self._busy = False
        self._stopped = False

    def show(self, kind: str, number: int) -> None:
        self._changed.add((kind, number))
        self._wake()

    def forget(self, kind: str, number: int) -> None:
        """It is not there any more."""
        self._changed.discard((kind, number))

    def stop(self) -> None:
        self._stopped = True
        if self._due and self._due.active():
            self._due.cancel()

    def _wake(self) -> None:
        if self._changed and not self._busy and not self._stopped:
            self._busy = True
            self._due = self._clock.callLater(SHOW_EVERY, self._begin)

    def _begin(self) -> None:
        done = Deferred.fromCoroutine(self._announce())
        done.addErrback(lambda failure: self.log.failure("What has changed could not be announced", failure))

    async def _announce(self) -> None:
        changed, self._changed = sorted(self._changed), set()
        views = {kind: [self._view(*each) for each in of_kind] for kind, of_kind in groupby(changed, itemgetter(0))}
        try:
            await self._written()
            for kind, things in views.items():
                for begin in range(0, len(things), MOST_THINGS):
                    self._events.publish(kind, things[begin : begin + MOST_THINGS])
        finally:
            self._busy = False
            self._wake()
