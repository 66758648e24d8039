"""What is wrong with a submission: places and sentences.

How does this work?  A `Problem` names the place, written as in `steps[0].script.actions.onRun.command`,
and says in a sentence what is wrong there and how to mend it.  `Refused` carries all of them, so that
somebody who made three mistakes hears of three.
"""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

import msgspec

WHOLE = "template"  # the place of what concerns the document as a whole
MOST_SHOWN = 60  # characters of a value in a sentence


class Problem(msgspec.Struct, frozen=True):
    at: str
    message: str

    def __str__(self) -> str:
        return f"{self.at}: {self.message}"


class Refused(Exception):
    """The submission was refused; nothing was kept of it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def inside(at: str, part: str | int) -> str:
    """The place of an item or a field inside the place `at`."""
    if isinstance(part, int):
        return f"{at}[{part}]"
    return f"{at}.{part}" if at else part


def shown(value: object) -> str:
    """A value as a sentence names it: of one line, and not too long."""
    text = value if isinstance(value, str) else str(value)
    text = "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text[: MOST_SHOWN + 1])
    return text if len(text) <= MOST_SHOWN else text[: MOST_SHOWN - 1] + "…"


def did_you_mean(written: str, known: Iterable[str]) -> str:
    """` Did you mean steps?`, or nothing when nothing is near."""
    near = get_close_matches(written, list(known), 1)
    return f" Did you mean {near[0]}?" if near else ""


def listed(names: Iterable[str], between: str = "and") -> str:
    *rest, last = names
    return f"{', '.join(rest)} {between} {last}" if rest else last


def walk(value: object, at: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every mapping in a document, with its place."""
    if isinstance(value, Mapping):
        yield at, value
        for name, each in value.items():
            yield from walk(each, inside(at, name))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from walk(each, inside(at, index))
