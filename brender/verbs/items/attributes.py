"""What can be asked of a thing of the farm, each attribute once: its type, its unit, what it means, and who sets it.

How does this work?  `attributes_of` reads them from the struct that all faces show (`farm.views`): a field is an
attribute, and each setting of a nested `settings` struct is one that may be set.  What a field means and its unit stand
beside its type, in the struct itself.  Filters, tables, the columns of a CSV, help and the OpenAPI document are made of
these; a new field of a view is known everywhere at once.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from operator import attrgetter
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from brender.farm.settings import Settings

Reader = Callable[["Attribute"], Callable[[Any], Any]]  # gives what reads the attribute from a thing

PLAIN = (str, int, float, bool)  # types of which a filter can ask
LISTS = (tuple, list)


class Unit(StrEnum):
    NONE = ""
    EPOCH = "seconds of the epoch"
    SECONDS = "seconds"
    BYTES = "bytes"
    PERCENT = "percent"


ENDINGS = {"_seconds": Unit.SECONDS, "_memory": Unit.BYTES, "not_before": Unit.EPOCH}


@dataclass(frozen=True)
class Attribute:
    """One thing that can be asked of an item."""

    name: str
    path: tuple[str, ...]  # fields of the view: ("settings", "pools")
    hint: Any  # the type, without what was annotated and without None
    meaning: str = ""
    unit: Unit = Unit.NONE
    optional: bool = False  # it may be absent: None
    choices: tuple[str, ...] = ()  # all values there are, where they are few
    stored: bool = False  # in the database; else it is derived from what is
    settable: bool = False
    constant: bool = False  # what it is of a thing, it remains
    least: float | None = None
    most: float | None = None

    @property
    def of(self) -> Any:
        """The type of one value: of a list, of what is in it; None where a filter cannot ask for it."""
        found = get_args(self.hint)[0] if self.many else self.hint
        return found if found in PLAIN else None

    @property
    def many(self) -> bool:
        """Its value is a list, a tuple, or a table of which the names count."""
        return get_origin(self.hint) in (*LISTS, dict)

    @property
    def asked(self) -> bool:
        """Whether a filter can ask for it."""
        return self.of is not None

    @cached_property
    def read(self) -> Callable[[Any], Any]:
        """The value, from a view."""
        return attrgetter(".".join(self.path))


def from_view(attribute: Attribute) -> Callable[[Any], Any]:
    """A `Reader` of views."""
    return attribute.read


def attributes_of(
    view: type[msgspec.Struct],
    *,
    stored: Collection[str] = (),
    settable: Collection[str] = (),
    constant: Collection[str] = (),
) -> Mapping[str, Attribute]:
    """The attributes of a view by name; settings of it by their own names, where the view has none of that name."""
    found = {name: attribute_of((name,), hint) for name, hint in hints_of(view).items()}
    settings = found["settings"].hint if "settings" in found else None
    if isinstance(settings, type) and issubclass(settings, Settings):
        del found["settings"]
        for name, hint in hints_of(settings).items():
            path = (name,) if name in found else ("settings", name)
            found[name] = attribute_of(path, hint, stored=True, settable=True)
    for name in {*stored, *settable}:
        found[name] = replace(found[name], stored=True, settable=name in settable, constant=name in constant)
    return found


def hints_of(struct: type[msgspec.Struct]) -> dict[str, Any]:
    hints = get_type_hints(struct, include_extras=True)
    return {name: hints[name] for name in struct.__struct_fields__}


def attribute_of(path: tuple[str, ...], hint: Any, *, stored: bool = False, settable: bool = False) -> Attribute:
    bare, notes, optional = bared(hint)
    meaning = next((note.description for note in notes if note.description), "")
    extra = next((note.extra for note in notes if note.extra), {})
    choices = get_args(bare) if get_origin(bare) is Literal else extra.get("values", ())
    return Attribute(
        path[-1],
        path,
        str if get_origin(bare) is Literal else bare,
        meaning,
        Unit(extra.get("unit", "")) or unit_of(path[-1]),
        optional,
        tuple(map(str, choices)),
        stored,
        settable,
        False,
        next((bound for note in notes for bound in (note.ge, note.gt) if bound is not None), None),
        next((bound for note in notes for bound in (note.le, note.lt) if bound is not None), None),
    )


def unit_of(setting: str) -> Unit:
    """Settings have their unit in their name."""
    return next((unit for ending, unit in ENDINGS.items() if setting.endswith(ending)), Unit.NONE)


def bared(hint: Any) -> tuple[Any, list[msgspec.Meta], bool]:
    """A type without what is annotated, the annotations from the outside in, and whether None is among its values."""
    if get_origin(hint) is Annotated:
        bare, notes, optional = bared(hint.__origin__)
        return bare, [*(each for each in hint.__metadata__ if isinstance(each, msgspec.Meta)), *notes], optional
    if get_origin(hint) in (Union, UnionType):
        present = [part for part in get_args(hint) if part is not NoneType]
        if len(present) == 1:
            bare, notes, _ = bared(present[0])
            return bare, notes, True
    origin = get_origin(hint)
    if origin in LISTS or origin is dict:
        inner = tuple(part if part is Ellipsis else bared(part)[0] for part in get_args(hint))
        return origin[inner], [], False
    return hint, [], False
