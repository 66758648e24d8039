"""JSON as it should be, and nothing else: what programs send is read here, on every face.

How does this work?  `parsed` takes the bytes of a body, or of a line, and gives plain Python values.  It refuses, each
with a sentence: bytes that are not UTF-8, NaN and infinities, a name that stands twice in one object, nesting
that is too deep, numbers that no double can hold, and half a surrogate pair.
"""

import json
from typing import Any

from brender.farm.submission.problems import shown
from brender.verbs.said.unfit import Unfit

DEEPEST = 64  # an OpenJD template needs nine


def parsed(content: bytes, what: str = "The body") -> Any:
    """The value that the bytes say; `what` they are, in sentences.  Raises `Unfit`."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unfit(f"{what} is not UTF-8: byte {error.start} cannot be read.") from None
    if not text.strip():
        raise Unfit(f"{what} is empty; it should be a JSON object.")
    try:
        value = json.loads(text, **STRICT)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno} column {error.colno}"
        raise Unfit(f"{what} is not JSON: {error.msg} at {place}.", place) from None
    except RecursionError:
        raise too_deep(what) from None
    check_depth(value, what)
    if "\\u" in text:
        check_surrogates(value, what)
    return value


def once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Unfit(f'"{shown(twice)}" stands twice in one object; which of them is meant?', shown(twice))
    return result


def no_constant(name: str) -> None:
    raise Unfit(f"{name} is no number in JSON; leave the field out or write null.")


def whole(digits: str) -> int:
    """An integer; past 4,300 digits Python would refuse it in its own words, and slowly before that."""
    if len(digits) > 40:
        raise Unfit(f"{digits[:20]}… is a number with {len(digits)} digits; 40 are the most.")
    return int(digits)


def finite(digits: str) -> float:
    number = float(digits)
    if abs(number) == float("inf"):
        raise Unfit(f"{digits[:40]} is larger than any number can be (1.8e308).")
    return number


STRICT: dict[str, Any] = {
    "object_pairs_hook": once_each,
    "parse_constant": no_constant,
    "parse_int": whole,
    "parse_float": finite,
}


def check_depth(value: Any, what: str) -> None:
    level = [value]
    for _ in range(DEEPEST):
        level = [inner for outer in level if isinstance(outer, dict | list) for inner in items(outer)]
        if not level:
            return
    raise too_deep(what)


def items(outer: dict[str, Any] | list[Any]) -> list[Any]:
    return list(outer.values()) if isinstance(outer, dict) else outer


def too_deep(what: str) -> Unfit:
    return Unfit(f"{what} is nested too deep; {DEEPEST} levels are the most.")


def check_surrogates(value: Any, what: str) -> None:
    """Half a surrogate pair, written as an escape, is text that can be stored nowhere."""
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise Unfit(f"{what} has half a surrogate pair (like \\ud800), which is no character.") from None
