"""A text in a hundred thousand others: which of them have it.

How does this work?  To look into each by itself takes longest.  So all of them are joined, as lines of one text, and
the text is looked for in that: where it is nowhere, that is all.  What is found in few lines is looked up line by line;
of what is found in many, all lines are looked at.  Where the same few texts come again and again (owners, states),
`Kinds` looks into each of those once.  Capitals do not count.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import compress, count, repeat
from operator import contains

MOST_KINDS = 256  # as many as a byte can tell apart
SAMPLE = 1_000  # texts that are looked at before all are
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


class Kinds:
    """Texts of which many are the same, one of `MOST_KINDS`."""

    def __init__(self, texts: Sequence[str | None]) -> None:
        codes = {text: code for code, text in enumerate(dict.fromkeys(texts))}
        self._kinds = [(text or "").lower() for text in codes]
        self._codes = bytes(map(codes.__getitem__, texts))  # which of them each is

    def having(self, wanted: str) -> bytes:
        """For each text a byte, whether it has it in it; `wanted` is in small letters."""
        return self._codes.translate(bytes(wanted in text for text in self._kinds).ljust(256, b"\0"))


def are_kinds(texts: Sequence[str | None]) -> bool:
    return len(set(texts[:SAMPLE])) <= MOST_KINDS and len(set(texts)) <= MOST_KINDS


def either(masks: Sequence[bytes]) -> list[int]:
    """The places where one of these has a byte that is not 0; all are as long."""
    merged = 0
    for mask in masks:
        merged |= int.from_bytes(mask)
    return list(compress(count(), merged.to_bytes(len(masks[0])))) if masks else []


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
