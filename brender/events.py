"""What happened, numbered: a ring of the last events, and who is told of the next ones.

How does this work?  `publish` gives an event the next number, keeps it in a ring of `KEPT`, and calls
every listener.  A reader that was away asks `since` for what it missed; when that is no longer in the
ring it gets None and has to read everything again.  Numbers begin at the start of the server with the
seconds of the epoch, so that a number from before a restart is never taken for one of now.
"""

from collections import deque
from collections.abc import Callable
from typing import Any

from twisted.logger import Logger

from brender.farm.interfaces import Event

KEPT = 4096
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
