"""Settings in words: KEY=VALUE as people write and read them, of every setting that the structs have.

How does this work?  `read` turns such words into plain data, with the form (`forms`) that the type of each field
asks for; `settings.read` then holds them against their ranges, as it does for all faces.  `written` is the way
back.  No field is named here: a new setting of a known type can be written at once, and a test finds
any other.  `meanings` is what the structs themselves say of their fields.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, tzinfo
from functools import cache
from textwrap import wrap
from typing import Any, get_args, get_type_hints

import msgspec

from brender.farm.settings import Settings
from brender.verbs.items.item import Item
from brender.verbs.said.forms import BadValue, Form, form_of
from brender.verbs.said.settable import cannot_be_set
from brender.verbs.said.words import did_you_mean
from brender.verbs.tables import WIDTH

Kind = type[msgspec.Struct]

USAGE = 28  # characters of a line of help that tell how a setting is written


def read(
    kind: Kind, words: Mapping[str, str], zone: tzinfo, thing: str = "", sets: Item | None = None
) -> dict[str, Any]:
    """Plain data of settings of a thing as they were typed, for what is made or changed so; raises `BadValue`."""
    found: dict[str, Any] = {}
    for key, text in words.items():
        name = field_of(kind, key, thing, sets)
        if name in found:
            raise BadValue(f"{name} is given twice.")
        try:
            found[name] = forms(kind, zone)[name].read(text.strip())
        except BadValue as bad:
            raise BadValue(f"{name}: {bad}") from None
    return found


def field_of(kind: Kind, key: str, thing: str, sets: Item | None) -> str:
    name = key.lower().replace("-", "_")
    if name not in kind.__struct_fields__:
        thing = thing or kind.__name__.removesuffix("Settings").lower()
        if why := cannot_be_set(name, sets, kind):
            raise BadValue(why)
        raise BadValue(f'No setting "{key}" of a {thing}{did_you_mean(name, kind.__struct_fields__)}')
    return name


def said(given: msgspec.Struct, zone: tzinfo) -> list[str]:
    """`key=value` of each field that was said, and is not as it is when nobody says it."""
    usual = {each.name: each.default for each in msgspec.structs.fields(given)}
    return [
        f"{name}={quoted(form.write(value))}"
        for name, form in forms(type(given), zone).items()
        if (value := getattr(given, name)) is not msgspec.UNSET and value != usual[name]
    ]


def written(settings: Settings, zone: tzinfo, without: Iterable[str] = ()) -> list[str]:
    """`key=value` of each setting that is not as it is when nobody sets it."""
    usual = type(settings)()
    return [
        f"{name}={quoted(form.write(getattr(settings, name)))}"
        for name, form in forms(type(settings), zone).items()
        if name not in without and getattr(settings, name) != getattr(usual, name)
    ]


def pairs(words: Iterable[str]) -> dict[str, str]:
    """Words that are all KEY=VALUE; raises `BadValue`."""
    found: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise BadValue(f'"{word}" is not KEY=VALUE; put quotes around a value that has spaces.')
        if key in found:
            raise BadValue(f"{key} is given twice.")
        found[key] = value
    return found


def settings_help(kind: Kind, before: str = "") -> str:
    """For each setting how it is written, and what it means."""
    lines = []
    for name, form in forms(kind, UTC).items():
        usage = f"{before}{name.replace('_', '-')} {form.usage}" if before else f"{name}={form.usage}"
        told = wrap(meanings(kind)[name], WIDTH - USAGE - 4)
        if len(usage) > USAGE or not told:
            lines.append(f"  {usage}")
        else:
            lines.append(f"  {usage:{USAGE}}  {told.pop(0)}")
        lines += [f"  {'':{USAGE}}  {more}" for more in told]
    return "\n".join(lines)


def quoted(text: str) -> str:
    """As it has to be typed."""
    quote = "'" if '"' in text else '"'
    return f"{quote}{text}{quote}" if not text or re.search(r"[\s\"']", text) else text


@cache
def forms(kind: Kind, zone: tzinfo) -> Mapping[str, Form]:
    """How each setting of a struct is written."""
    hints = get_type_hints(kind)
    return {name: form_of(name, hints[name], zone) for name in kind.__struct_fields__}


@cache
def meanings(kind: Kind) -> Mapping[str, str]:
    """What the struct itself says of its fields."""
    hints = get_type_hints(kind, include_extras=True)
    return {name: described(hints[name]) for name in kind.__struct_fields__}


def described(hint: Any) -> str:
    notes = [each.description for each in getattr(hint, "__metadata__", ()) if isinstance(each, msgspec.Meta)]
    return next((note for note in [*notes, *map(described, get_args(hint))] if note), "")
