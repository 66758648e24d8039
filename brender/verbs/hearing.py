"""What somebody who follows the events wants to hear, whatever way they reach it: kinds, and a filter.

How does this work?  The events of some kinds show things (`FILTERED`), and a filter is asked which of them are
wanted; its test is made by the function that is handed in (`Matching`).  What matched when it was told last is told
once more when it matches no longer, so that the reader knows.
"""

from collections.abc import Callable, Collection
from typing import Any, Protocol

from brender.farm.submission.problems import shown
from brender.verbs.performing import Filter
from brender.verbs.unfit import Unfit, meant

KINDS = ("job", "client", "picture", "farm")
FILTERED = ("job", "client")  # the kinds whose events are lists of things

Test = Callable[[Any], bool]
Matching = Callable[[str, Filter], Test]  # from a kind and a filter; raises `BadFilter`


class Happening(Protocol):
    @property
    def kind(self) -> str: ...

    @property
    def data(self) -> Any: ...


class Hearing:
    """What one reader wants to hear; raises `BadFilter` or `Unfit` for a filter that cannot be."""

    def __init__(self, kinds: Collection[str], wanted: Filter, matching: Matching) -> None:
        for kind in kinds:
            if kind not in KINDS:
                raise Unfit(f"There are no events of the kind {shown(kind)}; {meant(kind, KINDS)}", "kinds")
        self.kinds = frozenset(kinds)  # none: all of them
        self.text = wanted.strip() if isinstance(wanted, str) else ""
        chosen = self.text or wanted
        asked = [kind for kind in FILTERED if kind in (self.kinds or FILTERED)]
        if chosen and not asked:
            raise Unfit(f"A filter chooses among events of {' and '.join(FILTERED)}; none of them is wanted.", "filter")
        self._tests = {kind: matching(kind, chosen) for kind in asked} if chosen else {}
        self._inside: set[tuple[str, int]] = set()  # what matched when it was told last

    def part(self, event: Happening) -> Any:
        """What of its data this reader is to be told; None where that is nothing."""
        if event.kind not in KINDS:
            return event.data  # what is said to this reader itself
        if self.kinds and event.kind not in self.kinds:
            return None
        test = self._tests.get(event.kind)
        if test is None:
            return event.data
        return [view for view in event.data if self._passes(test, event.kind, view)] or None

    def _passes(self, test: Test, kind: str, view: Any) -> bool:
        """It matches; or it did when it was told last, and the reader should know that it does no longer."""
        key = (kind, view.id)
        if test(view):
            self._inside.add(key)
            return True
        was_inside = key in self._inside
        self._inside.discard(key)
        return was_inside
