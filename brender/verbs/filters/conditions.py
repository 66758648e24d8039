"""What a filter is once it is read: a tree of comparisons; and what the filters of one item can say.

How does this work?  A text becomes a `Condition`: comparisons of attributes with values, joined by `And`, `Or`
and `Not`. Conditions are plain and frozen: they can be compared, kept, written again (`writing`) and made into
a function (`matching`).  A `Language` is what may be said of one item: its attributes, which of them a bare
word and a bare number mean, and other names of attributes.  A value is a text, a number, yes or no, or None for
what is absent; a `Pattern` and a `Range` stand for many.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from brender.verbs.filters.globs import Pattern
from brender.verbs.items.attributes import Attribute

LONGEST = 10_000  # characters of a filter
MOST = 200  # comparisons: each is asked of every thing
DEEPEST = 50  # brackets and "not" inside each other


class Op(StrEnum):
    IS = "="
    IS_NOT = "!="
    BELOW = "<"
    AT_MOST = "<="
    ABOVE = ">"
    AT_LEAST = ">="
    LIKE = "~"
    UNLIKE = "!~"


SAMENESS = (Op.IS, Op.IS_NOT)
ORDERINGS = (Op.BELOW, Op.AT_MOST, Op.ABOVE, Op.AT_LEAST)
LIKENESS = (Op.LIKE, Op.UNLIKE)
NEGATIVE = (Op.IS_NOT, Op.UNLIKE)


@dataclass(frozen=True)
class Range:
    """All numbers from the first to the last, both included."""

    first: float
    last: float


Value = str | bool | int | float | Pattern | Range | None


@dataclass(frozen=True)
class Everything:
    """True of all: `all`, and the filter that says nothing."""


@dataclass(frozen=True)
class Comparison:
    """One attribute beside values: it is any of them; with a negative operator, none."""

    attribute: Attribute
    op: Op
    values: tuple[Value, ...]  # at least one; exactly one for an ordering


@dataclass(frozen=True)
class Not:
    of: "Condition"


@dataclass(frozen=True)
class And:
    parts: tuple["Condition", ...]  # at least two


@dataclass(frozen=True)
class Or:
    parts: tuple["Condition", ...]  # at least two


Condition = Everything | Comparison | Not | And | Or


@dataclass(frozen=True)
class Language:
    """What filters of one item can say."""

    attributes: Mapping[str, Attribute]
    thing: str = field(kw_only=True)  # the word for it in sentences: "client"
    named: str = field(default="name", kw_only=True)  # what a bare word is compared with; "" for nothing
    numbered: str = field(default="id", kw_only=True)  # what a bare number is compared with; "" for nothing
    aliases: Mapping[str, str] = field(default_factory=dict, kw_only=True)  # "pool" for "pools"

    def find(self, name: str) -> Attribute | None:
        """The attribute of that name, in capitals or not, or of that other name."""
        name = name.lower()
        return self.attributes.get(self.aliases.get(name, name))

    @cached_property
    def asked(self) -> Mapping[str, Attribute]:
        """The attributes that filters can ask for."""
        return {name: attribute for name, attribute in self.attributes.items() if attribute.asked}

    @cached_property
    def words(self) -> Mapping[str, Attribute]:
        """The values that are words of their own, `online`, each with the attribute that has it.

        Settings have none: a job may well be called "preview", which is also an order of tasks.
        """
        found: dict[str, Attribute] = {}
        for attribute in self.asked.values():
            if len(attribute.path) == 1:
                for choice in attribute.choices:
                    found.setdefault(choice.lower(), attribute)
        return found
