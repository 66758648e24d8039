"""Which verb the first words of a line name: `clients`, `job 4`, `enable ...`, `delete pool ...`, `why 4`.

How does this work?  The plural of an item lists it, its name shows one; the name of an action needs the item after it,
unless only one item has it.  Where jobs and one other item have an action, a number means a job, and a name the other.
Nothing is named here but what people are used to say (`SAME`, `SHORT`).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from brender.verbs.items.item import Item
from brender.verbs.performing import language
from brender.verbs.said.words import Word, WrongUse, nearest
from brender.verbs.verb import Verb

Verbs = Mapping[tuple[str, str], Verb]

SAME = {"set": "update", "list": "read"}  # other words for actions
SHORT = {"submit": ("job", "create")}  # words of their own for what is done often
NUMBERS_MEAN = "job"
WITH_ITEM = ("create", "read", "update", "delete")  # actions of everything: of what has to be said


@dataclass(frozen=True)
class Vocabulary:
    """The words that begin a line, of all verbs there are."""

    verbs: Verbs

    @cached_property
    def items(self) -> Mapping[str, Item]:
        """By name and by plural."""
        items = [verb.item for verb in self.verbs.values()]
        return {word: item for item in items for word in (item.name, item.plural)}

    @cached_property
    def plurals(self) -> set[str]:
        return {item.plural for item in self.items.values() if (item.name, "read") in self.verbs}

    @cached_property
    def actions(self) -> Mapping[str, Sequence[str]]:
        """The items that each action is for."""
        found: dict[str, list[str]] = {}
        for item, action in self.verbs:
            found.setdefault(action, []).append(item)
        return found

    @property
    def first(self) -> list[str]:
        """All words that can be the first."""
        same = [word for word, action in SAME.items() if action in self.actions]
        short = [word for word, key in SHORT.items() if key in self.verbs]
        return [*self.items, *self.actions, *same, *short]

    def holders(self, word: str) -> Sequence[str]:
        """The items of the action that a word names."""
        return self.actions.get(SAME.get(word, word), ())

    def verb(self, words: Sequence[Word], others: Iterable[str] = ()) -> tuple[Verb, Sequence[Word]]:
        """The verb, and the words after it; raises `WrongUse`.  `others` are first words that somebody else knows."""
        (first, *rest), word = words, words[0].lower()
        if word in SHORT and SHORT[word] in self.verbs:
            return self.verbs[SHORT[word]], rest
        if word in self.plurals:
            return self.verbs[self.items[word].name, "read"], rest
        if word in self.items:
            return self.of_item(self.items[word], rest), rest
        if self.holders(word):
            return self.of_action(word, rest)
        meant = nearest(word, [*self.first, *others])
        raise WrongUse(f'No command "{first}"; ' + (f"did you mean {meant}?" if meant else "help lists the commands."))

    def of_item(self, item: Item, rest: Sequence[Word]) -> Verb:
        """`job 4` shows one, `client render*` lists those."""
        shown, listed = self.verbs.get((item.name, "show")), self.verbs.get((item.name, "read"))
        which = rest[item.of_job : item.of_job + 1]  # the first word is the job
        if shown and (listed is None or not which or item.key == "name" or is_number(which[0])):
            return shown
        if listed is None:
            raise WrongUse(f"There is nothing to show of a {item.name}.")
        return listed

    def of_action(self, word: str, rest: Sequence[Word]) -> tuple[Verb, Sequence[Word]]:
        action, holders = SAME.get(word, word), self.holders(word)
        named = self.items.get(rest[0].lower()) if rest else None
        if named and named.name in holders:
            return self.verbs[named.name, action], rest[1:]
        alone = [item for item in holders if not self.items[item].of_job]  # a task is always called one
        if len(alone) == 1:
            return self.verbs[alone[0], action], rest
        if rest and len(alone) == 2 and NUMBERS_MEAN in alone and action not in WITH_ITEM:
            return self.verbs[self.meant(rest[0], alone), action], rest
        raise WrongUse(f"Say of what: {', or '.join(f'{word} {item}' for item in holders)}.")

    def meant(self, word: str, holders: Sequence[str]) -> str:
        """Which of two items: a number is a job, `owner=ada` what has an owner, any other word what is no job."""
        name = re.split("[!=<>~]", word, maxsplit=1)[0]
        fitting = [item for item in holders if language(self.items[item]).find(name)] if name != word else []
        if len(fitting) == 1:
            return fitting[0]
        others = [item for item in holders if item != NUMBERS_MEAN]
        return NUMBERS_MEAN if is_number(word) else others[0]


def is_number(word: str) -> bool:
    return word.isascii() and word.isdecimal()


def number(word: str) -> int:
    return int(word[:20])  # no id is longer, and int() refuses thousands of digits
