"""What is wrong in brender.toml, as a sentence with the line of the mistake and the nearest right key.

How does this work?  msgspec says what it expected and where.  The place becomes a path of keys (`path_of`), the
path a line of the text (`line_of`), and the types around it tell what could have been meant (`nearest`).
"""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, get_args, get_type_hints

import msgspec

from brender.config.settings import Settings

Place = list[str]  # of a setting: section, key, and what is inside
ANY = "..."  # some entry of a dictionary, as msgspec names it
KINDS = {
    "float": "a number",
    "int": "a whole number",
    "str": "text in quotes",
    "array": "a list",
    "bool": "true or false",
    "object": "a section",
}
GOT = KINDS | {"float": "a fraction"}


class BadSettings(Exception):
    """The settings cannot be used; the message says which line and how to mend it."""


def mistake(error: str, text: str) -> str:
    """msgspec's words as a sentence with the line of the mistake and the nearest right key."""
    what, _, where = error.partition(" - at `$")
    path = path_of(where.rstrip("`"))
    if ANY in path:
        path = strange_entry(path, tomllib.loads(text))
    if unknown := re.search(r"unknown field `(.+)`", what):
        return f"{in_line([*path, unknown[1]], text)}: there is no {stranger(path, unknown[1], text)}"
    *_, key = [part for part in path if not part.isdecimal()]
    item = "an item of " if path[-1].isdecimal() else ""
    missing = re.search(r"missing required field `(.+)`", what)
    return f"{in_line(path, text)}: {item}{key} {f'lacks {missing[1]}' if missing else wrong_value(what, path)}."


def path_of(where: str) -> Place:
    """ "farm", "rules", "0", "then" for `.farm.rules[0].then`."""
    return [part for found in re.findall(r"\.([^.\[\]]+)|\[(.+?)\]", where) for part in found if part]


def in_line(path: Place, text: str) -> str:
    line = line_of(path, text)
    return f" in line {line}" if line else ""


def stranger(path: Place, key: str, text: str) -> str:
    """What is not known, for a sentence, with the nearest that is."""
    section = ".".join(path)
    thing = f'setting "{key}" in [{section}]' if section else f'setting "{key}" outside the sections'
    if re.search(rf"(?m)^\s*\[\s*{re.escape(key)}\b", text):
        thing = f"section [{key}]"
    return f"{thing}{nearest(path, key)}"


def strange_entry(path: Place, content: Any) -> Place:
    """The path with the name of the entry that is wrong, where msgspec says only that one is."""
    place = path.index(ANY)
    inside, before = content, list[str]()
    for part in path[:place]:
        inside, before = inside[part], [*before, part]
    for name, value in inside.items():
        alone: Any = {name: value}
        for part in reversed(before):
            alone = {part: alone}
        try:
            msgspec.convert(alone, Settings)
        except msgspec.ValidationError:
            return [*before, name, *path[place + 1 :]]
    return before


def wrong_value(what: str, path: Place) -> str:
    """From "Expected `float` > 0.0" or "Expected `float`, got `str`" to words."""
    if what.startswith("Invalid enum value"):
        return f"has to be {' or '.join(map(str, get_args(kind_at(path))))}"
    wanted, got = (re.search(rf"{word} `(\w+)`(.*)", what) for word in ("Expected", "got"))
    if wanted and got:
        return f"has to be {KINDS.get(wanted[1], wanted[1])}, not {GOT.get(got[1], got[1])}"
    return f"has to be {KINDS.get(wanted[1], wanted[1])}{wanted[2]}" if wanted else f"has a wrong value: {what}"


def line_of(path: Place, text: str) -> int:
    """The line that sets what the path names, or else the nearest thing around it; 0 when there is none."""
    best, found = 0, 0
    for number, here in places(text):
        shared = next((place for place, (one, other) in enumerate(zip(here, path, strict=False)) if one != other), None)
        depth = min(len(here), len(path)) if shared is None else shared
        if depth > best:
            best, found = depth, number
    return found


def places(text: str) -> Iterator[tuple[int, Place]]:
    """Each line that begins a section or sets a key, with the whole path of that."""
    inside: Place = []
    tables: Counter[str] = Counter()
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*(\[\[?)\s*([^\]]*?)\s*\]", line):
            inside = keys(header[2])
            if header[1] == "[[":
                inside = [*inside, str(tables[header[2]])]
                tables[header[2]] += 1
            yield number, inside
        elif setting := re.match(r"""\s*((?:"[^"]*"|'[^']*'|[\w.\s-])+?)\s*=""", line):
            yield number, [*inside, *keys(setting[1])]


def keys(dotted: str) -> Place:
    found = re.findall(r"""(")([^"]*)"|(')([^']*)'|([\w-]+)""", dotted)
    return [double or single or bare for _, double, _, single, bare in found]


def nearest(path: Place, key: str) -> str:
    """ "; did you mean heartbeat?", or where the key belongs, or the end of the sentence."""
    if near := get_close_matches(key, known(path), 1):
        return f"; did you mean {near[0] if path else f'[{near[0]}]'}?"
    others = {name: other for other in known([]) if [other] != path for name in known([other])}
    if near := get_close_matches(key, others, 1):
        return f"; did you mean {near[0]} in [{others[near[0]]}]?"
    return "."


def known(path: Place) -> tuple[str, ...]:
    """The keys that there are at a place."""
    return getattr(kind_at(path), "__struct_encode_fields__", ())


def kind_at(path: Place) -> Any:
    """The type of what stands at a place; of a dictionary or a list, its items'."""
    kind: Any = Settings
    for part in path:
        hints = get_type_hints(kind) if hasattr(kind, "__struct_fields__") else {}
        kind = hints.get(part) or next((each for each in reversed(get_args(kind)) if each is not ...), None)
    return kind
