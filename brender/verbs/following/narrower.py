"""What a follower of events wants of the things that they show: only some of them, and of each only some attributes.

How does this work?  A page shows a few of a hundred thousand things, and a few attributes of each.  `ids` says which:
`3,7-9,120-` are these numbers and all from 120 on, which is how a list hears of what is new.  `Things` has those of one
event by number, so that choosing costs as much as was asked for, and not as much as has changed.
"""

import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from typing import Any, NamedTuple

import msgspec

from brender.farm.submission.problems import shown
from brender.farm.views.things import ClientView, JobView
from brender.verbs.said.unfit import Unfit, meant

SHOWN: Mapping[str, type[msgspec.Struct]] = {"job": JobView, "client": ClientView}  # by the kind of their events
MOST_IDS = 1000
PART = re.compile(r"([0-9]{1,15})(?:(-)([0-9]{1,15})?)?")


class Things:
    """The views that one event shows."""

    def __init__(self, views: Iterable[Any]) -> None:
        self.by_id: dict[int, Any] = {view.id: view for view in views}

    @cached_property
    def order(self) -> list[int]:
        return sorted(self.by_id)


class Ids(NamedTuple):
    numbers: tuple[int, ...]
    least: int | None = None  # and all from here on

    def of(self, things: Things) -> list[Any]:
        """Those of the things that are meant, by number."""
        known = things.by_id
        found = {number: known[number] for number in self.numbers if number in known}
        if self.least is not None:
            found |= {number: known[number] for number in things.order[bisect_left(things.order, self.least) :]}
        return list(found.values())


def ids_of(text: str) -> Ids | None:
    """Raises `Unfit`; None where nothing was said."""
    if not text:
        return None
    numbers: set[int] = set()
    least: list[int] = []
    for part in text.split(","):
        found = PART.fullmatch(part)
        if found is None:
            raise Unfit(f"{shown(part)} is no number; say which are meant as in ids=3,7-9,120-", "ids")
        first, last = int(found[1]), int(found[3] or found[1])
        if found[2] and not found[3]:
            least.append(first)
        elif last - first + len(numbers) >= MOST_IDS:
            raise Unfit(f"At most {MOST_IDS} things can be named; a filter chooses among more.", "ids")
        else:
            numbers.update(range(first, last + 1))
    return Ids(tuple(sorted(numbers)), min(least, default=None))


def fields_of(names: Collection[str], kinds: Iterable[str]) -> frozenset[str]:
    """The attributes that were asked for, `id` always among them; none: all there are.  Raises `Unfit`."""
    known = list(dict.fromkeys(name for kind in kinds for name in SHOWN[kind].__struct_fields__))
    for name in names:
        if name not in known:
            raise Unfit(f"Events show no {shown(name)}; {meant(name, known)}", "fields")
    return frozenset({"id", *names}) if names else frozenset()


def shortened(view: Any, fields: frozenset[str]) -> dict[str, Any]:
    return {name: getattr(view, name) for name in view.__struct_fields__ if name in fields}
