"""What somebody who follows the events wants to hear, whatever way they reach it: kinds, a filter, which things.

How does this work?  The events of some kinds show things (`FILTERED`), and a filter is asked which of them are
wanted; its test is made by the function that is handed in (`Matching`).  With a `job`, events of jobs are those of
that one, and so are those of tasks, which nobody hears who does not ask for them.  What matched when it was told last
is told once more when it matches no longer, so that the reader knows.  Of what is gone everybody hears who hears that
kind.  `ids` and `fields` narrow what is told of jobs and clients to what a page shows (`narrower`).
"""

from collections.abc import Callable, Collection
from typing import Any, Protocol

from brender.farm.event_kinds import GONE, KINDS, TASK, TOLD
from brender.farm.submission.problems import shown
from brender.verbs.following.narrower import Things, fields_of, ids_of
from brender.verbs.performing import Filter
from brender.verbs.said.unfit import Unfit, meant

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

    def __init__(
        self,
        kinds: Collection[str],
        wanted: Filter,
        matching: Matching,
        job: int | None = None,
        ids: str = "",
        fields: str = "",
    ) -> None:
        for kind in kinds:
            if kind not in KINDS:
                raise Unfit(f"There are no events of the kind {shown(kind)}; {meant(kind, KINDS)}", "kinds")
        if TASK in kinds and job is None:
            raise Unfit("Events of tasks are those of one job: say which, as in job=3.", "job")
        self.kinds = frozenset(kinds)  # none: all of them, but for figures and tasks
        self.job = job  # whose events are wanted, where they are a job's
        self.text = wanted.strip() if isinstance(wanted, str) else ""
        chosen = self.text or wanted
        asked = [kind for kind in FILTERED if kind in (self.kinds or FILTERED)]
        if chosen and not asked:
            raise Unfit(f"A filter chooses among events of {' and '.join(FILTERED)}; none of them is wanted.", "filter")
        if (ids or fields) and not asked:
            at = "ids" if ids else "fields"
            raise Unfit(f"{at} is for events of {' and '.join(FILTERED)}; none of them is wanted.", at)
        self.ids = ids_of(ids)  # none: all of them
        self.fields = fields_of([name for name in fields.split(",") if name], asked)  # none: all there are
        self._tests = {kind: matching(kind, chosen) for kind in asked} if chosen else {}
        if job is not None:
            self._tests["job"] = of_one(job, self._tests.get("job"))
        self._inside: set[tuple[str, int]] = set()  # what matched when it was told last

    @property
    def tasks(self) -> int | None:
        """The job whose tasks are followed."""
        return self.job if TASK in self.kinds else None

    def part(self, event: Happening, things: Things | None = None) -> Any:
        """What of its data this reader is to be told; None where that is nothing.

        `things` are what it shows, where somebody has looked already.
        """
        if event.kind not in KINDS:
            return event.data  # what is said to this reader itself
        if event.kind == TASK:
            return event.data if self.tasks is not None and event.data["job"] == self.tasks else None
        if event.kind == GONE:
            return self._gone(**event.data)
        if event.kind not in (self.kinds or TOLD):
            return None
        views = event.data
        if self.ids is not None and event.kind in FILTERED:
            views = self.ids.of(things or Things(views)) or None
        test = self._tests.get(event.kind)
        if test is None or views is None:
            return views
        return [view for view in views if self._passes(test, event.kind, view)] or None

    def _gone(self, kind: str, ids: Collection[int]) -> Any:
        """Whatever the filter, as nobody can ask it of what is not there; to all who hear things of that kind."""
        self._inside.difference_update((kind, number) for number in ids)
        told = [number for number in ids if kind != "job" or self.job in (None, number)]
        hears = not self.kinds or self.kinds & {GONE, kind}
        return {"kind": kind, "ids": told} if hears and told else None

    def _passes(self, test: Test, kind: str, view: Any) -> bool:
        """It matches; or it did when it was told last, and the reader should know that it does no longer."""
        key = (kind, view.id)
        if test(view):
            self._inside.add(key)
            return True
        was_inside = key in self._inside
        self._inside.discard(key)
        return was_inside


def of_one(job: int, test: Test | None) -> Test:
    """Views of this job, as far as they match."""
    return lambda view: view.id == job and (test is None or test(view))
