"""A template's text, read into fields and values without being fooled by it.

How does this work?  What begins with a brace is tried as JSON, everything else is YAML.  Before PyYAML
may build anything, its stream of events is walked once (`_Walk`): that counts nodes (an alias counts
as all that it stands for), depth and repeated fields, so that a small text cannot become a large
document, and it notes how unquoted scalars were written, because YAML reads 012 as 10 and `no` as
false.  `plain` then copies the result into what JSON can hold.  Problems that leave the document
readable are returned with it, so that they can be told together with those that follow.  `misread`
has the numbers of which YAML makes others: no frame 10 is rendered for 012.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import yaml

from brender.farm.submission.plain import MOST_DEPTH, MOST_NODES, MOST_PROBLEMS, Cleaner, refuse, too_many
from brender.farm.submission.problems import WHOLE, Problem, Refused, inside, shown

MOST_BYTES = 8 * 2**20
MOST_DIGITS = 64  # of an unquoted number: longer ones cost the square of their length to read

_Loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_resolve: Callable[..., str] = yaml.resolver.Resolver().resolve
# A text in JSON; one that is never closed reaches to the end, so that no character is looked at twice.
_JSON_TEXT = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_OCTAL = re.compile(r"[-+]?0[0-7_]+")
_BASE_60 = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")


@dataclass(frozen=True)
class Document:
    content: dict[str, Any]
    written: Mapping[str, str] = field(default_factory=dict)  # place -> what an unquoted scalar looked like
    problems: tuple[Problem, ...] = ()


def read(source: str | bytes | Mapping[str, Any]) -> Document:
    """The document; raises `Refused` when there is none to speak of."""
    if isinstance(source, Mapping):
        return _clean(source, {}, ())
    text = _text(source)
    if text.lstrip().startswith("{"):
        return _read_json(text)
    return _read_yaml(text)


def misread(document: Document) -> Iterator[Problem]:
    """Numbers that are others to YAML than they look: 012 is 10, 12:30 is 750.  Where text is wanted, more is told."""
    for at, text in islice(((at, text) for at, text in document.written.items() if _is_misread(text)), MOST_PROBLEMS):
        number = yaml.load(text, Loader=_Loader)  # of `MOST_DIGITS` at most
        said = f"{shown(text)} is the number {number} to YAML; write {number} where that is meant, or put it in quotes."
        yield Problem(at or WHOLE, said)


def _is_misread(text: str) -> bool:
    if _OCTAL.fullmatch(text):
        digits = text.replace("_", "")
        return int(digits, 8) != int(digits)
    return bool(_BASE_60.fullmatch(text))


def _text(source: str | bytes) -> str:
    size = len(source)
    if size > MOST_BYTES:
        raise refuse(f"A template may have {MOST_BYTES // 2**20} MB; this has {size / 2**20:.1f} MB.")
    if isinstance(source, str):
        return source.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
    try:
        return source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        raise refuse(
            f"Line {line}: byte {error.start + 1} of the text (0x{source[error.start]:02x}) is not UTF-8; "
            "save the template as UTF-8."
        ) from None


def _read_json(text: str) -> Document:
    _count_json(text)
    twice: list[str] = []

    def fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            twice.extend(name for name in found if names.count(name) > 1)
        return found

    try:
        content = json.loads(text, object_pairs_hook=fields)
    except json.JSONDecodeError as error:
        return _json_or_yaml(text, error)
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits; 1,000 brackets
        raise refuse(f"The template cannot be read: {error}.") from None
    return _clean(content, {}, _repeated(text, twice))


def _count_json(text: str) -> None:
    structure = _JSON_TEXT.sub("", text)
    if structure.count(",") + structure.count("[") + structure.count("{") > MOST_NODES:
        raise too_many()


def _json_or_yaml(text: str, error: json.JSONDecodeError) -> Document:
    """YAML may begin with a brace too; when it is neither, it was meant to be JSON."""
    try:
        return _read_yaml(text)
    except Refused:
        raise refuse(f"Line {error.lineno}, column {error.colno}: {error.msg}.") from None


def _repeated(text: str, names: list[str]) -> tuple[Problem, ...]:
    """JSON's reader does not say where; YAML's walk over the same text does."""
    if not names:
        return ()
    try:
        walk = _Walk().over(text)
    except (Refused, yaml.YAMLError):
        return tuple(Problem(WHOLE, f'The field "{shown(name)}" stands twice in one object.') for name in names)
    return tuple(walk.problems)


def _read_yaml(text: str) -> Document:
    try:
        walk = _Walk().over(text)
        content = yaml.load(text, Loader=_Loader)  # one of the two safe loaders
    except yaml.MarkedYAMLError as error:
        raise refuse(_yaml_sentence(error, text)) from None
    except yaml.YAMLError as error:
        raise refuse(f"The template cannot be read: {_one_line(error)}.") from None
    except (ValueError, RecursionError, TypeError, OverflowError) as error:  # month 13; a list as a key
        raise refuse(f"The template cannot be read: {_one_line(error)}.") from None
    return _clean(content, walk.written, tuple(walk.problems))


def _yaml_sentence(error: yaml.MarkedYAMLError, text: str) -> str:
    mark = error.problem_mark or error.context_mark
    where = f"Line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    what = error.problem or error.context or "this cannot be read"
    hint = " (a tab; indent with blanks)" if mark and text[mark.index : mark.index + 1] == "\t" else ""
    return f"{where}{what}{hint}."


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")


@dataclass
class _Open:
    """A list or mapping whose end the walk has not seen yet."""

    at: str
    anchor: str | None
    began: int  # nodes counted before it
    index: int = 0
    keys: set[str] | None = None  # a mapping's; a list has None
    key: str | None = None  # the field whose value comes next


class _Walk:
    """Over PyYAML's events, before anything is built from them."""

    def __init__(self) -> None:
        self.written: dict[str, str] = {}
        self.problems: list[Problem] = []
        self._nodes = 0
        self._open: list[_Open] = []
        self._weights: dict[str, int] = {}  # what an anchor stands for, in nodes

    def over(self, text: str) -> "_Walk":
        for event in yaml.parse(text, Loader=_Loader):
            if isinstance(event, yaml.AliasEvent):
                self._alias(event)
            elif isinstance(event, yaml.ScalarEvent):
                self._scalar(event)
            elif isinstance(event, yaml.CollectionStartEvent):
                self._begin(event)
            elif isinstance(event, yaml.CollectionEndEvent):
                self._end()
        return self

    def _count(self, nodes: int = 1) -> None:
        self._nodes += nodes
        if self._nodes > MOST_NODES:
            raise too_many()

    def _alias(self, event: yaml.AliasEvent) -> None:
        anchor = event.anchor or ""
        if any(each.anchor == anchor for each in self._open):
            raise refuse(f"Line {_line(event)}: *{shown(anchor)} stands inside what it stands for.")
        self._count(self._weights.get(anchor, 1))
        self._place(None)

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        self._count()
        if event.anchor:
            self._weights[event.anchor] = 1
        text: str = event.value
        kind = _kind(event)
        if kind in {"int", "float"} and len(text) > MOST_DIGITS:
            raise refuse(f"Line {_line(event)}: a number of {len(text):,} characters; put it in quotes.")
        at = self._place(text)
        if at is not None and kind not in {"str", "null"}:
            self.written[at] = text

    def _begin(self, event: yaml.CollectionStartEvent) -> None:
        self._count()
        at = self._place(None)
        if len(self._open) >= MOST_DEPTH:
            raise refuse(f"Line {_line(event)}: a template may be {MOST_DEPTH} levels deep, no more.")
        keys: set[str] | None = set() if isinstance(event, yaml.MappingStartEvent) else None
        self._open.append(_Open(at or "", event.anchor, self._nodes - 1, keys=keys))

    def _end(self) -> None:
        closed = self._open.pop()
        if closed.anchor:
            self._weights[closed.anchor] = self._nodes - closed.began

    def _place(self, text: str | None) -> str | None:
        """Where the node stands that begins now; None for the name of a field."""
        if not self._open:
            return ""
        parent = self._open[-1]
        if parent.keys is None:
            parent.index += 1
            return inside(parent.at, parent.index - 1)
        if parent.key is None:
            parent.key = "" if text is None else text
            self._look_for_repetition(parent, parent.key)
            return None
        at, parent.key = inside(parent.at, parent.key), None
        return at

    def _look_for_repetition(self, parent: _Open, key: str) -> None:
        assert parent.keys is not None
        if key in parent.keys and len(self.problems) < MOST_PROBLEMS:
            at = inside(parent.at, shown(key)) if key else parent.at or WHOLE
            which = "This field" if key else "A field without a name"
            self.problems.append(Problem(at, f"{which} stands twice; keep one of them."))
        parent.keys.add(key)


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 0


def _kind(event: yaml.ScalarEvent) -> str:
    """What YAML takes the scalar for: str, int, float, bool, null, timestamp."""
    tag = event.tag
    if not tag and event.implicit[0]:
        tag = _resolve(yaml.ScalarNode, event.value, (True, False))
    return tag.rpartition(":")[2] if tag else "str"


def _clean(content: object, written: Mapping[str, str], problems: tuple[Problem, ...]) -> Document:
    if not isinstance(content, Mapping):
        raise refuse("A template has fields and values, such as specificationVersion: jobtemplate-2023-09.")
    cleaner = Cleaner(written)
    plain = cleaner.mapping(content, "", 0)
    return Document(plain, written, problems + tuple(cleaner.problems))
