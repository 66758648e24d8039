"""Whether somebody uses this machine: for how long nobody has, and telling the server when that changes.

How does this work?  `Presence` looks every `LOOK_EVERY` seconds, in a thread, and says "here" when somebody used the
machine within `HERE_FOR`, and once more when nobody did; it says nothing in between.  What it asks is a
source (`sources`): a command of the studio's, or what this machine can tell.  None means that it cannot tell.
Who sits there holds the machine with `brender hold`: that is a file, which stays over a restart.
"""

from collections.abc import Callable
from pathlib import Path
from time import time
from typing import NamedTuple

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from brender.protocols import messages as say
from brender.worker.machine.sources import Source

LOOK_EVERY = 2.0  # seconds
HERE_FOR = 60.0  # seconds after somebody used it


class Seen(NamedTuple):
    idle: float | None  # seconds since the machine was last used; None when nobody can tell
    held: bool  # by somebody who sits there


def look(source: Source, hold: Path) -> Seen:
    last = source()
    return Seen(None if last is None else max(0.0, time() - last), hold.exists())


class Presence:
    log = Logger()

    def __init__(
        self,
        source: Source,
        hold: Path,
        tell: Callable[[say.Presence], None],
        in_thread: Callable[..., Deferred[Seen]],
        clock: IReactorTime,
    ) -> None:
        self._source = source
        self._hold = hold
        self._tell = tell
        self._in_thread = in_thread
        self._clock = clock
        self._told: tuple[bool, bool, bool] | None = None  # here, whether that can be told, held
        self._last: float | None = None  # when somebody used the machine last
        self._next: IDelayedCall | None = None
        self._stopped = False

    def start(self) -> None:
        looking = self.look().addCallback(self._found)
        looking.addErrback(self._failed)
        looking.addBoth(lambda _: self._later())

    def stop(self) -> None:
        self._stopped = True
        if self._next and self._next.active():
            self._next.cancel()

    def look(self) -> "Deferred[Seen]":
        """How it is now."""
        return self._in_thread(look, self._source, self._hold)

    def _later(self) -> None:
        if not self._stopped:
            self._next = self._clock.callLater(LOOK_EVERY, self.start)

    def _found(self, seen: Seen) -> None:
        idle, held = seen
        self._last = None if idle is None else time() - idle
        state = (idle is not None and idle < HERE_FOR, idle is not None, held)
        if state != self._told:
            self._told = state
            self._tell(say.Presence(state[0], idle, held))

    def as_it_is(self) -> say.Presence | None:
        """What is true of the last time that it was looked at; None before the first."""
        if self._told is None:
            return None
        idle = None if self._last is None else max(0.0, time() - self._last)
        return say.Presence(self._told[0], idle, self._told[2])

    def _failed(self, failure: Failure) -> None:
        self.log.failure("Whether somebody uses this machine cannot be found out", failure)
        self._found(Seen(None, self._hold.exists()))
