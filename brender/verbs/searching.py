"""A text in a hundred thousand others: which of them have it.

How does this work?  To look into each by itself takes longest.  So all of them are joined, as lines of one text, and
the text is looked for in that: where it is nowhere, that is all.  What is found in few lines is looked up line by line;
of what is found in many, all lines are looked at.  Capitals do not count.
"""

from collections.abc import Iterator, Sequence
from itertools import compress, count, repeat
from operator import contains

FEW = 16  # one in so many, at most: then to go from one to the next is quicker than to look at all


def having(wanted: str, texts: Sequence[str]) -> list[int]:
    """The places of those that have it in them; `wanted` is in small letters."""
    lines = "\n".join(texts).lower()
    if "\n" in wanted or lines.count("\n") != len(texts) - 1:  # one of them has lines of its own
        return [place for place, text in enumerate(texts) if wanted in text.lower()]
    if lines.count(wanted) * FEW <= len(texts):
        return list(few(wanted, lines))
    return list(compress(count(), map(contains, lines.split("\n"), repeat(wanted))))


def few(wanted: str, lines: str) -> Iterator[int]:
    """The numbers of the lines that have it."""
    number = begin = 0
    while (found := lines.find(wanted, begin)) >= 0:
        number += lines.count("\n", begin, found)
        yield number
        end = lines.find("\n", found)
        if end < 0:
            return
        number, begin = number + 1, end + 1
