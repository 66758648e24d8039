"""Folders of sessions whose tasks have failed, kept so that somebody can see why.

How does this work?  Only where `keep_folders` asks for it.  A session writes what it is about into `ABOUT`, and a line
for each failure (`Evidence`).  Whoever would remove a session's folder calls `put_away`: one with a failure is moved to
`kept/` beside the folder of the sessions, any other is removed.  The agent's `Shelf` looks there every few seconds:
it logs what has come, and removes the oldest when there are too many or when they are too old.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from brender.worker.disk import folders

ABOUT = "about.txt"  # in a session's folder: the job and the step, then the failures
KEPT = "kept"
LOOK_EVERY = 10.0  # seconds
DAY = 86_400.0  # seconds


def place_of(folder: Path, job: int) -> Path:
    """Where the folder of a session goes when it is kept."""
    return folder.parent.with_name(KEPT) / f"job-{job}-{folder.name}"


def put_away(folder: Path, killed: bool = False) -> bool:
    """Nobody uses it any more: keep it if something failed there, as when its process was `killed`; or remove it.

    False when it is still there, of which the log tells.
    """
    keep(folder, killed)
    return folders.remove_or_say(folder)


def keep(folder: Path, killed: bool = False) -> None:
    """Move it to those that are kept, if something failed there."""
    with suppress(OSError):
        if killed:
            add_line(folder, "The session's process was killed.")
        about = (folder / ABOUT).read_text("utf-8")
        if len(about.splitlines()) > 1:
            job = re.match(r"job (\d+)", about)
            place = place_of(folder, int(job[1]) if job else 0)
            place.parent.mkdir(mode=0o700, exist_ok=True)
            folder.rename(place)
            os.utime(place)  # its age counts from now


def put_all_away(sessions: Path) -> None:
    """The folder of all sessions is nobody's any more."""
    left = [folder for folder in sessions.glob("*-*") if not put_away(folder)]
    if not left:
        folders.remove_or_say(sessions)


def add_line(folder: Path, line: str) -> None:
    """To what it is about; where it is not to be kept there is no such file, and none is made."""
    with suppress(FileNotFoundError), (folder / ABOUT).open("r+", encoding="utf-8") as file:
        file.seek(0, os.SEEK_END)
        file.write(one_line(line))


def one_line(text: str) -> str:
    return " ".join(text.split()) + "\n"


class Evidence:
    """What a session notes of its failures; files it leaves in its folder, or in its `own` one in there."""

    def __init__(self, folder: Path, own: Path, wanted: bool) -> None:
        self._folder = folder
        self._own = own
        self._wanted = wanted
        self._about: TextIO | None = None
        self._job = 0

    def open(self) -> None:
        """Have the file that notes go to; who has it open may write there, whoever it is later."""
        if self._wanted and self._about is None:
            self._about = open(self._folder / ABOUT, "a", encoding="utf-8", opener=ours)  # noqa: SIM115 (it stays open)

    def begin(self, job: int, name: str, step: str) -> None:
        self._job = job
        with suppress(OSError):
            self.open()
            self._write(f"job {job} ({name}), step {step}")

    def note(self, what: str, files: Iterable[str] = ()) -> str:
        """Something has failed; its own files go where nothing overwrites them.  Gives a line for the log."""
        if not self._wanted:
            return ""
        with suppress(OSError):
            self._write(what)
            for file in files:
                own = self._own / slug(what.partition(":")[0])
                own.mkdir(exist_ok=True)
                shutil.move(file, own)
            return f"The folder of this session will be kept on this machine: {place_of(self._folder, self._job)}"
        return ""

    def leave(self) -> None:
        """The session is over; a folder that is not its own, and what cannot be deleted, the nursery puts away."""
        if self._own == self._folder:
            keep(self._folder)
            folders.remove(self._folder)

    def _write(self, line: str) -> None:
        if self._about:
            self._about.write(one_line(line))
            self._about.flush()


def ours(path: str, flags: int) -> int:
    """A file that nobody else may read."""
    return os.open(path, flags, 0o600)


def slug(text: str) -> str:
    """ "order-7-task-3" for "order 7, task 3"."""
    return "-".join(re.findall(r"\w+", text))


class Kept(NamedTuple):
    path: Path
    since: float  # seconds of the epoch
    about: list[str]
    stuck: bool = False  # it could not be removed

    def __str__(self) -> str:
        return f"{self.path.name}: {'; '.join(self.about)}"


def found(kept: Path) -> list[Kept]:
    """What is kept, the newest first."""
    there = []
    for path in kept.glob("*"):
        about = list[str]()
        with suppress(OSError):
            about = (path / ABOUT).read_text("utf-8", "replace").splitlines()
        with suppress(FileNotFoundError):
            there.append(Kept(path, path.stat().st_mtime, about))
    return sorted(there, key=lambda each: each.since, reverse=True)


def clear(kept: Path, most: int, since: float) -> list[Kept]:
    """Remove all but the newest that came since then; gives those that are left, and what could not be removed."""
    left = []
    for place, each in enumerate(found(kept)):
        if place < most and each.since >= since:
            left.append(each)
        elif not folders.remove(each.path):
            left.append(each._replace(stuck=True))
            with suppress(OSError):
                os.utime(each.path, (each.since, each.since))  # it is no newer than it was
    if not left:
        folders.remove(kept)
    return left


class Shelf:
    """The agent's look at them."""

    log = Logger()

    def __init__(
        self,
        kept: Path,
        most: int,
        days: float,
        clock: IReactorTime,
        now: Callable[[], float],
        in_thread: Callable[..., "Deferred[Any]"],
    ) -> None:
        self._kept = kept
        self._most = most
        self._days = days
        self._clock = clock
        self._now = now
        self._in_thread = in_thread
        self._known: set[Path] = set()
        self._stuck: set[Path] = set()
        self._next: IDelayedCall | None = None

    def start(self) -> None:
        """Look now; and again, if there may be something then."""
        if self._most:
            self._next = self._clock.callLater(LOOK_EVERY, self.start)
        since = self._now() - self._days * DAY if self._days else 0.0
        self._look(self._most, since)

    def stop(self) -> None:
        if self._next and self._next.active():
            self._next.cancel()

    def drop(self) -> None:
        """The disk is full: what is kept goes first."""
        if self._most:
            self._look(0, 0.0)

    def _look(self, most: int, since: float) -> None:
        looking = self._in_thread(clear, self._kept, most, since)
        looking.addCallbacks(self._tell, lambda failure: self.log.failure("Kept folders cannot be looked at", failure))

    def _tell(self, left: list[Kept]) -> None:
        for each in reversed(left):
            if each.path not in self._known:
                self.log.info("Kept in {folder}: {what}", folder=self._kept, what=each)
        if gone := self._known - {each.path for each in left}:
            names = ", ".join(sorted(path.name for path in gone))
            self.log.info("No longer kept in {folder}: {names}", folder=self._kept, names=names)
        self._known = {each.path for each in left}
        self._tell_stuck({each.path for each in left if each.stuck})

    def _tell_stuck(self, stuck: set[Path]) -> None:
        """Of each once, however often it is tried."""
        for path in sorted(stuck - self._stuck):
            folders.say_left(path)
        self._stuck = stuck
