"""What people are told of filters: help, the place of a mistake, and a sentence for a filter that chose nothing.

How does this work?  `usage` is made of a `Language`, so that help knows every attribute there is.  `pointing`
puts a caret under the place that a `BadFilter` is about.  `nothing` looks for texts in the condition that no
thing has, and for the known word or value that looks most like one of them.
"""

from collections.abc import Iterable, Iterator, Sequence
from heapq import nlargest
from itertools import takewhile
from textwrap import wrap
from typing import Any

from brender.verbs.filters.comparing import ALL
from brender.verbs.filters.conditions import And, Comparison, Condition, Language, Not, Op, Or
from brender.verbs.filters.values import TEXT, Sort, sort_of
from brender.verbs.filters.writing import value_written
from brender.verbs.filters.wrong import a, nearest
from brender.verbs.items.attributes import Attribute, Reader, from_view

WIDTH = 79
LEFT = 26  # of the column of examples
SHOWN = 60  # characters of a filter in a sentence
LOOKED_AT = 200  # values that are looked at closely


def pointing(text: str, at: int, width: int = WIDTH) -> str:
    """The text around a place, and a caret under it."""
    begin = max(0, min(at - width // 2, len(text) - width + 1))
    line = "".join(each if each.isprintable() else " " for each in text[begin : begin + width])
    return f"{line}\n{' ' * (at - begin)}^"


# --- a filter that chose nothing


def nothing(
    text: str,
    condition: Condition,
    language: Language,
    things: Sequence[Any],
    reader: Reader = from_view,
    empty: str = "",
) -> str:
    """The sentence for a filter that chose none of the things; `empty` is the one for when there are none at all."""
    thing = language.thing
    if not things:
        return empty or f"There are no {thing}s yet."
    said = text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
    total = f"1 {thing}" if len(things) == 1 else f"{len(things):,} {thing}s"
    sentence = f"No {thing} matches {said} ({total} in all)."
    found = (meant(each, language, things, reader) for each in comparisons(condition) if about_texts(each))
    word = next((word for word in found if word), None)
    return f"{sentence} Did you mean {word}?" if word else sentence


def comparisons(condition: Condition) -> Iterator[Comparison]:
    match condition:
        case Comparison():
            yield condition
        case And(parts) | Or(parts):
            for part in parts:
                yield from comparisons(part)
        case Not(of):
            yield from comparisons(of)


def about_texts(comparison: Comparison) -> bool:
    return comparison.op is Op.IS and sort_of(comparison.attribute) is TEXT


def meant(comparison: Comparison, language: Language, things: Sequence[Any], reader: Reader) -> str | None:
    """The known word that looks most like a value of the comparison that no thing has."""
    seen = values_of(comparison.attribute, things, reader)
    there = {value.lower() for value in seen}
    strange = [value for value in comparison.values if isinstance(value, str) and value.lower() not in there]
    words = [ALL, *language.words] if comparison.attribute.name == language.named else []
    found = next((found for value in strange if (found := nearest(value, [*words, *alike(value, seen)]))), None)
    return found and value_written(found, TEXT)


def alike(word: str, seen: Iterable[str]) -> list[str]:
    """Those that begin and end most like a word: on a big farm, to look closely at all of them takes too long."""
    word = word.lower()

    def ends(other: str) -> tuple[int, str]:
        other = other.lower()
        return same(word, other) + same(reversed(word), reversed(other)), other

    return nlargest(LOOKED_AT, seen, key=ends)


def same(first: Iterable[str], second: Iterable[str]) -> int:
    """How many characters are the same from the beginning on."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False)))


def values_of(attribute: Attribute, things: Sequence[Any], reader: Reader) -> set[str]:
    read = reader(attribute)
    if attribute.many:
        return {value for thing in things for value in read(thing) or ()}
    return {value for thing in things if (value := read(thing))}


# --- help


def usage(language: Language) -> str:
    """What filters of an item can say, for help."""
    lines = [
        f"A filter is one word or several, and all of them must be true of {a(language.thing)}:",
        *entry(ALL, ""),
        *words(language),
        *(entry("NAME, NA*", f"its {language.named}; {WILD}") if language.named in language.asked else ()),
        *(entry("12, 3-7, 1,4,8-12", f"its {language.numbered}") if language.numbered in language.asked else ()),
        *entry("ATTRIBUTE=VALUE", "an attribute of those below; with commas, any of several values"),
        *entry("!= < <= > >= ~ !~", "instead of =: not, less, more, like a pattern, unlike one"),
        *entry("and or not ( )", "join filters; not comes before and, and before or"),
        *entry("\"...\" or '...'", "a text as it is: nothing in it stands for anything else"),
        "Attributes:",
        *(line for sort, named in by_sort(language) for line in entry(named, sort.form)),
    ]
    return "\n".join(lines)


WILD = "* stands for anything, ? for one character, [a-f] for one of these"


def entry(left: str, right: str) -> list[str]:
    """Two columns; what is too long for the left one has lines of its own."""
    lefts = wrap(left, WIDTH - 2, break_on_hyphens=False)
    rights = wrap(right, WIDTH - LEFT - 3, break_on_hyphens=False)
    if not rights:
        return [f"  {line}" for line in lefts]
    if len(lefts) == 1 and len(left) <= LEFT - 1:
        return [f"  {one:{LEFT}}{other}" for one, other in zip([left, *[""] * len(rights)], rights, strict=False)]
    return [*(f"  {line}" for line in lefts), *(f"  {'':{LEFT}}{line}" for line in rights)]


def words(language: Language) -> Iterator[str]:
    for attribute in dict.fromkeys(language.words.values()):
        own = [word for word, of in language.words.items() if of is attribute]
        yield from entry(", ".join(own), attribute.meaning)


def by_sort(language: Language) -> Iterator[tuple[Sort, str]]:
    """The names of the attributes whose values are written alike."""
    for sort in dict.fromkeys(map(sort_of, language.asked.values())):
        yield sort, ", ".join(names(each, language) for each in language.asked.values() if sort_of(each) is sort)


def names(attribute: Attribute, language: Language) -> str:
    """All that it is called: "pools or pool"; and its values, where they are few."""
    if attribute.choices:
        return f"{attribute.name}={'|'.join(attribute.choices)}"
    others = [alias for alias, name in language.aliases.items() if name == attribute.name]
    return " or ".join([attribute.name, *others])
