"""Comparisons, made of an attribute, an operator and words; and of bare words, which say neither.

How does this work?  `comparison` looks the attribute up, asks its sort whether it has the operator, and reads
each value. `bare` finds out what a bare word is about: a value of an attribute with few (`online`), a number
(`12`, `3-7`), or else a name.  The place of what is wrong is that of the word.
"""

import re
from collections.abc import Sequence

from brender.verbs.filters.conditions import LIKENESS, ORDERINGS, SAMENESS, Comparison, Everything, Language, Op, Value
from brender.verbs.filters.globs import Pattern, Piece, has_wildcards, pattern_text
from brender.verbs.filters.moments import Now
from brender.verbs.filters.tokens import Token
from brender.verbs.filters.values import TEXT, Asked, value_of
from brender.verbs.filters.wrong import BadFilter, a, did_you_mean, listed, placed, shown
from brender.verbs.items.attributes import Attribute

NUMBERS = re.compile(r"[0-9]+(?:(?:-|\.\.)[0-9]+)?")
ALL = "all"
SIGNS = {"&&": "and", "&": "and", "||": "or", "|": "or", "!": "not"}


def asked_for(attribute: Attribute, language: Language, now: Now) -> Asked:
    return Asked(attribute, language.thing, now, numbered=attribute.name == language.numbered)


def comparison(name: Token, op: Token, values: Sequence[Token], language: Language, now: Now) -> Comparison:
    """One with an operator; raises `BadFilter`."""
    with placed(name.start):
        asked = asked_for(attribute_of(name.text, language), language, now)
    with placed(op.start):
        operator = operator_for(op.text, asked)
    if operator in ORDERINGS and len(values) > 1:
        raise BadFilter(f'"{operator}" compares with one value, not with a list.', values[1].start)
    return Comparison(asked.attribute, operator, tuple(value_at(token, operator, asked) for token in values))


def attribute_of(name: str, language: Language) -> Attribute:
    found = language.find(name)
    if found is None:
        known = did_you_mean(name, [*language.asked, *language.aliases])
        raise BadFilter(f"No attribute {shown(name)} on {a(language.thing)}{known}")
    if not found.asked:
        raise BadFilter(f"A filter cannot ask for {found.name} of {a(language.thing)}.")
    return found


def operator_for(op: str, asked: Asked) -> Op:
    if op not in asked.sort.operators:
        raise BadFilter(f'"{op}" does not go with {asked.attribute.name}; {listed(asked.sort.operators)} do.')
    return Op(op)


def value_at(token: Token, op: Op, asked: Asked) -> Value:
    with placed(token.start):
        return value(token.pieces, op, asked)


def value(pieces: Sequence[Piece], op: Op, asked: Asked) -> Value:
    """What a word stands for beside an operator; raises `BadFilter`."""
    if op in LIKENESS:
        return Pattern(pattern_text(pieces))
    if op in SAMENESS and is_none(pieces) and may_be_absent(asked):
        return None
    if asked.sort is TEXT and has_wildcards(pieces):
        return Pattern(pattern_text(pieces))
    text = "".join(piece.text for piece in pieces)
    return text if asked.sort is TEXT else value_of(text, op, asked)


def is_none(pieces: Sequence[Piece]) -> bool:
    return len(pieces) == 1 and pieces[0].text.lower() == "none" and not pieces[0].quoted


def may_be_absent(asked: Asked) -> bool:
    """A text may be empty, which is nothing too."""
    return asked.attribute.optional or asked.attribute.many or asked.sort is TEXT


# --- bare words


def bare(words: Sequence[Token], language: Language, now: Now) -> Comparison | Everything:
    """What one bare word, or a list of them, says; raises `BadFilter`."""
    if len(words) == 1 and words[0].text.lower() == ALL:
        return Everything()
    about = [meant(word, language) for word in words]
    for word, attribute in zip(words, about, strict=True):
        if attribute is not about[0]:
            raise BadFilter(
                f"A list has one kind of values: {shown(words[0].text)} is of {about[0].name}, "
                f"{shown(word.text)} of {attribute.name}; put or between them.",
                word.start,
            )
    asked = asked_for(about[0], language, now)
    return Comparison(about[0], Op.IS, tuple(bare_value(word, asked) for word in words))


def bare_value(word: Token, asked: Asked) -> Value:
    """Nobody says that a name is absent with a bare `none`: it is the name."""
    return word.text if is_none(word.pieces) else value_at(word, Op.IS, asked)


def meant(word: Token, language: Language) -> Attribute:
    """The attribute that a bare word is a value of."""
    plain = word.plain
    if plain is not None:
        check_sign(plain, word.start)
        if found := language.words.get(plain.lower()):
            return found
        if NUMBERS.fullmatch(plain) and language.numbered in language.asked:
            return language.asked[language.numbered]
    if language.named not in language.asked:
        known = did_you_mean(word.text, [ALL, *language.words, *language.asked])
        raise BadFilter(f"{shown(word.text)} says nothing of {a(language.thing)}{known}", word.start)
    return language.asked[language.named]


def check_sign(plain: str, at: int) -> None:
    """Signs of other languages are words here, and would silently be names."""
    if plain in SIGNS:
        raise BadFilter(f'Write {SIGNS[plain]} for "{plain}".', at)
    if plain.startswith("!"):
        raise BadFilter(f"Write not before what shall not be, for the ! of {shown(plain)}.", at)
