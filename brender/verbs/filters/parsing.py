"""Reads a filter: `status=enabled and (memory>=32GB or tag=big) not render-0*`.

How does this work?  `parse` takes tokens one after the other and never goes back; there is a function for each
level: `either` (`or`) is made of `every` (`and`, or nothing between two), that of `negated` (`not`), and that
of an `operand`: brackets, a comparison (`comparing`), or bare words.  How deep it goes is counted, so that no
text is too much for it.  What cannot be is refused with a sentence and the place that it is about.
"""

import re
from datetime import tzinfo

from brender.verbs.filters.comparing import bare, comparison
from brender.verbs.filters.conditions import DEEPEST, LONGEST, MOST, And, Condition, Everything, Language, Not, Or
from brender.verbs.filters.moments import Now
from brender.verbs.filters.tokens import Kind, Token, tokens
from brender.verbs.filters.values import sort_of
from brender.verbs.filters.writing import written
from brender.verbs.filters.wrong import BadFilter
from brender.verbs.items.attributes import Attribute

IN_QUOTES = re.compile(r"""\s*+("[^"]*+"|'[^']*+')\s*+""")
OPERATOR = re.compile("[=<>~]")
TOO_MANY = f"A filter has at most {MOST} comparisons; a list is one of them: id=1,2,3."
NOT_OPEN = "No bracket is open that this one could close."
NOT_CLOSED = "A bracket is opened here and never closed."


def parse(text: str, language: Language, *, now: float, zone: tzinfo) -> Condition:
    """What a text says; raises `BadFilter`.  An empty one says nothing, and is true of everything."""
    text, before = opened(text)
    try:
        found = Parser(tokens(text), language, Now(now, zone)).whole()
        check_length(found)
    except BadFilter as wrong:
        wrong.at += before
        raise
    return found


def opened(text: str) -> tuple[str, int]:
    """A filter that is in quotes as a whole, as for another shell, without them; and what was left out before it."""
    found = IN_QUOTES.fullmatch(text) if len(text) <= LONGEST else None
    if found and OPERATOR.search(found[1]):
        return found[1][1:-1], found.start(1) + 1
    return text, 0


def check_length(condition: Condition) -> None:
    """What was read can be written, and then read again: `1 2` is written `id=1 and id=2`."""
    if len(written(condition)) > LONGEST:
        raise BadFilter(f"That filter has more than {LONGEST:,} characters when all of it is written out.")


class Parser:
    """Tokens, and how far they are read."""

    def __init__(self, found: list[Token], language: Language, now: Now) -> None:
        self.tokens, self.language, self.now = found, language, now
        self.next = 0
        self.comparisons = 0

    @property
    def here(self) -> Token:
        return self.tokens[self.next]

    def at(self, *kinds: Kind) -> bool:
        return self.here.kind in kinds

    def take(self) -> Token:
        self.next += 1
        return self.tokens[self.next - 1]

    def whole(self) -> Condition:
        if self.at(Kind.END):
            return Everything()
        found = self.either(0)
        if self.at(Kind.CLOSE):
            raise BadFilter(NOT_OPEN, self.here.start)
        return found

    def either(self, depth: int) -> Condition:
        parts = [self.every(depth)]
        while self.here.keyword == "or":
            self.take()
            parts.append(self.every(depth))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def every(self, depth: int) -> Condition:
        parts = [self.negated(depth)]
        while not self.at(Kind.END, Kind.CLOSE) and self.here.keyword != "or":
            if self.here.keyword == "and":
                self.take()
            parts.append(self.negated(depth))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def negated(self, depth: int) -> Condition:
        nots = 0
        while self.here.keyword == "not":
            nots += 1
            self.check_depth(depth + nots)
            self.take()
        found = self.operand(depth + nots)
        for _ in range(nots):
            found = Not(found)
        return found

    def operand(self, depth: int) -> Condition:
        if self.at(Kind.OPEN):
            return self.in_brackets(depth + 1)
        if not self.is_value:
            raise missing(self.tokens[self.next - 1] if self.next else None, self.here)
        self.check_number()
        words = self.words()
        found = self.compared(words) if self.at(Kind.OP) else bare(words, self.language, self.now)
        if self.at(Kind.OPEN) and self.here.start == self.tokens[self.next - 1].end:
            raise BadFilter("Put a space before this bracket, or quotes around the whole word.", self.here.start)
        return found

    def in_brackets(self, depth: int) -> Condition:
        self.check_depth(depth)
        bracket = self.take()
        if self.at(Kind.CLOSE):
            raise BadFilter("There is nothing between these brackets.", bracket.start)
        if self.at(Kind.END):
            raise BadFilter(NOT_CLOSED, bracket.start)
        found = self.either(depth)
        if not self.at(Kind.CLOSE):
            raise BadFilter(NOT_CLOSED, bracket.start)
        self.take()
        return found

    def compared(self, words: list[Token]) -> Condition:
        name, op = words[-1], self.take()
        if len(words) > 1:
            raise BadFilter(f'Before "{op.text}" stands one attribute, not a list.', words[0].start)
        if name.plain is None:
            raise BadFilter("The name of an attribute is written without quotes.", name.start)
        if not self.is_value:
            raise no_value(name, op, self.here)
        values = self.words()
        if self.at(Kind.OP):
            raise BadFilter(f'Put quotes around a value with "{self.here.text}" in it.', self.here.start)
        found = comparison(name, op, values, self.language, self.now)
        self.check_unit(found.attribute)
        return found

    @property
    def is_value(self) -> bool:
        return self.at(Kind.WORD) and not self.here.keyword

    def words(self) -> list[Token]:
        """One word, or several with commas between."""
        found = [self.take()]
        while self.at(Kind.COMMA):
            comma = self.take()
            if not self.is_value:
                raise BadFilter("After this comma a value is missing.", comma.start)
            found.append(self.take())
        return found

    def check_number(self) -> None:
        self.comparisons += 1
        if self.comparisons > MOST:
            raise BadFilter(TOO_MANY, self.here.start)

    def check_depth(self, depth: int) -> None:
        if depth > DEEPEST:
            raise BadFilter(f"Brackets and not go {DEEPEST} deep at most.", self.here.start)

    def check_unit(self, attribute: Attribute) -> None:
        """`memory>=32 GB` would ask for the name GB."""
        value, unit = self.tokens[self.next - 1], self.here
        if unit.text.lower() in {known.lower() for known in sort_of(attribute).units}:
            raise BadFilter(f"Write {value.text}{unit.text} without a space.", unit.start)


# --- what is missing


def missing(before: Token | None, here: Token) -> BadFilter:
    """Something that can be true is wanted here, and is not there."""
    if here.kind is Kind.OP:
        return BadFilter(f'Before "{here.text}" the name of an attribute is missing.', here.start)
    if here.kind is Kind.COMMA:
        return BadFilter("Before this comma a value is missing.", here.start)
    if before is not None and before.keyword and not here.keyword:
        return BadFilter(f'After "{before.text}" something is missing.', here.start)
    if here.kind is Kind.CLOSE:
        return BadFilter(NOT_OPEN, here.start)
    return BadFilter(f'Before "{here.text}" something is missing.', here.start)


def no_value(name: Token, op: Token, here: Token) -> BadFilter:
    none = 'none means absent, "" an empty text.'
    hint = f'write "{here.text}" in quotes if it is the value.' if here.keyword else none
    return BadFilter(f'After "{name.text}{op.text}" a value is missing; {hint}', here.start)
