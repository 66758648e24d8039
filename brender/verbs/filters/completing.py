"""What may come next in a filter that is being typed: for Tab, on every face.

How does this work?  The text before the cursor is cut into tokens.  The last one, if the cursor touches it, is
what is being typed and will be replaced; the tokens before it say what may stand there: values of an attribute
after its operator, else attributes, words, names, and what joins filters.  Values that the farm has are asked
of whoever knows them.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from brender.verbs.filters.comparing import ALL, NUMBERS, meant
from brender.verbs.filters.conditions import Language, Op
from brender.verbs.filters.tokens import QUOTES, Kind, Token, tokens
from brender.verbs.filters.values import CHOICE, TEXT, YES_OR_NO, sort_of
from brender.verbs.filters.writing import quoted, value_written
from brender.verbs.filters.wrong import BadFilter
from brender.verbs.items.attributes import Attribute

MOST = 100  # suggestions
JOINS = {"and": "both are true", "or": "one of them is true", "not": "what follows is not true"}
MEANINGS = {
    Op.IS: "is, or is one of",
    Op.IS_NOT: "is not, or is none of",
    Op.BELOW: "less, or earlier",
    Op.AT_MOST: "at most, or not later",
    Op.ABOVE: "more, or later",
    Op.AT_LEAST: "at least, or not earlier",
    Op.LIKE: "like a pattern",
    Op.UNLIKE: "unlike a pattern",
}

Values = Callable[[str], Iterable[str]]  # those of an attribute that the farm has


@dataclass(frozen=True)
class Suggestion:
    text: str  # what is put there
    start: int  # of what it replaces; that ends at the cursor
    meaning: str = ""
    goes_on: bool = False  # more must follow at once: no space after it


def suggest(text: str, language: Language, values: Values) -> list[Suggestion]:
    """What may stand at the end of a text; nothing where that cannot be told."""
    try:
        *before, _ = tokens(closed(text))
        touched = before and before[-1].kind is Kind.WORD and before[-1].end >= len(text)
        typed = before.pop() if touched else Token(Kind.WORD, "", len(text), len(text))
        return [
            Suggestion(each.text, typed.start, each.meaning, each.goes_on)
            for each in fitting(candidates(before, typed, language, values), typed)
        ]
    except BadFilter:
        return []


def fitting(found: Iterable["Candidate"], typed: Token) -> Iterable["Candidate"]:
    """Those that begin like what is typed, each once."""
    begun = "".join(piece.text for piece in typed.pieces).lower()
    alike = (each for each in found if each.said.lower().startswith(begun))
    return {each.text: each for each in islice(alike, MOST)}.values()


def closed(text: str) -> str:
    """With the quote closed that is still open."""
    for quote in QUOTES:
        if is_open(text) and not is_open(text + quote):
            return text + quote
    return text


def is_open(text: str) -> bool:
    try:
        tokens(text)
    except BadFilter as wrong:
        return wrong.at < len(text) and text[wrong.at] in QUOTES
    return False


# --- what there is to choose from


@dataclass(frozen=True)
class Candidate:
    said: str  # what people begin to type
    text: str  # how it is written, in quotes if it must be
    meaning: str = ""
    goes_on: bool = False


def candidates(before: Sequence[Token], typed: Token, language: Language, values: Values) -> Iterator[Candidate]:
    words = list_before(before)
    rest = before[: len(before) - len(words)]
    if rest and rest[-1].kind is Kind.OP:
        attribute = language.find(rest[-2].text) if len(rest) > 1 else None
        yield from values_of(attribute, values) if attribute and attribute.asked else ()
    elif words:
        yield from alike(meant(words[0], language), language, values)
    else:
        yield from plain_words(before, typed.plain, language) if typed.plain is not None else ()
        yield from names(language, values)


def list_before(before: Sequence[Token]) -> Sequence[Token]:
    """The words and commas of a list that goes on."""
    begin = len(before)
    while begin >= 2 and before[begin - 1].kind is Kind.COMMA and before[begin - 2].kind is Kind.WORD:
        begin -= 2
    return before[begin:]


def alike(attribute: Attribute, language: Language, values: Values) -> Iterator[Candidate]:
    """What may stand in one list of bare words with a value of an attribute."""
    return names(language, values) if attribute.name == language.named else values_of(attribute, values)


def names(language: Language, values: Values) -> Iterator[Candidate]:
    if language.named in language.asked:
        for value in values(language.named):
            yield Candidate(value, bare_written(value, language))


def plain_words(before: Sequence[Token], begun: str, language: Language) -> Iterator[Candidate]:
    """What is not in quotes."""
    if attribute := language.asked.get(begun.lower()):
        yield from with_operators(attribute)
    for word, attribute in language.words.items():
        yield Candidate(word, word, f"{attribute.name}: {attribute.meaning}")
    for attribute in language.asked.values():
        start = f"{attribute.name}="
        yield Candidate(start, start, attribute.meaning, goes_on=True)
    yield from (Candidate(word, word, JOINS[word]) for word in (JOINS if can_be_joined(before) else ["not"]))
    if not before:
        yield Candidate(ALL, ALL, f"every {language.thing}")


def can_be_joined(before: Sequence[Token]) -> bool:
    return bool(before) and before[-1].kind in {Kind.WORD, Kind.CLOSE} and not before[-1].keyword


def with_operators(attribute: Attribute) -> Iterator[Candidate]:
    for op in sort_of(attribute).operators:
        yield Candidate(attribute.name + op, attribute.name + op, MEANINGS[op], goes_on=True)


def values_of(attribute: Attribute, values: Values) -> Iterator[Candidate]:
    sort = sort_of(attribute)
    if sort is CHOICE:
        yield from (Candidate(choice, choice) for choice in attribute.choices)
    elif sort is YES_OR_NO:
        yield from (Candidate(word, word) for word in ("yes", "no"))
    elif sort is TEXT:
        yield from texts(values(attribute.name))
    else:
        yield from (Candidate(value, value) for value in values(attribute.name))
    if attribute.optional or attribute.many:
        yield Candidate("none", "none", "what is absent")


def texts(values: Iterable[str]) -> Iterator[Candidate]:
    return (Candidate(value, value_written(value, TEXT)) for value in values)


def bare_written(name: str, language: Language) -> str:
    """A name that would mean something else as a bare word is in quotes."""
    taken = name.lower() == ALL or name.lower() in language.words or NUMBERS.fullmatch(name)
    return quoted(name) if taken else value_written(name, TEXT)
