"""Writes a condition as a text that is read as the same condition, whatever it is.

How does this work?  Comparisons are written with their attribute and operator, never as bare words, so that
nothing has to be guessed when they are read.  Brackets stand only where they must.  Values are written by their
sort; a text is put in quotes where something in it would be taken for something else.  Moments are written in
UTC, so ages become times.
"""

import re
from typing import Any

from brender.verbs.filters.conditions import And, Comparison, Condition, Everything, Not, Or, Range, Value
from brender.verbs.filters.globs import SPECIAL, Pattern, elements, is_wild
from brender.verbs.filters.tokens import KEYWORDS
from brender.verbs.filters.values import Sort, sort_of

SAFE = re.compile(rf"[^{SPECIAL}!*?\[]++")
TAKEN = (*KEYWORDS, "none")  # words that mean something else without quotes


def written(condition: Condition) -> str:
    """Such that `parse(written(condition), ...) == condition`."""
    match condition:
        case Everything():
            return "all"
        case Comparison(attribute, op, values):
            sort = sort_of(attribute)
            return f"{attribute.name}{op}{','.join(value_written(value, sort) for value in values)}"
        case Not(of):
            return f"not {in_brackets(of, And, Or)}"
        case And(parts):
            return " and ".join(in_brackets(part, And, Or) for part in parts)
        case Or(parts):
            return " or ".join(in_brackets(part, Or) for part in parts)


def in_brackets(condition: Condition, *kinds: Any) -> str:
    text = written(condition)
    return f"({text})" if isinstance(condition, kinds) else text


def value_written(value: Value, sort: Sort) -> str:
    match value:
        case None:
            return "none"
        case Range():
            return range_written(value, sort)
        case Pattern(text):
            return pattern_written(text)
        case str():
            return value if SAFE.fullmatch(value) and value.lower() not in TAKEN else quoted(value)
        case _:
            return sort.write(value)


def range_written(value: Range, sort: Sort) -> str:
    first, last = sort.write(value.first), sort.write(value.last)
    dots = sort.dotted or {"-", "e"} & {*first, *last}
    return f"{first}..{last}" if dots else f"{first}-{last}"


def pattern_written(text: str) -> str:
    if not text or text.lower() in TAKEN:
        return quoted(text)
    return "".join(part if is_wild(part) or SAFE.fullmatch(part) else quoted(part) for part in elements(text))


def quoted(text: str) -> str:
    """In such quotes as the text has none of; a text with both is in several pieces."""
    if '"' not in text:
        return f'"{text}"'
    if "'" not in text:
        return f"'{text}'"
    return "".join(f"'{part}'" if part == '"' else f'"{part}"' for part in re.split('(")', text) if part)
