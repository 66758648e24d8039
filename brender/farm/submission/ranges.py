"""Ranges of frames, such as `1-100:5,200`: read as openjd-model reads them, refused with a hint.

How does this work?  `parse` first looks at the characters, then at each piece between commas, then at
how the pieces lie to one another.  Whatever openjd-model would refuse is refused here, in a sentence
that says what is wrong and, where it can be told, how to write it.  On purpose `parse` refuses a
little more: white space other than blank, tab and line ends (a no-break space is easily pasted and
never seen), numbers that do not fit 64 bits, and texts of more than `MOST_TEXT` characters.  What is
left goes to openjd-model, which alone decides about values and order; `pieces` gives them as Python
ranges, so that ten million frames cost no more than ten.
"""

import re
import unicodedata
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openjd.model import IntRangeExpr

MOST_TEXT = 65_536  # characters: every second frame of 20,000, written one by one
MOST_DIGITS = 64  # leading zeros included
LARGEST = 2**63 - 1
HINT_VALUES = 100_000  # more than these are not united for a hint

BLANKS = " \t\r\n"
LOOK_ALIKES = {"\N{MINUS SIGN}": "-", "\N{MULTIPLICATION SIGN}": "x", "Pd": "-", "Cf": ""}  # by character or category
ALLOWED = frozenset("0123456789-:," + BLANKS)
NUMBER = r"-?[ \t\r\n]*[0-9]+"
PIECE = re.compile(
    rf"\s*(?P<start>{NUMBER})\s*(?:-\s*(?P<end>{NUMBER})\s*(?::\s*(?P<step>{NUMBER})\s*)?)?",
)

# How other farms and programs write it -> how OpenJD does.
SPELLINGS = (
    (re.compile(r"(?i)(?<=[0-9])\s*(?:x|step|by|every|s|y|@|/)\s*(?=-?[0-9])"), ":"),  # 1-100x5, 1-100step5
    (re.compile(r"(?<![0-9:])(-?[0-9]+)\s*:\s*(-?[0-9]+)\s*:\s*(-?[0-9]+)(?![0-9:])"), r"\1-\2:\3"),  # 1:100:5
    (re.compile(r"(?<![-0-9:])(-?[0-9]+)\s*:\s*(-?[0-9]+)(?![0-9:])"), r"\1-\2"),  # 1:100
    (re.compile(r"(?i)(?<=[0-9])\s*(?:\.{2,}|to|>)\s*(?=-?[0-9])"), "-"),  # 1..100, 1 to 100
    (re.compile(r"\s*[;|+&]\s*"), ","),
    (re.compile(r"[\[\](){}'\"]"), ""),
    (re.compile(r"(?<=[0-9])[ \t\r\n]+(?=-?[0-9])"), ","),  # 5 10 15
    (re.compile(r",(?:\s*,)+"), ","),
    (re.compile(r"^[\s,]+|[\s,]+$"), ""),
)


class BadRange(ValueError):
    """A text that is no range; the message is a sentence for people."""


@dataclass(frozen=True, slots=True)
class Piece:
    text: str
    start: int
    end: int
    step: int

    @property
    def values(self) -> range:
        return range(self.start, self.end + (1 if self.step > 0 else -1), self.step)

    @property
    def span(self) -> tuple[int, int]:
        first, last = self.start, self.values[-1]
        return min(first, last), max(first, last)


def parse(text: str) -> "IntRangeExpr":
    """The range as openjd-model reads it; raises `BadRange`."""
    _look_at_characters(text)
    found = [_piece(part, text) for part in text.split(",")]
    _look_for_overlap(found)
    if sum(count(piece.values) for piece in found) > LARGEST:
        raise BadRange(f'"{_short(text)}" names more than {LARGEST} frames.')
    from openjd.model import IntRangeExpr  # noqa: PLC0415 (takes a while to import; many only look at a farm)

    return IntRangeExpr.from_str(text)


def pieces(expression: "IntRangeExpr") -> tuple[range, ...]:
    """The expression's values, in its order, as ranges."""
    return tuple(
        range(first, last + 1, part.step) if first <= last else range(first, last - 1, -part.step)
        for part in expression.ranges
        for first, last in [(part[0], part[-1])]
    )


def count(values: range) -> int:
    """Like `len`, which refuses what does not fit a machine word."""
    return 0 if not values else (values[-1] - values[0]) // values.step + 1


def _short(text: str, most: int = 60) -> str:
    shown = "".join(char if char.isprintable() else " " for char in text)
    return shown if len(shown) <= most else shown[: most - 1] + "…"


