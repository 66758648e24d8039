"""In which line of a template's text something stands.

How does this work?  Problems name places (`steps[0].script`); whoever edits the text wants its line.  `Lines` walks the
text once, as `template` does, and remembers where each field and item begins.  A place that is not in the text, such
as a field that is missing, has the line of what it should be in.  A text that cannot be read to its end has the
lines up to there; a sentence that begins with a line of its own knows better.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import yaml

from brender.farm.submission.problems import WHOLE, Problem, inside

SAYS = re.compile(r"Line (\d+)\b")
LAST_PART = re.compile(r"(\.?[^.\[\]]+|\[\d+\])\Z")
Event = Any

_Loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Lines:
    def __init__(self, text: str) -> None:
        self._of: dict[str, int] = {}
        with suppress(yaml.YAMLError, ValueError):  # as far as it goes
            self._walk(text)

    def of(self, problem: Problem) -> int | None:
        """The line of a problem; None where it is of nothing that stands in the text."""
        if said := SAYS.match(problem.message):
            return int(said[1])
        place = problem.at
        while place and place != WHOLE:
            if place in self._of:
                return self._of[place]
            place = LAST_PART.sub("", place) if LAST_PART.search(place) else ""
        return None

    def _walk(self, text: str) -> None:
        open_: list[_Open] = []
        for event in yaml.parse(text, Loader=_Loader):
            if isinstance(event, yaml.CollectionEndEvent):
                open_.pop()
            elif isinstance(event, yaml.NodeEvent):
                place = open_[-1].place(event) if open_ else ""
                if place and event.start_mark:
                    self._of.setdefault(place, event.start_mark.line + 1)
                if isinstance(event, yaml.CollectionStartEvent):
                    open_.append(_Open(place or "", isinstance(event, yaml.MappingStartEvent)))


class _Open:
    """A list or mapping whose end has not come yet."""

    def __init__(self, at: str, is_mapping: bool) -> None:
        self._at = at
        self._index = -1
        self._key: str | None = None
        self.place: Callable[[Event], str | None] = self._field if is_mapping else self._item

    def _item(self, _: Event) -> str:
        self._index += 1
        return inside(self._at, self._index)

    def _field(self, event: Event) -> str | None:
        """The place of a value; None of the name before it."""
        if self._key is None:
            self._key = str(getattr(event, "value", ""))
            return None
        place, self._key = inside(self._at, self._key), None
        return place
