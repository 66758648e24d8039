"""Filters: which things of a farm are meant, in one grammar for all faces.

How does this work?  `parse` reads a text and `parse_mapping` the JSON form into a `Condition`; `matching` makes
that a function of a thing; `written` writes it again.  What can be said of an item is its `Language`.  What
cannot be is refused with a `BadFilter`: a sentence, and its place in the text (`pointing` shows it).  `suggest`
is for Tab, `usage` for help, `nothing` for a filter that chose nothing.  docs/filters.md has the grammar for
people.

    language = Language(attributes_of(ClientView), thing="client", aliases={"pool": "pools"})
    condition = parse("online and (memory>=32GB or pool=gpu)", language, now=now, zone=zone)
    chosen = list(filter(matching(condition), views))
"""

from brender.verbs.filters.completing import Suggestion, suggest
from brender.verbs.filters.conditions import (
    And,
    Comparison,
    Condition,
    Everything,
    Language,
    Not,
    Op,
    Or,
    Range,
    Value,
)
from brender.verbs.filters.globs import Pattern
from brender.verbs.filters.mapping import parse_mapping
from brender.verbs.filters.matching import matching
from brender.verbs.filters.parsing import parse
from brender.verbs.filters.telling import nothing, pointing, usage
from brender.verbs.filters.writing import written
from brender.verbs.filters.wrong import BadFilter

__all__ = [
    "And",
    "BadFilter",
    "Comparison",
    "Condition",
    "Everything",
    "Language",
    "Not",
    "Op",
    "Or",
    "Pattern",
    "Range",
    "Suggestion",
    "Value",
    "matching",
    "nothing",
    "parse",
    "parse_mapping",
    "pointing",
    "suggest",
    "usage",
    "written",
]
