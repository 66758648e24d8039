"""What a form needs to know of a template: its parameters, with what they may be and how they are shown.

How does this work?  `fields` reads a template's `parameterDefinitions` as they are written, with the names that Open
Job Description has for them, and forgives what is wrong with the rest: a form can be shown while the template is being
written.  What is not said stands there as OpenJD has it when nothing is said: the control, a path's kind.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import msgspec

from brender.farm.submission.problems import inside

LINE, BOX, NUMBER = "LINE_EDIT", "CHECK_BOX", "SPIN_BOX"
CONTROLS = {"STRING": LINE, "RANGE_EXPR": LINE, "BOOL": BOX, "INT": NUMBER, "FLOAT": NUMBER}
DEFINITIONS = "parameterDefinitions"


def told(sentence: str) -> msgspec.Meta:
    return msgspec.Meta(description=sentence)


class Field(msgspec.Struct, frozen=True):
    """A job parameter; what is named as Open Job Description names it means what it means there."""

    name: str
    type: str
    description: str
    required: Annotated[bool, told("whether it has no default")]
    default: Any
    value: Annotated[Any, told("what counts: as it was given, or else its default")]
    allowedValues: list[Any] | None
    minValue: Any
    maxValue: Any
    minLength: int | None
    maxLength: int | None
    objectType: Annotated[str, told("of a path: FILE or DIRECTORY")]
    dataFlow: Annotated[str, told("of a path: NONE, IN, OUT or INOUT")]
    item: Annotated[dict[str, Any] | None, told("of a list: what its items may be")]
    userInterface: Annotated[dict[str, Any], told("how it is shown; `control` is always there")]


def fields(content: Mapping[str, Any], written: Mapping[str, str], values: Mapping[str, Any]) -> list[Field]:
    """The parameters of a template; `written` has what unquoted scalars looked like, `values` what was given."""
    return [field(at, definition, written, values) for at, definition in definitions(content)]


def definitions(content: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    found = content.get(DEFINITIONS)
    for index, each in enumerate(found if isinstance(found, list) else ()):
        if isinstance(each, Mapping) and isinstance(each.get("name"), str) and isinstance(each.get("type"), str):
            yield inside(DEFINITIONS, index), each


def field(at: str, definition: Mapping[str, Any], written: Mapping[str, str], values: Mapping[str, Any]) -> Field:
    name, kind = definition["name"], definition["type"].upper()
    default = plain(definition.get("default"), written.get(inside(at, "default")))
    allowed = definition.get("allowedValues")
    path = {"objectType": "DIRECTORY", "dataFlow": "NONE"} if "PATH" in kind else {"objectType": "", "dataFlow": ""}
    return Field(
        name=name,
        type=kind,
        description=text(definition.get("description")),
        required="default" not in definition,
        default=default,
        value=values.get(name, default),
        allowedValues=allowed if isinstance(allowed, list) else None,
        minValue=definition.get("minValue"),
        maxValue=definition.get("maxValue"),
        minLength=whole(definition.get("minLength")),
        maxLength=whole(definition.get("maxLength")),
        **{each: text(definition.get(each)).upper() or usual for each, usual in path.items()},
        item=item if isinstance(item := definition.get("item"), dict) else None,
        userInterface=shown_as(definition, kind),
    )


def plain(value: Any, written: str | None) -> Any:
    """A value as it is written in a form: text, unless it is a list."""
    if value is None or isinstance(value, str | list):
        return value
    if written is not None:
        return written
    return str(value).lower() if isinstance(value, bool) else str(value)


def text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def shown_as(definition: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """The hints of the template, with the control that it means when it names none."""
    said = definition.get("userInterface")
    hints = dict(said) if isinstance(said, Mapping) else {}
    return {"control": control(definition, kind), **hints}


def control(definition: Mapping[str, Any], kind: str) -> str:
    if definition.get("allowedValues"):
        return "DROPDOWN_LIST"
    if kind == "PATH":
        if text(definition.get("objectType")).upper() != "FILE":
            return "CHOOSE_DIRECTORY"
        return "CHOOSE_OUTPUT_FILE" if text(definition.get("dataFlow")).upper() == "OUT" else "CHOOSE_INPUT_FILE"
    return CONTROLS.get(kind, "")
