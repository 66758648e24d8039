"""What is said besides which things are meant, read strictly: from plain data to the struct that a verb takes.

How does this work?  `read` names the field that does not fit, and the one that was probably meant.  `partial` makes a
struct of settings of which none has to be there, with their types and without their ranges: a value of a
wrong type cannot be read, one that is out of its range is read and then refused by the rules, with the same sentence
on every face.  `said` is what was there.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, TypeVar, get_args, get_type_hints

import msgspec
from msgspec import UNSET, UnsetType

from brender.farm.settings import Settings, plainly
from brender.farm.submission.problems import inside, listed
from brender.verbs.items.item import Item
from brender.verbs.said.settable import cannot_be_set
from brender.verbs.said.unfit import Unfit, no_field
from brender.verbs.verb import Given

Shape = TypeVar("Shape", bound=msgspec.Struct)


def read(value: Any, shape: type[Shape], at: str = "", *, texts: bool = False, sets: Item | None = None) -> Shape:
    """The value as a struct; `at` is its place in the request, `sets` what is made or changed with it.  Raises `Unfit`.

    With `texts`, numbers and such may be texts, as they are in the query of an address.
    """
    if not isinstance(value, Mapping):
        known = f" with {listed(shape.__struct_fields__)}" if shape.__struct_fields__ else ""
        raise Unfit(f"{at or 'The body'} should be a JSON object{known}.", at)
    for name in value:
        if name not in shape.__struct_fields__:
            raise unknown(str(name), shape, at, sets)
    try:
        made = converted(value, shape, strict=not texts)
        if texts:
            check_texts(value, made, at)
        return made
    except msgspec.ValidationError as error:
        raise misfit(str(error), at) from None


def unknown(name: str, shape: type[msgspec.Struct], at: str, sets: Item | None) -> Unfit:
    """It is no field; and why not, where it is something that the thing has all the same."""
    why = cannot_be_set(name, sets, shape)
    return Unfit(why, inside(at, name)) if why else no_field(name, shape.__struct_fields__, at)


def check_texts(value: Mapping[str, Any], made: msgspec.Struct, at: str) -> None:
    """In an address nothing is what is not there: the word null is no number."""
    for name, text in value.items():
        if isinstance(text, str) and getattr(made, name) is None:
            place = inside(at, name) if at else name
            raise Unfit(f'"{text}" is no value of {name}; leave it out where none is meant.', place)


def converted(value: Mapping[str, Any], shape: type[Shape], *, strict: bool) -> Shape:
    """With 3.0 for 3 where a whole number is wanted: JSON has one kind of numbers, and some programs write them so."""
    try:
        return msgspec.convert(value, shape, strict=strict)
    except msgspec.ValidationError as error:
        if "got `float`" not in str(error):
            raise
    hints = get_type_hints(shape)
    whole = {name: each if takes_any(hints[name]) else wholes(each) for name, each in value.items()}
    return msgspec.convert(whole, shape, strict=strict)


def takes_any(hint: Any) -> bool:
    """Whether there may be anything in it, which stays as it was said."""
    return hint is Any or any(map(takes_any, get_args(hint)))


def wholes(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {name: wholes(each) for name, each in value.items()}
    return [wholes(each) for each in value] if isinstance(value, list) else value


def misfit(message: str, within: str = "") -> Unfit:
    """From "Expected `int`, got `str` - at `$.priority`" to a sentence and a place."""
    said, _, path = message.partition(" - at `$")
    path = path.rstrip("`").lstrip(".")
    at = inside(within, path) if path else within
    missing = re.search(r"missing required field `(\w+)`", said)
    if missing:
        return Unfit(f'The field "{missing[1]}" is missing.', missing[1])
    sentence = plainly(said)
    return Unfit(f"{at}: {sentence[0].lower()}{sentence[1:]}." if at else f"{sentence}.", at)


def optional(types: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """Fields of which none has to be there."""
    return [(name, hint | UnsetType, UNSET) for name, hint in types.items()]


@cache
def partial(kind: type[Settings]) -> type[Given]:
    """A struct with the fields of some settings, none of which has to be there."""
    hints = get_type_hints(kind)
    meanings = {name: meaning(hint) for name, hint in get_type_hints(kind, include_extras=True).items()}
    fields = optional({name: Annotated[hints[name], meanings[name]] for name in kind.__struct_fields__})
    return msgspec.defstruct(f"Some{kind.__name__}", fields, bases=(Given,), frozen=True)  # type: ignore[return-value]


def meaning(hint: Any) -> msgspec.Meta:
    """What is said of a field, without its range."""
    notes = [each.description for each in getattr(hint, "__metadata__", ()) if isinstance(each, msgspec.Meta)]
    inner = [meaning(part).description for part in get_args(hint)]
    return msgspec.Meta(description=next((note for note in [*notes, *inner] if note), ""))


def said(given: msgspec.Struct) -> dict[str, Any]:
    """What was there, as plain data."""
    found: dict[str, Any] = msgspec.to_builtins(given)
    return found
