"""`items.pyi`: the types of all methods of a farm, written from the definitions of the verbs.

How does this work?  `python -m brender.client.types` writes the file anew; a test says when it has to be.  A verb that
is about one thing or many has two forms: with an id it gives one outcome, with a filter those of all.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import UNSET, UnsetType

from brender.client.deriving import NAMES, TEXT, takes_filter
from brender.verbs.items.item import Item
from brender.verbs.items.known import ITEMS
from brender.verbs.known import VERBS
from brender.verbs.verb import Verb, Which

FILE = Path(__file__).with_name("items.pyi")
PLAIN = {int: "int", float: "float", str: "str", bool: "bool", NoneType: "None", UnsetType: "UnsetType", Any: "Any"}
ABSTRACT = {list: "Sequence", tuple: "Sequence", dict: "Mapping"}
HEAD = '''# ruff: noqa
"""The types of brender.client.items; made from the verbs by `python -m brender.client.types`."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, overload

from msgspec import UNSET, UnsetType

from brender.client.http import Api
from brender.client.results import AsyncPages, Outcome, Outcomes, Pages as PagesOf
'''


def text() -> str:
    """The whole file."""
    classes = [line for base in ("", "Async") for item in ITEMS.values() for line in class_of(item, base)]
    body = "\n".join(classes)
    return f"{HEAD}{imports(body)}\n{body}\n"


def imports(body: str) -> str:
    """The structs that stand in it, each from its module."""
    found = {each.__name__: each.__module__ for each in structs() if re.search(rf"\b{each.__name__}\b", body)}
    lines = sorted(f"from {module} import {name}\n" for name, module in found.items())
    return "".join(lines)


def structs() -> Iterator[type]:
    yield from (item.view for item in ITEMS.values())
    for verb in VERBS.values():
        for hint in (verb.gives, *get_type_hints(verb.takes).values()):
            yield from named(hint)


def named(hint: Any) -> Iterator[type]:
    """The classes that are named in a type."""
    if isinstance(hint, type) and hint not in PLAIN and get_origin(hint) is None:
        yield hint
    for part in get_args(hint) if get_origin(hint) is not Literal else ():
        yield from named(part)


def class_of(item: Item, asynchronous: str) -> Iterator[str]:
    key = "int" if item.key == "number" else "str"
    job = ", job: int" if item.of_job else ""
    yield f"\nclass {asynchronous}{item.plural.capitalize()}:"
    yield f"    def __init__(self, api: Api{job}) -> None: ..."
    for verb in VERBS.values():
        if verb.item is item:
            yield from method(verb, key, asynchronous)


def method(verb: Verb, key: str, asynchronous: str) -> Iterator[str]:
    taken = [parameter(verb, each) for each in msgspec.structs.fields(verb.takes)]
    view = verb.item.view.__name__
    if verb.name == "read":
        yield from lists(view, taken, asynchronous)
        return
    told = verb.name == TEXT or not verb.shows
    gives = typed(dict[str, Any] if verb.sent else verb.gives)  # what is sent is answered as it comes
    one, many = (gives, f"dict[{key}, {gives}]") if told else (f"Outcome[{view}]", f"Outcomes[{view}]")
    forms = []
    if verb.which in (Which.ONE, Which.MANY):
        forms.append(([f"id: {key}", "/"], taken, one))
    if verb.which is Which.NONE:
        forms.append(([], taken, one))
    if takes_filter(verb):
        forms.append(([], ["filter: str", *taken], many))
    for before, keywords, result in forms:
        yield from ["    @overload"] if len(forms) > 1 else []
        yield written(verb, before, keywords, result, asynchronous)


def lists(view: str, taken: list[str], asynchronous: str) -> Iterator[str]:
    """With some attributes only, a thing comes as a dictionary."""
    pages = "AsyncPages" if asynchronous else "PagesOf"
    whole = ["filter: str = ''", *(each for each in taken if not each.startswith("fields"))]
    some = ["fields: str", *whole]
    yield "    @overload"
    yield f"    def list(self, *, {', '.join(whole)}) -> {pages}[{view}]: ..."
    yield "    @overload"
    yield f"    def list(self, *, {', '.join(some)}) -> {pages}[dict[str, Any]]: ..."


def written(verb: Verb, before: list[str], keywords: list[str], result: str, asynchronous: str) -> str:
    parameters = ", ".join(["self", *before, *(["*", *keywords] if keywords else [])])
    name = NAMES.get(verb.name, verb.name)
    return f'    {"async " if asynchronous else ""}def {name}({parameters}) -> {result}:\n        """{verb.help}"""'


def parameter(verb: Verb, each: msgspec.structs.FieldInfo) -> str:
    hint = typed(get_type_hints(verb.takes)[each.name])
    if each.default_factory is not msgspec.NODEFAULT:
        return f"{each.name}: {hint} | UnsetType = UNSET"
    if each.default is msgspec.NODEFAULT:
        return f"{each.name}: {hint}"
    return f"{each.name}: {hint} = {'UNSET' if each.default is UNSET else repr(each.default)}"


def typed(hint: Any) -> str:
    """A type as it is written: what is listed may come as any sequence."""
    origin, inside = get_origin(hint), get_args(hint)
    if hint in PLAIN:
        return PLAIN[hint]
    if origin is Annotated:
        return typed(inside[0])
    if origin in (Union, UnionType):
        return " | ".join(dict.fromkeys(map(typed, inside)))
    if origin is Literal:
        return f"Literal[{', '.join(map(repr, inside))}]"
    if origin in ABSTRACT:
        parts = inside if origin is dict else inside[:1]
        return f"{ABSTRACT[origin]}[{', '.join(map(typed, parts))}]"
    return str(hint.__name__)


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
