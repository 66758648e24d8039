"""The words after a verb, sorted: which things are meant, and what is said besides.

How does this work?  The first word always belongs to the filter, and so does each one after it until a number has named
one thing, or a word says something that the verb takes: `key=value`, `--flag`, or the bare word that it has a place
for.  So `set client online pools=gpu` sets pools of clients that are online.  A longer filter stands in quotes.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import get_type_hints

from brender.verbs.performing import language
from brender.verbs.said.settable import cannot_be_set
from brender.verbs.said.words import Word, WrongUse, did_you_mean
from brender.verbs.typed.naming import is_number
from brender.verbs.verb import Verb, Which

KEY = re.compile(r"([A-Za-z][A-Za-z0-9_-]*)=(.*)", re.DOTALL)
OPERATOR = re.compile("[=<>~]")
WHOLE = re.compile(r""""[^"]*"|'[^']*'""")
FRAMES = re.compile(r"\s*-?\s*[0-9]")
FLAG = "yes"
FREE = "values"  # what verbs call the values of a template's parameters


@dataclass
class Sorted:
    """What was said, in words."""

    verb: Verb
    filter: list[Word] = field(default_factory=list)
    bare: list[str] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)
    free: dict[str, str] = field(default_factory=dict)  # values of a template's parameters

    def __post_init__(self) -> None:
        self.fields = self.verb.takes.__struct_fields__
        self.known = language(self.verb.item)
        self.place = bare(self.verb)  # of a word without a name
        self.closed = self.verb.which is Which.NONE  # no more words belong to the filter

    def take(self, words: Sequence[Word]) -> "Sorted":
        rest = list(words)
        while rest:
            word = rest.pop(0)
            if word.startswith("--") and len(word) > 2:
                self._flag(word, rest)
            else:
                self._word(word)
        return self

    def _flag(self, word: Word, rest: list[Word]) -> None:
        key, equals, value = word[2:].partition("=")
        name = key.lower().replace("-", "_")
        if name not in self.fields:
            if why := cannot_be_set(name, self.verb.sets, self.verb.takes):
                raise WrongUse(why)
            options = [f"--{each.replace('_', '-')}" for each in self.fields]
            hint = did_you_mean(f"--{key}", options) if options else f"; {self.verb.name} has none."
            raise WrongUse(f'No option "--{key}"{hint}')
        if not equals and is_flag(self.verb, name):
            value = FLAG
        elif not equals:
            if not rest:
                raise WrongUse(f"--{key} needs a value.")
            value = str(rest.pop(0))
        self._value(name, value)

    def _word(self, word: Word) -> None:
        found = KEY.fullmatch(word)
        if found and self._is_value(found[1]):
            self._value(found[1], found[2])
        elif self.place and self._begun and not (not self.closed and OPERATOR.search(word)):
            self.bare.append(word)
        elif self.closed:
            raise self._too_much(word)
        else:
            self.filter.append(word)
            self.closed = is_number(word)  # that is one thing, or none

    @property
    def _begun(self) -> bool:
        return self.closed or bool(self.filter)

    def _is_value(self, key: str) -> bool:
        """Whether `key=...` is something that the verb takes, and not a part of the filter."""
        name = key.lower().replace("-", "_")
        if self.closed:
            return bool(self.fields)
        asked = (attribute := self.known.find(key)) is not None and attribute.asked
        if self.verb.which is Which.ANY:  # a list
            return name in self.fields and not asked
        return bool(self.filter) and bool(self.fields) and (name in self.fields or not asked)

    def _value(self, key: str, value: str) -> None:
        name = key.lower().replace("-", "_")
        name, found = (key, self.free) if FREE in self.fields and name not in self.fields else (name, self.values)
        if name in found:
            raise WrongUse(f"{name} is given twice.")
        found[name] = value
        self.closed = self.closed or self.verb.which is not Which.ANY

    def _too_much(self, word: Word) -> WrongUse:
        if self.fields:
            return WrongUse(f'"{word}" is not KEY=VALUE; put quotes around a value that has spaces.')
        if self.verb.which is Which.NONE:
            return WrongUse(f"{self.verb.name} takes no words.")
        if is_number(word) and self.filter and self.verb.which is not Which.ONE:
            ids = ",".join([*self.filter, word])
            return WrongUse(f"Write several ids with commas between: {self.verb.name} {ids}.")
        return WrongUse(f'{self.verb.name} takes one id, and nothing like "{word}" after it.')


def bare(verb: Verb) -> str:
    """The field of a word without a name: of what is made, that is its name."""
    return verb.bare or ("name" if verb.makes and "name" in verb.takes.__struct_fields__ else "")


def is_flag(verb: Verb, name: str) -> bool:
    return get_type_hints(verb.takes)[name] is bool


def filter_text(words: Sequence[Word]) -> str:
    """One filter of words; a word in quotes with an operator in it is a filter of its own."""
    if len(words) == 1:
        return own_filter(words[0]) or words[0].raw
    return " ".join(f"({own})" if (own := own_filter(word)) else word.raw for word in words)


def own_filter(word: Word) -> str:
    return str(word) if WHOLE.fullmatch(word.raw) and OPERATOR.search(word) else ""
