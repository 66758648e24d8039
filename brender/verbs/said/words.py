"""What a person typed, as words; and the word that was probably meant.

How does this work?  `split` cuts a line at white space, quotes keep white space together, and a
backslash is a character like any other, because paths have them.  A `Word` knows how it was typed: filters have quotes
of their own.  `nearest` finds the known word that looks most like an unknown one.
"""

import re
from collections.abc import Iterable
from difflib import get_close_matches

SPACE = " \t\r\n"
QUOTED = re.compile(r"""\"[^"]*+"|'[^']*+'""")
TYPED = re.compile(rf"""(?:\"[^"]*+"|'[^']*+'|[^{SPACE}"'])++""")


class BadWords(ValueError):
    """What was typed cannot be understood; the message is a sentence for people."""


class WrongUse(BadWords):
    """The words do not fit the verb; the message is a sentence for people."""


class Word(str):
    """A word without its quotes; `raw` is how it was typed."""

    raw: str

    def __new__(cls, text: str, raw: str = "") -> "Word":
        word = super().__new__(cls, text)
        word.raw = raw or text
        return word


def split(line: str) -> list[Word]:
    """The words of a line; raises `BadWords` when a quote is not closed."""
    if TYPED.sub("", line).strip(SPACE):
        raise BadWords("A quote is opened in that line and never closed.")
    return [Word(QUOTED.sub(lambda found: found[0][1:-1], raw), raw) for raw in TYPED.findall(line)]


def as_word(text: str) -> Word:
    """A word that another shell has split already: what has white space in it was in quotes."""
    return Word(text, f'"{text}"' if any(space in text for space in SPACE) and '"' not in text else text)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that looks most like this one, or None when none does."""
    spellings = {other.lower(): other for other in known}
    found = get_close_matches(word.lower(), spellings, n=1)
    return spellings[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The end of a sentence: "; did you mean status?", or the words that there are."""
    known = list(known)
    found = nearest(word, known)
    return f"; did you mean {found}?" if found else f"; there are {listed(known)}."


def listed(words: Iterable[str]) -> str:
    """Words as in a sentence: "id, name and status"."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
