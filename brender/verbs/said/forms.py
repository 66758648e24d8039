"""How single values are written: numbers, lists, counts, times, memory, what a job comes after.

How does this work?  A `Form` reads a text and writes it again.  `form_of` finds the one for a field by the type of the
field: a list has commas, counts are `arnold:2`, a choice is one of its words, what may be absent is `none`.
A few follow from the field's name: moments are local times, memory has `GB`, seconds may be `90`, `15min` or
`2h`, shares `20%`.  What has no form of its own is JSON.  Whether a value is in its range is not asked here.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import Enum
from math import isfinite
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import UnsetType

from brender.farm.settings import After
from brender.verbs.said.words import BadWords, did_you_mean, listed

MOST_DIGITS = 20  # int() refuses thousands of them


class BadValue(BadWords):
    """A value that cannot be read; the message is a sentence for people, or the end of one."""


@dataclass(frozen=True)
class Form:
    """How values of one kind are written."""

    usage: str  # for help
    read: Callable[[str], Any]  # raises `BadValue` with the end of a sentence
    write: Callable[[Any], str]


def form_of(name: str, hint: Any, zone: tzinfo) -> Form:
    parts = get_args(hint)
    if get_origin(hint) is Annotated:
        return form_of(name, hint.__origin__, zone)
    if get_origin(hint) in (Union, UnionType):
        form = one_of([part for part in parts if part not in (NoneType, UnsetType)], name, zone)
        return or_none(form) if NoneType in parts else form
    if get_origin(hint) is Literal:
        return choice(parts)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return choice(tuple(str(member.value) for member in hint))
    if name == "not_before":
        return moment(zone)
    return next((form for ending, form in BY_NAME.items() if name.endswith(ending)), None) or FORMS.get(hint, JSON)


def one_of(hints: list[Any], name: str, zone: tzinfo) -> Form:
    """Of several types, the text is what people write."""
    return form_of(name, str if len(hints) > 1 and str in hints else hints[0], zone)


def or_none(form: Form) -> Form:
    return Form(
        f"{form.usage}|none",
        lambda text: None if text.lower() in {"", "none"} else form.read(text),
        lambda value: "none" if value is None else form.write(value),
    )


def choice(words: tuple[str, ...]) -> Form:
    def one(text: str) -> str:
        if text.lower() not in words:
            raise BadValue(f'"{text}" is none of its values{did_you_mean(text, words)}')
        return text.lower()

    return Form("|".join(words), one, str)


def whole(text: str) -> int:
    if not re.fullmatch(rf"[+-]?[0-9]{{1,{MOST_DIGITS}}}", text):
        raise BadValue(f'"{text}" is not a whole number.')
    return int(text)


def number(text: str) -> float:
    if re.fullmatch(r"[+-]?([0-9]{1,20}\.?[0-9]{0,20}|\.[0-9]{1,20})(e[+-]?[0-9]{1,3})?", text.lower()):
        found = float(text)
        if isfinite(found):
            return found
    raise BadValue(f'"{text}" is not a number.')


def shortest(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


def share(text: str) -> float:
    return number(text.removesuffix("%")) / 100 if text.endswith("%") else number(text)


def yes_or_no(text: str) -> bool:
    words = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}
    if text.lower() not in words:
        raise BadValue(f'"{text}" is neither yes nor no.')
    return words[text.lower()]


def names(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def counts(text: str) -> dict[str, int]:
    """ "arnold:2,nuke": of each name how many, one where it is not said."""
    found: dict[str, int] = {}
    for part in names(text):
        name, colon, many = part.rpartition(":")
        name = name.strip() if colon else many
        if name in found:
            raise BadValue(f"{name} is given twice.")
        found[name] = whole(many.strip()) if colon else 1
    return found


def numbers(text: str) -> list[int]:
    return [whole(part) for part in names(text)]


def plain(text: str) -> Any:
    """Whatever has no form of its own is written as in JSON."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, ValueError):
        raise BadValue(f'"{text[:40]}" is not JSON.') from None


