"""How a line that is being typed may go on: verbs, items, fields and values, for Tab on every face.

How does this work?  The words before the last one are understood as those of a whole line are: they name a verb, or
an item is still to be said.  What a verb takes is offered as `name=`, with the values that there are; in its filter,
`filters.suggest` knows what may come next.  Values that the farm has are asked of whoever knows them.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from brender.templates import built_in
from brender.verbs.doing.submitting import OPTIONS
from brender.verbs.filters import suggest
from brender.verbs.items.item import Item
from brender.verbs.performing import language
from brender.verbs.said.words import SPACE, TYPED, BadWords, Word, WrongUse, split
from brender.verbs.typed.naming import Verbs, Vocabulary, is_number
from brender.verbs.typed.sorting import is_flag
from brender.verbs.verb import Verb, Which

HELP = "help"
NAMES_OF = {  # fields whose values are names of things
    "pool": "pool",
    "pools": "pool",
    "takes": "pool",
    "tags": "tag",
    "limits": "limit",
    "only": "client",
    "never": "client",
    "clients": "client",
}
OF_ATTRIBUTES = ("sort", "fields")  # fields of a list whose values are names of attributes

Values = Callable[[Item, str], Iterable[str]]  # those that an attribute of an item has


@dataclass(frozen=True)
class Ways:
    """How a line may go on: words, of which each replaces what stands from `start` to the cursor."""

    start: int
    words: Sequence[str]


def ways(text: str, verbs: Verbs, values: Values, own: Iterable[str] = ()) -> Ways:
    """What may stand at the end of a text; `own` are first words that the face itself knows."""
    start = last_word(text)
    typed = text[start:]
    try:
        words = split(text[:start])
    except BadWords:
        return Ways(start, [])
    vocabulary = Vocabulary(verbs)
    if not words or words[0].lower() == HELP:
        first = [word for word in vocabulary.first if word not in {item.name for item in vocabulary.items.values()}]
        return matching(start, typed, [f"{word} " for word in dict.fromkeys([*first, *(own if not words else ())])])
    return Line(text, start, typed, words, vocabulary, values).ways()


def last_word(text: str) -> int:
    """Where the last word begins; it may have a quote that is still open."""
    start = at = 0
    while at < len(text):
        if text[at] in SPACE:
            start = at = at + 1
        elif found := TYPED.match(text, at):
            at = found.end()
        else:
            break
    return start


def matching(start: int, typed: str, words: Iterable[str]) -> Ways:
    return Ways(start, sorted({word for word in words if word.lower().startswith(typed.lower())}))


@dataclass(frozen=True)
class Line:
    text: str
    start: int  # of the last word
    typed: str  # that word, as far as it is there
    words: Sequence[Word]  # those before it
    vocabulary: Vocabulary
    values: Values

    def ways(self) -> Ways:
        holders = self.vocabulary.holders(self.words[0].lower())
        items = [f"{item} " for item in holders] if len(self.words) == 1 and len(holders) > 1 else []
        with_item = matching(self.start, self.typed, items).words
        try:
            verb, rest = self.vocabulary.verb([*self.words, Word(self.typed or "x")])
        except WrongUse:
            return Ways(self.start, with_item)
        after = self._after(verb, rest[:-1])
        same_place = after.start == self.start or not with_item
        return Ways(after.start, [*with_item, *after.words]) if same_place else Ways(self.start, with_item)

    def _after(self, verb: Verb, rest: Sequence[Word]) -> Ways:
        if verb.submits:
            return self._matching([f"{option} " for option in OPTIONS] if rest else [f"{name} " for name in built_in()])
        if verb.item.of_job and not rest:
            jobs = self.vocabulary.items["job"]
            return self._matching(f"{number} " for number in self.values(jobs, "id"))
        rest = rest[verb.item.of_job :]
        if "=" in self.typed and (named := self._field(verb, rest)):
            return self._values(verb, named)
        taken = self._matching(self._taken(verb, rest)).words
        filtered = self._filtered(verb, rest)
        if not filtered.words or (taken and filtered.start != self.start):
            return Ways(self.start, taken)
        return Ways(filtered.start, list(dict.fromkeys([*filtered.words, *taken])))

    def _matching(self, words: Iterable[str]) -> Ways:
        return matching(self.start, self.typed, words)

    # --- what the verb takes

    def _field(self, verb: Verb, rest: Sequence[Word]) -> str:
        """The field of the verb whose value is being typed."""
        name = self.typed.partition("=")[0].lower().lstrip("-").replace("-", "_")
        begun = bool(rest) or verb.which in (Which.NONE, Which.ANY)
        return name if begun and name in verb.takes.__struct_fields__ else ""

    def _taken(self, verb: Verb, rest: Sequence[Word]) -> Iterator[str]:
        if not rest and verb.which not in (Which.NONE, Which.ANY):
            return
        for name in verb.takes.__struct_fields__:
            if is_flag(verb, name):
                yield f"--{name.replace('_', '-')} "
            yield f"{name}="

    def _values(self, verb: Verb, name: str) -> Ways:
        key, _, value = self.typed.partition("=")
        *before, last = value.split(",")
        begin = self.start + len(key) + 1 + len(value) - len(last)
        closes = " " if not before and name not in (*NAMES_OF, *OF_ATTRIBUTES) else ""
        found = matching(begin, last.lstrip("-"), (f"{each}{closes}" for each in self._choices(verb, name)))
        return Ways(begin + len(last) - len(last.lstrip("-")), found.words)

    def _choices(self, verb: Verb, name: str) -> Iterable[str]:
        if name in OF_ATTRIBUTES:
            return [each.name for each in verb.item.attributes.values() if each.asked]
        attribute = verb.item.attributes.get(name)
        if attribute and attribute.choices:
            return attribute.choices
        if is_flag(verb, name) or (attribute and attribute.of is bool):
            return ("yes", "no")
        item = self.vocabulary.items.get(NAMES_OF.get(name, verb.item.name))
        return self.values(item, "name" if name in NAMES_OF else name) if item else ()

    # --- the filter

    def _filtered(self, verb: Verb, rest: Sequence[Word]) -> Ways:
        if verb.which is Which.NONE or (rest and is_number(rest[0])):
            return Ways(self.start, [])
        begin = self.start if verb.which is Which.ONE else self._begin(rest)
        text = self.text[begin:]
        opened = text[:1] in ("'", '"') and text[:1] not in text[1:]
        begin, text = (begin + 1, text[1:]) if opened else (begin, text)
        item = verb.item
        found = suggest(text, language(item), lambda name: self.values(item, name))
        ends = "" if opened else " "
        where = {begin + each.start for each in found}
        words = [each.text if each.goes_on else f"{each.text}{ends}" for each in found]
        return Ways(where.pop() if len(where) == 1 else self.start, words)

    def _begin(self, rest: Sequence[Word]) -> int:
        """Where the filter begins: the words after those of the verb."""
        if not rest:
            return self.start
        before = self.text[: self.start].rstrip()
        for word in reversed(rest):
            before = before.removesuffix(word.raw).rstrip()
        return len(self.text[: self.start]) - len(self.text[len(before) : self.start].lstrip())
