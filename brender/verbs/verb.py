"""A verb: what can be done with an item, declared once for all faces.

How does this work?  A `Verb` belongs to an item and has a name, a sentence of help, what may be said besides which
things are meant (`takes`, a struct: its fields, types, ranges and meanings), and an async function that does it
to all that were chosen and gives an `Outcome` for each.  `Verbs` collects them: an instance is the decorator.
Whatever a face needs to know (shell, JSON lines, HTTP, the OpenAPI document, `brender`, help) is read from here.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeVar

import msgspec

from brender.farm.interfaces import FarmService
from brender.farm.people.users import LOCAL, Rights, Role, Who
from brender.farm.transitions import NotNow
from brender.verbs.items.known import Item

NO_RIGHTS = Rights("", Role.VIEWER)


class Which(Enum):
    """How the things are chosen that a verb is about."""

    NONE = "none"  # it makes one, or is about the whole farm
    ONE = "one"  # by its id
    MANY = "many"  # by an id or a filter, which has to be said
    ANY = "any"  # the same, and without one it is all of them


class Given(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may be said besides which things are meant."""

    def check(self) -> None:
        """Raises `Unfit` or `Refused` for what can be said of no thing, whichever were chosen, or none."""


class Nothing(Given, frozen=True):
    """Nothing has to be said."""


@dataclass(frozen=True)
class Call:
    """A verb, about things that were found, from whatever face it came."""

    service: FarmService
    item: Item
    things: Sequence[Any]
    given: Any  # a `Given`
    now: float  # seconds of the epoch
    one: bool = False  # it was named by its id
    job: Any = None  # whose steps, tasks or orders they are
    who: Who = LOCAL
    rights: Rights = NO_RIGHTS
    key: str = ""  # kept with what it makes


@dataclass(frozen=True)
class Outcome:
    """What became of one thing."""

    thing: Any
    more: Mapping[str, Any] = field(default_factory=dict)  # beside the fields of its view
    view: Any = None  # as it was when somebody looked; else as it is when this is told


@dataclass(frozen=True)
class Done:
    """What became of all of them."""

    outcomes: Sequence[Outcome]
    also: Mapping[str, Any] = field(default_factory=dict)  # beside them: where the next page begins


def gone(call: Call, stay: Mapping[int, str]) -> Sequence[Outcome]:
    """What was deleted, but for those that have to stay, and why; of a single one that is raised."""
    if call.one and stay:
        raise NotNow(next(iter(stay.values())))
    return [
        Outcome(thing, {"changed": False, "error": stay[thing.id]} if thing.id in stay else {"changed": True})
        for thing in call.things
    ]


Run = Callable[[Call], Awaitable[Sequence[Outcome] | Done]]
Each = Callable[[Call, Any], Awaitable[Mapping[str, Any]]]


@dataclass(frozen=True)
class Verb:
    item: Item
    name: str
    help: str  # one sentence
    run: Run
    which: Which = Which.MANY
    takes: type[Given] = Nothing
    changes: bool = True
    makes: bool = False  # a new thing
    sent: bool = False  # it changes nothing, and is sent as a change is: too much for an address, or it has work done
    shows: bool = True  # the view of each thing, and not only what the outcome says
    gives: Any = str  # what the outcome says under the verb's own name, where it shows no view
    bare: str = ""  # the field that a word without a name gives, where people type
    more: str = ""  # what help adds
    role: Role | None = None  # who may do it; else whoever may look, or change things of this kind

    @property
    def by_body(self) -> bool:
        """Whether what is said stands in the body of a request, and not in its address."""
        return self.changes or self.sent

    @property
    def alone(self) -> bool:
        """Whether its answer is about one thing, though none is named."""
        return self.makes or self.sent

    @property
    def submits(self) -> bool:
        """Whether it is about a job that is not there yet."""
        return "template" in self.takes.__struct_fields__

    @property
    def sets(self) -> Item | None:
        """Of what it sets attributes, where it does."""
        return self.item if self.makes or self.name == "update" else None

    @property
    def key(self) -> tuple[str, str]:
        return self.item.name, self.name

    @property
    def needs(self) -> Role:
        """Who may do it.  What somebody else owns is for `item.others` alone."""
        if self.role is not None:
            return self.role
        if not self.changes:
            return self.item.seen_by
        return Role.ARTIST if self.item.owned else Role.WRANGLER


Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass
class Verbs:
    """The verbs of one item; a function becomes one by the decorator that an instance is."""

    item: Item
    known: dict[str, Verb] = field(default_factory=dict)

    def __call__(self, name: str, sentence: str, **how: Any) -> Callable[[Run], Run]:
        """For a function that does it to all of them at once."""

        def declare(run: Run) -> Run:
            self.known[name] = Verb(self.item, name, sentence, run, **how)
            return run

        return declare

    def __iter__(self) -> Iterator[Verb]:
        return iter(self.known.values())
