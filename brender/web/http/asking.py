"""A request as the handlers see it: its ids, its query and its body, read strictly.

How does this work?  The tree makes an `Ask` of each request whose address it knows.  A handler asks it for
what it needs (`ask.number("limit", ...)`, `ask.body(PutAway)`); whatever is missing, misspelt or out of
range is raised with its place, so that no handler checks anything twice.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec
from twisted.web.http_headers import Headers

from brender.farm.people.users import LOCAL, Who
from brender.farm.submission.problems import shown
from brender.verbs.said.given import read
from brender.verbs.said.strict import parsed
from brender.verbs.said.unfit import meant
from brender.web.http.wrong import Wrong

BIGGEST = 2**53  # the largest whole number that JavaScript has
MOST_PARAMETERS = 32
MOST_OF_A_TABLE = 1024  # of DataTables, which has six for each column

Shape = TypeVar("Shape", bound=msgspec.Struct)


@dataclass(frozen=True)
class Ask:
    method: str
    path: str
    headers: Headers
    ids: Mapping[str, Any] = field(default_factory=dict)  # numbers, and names where an item has them
    query: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""
    who: Who = LOCAL
    secure: bool = False  # it came by HTTPS

    def header(self, name: str) -> str:
        """The header's value, or nothing; bytes past ASCII are shown as U+FFFD."""
        raw = self.headers.getRawHeaders(name.encode())
        return raw[-1].decode("utf-8", "replace") if raw else ""

    def number(self, name: str, otherwise: int, *, least: int = 0, most: int = BIGGEST) -> int:
        text = self.query.get(name)
        if text is None:
            return otherwise
        if not re.fullmatch(r"[0-9]{1,16}", text) or not least <= int(text) <= most:
            raise Wrong(400, f"{name}={shown(text)}: it should be a whole number from {least} to {most}.", at=name)
        return int(text)

    def optional(self, name: str) -> int | None:
        return self.number(name, 0) if name in self.query else None

    def choices(self, name: str, known: Collection[str]) -> list[str]:
        """The words of a list like `kind=job,client`; none when it was not given."""
        words = [word for word in self.query.get(name, "").split(",") if word]
        for word in words:
            if word not in known:
                raise Wrong(400, f"{name} has no value {shown(word)}; {meant(word, known)}", at=name)
        return words

    def said(self) -> Any:
        """The body as plain data; without a byte it says nothing."""
        return parsed(self.content) if self.content else {}

    def body(self, shape: type[Shape]) -> Shape:
        return read(self.said(), shape)


def query_of(uri: bytes, known: Collection[str], also: Callable[[str], bool] | None = None) -> dict[str, str]:
    """The parameters of an address, each known, each given once.

    `also` tells which more are known where there is a `draw` among them: those of DataTables.
    """
    try:
        pairs = parse_qsl(
            uri.partition(b"?")[2].decode("utf-8"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MOST_OF_A_TABLE if also else MOST_PARAMETERS,
        )
    except UnicodeDecodeError:
        raise Wrong(400, "The query of the address is not UTF-8.") from None
    except ValueError:
        raise too_many(MOST_OF_A_TABLE if also else MOST_PARAMETERS) from None
    table = also if also and any(name == "draw" for name, _ in pairs) else None
    if table is None and len(pairs) > MOST_PARAMETERS:
        raise too_many(MOST_PARAMETERS)
    query: dict[str, str] = {}
    for name, value in pairs:
        if name == "_":  # what some programs add so that nothing is answered from a cache
            continue
        if name not in known and not (table and table(name)):
            raise Wrong(400, unknown(name, known), at=shown(name))
        if name in query:
            raise Wrong(400, f"{name} is given twice; which of them is meant?", at=name)
        query[name] = value
    return query


def too_many(most: int) -> Wrong:
    return Wrong(400, f"The query of the address has too many parameters; {most} are the most.")


def unknown(name: str, known: Collection[str]) -> str:
    if not known:
        return f'There is no parameter "{shown(name)}" here; this address takes none.'
    return f'There is no parameter "{shown(name)}" here; {meant(name, known)}'
