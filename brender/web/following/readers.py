"""Who follows the events, whatever way they reach it: what it wants to hear, and how far behind it may be.

How does this work?  `Said` is one event, made into bytes once for each form that anybody wants.  `Reader` is told of
those that it wants to hear (`audience`), and writes while its connection keeps up.  When that asks it to pause, it
keeps a bounded number of events; past that it drops them all, and when the connection is back tells it with a `reset`
to ask for everything anew.
"""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple

from twisted.web.http import toChunk

from brender.farm.interfaces import Event, Following
from brender.farm.people.users import LOCAL, Who
from brender.web.http.answers import encoded

MOST_WAITING = 500  # events that a paused reader may be behind


class Question(NamedTuple):
    """What a reader asks of the events, as it is compared: those who said the same hear the same."""

    kinds: frozenset[str]
    filter: str
    job: int | None
    ids: str = ""
    fields: str = ""
    every: float = 0.0  # seconds between two times at which something is told


class Said:
    """An event, as it stands on the wire."""

    def __init__(self, number: int, kind: str, data: Any) -> None:
        self.number = number
        self.kind = kind
        self.data = data

    @classmethod
    def of(cls, event: Event) -> "Said":
        return cls(event.number, event.kind, event.data)

    @classmethod
    def reset(cls, number: int) -> "Said":
        """Events are missing here: everything has to be asked for anew."""
        return cls(number, "reset", {"last_event": number})

    @cached_property
    def frame(self) -> bytes:
        """A server-sent event; its data is JSON on one line with its line end."""
        return b"id: %d\nevent: %s\ndata: %s\n" % (self.number, self.kind.encode(), encoded(self.data))

    @cached_property
    def message(self) -> str:
        """A message of a WebSocket."""
        return encoded({"id": self.number, "event": self.kind, "data": self.data}).decode().rstrip("\n")


class Batch:
    """What is told at once: as bytes it is the same for all who hear it."""

    def __init__(self, *said: Said) -> None:
        self.said = said

    @cached_property
    def frames(self) -> bytes:
        return b"".join(said.frame for said in self.said)

    @cached_property
    def chunk(self) -> bytes:
        """As a part of an answer whose length nobody knows (RFC 9112, 7.1)."""
        return b"".join(toChunk(self.frames))


class Reader(ABC):
    """One reader: an `IPushProducer` for its connection."""

    def __init__(self, question: Question, last_event: Callable[[], int], who: Who = LOCAL) -> None:
        self.question = question
        self.who = who
        self.following: Following | None = None  # the tasks of a job
        self._last_event = last_event
        self._waiting: deque[Said] = deque()
        self._paused = False
        self._behind = False  # too far: what waited was dropped

    def tell(self, batch: Batch) -> None:
        if self._behind or not batch.said:
            return
        if not self._paused:
            self.write(batch)
        elif len(self._waiting) + len(batch.said) <= MOST_WAITING:
            self._waiting.extend(batch.said)
        else:
            self._waiting.clear()
            self._behind = True

    @abstractmethod
    def write(self, batch: Batch) -> None:
        """Hand it to the connection."""

    @abstractmethod
    def beat(self) -> None:
        """Some time has passed: is the peer still there?"""

    @abstractmethod
    def end(self) -> None:
        """The server closes the connection."""

    def pauseProducing(self) -> None:
        self._paused = True

    def resumeProducing(self) -> None:
        self._paused = False
        if self._behind:
            self._behind = False
            self.write(Batch(Said.reset(self._last_event())))
        while self._waiting and not self._paused:
            self.write(Batch(self._waiting.popleft()))
