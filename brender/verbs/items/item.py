"""An item: one kind of thing that there is to look at and to change.

How does this work?  An `Item` says what it is called, which things of it there are, in which order they are listed,
which view shows one, and by what it is found.  Its attributes come from the view.  `Item.reader` reads an
attribute from a thing itself where that is cheap (`direct`), and from its view where it is not: so that a hundred
thousand jobs can be filtered and sorted without a view of each.  `narrow` does for a long list what of a filter can be
done without looking at each of its things.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Literal

import msgspec

from brender.farm.farm import Farm
from brender.farm.interfaces import FarmService
from brender.farm.people.users import Role
from brender.verbs.items.attributes import Attribute, Reader
from brender.verbs.said.unfit import Unfit

Things = Callable[[FarmService, Any], Awaitable[Sequence[Any]]]  # of the job, where an item is one of a job
Reading = Callable[[Any], Any]
Narrow = Callable[[Any, Any], tuple[Sequence[Any], Any]]  # things and a condition -> fewer, and what is left of it


@dataclass(frozen=True)
class Item:
    name: str
    plural: str
    meaning: str
    view: type[msgspec.Struct]
    things: Things  # all of them, in the order in which they are listed
    show: Callable[[Any, Farm], Any]  # the view of one
    find: Callable[[Any, Any], Any]  # by its id, in the farm or among the things of a job; raises `NotFound`
    attributes: Mapping[str, Attribute]
    of_job: bool = False
    among: bool = False  # one is found among all of them, as in a list of a job, and not in the farm
    key: Literal["number", "name"] = "number"  # what its id is, in an address too
    aliases: Mapping[str, str] = field(default_factory=dict)  # other names of attributes in filters
    direct: Mapping[str, Reading] = field(default_factory=dict)
    named: str = "name"  # the attribute that a bare word of a filter is about
    numbered: str = "id"  # what a bare number is about
    searched: Sequence[str] = ("name",)  # attributes in which a text is looked for
    ordered_by: Sequence[str] = ("id",)  # as they are listed; no two things have the same
    newest_first: bool = False
    narrow: Narrow | None = None
    most: int | None = None  # that are looked at one by one; none: however many there are
    without: Mapping[str, str] = field(default_factory=dict)  # what cannot be done with it, and why: a sentence
    owner: Callable[[Any], str] | None = None  # whose a thing is, where people own them
    seen_by: Role = Role.VIEWER  # who may look at them
    others: Role = Role.WRANGLER  # who may change what somebody else owns
    private: bool = False  # who may not change what somebody else owns does not see it either

    @property
    def owned(self) -> bool:
        """Whether its things, or the job that they are of, are somebody's own."""
        return self.of_job or self.owner is not None

    def reader(self, farm: Farm) -> Reader:
        """Reads attributes from things as they are now."""

        def read(attribute: Attribute) -> Reading:
            if attribute.name in self.direct:
                return self.direct[attribute.name]
            if attribute.path[0] == "settings":
                return attrgetter(".".join(attribute.path))
            show, of_view = self.show, attribute.read
            return lambda thing: of_view(show(thing, farm))

        return read


    def bear(self, things: Sequence[Any], doing: str) -> None:
        """Raises `Unfit` where to look at each would keep the farm from its work for too long."""
        if self.most is not None and len(things) > self.most:
            raise Unfit(
                f"{doing} would look at {len(things):,} {self.plural} one by one; {self.most:,} are the most. "
                "Ask for a state, a step or frames as well.",
                "filter",
            )


def itself(view: Any, _: Farm) -> Any:
    """Of things that are views already."""
    return view
