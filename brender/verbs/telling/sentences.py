"""Sentences that count: how many were changed, and how many were so already; what was refused.

How does this work?  A `Predicate` says it of one and of many.  Few are named, more are counted.  What the farm refused
of many has a sentence each, as far as they fit.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from brender.verbs.performing import Row
from brender.verbs.said.words import listed
from brender.verbs.tables import count

NAMED = 4  # things more than this are counted, not named
REFUSALS = 5  # sentences

Naming = Callable[[Any], str]


@dataclass(frozen=True)
class Predicate:
    """What is said of those that were changed, and of those that were so before."""

    one: str  # "is now disabled"
    many: str  # "are now disabled"
    was: str  # "already was"
    were: str  # "already were"
    state: str = ""  # " disabled": what the latter two lack where nobody was changed


def counted(thing: str, rows: Sequence[Row], naming: Naming, predicate: Predicate) -> str:
    """ "2 clients: render-01 is now disabled, render-02 already was."."""
    now = [naming(row.view) for row in rows if row.more.get("changed")]
    before = [naming(row.view) for row in rows if not row.more.get("changed") and "error" not in row.more]
    parts = [f"{names(now)} {predicate.one if len(now) == 1 else predicate.many}"] if now else []
    if before:
        was = predicate.was if len(before) == 1 else predicate.were
        parts.append(f"{names(before)} {was}{'' if now else predicate.state}")
    total = f"{count(len(rows), thing)}: " if len(rows) > 1 else ""
    return f"{total}{', '.join(parts)}." if parts else f"{total}nothing was changed."


def names(words: Sequence[str]) -> str:
    return listed(words) if len(words) <= NAMED else f"{len(words):,}"


def refused(rows: Sequence[Row]) -> list[str]:
    """What the farm refused, a sentence for each."""
    sentences = [row.more["error"] for row in rows if "error" in row.more]
    return some(sentences, REFUSALS, "more could not be done.")


def some(lines: Sequence[str], most: int, ending: str) -> list[str]:
    """The first of them, and how many are left out."""
    left_out = len(lines) - most
    return [*lines[:most], *([f"{left_out:,} {ending}"] if left_out > 0 else [])]


def as_name(view: Any) -> str:
    """Of anything that has a name, or else a number."""
    name = getattr(view, "name", "")
    return str(name if name else getattr(view, "id", "?"))


def as_number(view: Any) -> str:
    return str(view.id)
