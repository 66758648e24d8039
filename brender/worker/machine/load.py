"""How busy this machine is, to be said with each heartbeat.

How does this work?  `Sampler.beat` looks at processors, memory and the disk of the scratch folders, which takes
microseconds.  Graphics cards are asked by their driver's own program, which may take a second: in a thread, once in
`ASK_EVERY`, and only where there are cards; a beat has what was last heard of them, until that is too old.  What cannot
be known is left out.
"""

import os
from collections.abc import Callable
from pathlib import Path

import psutil
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from brender.protocols.messages import Beat
from brender.worker.machine.graphics import Busy, busy

ASK_EVERY = 15.0  # seconds
OLD = 60.0  # seconds after which what was heard of the cards says nothing of now
NOTHING = Busy(None, None)


class Sampler:
    def __init__(
        self, folder: Path, cards: bool, in_thread: Callable[..., Deferred[Busy]], clock: IReactorTime
    ) -> None:
        self._folder = folder
        self._cards = cards
        self._in_thread = in_thread
        self._clock = clock
        self._busy = NOTHING
        self._heard = self._asked = float("-inf")
        self._asking = False

    def beat(self) -> Beat:
        now = self._clock.seconds()
        if self._cards and not self._asking and now >= self._asked + ASK_EVERY:
            self._asking, self._asked = True, now
            self._in_thread(busy).addCallbacks(self._hear, lambda _: self._hear(NOTHING))
        cards = self._busy if now < self._heard + OLD else NOTHING
        return Beat(psutil.cpu_percent(), memory_used(), cards.load, cards.memory, free(self._folder))

    def _hear(self, found: Busy) -> None:
        self._asking, self._heard, self._busy = False, self._clock.seconds(), found


def memory_used() -> int:
    """Bytes that programs could not have."""
    memory = psutil.virtual_memory()
    return max(0, memory.total - memory.available)


def free(folder: Path) -> int | None:
    try:
        disk = os.statvfs(folder)
    except OSError:
        return None
    return disk.f_bavail * disk.f_frsize
