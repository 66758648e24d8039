"""Room on the worker's disk: without any it takes nothing new, and goes on by itself when there is some again.

How does this work?  `look` asks the file system of the scratch folder, every few seconds and whenever a task has
failed; when there is next to nothing left the agent says that it is unwell, and why, and hands back what has not
begun.  There has to be twice as much before it is well again, so that it does not waver.  A journal that could not
be written is tried again then, and counts too.
"""

import os
from collections.abc import Callable
from pathlib import Path

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from brender.worker.disk.journal import Journal

LOOK_EVERY = 5.0  # seconds
LEAST, LEAST_SHARE = 64 * 2**20, 0.02  # bytes; of a small disk this share of it


class Room:
    def __init__(self, folder: Path, journal: Journal, tell: Callable[[str], None], clock: IReactorTime) -> None:
        self._folder = folder
        self._journal = journal
        self._tell = tell  # why there is too little, and "" when there is enough again
        self._clock = clock
        self._problem = ""
        self._next: IDelayedCall | None = None

    def start(self) -> None:
        self._next = self._clock.callLater(LOOK_EVERY, self.start)
        self.look()

    def stop(self) -> None:
        if self._next and self._next.active():
            self._next.cancel()

    def look(self) -> None:
        before, self._problem = self._problem, self._look()
        if bool(before) != bool(self._problem):
            self._tell(self._problem)

    def _look(self) -> str:
        disk = os.statvfs(self._folder)
        free, least = disk.f_bavail * disk.f_frsize, min(LEAST, disk.f_blocks * disk.f_frsize * LEAST_SHARE)
        if free < least * (2 if self._problem else 1):
            return f"its disk is full: there are {free / 2**20:,.0f} MB left for {self._folder}"
        if disk.f_files and not disk.f_favail:
            return f"its disk is full: no file more can be made in {self._folder}"
        return self._journal.mend()
