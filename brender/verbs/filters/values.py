"""What can stand on the right of an operator: numbers with units, moments, yes and no, choices, texts and patterns.

How does this work?  Each attribute is of one `Sort`, found by its type and unit (`sort_of`).  A sort says which
operators it has, how a value is described to people, and how it is read and written.  Numbers of all sorts have
`ends`: reading gives the first and the last number that a text stands for, which differ for days only.  From
these come single values and ranges.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from brender.verbs.filters import moments
from brender.verbs.filters.conditions import LIKENESS, ORDERINGS, SAMENESS, Op, Range, Value
from brender.verbs.filters.moments import SECONDS, Now
from brender.verbs.filters.wrong import BadFilter, a, either, nearest, shown
from brender.verbs.items.attributes import Attribute, Unit

GREATEST = 2**63 - 1  # of whole numbers
LARGEST = 1e15  # of others: repr() writes up to there without an exponent
MEMORY: Mapping[str, int] = {"TB": 2**40, "GB": 2**30, "MB": 2**20, "kB": 2**10, "B": 1}
TRUTH = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}

DIGITS = re.compile(r"[+-]?[0-9]+")
NUMBER = re.compile(r"[+-]?(?:[0-9]{1,20}(?:\.[0-9]{0,25})?|\.[0-9]{1,25})(?:e[+-]?[0-9]{1,3})?", re.IGNORECASE)
UNIT = re.compile(r"(.*?)([a-z]*)", re.IGNORECASE | re.DOTALL)
DOTS = re.compile(r"(.+?)\.\.(.+)", re.DOTALL)
HYPHEN = re.compile(r"(.+?)(?<![eE])-(.+)", re.DOTALL)  # not the one of an exponent
MOST_CHARACTERS = 80  # of a number or moment, a range included; int() refuses thousands of digits

Ends = tuple[float, float]


@dataclass(frozen=True)
class Asked:
    """What a value is compared with, and when."""

    attribute: Attribute
    thing: str
    now: Now
    numbered: bool = False  # the attribute is that of bare numbers

    @cached_property
    def sort(self) -> "Sort":
        return ID if self.numbered else sort_of(self.attribute)

    def unfit(self, text: str) -> BadFilter:
        name = self.attribute.name
        if self.numbered:
            return BadFilter(f"{shown(text)} is not the {name} of {a(self.thing)}: {a(name)} is a whole number.")
        form = either(self.attribute.choices) if self.sort is CHOICE else self.sort.form
        return BadFilter(f"{shown(text)} is no value for {name}: write {form}.")

    def too_large(self, text: str) -> BadFilter:
        return BadFilter(f"{shown(text)} is too large for {self.attribute.name}.")


@dataclass(frozen=True)
class Sort:
    """Attributes whose values are written alike."""

    form: str  # "memory, such as 32GB"
    operators: tuple[Op, ...]
    ends: Callable[[str, Now], Ends] | None = None  # of numbers; raises ValueError or OverflowError
    write: Callable[[Any], str] = str
    units: tuple[str, ...] = ()
    dotted: bool = False  # values have hyphens in them, so that ranges need dots


# --- numbers


def identifier(text: str, now: Now) -> Ends:
    return whole("" if text.startswith(("+", "-")) else text, now)


def whole(text: str, _: Now) -> Ends:
    if not DIGITS.fullmatch(text):
        raise ValueError(text)
    return twice(int(text))


def plain(text: str, _: Now) -> Ends:
    return twice(number(text))


def percent(text: str, _: Now) -> Ends:
    return twice(number(text.removesuffix("%")))


def share(text: str, _: Now) -> Ends:
    return twice(number(text[:-1]) / 100 if text.endswith("%") else number(text))


def duration(text: str, _: Now) -> Ends:
    return twice(number(*with_unit(text, SECONDS, "s")))


def memory(text: str, _: Now) -> Ends:
    digits, size = with_unit(text, MEMORY, "B")
    return twice(int(digits) * size if DIGITS.fullmatch(digits) else round(number(digits, size)))


def with_unit(text: str, sizes: Mapping[str, int], usual: str) -> tuple[str, int]:
    found = UNIT.fullmatch(text)
    digits, unit = found.groups() if found else (text, "")
    known = {name.lower(): size for name, size in sizes.items()}
    if (unit or usual).lower() not in known:
        raise ValueError(text)
    return digits, known[(unit or usual).lower()]


def number(text: str, size: int = 1) -> float:
    if not NUMBER.fullmatch(text):
        raise ValueError(text)
    return float(text) * size


def twice(found: float) -> Ends:
    if abs(found) > (GREATEST if isinstance(found, int) else LARGEST):
        raise OverflowError(found)
    return found, found


# --- numbers, written


def shortest(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


def sized(sizes: Mapping[str, int]) -> Callable[[float], str]:
    """With the largest unit that leaves a whole number."""

    def write(value: float) -> str:
        unit = next((unit for unit, size in sizes.items() if value and value % size == 0), None)
        return f"{int(value // sizes[unit])}{unit}" if unit else shortest(value)

    return write


# --- the sorts

ORDERED = SAMENESS + ORDERINGS

TEXT = Sort("a text; * stands for anything, ? for one character", SAMENESS + LIKENESS)
CHOICE = Sort("one of its values", SAMENESS + LIKENESS)
YES_OR_NO = Sort("yes or no", SAMENESS, write=lambda value: "yes" if value else "no")
WHOLE = Sort("a whole number, such as 12, or 3-7", ORDERED, whole)
ID = Sort(WHOLE.form, ORDERED, identifier)
PLAIN = Sort("a number, such as 1.5", ORDERED, plain, shortest)
PERCENT = Sort("a percentage, such as 50%", ORDERED, percent, shortest)
SHARE = Sort("a share, such as 20% or 0.2", ORDERED, share, shortest)
DURATION = Sort("seconds, such as 90, 15min, 2h or 3d", ORDERED, duration, sized(SECONDS), tuple(SECONDS))
BYTES = Sort("memory, such as 32GB", ORDERED, memory, sized(MEMORY), tuple(MEMORY))
MOMENT = Sort(
    "a time, such as 2026-11-01, 2026-11-01T12:00, or -2h (two hours ago)",
    ORDERED,
    moments.ends,
    moments.written,
    tuple(SECONDS),
    dotted=True,
)

BY_UNIT = {Unit.EPOCH: MOMENT, Unit.SECONDS: DURATION, Unit.BYTES: BYTES, Unit.PERCENT: PERCENT}


def sort_of(attribute: Attribute) -> Sort:
    if attribute.of is bool:
        return YES_OR_NO
    if attribute.of is str:
        return CHOICE if attribute.choices else TEXT
    if attribute.unit in BY_UNIT:
        return BY_UNIT[attribute.unit]
    if attribute.name.endswith("_share"):
        return SHARE
    return WHOLE if attribute.of is int else PLAIN


# --- reading


def value_of(text: str, op: Op, asked: Asked) -> Value:
    """The value that a word stands for, unless it is free text; raises `BadFilter`."""
    if asked.sort.ends is not None:
        return numeric(text, op, asked.sort.ends, asked)
    if asked.sort is CHOICE:
        return choice(text, asked)
    if text.lower() not in TRUTH:
        raise asked.unfit(text)
    return TRUTH[text.lower()]


def choice(text: str, asked: Asked) -> str:
    attribute = asked.attribute
    known = {each.lower(): each for each in attribute.choices}
    if text.lower() not in known:
        meant = nearest(text, known)
        hint = f"did you mean {meant}?" if meant else f"it is {either(attribute.choices)}."
        raise BadFilter(f"No {asked.thing} has the {attribute.name} {shown(text)}; {hint}")
    return known[text.lower()]


def numeric(text: str, op: Op, read: Callable[[str, Now], Ends], asked: Asked) -> Value:
    if len(text) > MOST_CHARACTERS:
        raise asked.too_large(text)
    both = DOTS.fullmatch(text) or (None if asked.sort.dotted else HYPHEN.fullmatch(text))
    if both and op in ORDERINGS:
        raise BadFilter(f'"{op}" compares with one value, not with the range {text}.')
    first, last = (ends_of(end, read, asked) for end in (both.groups() if both else (text, text)))
    if op in ORDERINGS:
        return first[1] if op in (Op.AT_MOST, Op.ABOVE) else first[0]
    if first[0] > last[1]:
        raise BadFilter(f"The range {text} runs backwards.")
    return Range(first[0], last[1]) if both or first[0] != first[1] else first[0]


def ends_of(text: str, read: Callable[[str, Now], Ends], asked: Asked) -> Ends:
    try:
        return read(text, asked.now)
    except OverflowError:
        raise asked.too_large(text) from None
    except ValueError:
        raise asked.unfit(text) from None
