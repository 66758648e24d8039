"""A farm's rules for lines in logs, read so that a million lines cost next to nothing.

How does this work?  Almost no line means anything.  Of each rule's pattern, `words_of` works out words that are in
every line that it can match ("licen"); output is searched for these words in large pieces, and a pattern is tried
only on lines that have them.  A pattern without such words is tried on every line.  Python's own parser of
patterns is used for that, which is private to it: whatever it does not tell costs time and nothing else.  Measured
on a million lines of 44 characters: 0.5 s, and 0.7 s when every one of them says "error".
"""

import re
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Any

from brender.farm.settings import Rule

# private to Python, and to type checkers known or not
code: Any = import_module("re._constants")
parser: Any = import_module("re._parser")

SHORTEST = 3  # characters of a word that is worth looking for


class Rules:
    """The rules of a farm, in the order in which they count."""

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self._rules = [Known(rule) for rule in rules if readable(rule.pattern)]

    def find(self, text: str) -> tuple[Rule, str] | None:
        """The first line that means something, with the first rule that says so."""
        folded = text.casefold()
        likely = [known for known in self._rules if known.may_be_in(folded)]
        for line in text.split("\n") if likely else ():
            folded = line.casefold()
            for known in likely:
                if known.may_be_in(folded) and known.search(line):
                    return known.rule, line.strip()
        return None


class Known:
    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.search = re.compile(rule.pattern).search
        self._needs = words_of(rule.pattern)

    def may_be_in(self, folded: str) -> bool:
        for words in self._needs:
            for word in words:
                if word in folded:
                    break
            else:
                return False
        return True


def readable(pattern: str) -> bool:
    """The server has looked at it; but another Python may read patterns in another way."""
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True


Words = frozenset[str]


def words_of(pattern: str) -> list[Words]:
    """Of each of these sets one word is in whatever the pattern matches; the longest words first."""
    try:
        found = needed(parser.parse(pattern))
    except Exception:  # another Python's parser
        return []
    folded = [frozenset(word.casefold() for word in words) for words in found]
    return sorted(folded, key=shortest, reverse=True)


def needed(parts: Iterable[Any]) -> list[Words]:
    """The words of what stands one after the other."""
    found: list[Words] = []
    run = ""
    for kind, what in [*parts, (None, None)]:
        if kind is code.LITERAL:
            run += chr(what)
            continue
        found += [frozenset({run}), *within(kind, what)]
        run = ""
    return [words for words in found if shortest(words) >= SHORTEST]


def within(kind: Any, what: Any) -> list[Words]:
    """The words of a group, of something repeated, or of alternatives."""
    if kind is code.SUBPATTERN:
        return needed(what[-1])
    if kind in (code.MAX_REPEAT, code.MIN_REPEAT) and what[0] > 0:
        return needed(what[-1])
    if kind is code.BRANCH:
        return alternatives([needed(parts) for parts in what[1]])
    return []


def alternatives(branches: Sequence[list[Words]]) -> list[Words]:
    """Each has to have a word: the longest of each will do."""
    if not all(branches):
        return []
    return [frozenset().union(*(max(found, key=shortest) for found in branches))]


def shortest(words: Iterable[str]) -> int:
    return min(map(len, words), default=0)
