"""What a person typed, as words; and the word that was probably meant.

How does this work?  `split` cuts a line at white space, quotes keep white space together, and a
backslash is a character like any other, because paths have them.  `nearest` finds the known word that
looks most like an unknown one.
"""

import shlex
from collections.abc import Iterable
from difflib import get_close_matches


class BadWords(ValueError):
    """What was typed cannot be understood; the message is a sentence for people."""


def split(line: str) -> list[str]:
    """The words of a line; raises `BadWords` when a quote is not closed."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=False)
    lexer.whitespace_split = True
    lexer.commenters = ""
    lexer.escape = ""
    try:
        return list(lexer)
    except ValueError:
        raise BadWords("A quote is opened in that line and never closed.") from None


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
