"""What workers have said and nobody has heard yet: of that, a few milliseconds in each turn of the reactor.

How does this work?  A hundred workers that speak at once have said thousands of things before the reactor looks at
anything else.  So what a connection has read goes through the `Inbox` that all of them share: it is heard at once while
`SHARE` of this turn is not used up, and else in the next turns, a few messages of each connection after another.  It is
taken apart into messages when it is heard, and not before, as that takes as long again.  A connection of which
something waits does not read on, so that no more than one reading of each is kept.  One that is held back (the database
is behind) is passed over until `go_on` is called.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, Protocol

from twisted.internet.interfaces import IDelayedCall, IReactorTime

SHARE = 0.004  # seconds of a turn
A_FEW = 8  # messages
NOTHING = object()


class Listener(Protocol):
    """One connection."""

    held: bool  # nothing of it is to be heard now

    def hear(self, message: Any) -> None:
        """It has come to this message."""

    def read_on(self) -> None:
        """Something of it waits now, or nothing any more: the connection is read, or is not."""


class Inbox:
    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._waiting: dict[Listener, Iterator[Any]] = {}
        self._until = 0.0  # when the share of this turn is used up
        self._next: IDelayedCall | None = None  # the next turn
        self._hearing = False

    def waits(self, listener: Listener) -> bool:
        """Whether something of it has not been heard."""
        return listener in self._waiting

    def take(self, listener: Listener, messages: Iterable[Any]) -> None:
        """A connection has read these: each is asked for when it is its turn."""
        self._waiting[listener] = chain(self._waiting.get(listener, ()), messages)
        self.go_on()
        listener.read_on()

    def finish(self, listener: Listener) -> None:
        """Its connection is gone; what was read before is heard now."""
        for message in self._waiting.pop(listener, ()):  # it may be its own words that end it: none is heard twice
            listener.hear(message)

    def go_on(self) -> None:
        """Something may be heard: it has come, or is not held back any more."""
        if self._next is None and self._waiting:
            self._begin()
        if not self._hearing:
            self._hear()

    def _begin(self) -> None:
        self._until = self._clock.seconds() + SHARE
        self._next = self._clock.callLater(0, self._turn)

    def _turn(self) -> None:
        self._next = None
        if any(not listener.held for listener in self._waiting):
            self.go_on()

    def _hear(self) -> None:
        """A few messages of each, as long as the share lasts."""
        if self._clock.seconds() >= self._until:
            return
        self._hearing = True
        ready = deque(listener for listener in self._waiting if not listener.held)
        try:
            while ready and self._clock.seconds() < self._until:
                listener = ready.popleft()
                if self._hear_some(listener):
                    ready.append(listener)
        finally:
            self._hearing = False

    def _hear_some(self, listener: Listener) -> bool:
        """Whether more of it may be heard."""
        messages = self._waiting.get(listener, iter(()))
        for _ in range(A_FEW):
            if listener.held:
                return False
            message = next(messages, NOTHING)
            if message is NOTHING:
                if self._waiting.get(listener) is messages:
                    del self._waiting[listener]
                    listener.read_on()
                return False
            listener.hear(message)
        return True