def plainly(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def counts_written(found: Mapping[str, int]) -> str:
    return ",".join(f"{name}:{many}" for name, many in found.items())


# --- moments and units


def moment(zone: tzinfo) -> Form:
    def one(text: str) -> float:
        try:
            found = datetime.fromisoformat(text) if "-" in text[1:] else datetime.fromtimestamp(number(text), zone)
            return (found if found.tzinfo else found.replace(tzinfo=zone)).timestamp()
        except (ValueError, OverflowError, OSError):
            raise BadValue(f'"{text}" is no time; write 2026-11-27T20:00, or seconds of the epoch.') from None

    return Form("TIME", one, lambda value: datetime.fromtimestamp(value, zone).isoformat())


@dataclass(frozen=True)
class Units:
    usage: str
    sizes: Mapping[str, int]  # largest first; the last is what a bare number means
    whole: bool


SECONDS = Units("SECONDS", {"d": 86400, "h": 3600, "min": 60, "s": 1}, whole=False)
MEMORY = Units("MEMORY", {"TB": 2**40, "GB": 2**30, "MB": 2**20, "kB": 2**10, "B": 1}, whole=True)


def with_unit(units: Units) -> Form:
    sizes = {unit.lower(): size for unit, size in units.sizes.items()}

    def one(text: str) -> float:
        digits = text.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
        unit = text[len(digits) :].lower()
        if unit and unit not in sizes:
            raise BadValue(f'"{text}" has no unit of these: {listed(reversed(list(units.sizes)))}.')
        value = number(digits.strip()) * sizes[unit or list(sizes)[-1]]
        return round(value) if units.whole else value

    def back(value: float) -> str:
        unit = next((unit for unit, size in units.sizes.items() if value and value % size == 0), list(units.sizes)[-1])
        return shortest(value / units.sizes[unit]) + unit

    return Form(units.usage, one, back)


# --- what a job comes after


AFTER = re.compile(
    r"(?P<job>[0-9]{1,15})(?::(?P<when>[a-z]+))?(?::(?P<first>-?[0-9]{1,9})(?:\.\.(?P<last>-?[0-9]{1,9}))?)?(?::(?P<step>.+))?"
)
FRAMES = "frames"
WHEN: tuple[str, ...] = (*get_args(get_type_hints(After)["when"]), FRAMES)


def after(text: str) -> list[dict[str, Any]]:
    """ "3", "3:started", "3:frames:-1..1", "3:frames:0:Comp", and several of them with commas between."""
    return [one_after(part) for part in names(text)]


def one_after(text: str) -> dict[str, Any]:
    found = AFTER.fullmatch(text)
    when = (found and found["when"]) or "completed"
    if found is None or (when != FRAMES and (found["first"] or found["step"])):
        raise BadValue(f'"{text}" is no job to come after; write 3, 3:started, 3:ended or 3:frames:-1..1.')
    if when not in WHEN:
        raise BadValue(f'"{when}" is nothing of a job to come after{did_you_mean(when, WHEN)}')
    wanted: dict[str, Any] = {"job": int(found["job"])}
    if when != FRAMES:
        return wanted | {"when": when}
    first = int(found["first"] or 0)
    return wanted | {"frames": [first, int(found["last"] or first)], "step": (found["step"] or "").strip()}


def after_written(jobs: Iterable[After]) -> str:
    return ",".join(map(one_after_written, jobs))


def one_after_written(wanted: After) -> str:
    if wanted.frames is None:
        return str(wanted.job) if wanted.when == "completed" else f"{wanted.job}:{wanted.when}"
    step = f":{wanted.step}" if wanted.step else ""
    return f"{wanted.job}:{FRAMES}:{wanted.frames[0]}..{wanted.frames[1]}{step}"


JSON = Form("JSON", plain, plainly)


def anything(text: str) -> Any:
    """JSON, or else the text itself."""
    try:
        return plain(text)
    except BadValue:
        return text


FORMS: Mapping[Any, Form] = {
    Any: Form("VALUE", anything, lambda value: value if isinstance(value, str) else plainly(value)),
    str: Form("TEXT", str, str),
    int: Form("NUMBER", whole, str),
    float: Form("NUMBER", number, shortest),
    bool: Form("yes|no", yes_or_no, lambda value: "yes" if value else "no"),
    list[int]: Form("N,N,...", numbers, lambda found: ",".join(map(str, found))),
    list[str]: Form("A,B,...", names, ",".join),
    tuple[str, ...]: Form("A,B,...", names, ",".join),
    dict[str, int]: Form("NAME:N,...", counts, counts_written),
    tuple[After, ...]: Form("JOB[:WHEN],...", after, after_written),
}

BY_NAME: Mapping[str, Form] = {
    "_seconds": with_unit(SECONDS),
    "_memory": with_unit(MEMORY),
    "_share": Form("SHARE", share, shortest),
}
