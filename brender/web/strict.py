"""JSON as it should be, and nothing else: what programs send us is read here.

How does this work?  `parsed` takes the bytes of a body and gives plain Python values.  It refuses, each with
a sentence: bytes that are not UTF-8, NaN and infinities, a name that stands twice in one object, nesting
that is too deep, numbers that no double can hold, and half a surrogate pair.  `shaped` then gives them
the shape of a struct and names the field that does not fit, and the field that was meant.
"""

import json
import re
from difflib import get_close_matches
from typing import Any, TypeVar

import msgspec

from brender.farm.submission.problems import inside, listed, shown
from brender.web.wrong import Wrong

DEEPEST = 64  # an OpenJD template needs nine

Shape = TypeVar("Shape", bound=msgspec.Struct)


def parsed(content: bytes) -> Any:
    """The value that the bytes say, or `Wrong`."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Wrong(400, f"The body is not UTF-8: byte {error.start} cannot be read.") from None
    if not text.strip():
        raise Wrong(400, "The body is empty; it should be a JSON object.")
    try:
        value = json.loads(
            text, object_pairs_hook=once_each, parse_constant=no_constant, parse_int=whole, parse_float=finite
        )
    except json.JSONDecodeError as error:
        place = f"line {error.lineno} column {error.colno}"
        raise Wrong(400, f"The body is not JSON: {error.msg} at {place}.", at=place) from None
    except RecursionError:
        raise too_deep() from None
    check_depth(value)
    if "\\u" in text:
        check_surrogates(value)
    return value


def once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Wrong(400, f'"{shown(twice)}" stands twice in one object; which of them is meant?', at=shown(twice))
    return result


def no_constant(name: str) -> None:
    raise Wrong(400, f"The body is not JSON: {name} is no number there; leave the field out or write null.")


def whole(digits: str) -> int:
    """An integer; past 4,300 digits Python would refuse it in its own words, and slowly before that."""
    if len(digits) > 40:
        raise Wrong(400, f"{digits[:20]}… is a number with {len(digits)} digits; 40 are the most.")
    return int(digits)


def finite(digits: str) -> float:
    number = float(digits)
    if abs(number) == float("inf"):
        raise Wrong(400, f"{digits[:40]} is larger than any number can be (1.8e308).")
    return number


STRICT: dict[str, Any] = {
    "object_pairs_hook": once_each,
    "parse_constant": no_constant,
    "parse_int": whole,
    "parse_float": finite,
}


def check_depth(value: Any) -> None:
    level = [value]
    for _ in range(DEEPEST):
        level = [inner for outer in level if isinstance(outer, dict | list) for inner in items(outer)]
        if not level:
            return
    raise too_deep()


def items(outer: dict[str, Any] | list[Any]) -> list[Any]:
    return list(outer.values()) if isinstance(outer, dict) else outer


def too_deep() -> Wrong:
    return Wrong(400, f"The body is nested too deep; {DEEPEST} levels are the most.")


def check_surrogates(value: Any) -> None:
    """Half a surrogate pair, written as an escape, is text that can be stored nowhere."""
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise Wrong(400, "The body has half a surrogate pair (like \\ud800), which is no character.") from None


def shaped(value: Any, shape: type[Shape], at: str = "") -> Shape:
    """The value as a struct, or `Wrong` with the field; `at` is the place of the value in the body."""
    if not isinstance(value, dict):
        raise Wrong(400, f"The body should be a JSON object with {listed(shape.__struct_fields__)}.")
    for name in value:
        if name not in shape.__struct_fields__:
            sentence = f'There is no field "{shown(name)}" {f"in {at}" if at else "here"}; '
            raise Wrong(400, sentence + meant(name, shape.__struct_fields__), at=inside(at, shown(name)))
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        raise misfit(str(error), at) from None


def misfit(message: str, within: str = "") -> Wrong:
    """From `Expected `int`, got `str` - at `$.priority`` to a sentence and a place."""
    said, _, path = message.partition(" - at `$")
    path = path.rstrip("`").lstrip(".")
    at = inside(within, path) if path else within
    missing = re.search(r"missing required field `(\w+)`", said)
    if missing:
        return Wrong(400, f'The field "{missing[1]}" is missing.', at=missing[1])
    return Wrong(400, f"{at or 'The body'}: {said.replace('`', '').lower()}.", at=at)


def meant(name: str, known: tuple[str, ...]) -> str:
    close = get_close_matches(name, known, 1)
    return f"did you mean {close[0]}?" if close else f"there {'is' if len(known) == 1 else 'are'} {listed(known)}."
