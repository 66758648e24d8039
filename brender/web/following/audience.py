"""The readers who asked the same of the events: what they are told is chosen and made into bytes once for all of them.

How does this work?  A hundred browsers that show the same page ask the same `Question`.  Its `Audience` has one
`Hearing`, looks at each event once, and hands each reader the same bytes.  With `every` it waits so long between two
times, and longer where a crowd looks on: of each job and client only the newest is told then, and all that has gathered
is one write.  The first after a
rest is told at once, with whatever is announced with it.  `Told` is one event for all audiences: a view is made into
bytes once for each choice of attributes.
"""

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

import msgspec
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from brender.farm.event_kinds import GONE
from brender.farm.interfaces import Event
from brender.verbs.following.hearing import FILTERED, Hearing
from brender.verbs.following.narrower import Things, shortened
from brender.web.following.readers import Batch, Question, Reader, Said

A_READER = 0.002  # seconds: a hundred of them are told what they want no more often than every 0.2


class Told:
    """One event, on its way to all audiences."""

    def __init__(self, event: Event) -> None:
        self.event = event
        self._short: dict[tuple[frozenset[str], int], msgspec.Raw] = {}

    @cached_property
    def things(self) -> Things:
        return Things(self.event.data)

    def data(self, part: Any, fields: frozenset[str]) -> Any:
        """That part of its data, with these attributes alone."""
        short = fields and self.event.kind in FILTERED
        return [self._view(view, fields) for view in part] if short else part

    def _view(self, view: Any, fields: frozenset[str]) -> msgspec.Raw:
        key = (fields, view.id)
        made = self._short.get(key)
        if made is None:
            made = self._short[key] = msgspec.Raw(msgspec.json.encode(shortened(view, fields)))
        return made


class Audience:
    def __init__(self, question: Question, hearing: Hearing, clock: IReactorTime, crowd: Callable[[], int]) -> None:
        """`crowd` tells how many readers there are in all."""
        self.question = question
        self.readers: set[Reader] = set()
        self._hearing = hearing
        self._clock = clock
        self._crowd = crowd
        self._gathered: list[Said] = []  # but for what shows things
        self._things: dict[str, dict[int, Any]] = {kind: {} for kind in FILTERED}
        self._numbers: dict[str, int] = {}  # of the last event that showed some, by kind
        self._due: IDelayedCall | None = None
        self._told_at = -question.every

    @property
    def tasks(self) -> int | None:
        """The job whose tasks they follow."""
        return self._hearing.tasks

    def happened(self, told: Told) -> None:
        part = self._part(told)
        if part is None:
            return
        said = self._said(told, part)
        if not self.question.every:
            self._tell(Batch(said))
            return
        self._gather(said, part)
        if self._due is None:
            pace = max(self.question.every, self._crowd() * A_READER)
            rest = self._told_at + pace - self._clock.seconds()
            self._due = self._clock.callLater(max(0.0, rest), self._tell_gathered)

    def past(self, events: Iterable[Event]) -> list[Said]:
        """What a reader who comes now has missed of them."""
        all_told = [Told(event) for event in events]
        return [self._said(told, part) for told in all_told if (part := self._part(told)) is not None]

    def end(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None

    # --- inside

    def _part(self, told: Told) -> Any:
        """What of it they are to hear; None where that is nothing."""
        chooses = self._hearing.ids is not None and told.event.kind in FILTERED
        return self._hearing.part(told.event, told.things if chooses else None)

    def _said(self, told: Told, part: Any) -> Said:
        return Said(told.event.number, told.event.kind, told.data(part, self._hearing.fields))

    def _gather(self, said: Said, part: Any) -> None:
        if said.kind in FILTERED:
            self._things[said.kind].update(zip((view.id for view in part), said.data, strict=True))
            self._numbers[said.kind] = said.number
            return
        if said.kind == GONE and (things := self._things.get(said.data["kind"])):
            for number in said.data["ids"]:
                things.pop(number, None)
        self._gathered.append(said)

    def _tell_gathered(self) -> None:
        self._due, self._told_at = None, self._clock.seconds()
        gathered, self._gathered = self._gathered, []
        for kind, things in self._things.items():
            if things:
                gathered.append(Said(self._numbers[kind], kind, list(things.values())))
                things.clear()
        gathered.sort(key=lambda said: said.number)
        if gathered:
            self._tell(Batch(*gathered))

    def _tell(self, batch: Batch) -> None:
        for reader in list(self.readers):
            reader.tell(batch)
