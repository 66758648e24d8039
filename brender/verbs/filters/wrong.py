"""What is said of a filter that cannot be one: a sentence, and the place in the text that it is about.

How does this work?  Everything in this room that refuses something raises `BadFilter`.  Whoever reads a single
value does not know where it stands, and leaves `at` to the parser (`placed`).  The words of the sentences that
all faces share (the nearest known word, lists, cut texts) come from here.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from brender.verbs.said.words import BadWords, did_you_mean, listed, nearest

__all__ = ["BadFilter", "a", "did_you_mean", "either", "listed", "nearest", "placed", "shown"]

SHOWN = 40  # characters of what was typed, in a sentence


class BadFilter(BadWords):
    """A text that cannot be a filter; the message is a sentence for people."""

    def __init__(self, sentence: str, at: int = 0, key: str = "") -> None:
        super().__init__(sentence)
        self.at = at  # the character of the text that it is about
        self.key = key  # the name in a mapping that it is about


@contextmanager
def placed(at: int) -> Iterator[None]:
    """Gives what is refused inside its place in the text."""
    try:
        yield
    except BadFilter as wrong:
        wrong.at = at
        raise


def shown(text: str) -> str:
    """What was typed, in quotes, cut if it is long."""
    return f'"{text}"' if len(text) <= SHOWN else f'"{text[:SHOWN]}..."'


def either(words: Iterable[str]) -> str:
    """Words as in a sentence: "enabled or disabled"."""
    return listed(words).replace(" and ", " or ")


def a(thing: str) -> str:
    return f"an {thing}" if thing[:1].lower() in "aeiou" else f"a {thing}"