def _look_at_characters(text: str) -> None:
    if len(text) > MOST_TEXT:
        raise BadRange(f"A range may have {MOST_TEXT:,} characters; this has {len(text):,}.")
    if not text.strip(BLANKS):
        raise BadRange("The range is empty; write the frames, such as 1-100.")
    for position, char in enumerate(text, 1):
        if char not in ALLOWED:
            raise BadRange(_stranger(text, position, char) + _hint(text))


def _stranger(text: str, position: int, char: str) -> str:
    if char.isascii() and char.isprintable():
        return f'"{_short(text)}" is not a range: "{char}" at character {position} has no meaning in one'
    name = unicodedata.name(char, "a control character")
    return f'"{_short(text)}" is not a range: character {position} is U+{ord(char):04X} {name}'


def _piece(part: str, text: str) -> Piece:
    written = part.strip(BLANKS)
    match = PIECE.fullmatch(part)
    if match is None:
        raise BadRange(_misread(written, text) + _hint(text))
    start, end, step = (_number(match[name]) for name in ("start", "end", "step"))
    assert start is not None
    piece = Piece(written, start, start if end is None else end, 1 if step is None else step)
    _look_at_direction(piece)
    return piece


def _misread(written: str, text: str) -> str:
    if not written:
        return f'"{_short(text)}" has a comma too many'
    if written.endswith(("-", ":")):
        return f'"{_short(written)}" stops where a number should follow'
    return f'"{_short(written)}" is not a range of frames such as 1-100, 1-100:5 or 7'


def _number(text: str | None) -> int | None:
    if text is None:
        return None
    digits = text.lstrip("-" + BLANKS)
    number = int(digits) if len(digits) <= MOST_DIGITS else LARGEST + 1
    if number > LARGEST:
        raise BadRange(f"{_short(digits, 24)} is too large: a number of a range lies between -{LARGEST} and {LARGEST}.")
    return -number if text[0] == "-" else number


def _look_at_direction(piece: Piece) -> None:
    start, end, step = piece.start, piece.end, piece.step
    if step == 0:
        plain = spelled(start, end, 1 if start <= end else -1)
        raise BadRange(f"{piece.text} has a step of 0 and would never end; write {plain}.")
    if step > 0 and start > end:
        raise BadRange(f"{piece.text} runs downwards, which needs a negative step; write {spelled(start, end, -step)}.")
    if step < 0 and start < end:
        raise BadRange(
            f"{piece.text} runs upwards with a negative step; write {spelled(start, end, -step)}, "
            f"or {spelled(end, start, step)} to run downwards."
        )


def spelled(start: int, end: int, step: int) -> str:
    """One piece as text: always one that `parse` reads."""
    if start == end:
        return str(start)
    return f"{start}-{end}" if step == 1 else f"{start}-{end}:{step}"


def _look_for_overlap(found: list[Piece]) -> None:
    ordered = sorted(found, key=lambda piece: piece.span)
    for lower, upper in pairwise(ordered):
        if lower.span[1] >= upper.span[0]:
            first, second = sorted((lower, upper), key=found.index)
            raise BadRange(_overlap(first, second, found))


def _overlap(first: Piece, second: Piece, found: list[Piece]) -> str:
    if first.text == second.text:
        said = f"{first.text} stands twice in the range"
    else:
        said = f"{first.text} overlaps {second.text}: pieces of a range may not reach into each other"
    if sum(count(piece.values) for piece in found) > HINT_VALUES:
        return said + "."
    from openjd.model import IntRangeExpr  # noqa: PLC0415

    united = IntRangeExpr.from_list(sorted({value for piece in found for value in piece.values}))
    return f"{said}; write {_short(str(united))}."


def _hint(text: str) -> str:
    """`; write 1-100:5.` when it can be told what was meant, else a full stop."""
    meant = "".join(_plain(char) for char in text)
    candidates = [meant]
    for pattern, replacement in SPELLINGS:
        meant = pattern.sub(replacement, meant)
        candidates.append(meant)
    for candidate in candidates:
        written = candidate.strip(BLANKS)
        if written != text and len(written) <= 200 and _reads(written):
            return f"; write {written}."
    return "."


def _plain(char: str) -> str:
    """The character of a range that this one looks like."""
    if char.isascii():
        return char
    if (digit := unicodedata.decimal(char, None)) is not None:
        return str(digit)
    if char.isspace():
        return " "
    alike = LOOK_ALIKES.get(char, LOOK_ALIKES.get(unicodedata.category(char)))
    return unicodedata.normalize("NFKC", char) if alike is None else alike


def _reads(text: str) -> bool:
    if not set(text) <= ALLOWED or not all(PIECE.fullmatch(part) for part in text.split(",")):
        return False
    try:
        _look_for_overlap([_piece(part, text) for part in text.split(",")])
    except BadRange:
        return False
    return True
