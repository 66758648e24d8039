"""A text in a hundred thousand others: which of them have it.

How does this work?  To look into each by itself takes longest.  So all of them are joined, as lines of one text, and
the text is looked for in that: where it is nowhere, that is all.  What is found in few lines is looked up line by line;
of what is found in many, all lines are looked at.  Capitals do not count.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import compress, count, repeat
from operator import contains

FEW = 16  # one in so many, at most: then to go from one to the next is quicker than to look at all


class Texts:
    """Texts in small letters: each by itself, and all of them as the lines of one."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.lines = "\n".join(texts).lower()
        self.count = len(texts)
        self.joined = self.lines.count("\n") == max(0, self.count - 1)  # else one of them has lines of its own
        self._texts = texts

    @cached_property
    def each(self) -> list[str]:
        if not self.joined:
            return [text.lower() for text in self._texts]
        return self.lines.split("\n") if self.count else []


def having(wanted: str, texts: Texts) -> list[int]:
    """The places of those that have it in them; `wanted` is in small letters."""
    if "\n" in wanted or not texts.joined:
        return [place for place, text in enumerate(texts.each) if wanted in text]
    if texts.lines.count(wanted) * FEW <= texts.count:
        return list(few(wanted, texts.lines))
    return list(compress(count(), map(contains, texts.each, repeat(wanted))))


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
