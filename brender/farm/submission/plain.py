"""Values as JSON can hold them: what is kept of a template and of its parameters' values.

How does this work?  `Cleaner` copies a value, whatever read it, into plain lists, fields, texts and
numbers.  What JSON, a database or a program's arguments cannot hold (dates, infinities, NUL, half a
surrogate pair) becomes a problem with its place, and something harmless in its stead, so that the rest
can still be looked at.  It counts as it goes: YAML's aliases share in memory what a copy would not.
"""

import math
import re
from collections.abc import Mapping
from typing import Any

from brender.farm.submission.problems import WHOLE, Problem, Refused, inside, shown

MOST_NODES = 100_000  # fields and values; a chain of 300 steps has 4,000
MOST_DEPTH = 50  # OpenJD needs 12
MOST_TEXT = 8 * 2**20  # characters in all
MOST_PROBLEMS = 100
INTEGERS = range(-(2**63), 2**63)
KINDS = {"date": "a date", "datetime": "a time", "bytes": "binary data", "set": "a set"}


def too_many() -> Refused:
    return refuse(f"A template may have {MOST_NODES:,} fields and values; this has more.")


def refuse(message: str) -> Refused:
    return Refused([Problem(WHOLE, message)])


class Cleaner:
    """Copies a value into what JSON can hold; keeps what is wrong with it in `problems`."""

    def __init__(self, written: Mapping[str, str] | None = None) -> None:
        self.problems: list[Problem] = []
        self._written = written or {}
        self._nodes = 0
        self._characters = 0

    def value(self, value: object, at: str, depth: int) -> Any:
        self._nodes += 1
        if self._nodes > MOST_NODES:
            raise too_many()
        if depth > MOST_DEPTH:
            raise refuse(f"A template may be {MOST_DEPTH} levels deep, no more.")
        if isinstance(value, Mapping):
            return self.mapping(value, at, depth)
        if isinstance(value, list | tuple):
            return [self.value(each, inside(at, index), depth + 1) for index, each in enumerate(value)]
        return self._scalar(value, at)

    def mapping(self, value: Mapping[Any, Any], at: str, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, each in value.items():
            name = self._scalar(key, inside(at, shown(key)))
            if not isinstance(name, str):
                self._say(inside(at, shown(key)), "The name of a field is text; put it in quotes.")
            found[str(name)] = self.value(each, inside(at, str(name)), depth + 1)
        return found

    def _scalar(self, value: object, at: str) -> Any:
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return self._text(value, at)
        if isinstance(value, int):
            return self._integer(value, at)
        if isinstance(value, float):
            return self._fraction(value, at)
        text = self._written.get(at, shown(value))
        kind = KINDS.get(type(value).__name__, "something")
        self._say(at, f"{shown(text)} is read as {kind}, which no template has; put it in quotes.")
        return text

    def _text(self, value: str, at: str) -> str:
        self._characters += len(value)
        if self._characters > MOST_TEXT:
            raise refuse(f"A template may have {MOST_TEXT // 2**20} MB of text; this stands for more.")
        if "\0" in value:
            self._say(at, f"Character {value.index(chr(0)) + 1} is U+0000 (NUL), which no program can be given.")
            value = value.replace("\0", "")
        if not value.isascii() and (lone := re.search("[\ud800-\udfff]", value)):
            self._say(at, f"Character {lone.start() + 1} is U+{ord(lone[0]):04X}, half of a pair and no character.")
            value = value.encode("utf-8", "replace").decode()
        return value

    def _integer(self, value: int, at: str) -> int:
        if value in INTEGERS:
            return value
        self._say(at, "A whole number lies between -2^63 and 2^63-1; put longer ones in quotes.")
        return 0

    def _fraction(self, value: float, at: str) -> float:
        if math.isfinite(value):
            return value
        self._say(at, f"{self._written.get(at, value)} is no number that a template can have.")
        return 0.0

    def _say(self, at: str, message: str) -> None:
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(at or WHOLE, message))


def plain_value(value: object, at: str) -> tuple[Any, tuple[Problem, ...]]:
    """A parameter's value as JSON can hold it, and what is wrong with it."""
    cleaner = Cleaner()
    return cleaner.value(value, at, 0), tuple(cleaner.problems)
