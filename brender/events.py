"""What happened, numbered: a ring of the last events, and who is told of the next ones.

How does this work?  `publish` gives an event the next number, keeps it in a ring of `KEPT`, and calls
every listener.  A reader that was away asks `since` for what it missed; when that is no longer in the
ring it gets None and has to read everything again.  Numbers begin at the start of the server with the
milliseconds of the epoch, so that a number from before a restart is never taken for one of now.

`Announcer` stands in front of them: things that change often are shown as they are, each at most every
`SHOW_EVERY` seconds, and once all that the views speak of is written.  All of a kind that have changed since are one
event, whose data is the list of their views.  What is gone is told once that is written, and nothing shows it after.
"""

from collections import deque
from collections.abc import Awaitable, Callable, Collection, Iterable
from itertools import groupby
from operator import itemgetter
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from brender.farm.event_kinds import GONE
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
        self._forgotten = begin  # the last event that was kept, and is no more
        self._listeners: dict[object, Listener] = {}

    def publish(self, kind: str, data: Any, *, kept: bool = True) -> None:
        """What is not `kept` is told to those who listen now, and nobody later."""
        self.last += 1
        event = Event(self.last, kind, data)
        if kept:
            self._forgotten = self._ring[0].number if len(self._ring) == KEPT else self._forgotten
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
        if not self._forgotten <= number < self.last:
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
        view: Callable[[str, Any], Any],
        written: Callable[[], Awaitable[None]],
        also: Callable[[Collection[tuple[str, Any]]], Iterable[tuple[str, Any]]] = lambda changed: (),
    ) -> None:
        self._events = events
        self._clock = clock
        self._view = view
        self._also = also  # what else is to be published then, from what has changed: a kind and its data
        self._written = written  # done when all that has happened so far is in the database
        self._changed: set[tuple[str, Any]] = set()  # kind and id
        self._left: set[tuple[str, Any]] = set()  # what has left the farm since its view was made
        self._due: IDelayedCall | None = None
        self._busy = False
        self._stopped = False

    def show(self, kind: str, key: Any) -> None:
        self._changed.add((kind, key))
        self._wake()

    def forget(self, kind: str, number: int) -> None:
        """It is not there any more: nothing shows it from now on."""
        self._changed.discard((kind, number))
        self._left.add((kind, number))

    def gone(self, kind: str, numbers: Iterable[int]) -> None:
        """They are not there any more, and that is written."""
        ids = sorted(numbers)
        for begin in range(0, len(ids), MOST_THINGS):
            self._events.publish(GONE, {"kind": kind, "ids": ids[begin : begin + MOST_THINGS]})

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
        self._left.clear()
        views = {each: self._view(*each) for each in changed}
        also = list(self._also(views.keys()))
        try:
            await self._written()
            there = (each for each in changed if each not in self._left)
            for kind, of_kind in groupby(there, itemgetter(0)):
                things = [views[each] for each in of_kind]
                for begin in range(0, len(things), MOST_THINGS):
                    self._events.publish(kind, things[begin : begin + MOST_THINGS])
            for kind, data in also:
                self._events.publish(kind, data)
        finally:
            self._busy = False
            self._wake()
