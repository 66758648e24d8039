"""A filter's text in pieces: words, operators, brackets and commas, each with its place.

How does this work?  One regular expression takes the next token, and never goes back.  A word ends at white
space, a bracket, a comma or an operator.  Quotes may stand anywhere in a word, as in a shell: they keep it
together, and nothing in them is a wildcard.  So a word has `pieces`, each with whether it was in quotes; a
backslash is a character like any other.
"""

import re
from enum import Enum
from typing import NamedTuple

from brender.verbs.filters.conditions import LONGEST, Op
from brender.verbs.filters.globs import SPECIAL, Piece
from brender.verbs.filters.wrong import BadFilter


class Kind(Enum):
    WORD = "a word"
    OP = "an operator"
    COMMA = ","
    OPEN = "("
    CLOSE = ")"
    END = "the end"


class Token(NamedTuple):
    kind: Kind
    text: str  # as it was typed
    start: int
    end: int

    @property
    def keyword(self) -> str:
        """`and`, `or`, `not`; else nothing."""
        word = self.text.lower()
        return word if self.kind is Kind.WORD and word in KEYWORDS else ""

    @property
    def pieces(self) -> list[Piece]:
        return [
            Piece(found[1:-1], quoted=True) if found[0] in QUOTES else Piece(found, quoted=False)
            for found in PIECE.findall(self.text)
        ]

    @property
    def plain(self) -> str | None:
        """The word, if nothing of it is in quotes."""
        return None if any(quote in self.text for quote in QUOTES) else self.text


KEYWORDS = ("and", "or", "not")
QUOTES = "\"'"
TOKEN = re.compile(
    rf"""(?P<OP>(?:!(?=[=<>~])|[=<>~])++)
    |(?P<OPEN>\()|(?P<CLOSE>\))|(?P<COMMA>,)
    |(?P<WORD>(?:"[^"]*+"|'[^']*+'|[^{SPECIAL}!]|!(?![=<>~]))++)""",
    re.VERBOSE,
)
PIECE = re.compile(r"""\"[^"]*+"|'[^']*+'|[^"']++""")
SPACE = re.compile(r"\s*+")
MEANT = {"==": "=", "===": "=", "=>": ">=", "=<": "<=", "<>": "!=", "=~": "~", "~=": "~", "=!": "!=", "!==": "!="}


def tokens(text: str) -> list[Token]:
    """All of them, the last one the end; raises `BadFilter`."""
    if len(text) > LONGEST:
        raise BadFilter(f"A filter has at most {LONGEST:,} characters; this one has {len(text):,}.", LONGEST)
    found: list[Token] = []
    at = after_space(text, 0)
    while at < len(text):
        found.append(token(text, at))
        at = after_space(text, found[-1].end)
    return [*found, Token(Kind.END, "", len(text), len(text))]


def after_space(text: str, at: int) -> int:
    space = SPACE.match(text, at)
    return space.end() if space else at


def token(text: str, at: int) -> Token:
    found = TOKEN.match(text, at)
    if found is None:  # anything but a quote begins some token
        raise BadFilter("A quote is opened in that line and never closed.", at)
    kind, said = Kind[found.lastgroup or ""], found.group()
    if kind is Kind.OP and said not in set(Op):
        meant = MEANT.get(said)
        hint = f"did you mean {meant}?" if meant else f"there are {' '.join(Op)}."
        raise BadFilter(f'"{said[:10]}" is no operator; {hint}', at)
    return Token(kind, said, at, found.end())
