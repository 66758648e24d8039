"""What the audit is told of a change: who asked for it, what it was about, what came of it, and no secrets.

How does this work?  `audited` stands around a verb that changes something: it notes it before, so that it is
committed with the change, and what came of it after that.  What was said is JSON without anything that may be a secret,
and shortened; a template is told by its name alone.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec.structs import replace

from brender.farm.interfaces import FarmService
from brender.farm.people.audit import DONE, UNDER_WAY, Entry
from brender.farm.people.users import Rights, Who
from brender.verbs.items.reading import id_of
from brender.verbs.verb import Call, Done, Verb

SECRET = re.compile(r"passw|secret|token|key$|credential", re.IGNORECASE)
HIDDEN = "***"
LONG = {"template", "data", "content"}  # said in a word
MOST_VALUES, MOST_OUTCOME, MOST_THINGS = 1_000, 500, 20


@dataclass
class Noting:
    """An entry of the audit while the change is made; nothing where nothing is changed."""

    call: Call
    entry: Entry | None = None

    def of(self, done: Done) -> None:
        """That came of it."""
        if self.entry is not None:
            refused = [str(each.more["error"]) for each in done.outcomes if "error" in each.more]
            outcome = f"{len(refused)} refused: {refused[0]}" if refused else DONE
            self._end(outcome, [each.thing for each in done.outcomes])

    def failed(self, error: BaseException) -> None:
        if self.entry is not None:
            self._end(f"refused: {error}", self.call.things)

    def _end(self, outcome: str, things: Sequence[Any]) -> None:
        assert self.entry is not None
        told = about(self.call, things)
        self.call.service.noted(replace(self.entry, outcome=cut(outcome, MOST_OUTCOME), things=told, count=len(things)))


@contextmanager
def audited(verb: Verb, call: Call, values: Mapping[str, Any]) -> Iterator[Noting]:
    noting = Noting(call)
    if verb.changes:
        noting.entry = call.service.note(entry_of(verb, call, values))
    try:
        yield noting
    except Exception as error:
        noting.failed(error)
        raise


def refused(verb: Verb, service: FarmService, who: Who, rights: Rights, why: str, now: float) -> None:
    """Somebody asked for what they may not do."""
    entry = Entry(0, now, rights.name, rights.role, who.address, who.face, verb.item.name, verb.name)
    service.noted(service.note(replace(entry, count=0, outcome=f"refused: {why}")))


def entry_of(verb: Verb, call: Call, values: Mapping[str, Any]) -> Entry:
    who, rights, things = call.who, call.rights, about(call, call.things)
    begun = (0, call.now, rights.name, rights.role, who.address, who.face, verb.item.name, verb.name)
    return Entry(*begun, things, len(call.things), said(values), UNDER_WAY)


def about(call: Call, things: Sequence[Any]) -> str:
    """Their ids; before those of tasks and the like, the number of their job."""
    job, more = f"{call.job.id}/" if call.job else "", ", ..." if len(things) > MOST_THINGS else ""
    return ", ".join(f"{job}{id_of(call.item, thing)}" for thing in things[:MOST_THINGS]) + more


def said(values: Mapping[str, Any]) -> str:
    """As JSON, without secrets."""
    if not values:
        return ""
    return cut(msgspec.json.encode(plain(values)).decode("utf-8", "replace"), MOST_VALUES)


def plain(value: Any, name: str = "") -> Any:
    if SECRET.search(name):
        return HIDDEN
    if name in LONG:
        return value.get("name", "...") if isinstance(value, Mapping) else cut(str(value), 60)
    if isinstance(value, Mapping):
        return {str(key): plain(each, str(key)) for key, each in value.items()}
    return value


def cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
