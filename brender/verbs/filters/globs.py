"""Patterns: `*` stands for anything, `?` for one character, `[a-f]` for one of them, `[!a-f]` for any other.

How does this work?  As in Python's `fnmatch`, without regard to case.  A `[` that is not closed, or has white
space, a quote, a comma, a bracket, an operator or more than a hundred characters before its end, stands for
itself.  In the text of a `Pattern` each such character that stands for itself is in brackets of its own, `[*]`,
so that there is one way to write a pattern.

A pattern becomes a regular expression in which each part between two stars is found once, as far to the left as
it goes, and never again (an atomic group).  That is enough to find a match if there is one, and takes at most
the length of the text times that of the pattern, whatever they are.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

SPECIAL = r"\s()\"',=<>~"  # what ends a word of a filter, or begins a quote; `!` does so before an operator
ELEMENT = re.compile(rf"\*++|\?|\[!?+\]?+[^\]{SPECIAL}]{{0,100}}+\]|[^*?\[]++|\[")
MEMBERS = re.compile(r"(.)-(.)|(.)", re.DOTALL)


class Piece(NamedTuple):
    """A part of a word."""

    text: str
    quoted: bool  # so that nothing in it is wild


@dataclass(frozen=True)
class Pattern:
    text: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", pattern_text([Piece(self.text, quoted=False)]))


def elements(text: str) -> list[str]:
    """What a pattern consists of: `*`, `?`, `[..]`, and texts that stand for themselves."""
    return ["*" if found.startswith("*") else found for found in ELEMENT.findall(text)]


def is_wild(element: str) -> bool:
    return element in {"*", "?"} or (element.startswith("[") and element != "[")


def has_wildcards(pieces: Iterable[Piece]) -> bool:
    return any(is_wild(element) for text, quoted in pieces if not quoted for element in elements(text))


def pattern_text(pieces: Iterable[Piece]) -> str:
    """The text of the pattern that a word is."""
    return "".join(
        element if is_wild(element) and not quoted else escaped(element)
        for text, quoted in pieces
        for element in ([text] if quoted else elements(text))
    )


def escaped(text: str) -> str:
    return "".join(f"[{character}]" if character in "*?[" else character for character in text)


# --- matching


def matcher(patterns: Iterable[Pattern]) -> Callable[[str], bool]:
    """Whether one of the patterns is that of a text, which must be in small letters."""
    found = re.compile("|".join(f"(?:{regular(pattern.text.lower())})" for pattern in patterns), re.DOTALL).fullmatch
    return lambda text: found(text) is not None


def regular(pattern: str) -> str:
    parts = [""]
    for element in elements(pattern):
        if element == "*":
            parts.append("")
        else:
            parts[-1] += regular_element(element)
    if len(parts) == 1:
        return parts[0]
    first, *between, last = parts
    return first + "".join(f"(?>.*?{part})" for part in between if part) + f".*{last}"


def regular_element(element: str) -> str:
    if element == "?":
        return "."
    return regular_class(element) if is_wild(element) else re.escape(element)


def regular_class(element: str) -> str:
    """`[!a-f]`; a range that runs backwards has nothing in it."""
    negative = element.startswith("[!")
    members = "".join(
        re.escape(one) if one else f"{re.escape(first)}-{re.escape(last)}"
        for first, last, one in MEMBERS.findall(element[2 if negative else 1 : -1])
        if one or first <= last
    )
    if not members:
        return "." if negative else "(?!)"
    return f"[^{members}]" if negative else f"[{members}]"
