"""Filters in JSON: `{"name": "render-0*", "status": ["enabled"], "memory": ">=32GB"}`; all of it must be true.

How does this work?  Each name is an attribute, each value what it is compared with.  A text is read like a
value without quotes, except that white space and, in free text, commas are part of it; it may begin with an
operator.  Numbers, true and false, and null (what is absent) stand for themselves; a list is any of its
members.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import tzinfo
from math import isfinite
from typing import Any

from brender.verbs.filters.comparing import asked_for, attribute_of, may_be_absent, operator_for, value
from brender.verbs.filters.conditions import (
    LONGEST,
    MOST,
    ORDERINGS,
    And,
    Comparison,
    Condition,
    Everything,
    Language,
    Op,
    Value,
)
from brender.verbs.filters.globs import Piece
from brender.verbs.filters.moments import Now
from brender.verbs.filters.parsing import TOO_MANY, check_length
from brender.verbs.filters.values import GREATEST, TEXT, YES_OR_NO, Asked
from brender.verbs.filters.wrong import BadFilter

OPERATOR = re.compile(r"\s*+(!=|<=|>=|!~|=|<|>|~)\s*+")


def parse_mapping(given: Mapping[str, Any], language: Language, *, now: float, zone: tzinfo) -> Condition:
    """What it says; raises `BadFilter`, whose `key` is the name that it is about."""
    if len(given) > MOST:
        raise BadFilter(TOO_MANY)
    parts = [compared(name, said, language, Now(now, zone)) for name, said in given.items()]
    found = Everything() if not parts else parts[0] if len(parts) == 1 else And(tuple(parts))
    check_length(found)
    return found


def compared(name: str, said: Any, language: Language, now: Now) -> Condition:
    try:
        asked = asked_for(attribute_of(name, language), language, now)
        op, members = members_of(said, asked)
        if op in ORDERINGS and len(members) > 1:
            raise BadFilter(f'"{op}" compares with one value, not with a list.')
        return Comparison(asked.attribute, op, tuple(member(each, op, asked) for each in members))
    except BadFilter as wrong:
        wrong.key = name
        raise


def members_of(said: Any, asked: Asked) -> tuple[Op, Sequence[Any]]:
    if isinstance(said, list | tuple):
        if not said:
            raise BadFilter(f"The list of {asked.attribute.name} is empty: nothing could be one of it.")
        return Op.IS, said
    if not isinstance(said, str):
        return Op.IS, [said]
    if len(said) > LONGEST:
        raise BadFilter(f"A filter has at most {LONGEST:,} characters.")
    found = OPERATOR.match(said)
    op = operator_for(found[1], asked) if found else Op.IS
    text = said[found.end() :] if found else said
    return op, [text] if asked.sort is TEXT else [part.strip() for part in text.split(",")]


def member(said: Any, op: Op, asked: Asked) -> Value:
    match said:
        case None if may_be_absent(asked):
            return None
        case bool() if asked.sort is YES_OR_NO:
            return said
        case str():
            return value([Piece(said, quoted=False)], op, asked)
        case int() | float() if is_number(said) and asked.sort is not YES_OR_NO:
            return value([Piece(number_text(said, asked), quoted=False)], op, asked)
        case _:
            raise asked.unfit(told(said))


def is_number(said: float) -> bool:
    return not isinstance(said, bool) and not (isinstance(said, float) and not isfinite(said))


def number_text(said: float, asked: Asked) -> str:
    if abs(said) > GREATEST:
        raise BadFilter(f"That number is too large for {asked.attribute.name}.")
    return str(int(said)) if said == int(said) else repr(said)


def told(said: Any) -> str:
    """Plain data for a sentence, as JSON has it."""
    match said:
        case None | bool():
            return {None: "null", True: "true", False: "false"}[said]
        case list() | tuple():
            return "[...]"
        case dict():
            return "{...}"
        case _:
            return str(said)
