"""Values of a job's parameters: checked one by one, completed with the template's defaults.

How does this work?  openjd-model checks values too, but in one text for all of them; here each is handed
to it alone, so that every problem has its place, `parameterValues.Frames`.  Text stays text ("007" is
never 7), which is also why a number for a STRING is refused: whoever wrote 007 without quotes must hear
of it.  Relative defaults of paths are joined to the template's folder, and may not leave it; relative
values belong to whoever submits, and are left alone.
"""

import math
import ntpath
import posixpath
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from openjd.model import JobTemplate, ParameterValue, ParameterValueType, preprocess_job_parameters

from brender.farm.submission import ranges
from brender.farm.submission.plain import INTEGERS, plain_value
from brender.farm.submission.problems import Problem, did_you_mean, inside, listed, shown

VALUES = "parameterValues"
MOST_LISTED = 12  # names in a sentence
WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,64}")
URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


class BadValue(ValueError):
    """The message is a sentence for people."""


def settle(template: JobTemplate, values: Mapping[str, Any], folder: str) -> tuple[dict[str, Any], list[Problem]]:
    """Every parameter's value, as the job keeps it, and what is wrong with what was given."""
    definitions = {definition.name: definition for definition in template.parameterDefinitions or ()}
    problems = _unknown(values, list(definitions))
    settled: dict[str, Any] = {}
    for index, (name, definition) in enumerate(definitions.items()):
        at = inside(VALUES, name) if name in values else f"parameterDefinitions[{index}].default"
        try:
            if name in values:
                value, wrong = plain_value(values[name], at)
                problems += wrong
                settled[name] = _given(template, definition, value)
            elif definition.default is not None:
                settled[name] = _default(template, definition, folder)
            else:
                problems.append(Problem(inside(VALUES, name), "This parameter needs a value: it has no default."))
        except BadValue as refusal:
            problems.append(Problem(at, str(refusal)))
    return settled, problems


def for_model(template: JobTemplate, settled: Mapping[str, Any]) -> dict[str, ParameterValue]:
    """Settled values as openjd-model takes them."""
    return {
        definition.name: ParameterValue(type=ParameterValueType(definition.type), value=settled[definition.name])
        for definition in template.parameterDefinitions or ()
        if definition.name in settled
    }


def source(name: str, content: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    """The place that a parameter has its value from."""
    if name in given:
        return inside(VALUES, name)
    names = [definition["name"] for definition in content["parameterDefinitions"]]
    return f"parameterDefinitions[{names.index(name)}].default"


def _unknown(values: Mapping[str, Any], known: list[str]) -> list[Problem]:
    there = f"; the template has {listed(known) if known else 'none'}" if len(known) <= MOST_LISTED else ""
    return [
        Problem(inside(VALUES, shown(name)), f"There is no such parameter{there}.{did_you_mean(str(name), known)}")
        for name in values
        if name not in known
    ]


def _given(template: JobTemplate, definition: Any, value: Any) -> Any:
    kind = definition.type.value
    if kind in {"STRING", "PATH", "RANGE_EXPR"}:
        value = _text(value)
    elif kind == "INT":
        value = _integer(value)
    elif kind == "FLOAT":
        value = _float(value)
    if kind == "RANGE_EXPR":
        _range(value)
    checked = _checked(template, definition, {definition.name: value})
    _look_at_zero_bounds(definition, kind, checked)
    return value if kind == "PATH" else checked


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    written = str(value).lower() if isinstance(value, bool) else str(value)
    hint = f', such as "{shown(written)}"' if isinstance(value, bool | int | float) else ""
    raise BadValue(f"This is text; put it in quotes{hint}.")


def _integer(value: Any) -> str:
    text = str(value).strip(" \t") if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not WHOLE_NUMBER.fullmatch(text):
        raise BadValue(f"{_quoted(value)} is no whole number.")
    if int(text) not in INTEGERS:
        raise BadValue(f"{shown(text)} is too large: a whole number lies between -2^63 and 2^63-1.")
    return text


def _float(value: Any) -> str:
    text = str(value).strip(" \t") if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    try:
        finite = text.isascii() and "_" not in text and Decimal(text).is_finite() and math.isfinite(float(text))
    except (InvalidOperation, ValueError, OverflowError):
        finite = False
    if not finite:
        raise BadValue(f"{_quoted(value)} is no number.")
    return text


def _quoted(value: Any) -> str:
    return f'"{shown(value)}"' if isinstance(value, str) else shown(str(value).lower())


def _range(text: str) -> None:
    try:
        ranges.parse(text)
    except ranges.BadRange as refusal:
        raise BadValue(str(refusal)) from None


def _checked(template: JobTemplate, definition: Any, values: dict[str, Any]) -> Any:
    """The value of one parameter as openjd-model keeps it: the given one, or else the default."""
    alone = template.model_copy(update={"parameterDefinitions": [definition]})
    try:
        found = preprocess_job_parameters(
            job_template=alone,
            job_parameter_values=values,
            job_template_dir=Path(),
            current_working_dir=Path(),
            allow_job_template_dir_walk_up=True,  # looked at here, without a file system
        )
    except ValueError as error:
        raise BadValue(_sentence(definition, values, str(error))) from None
    return found[definition.name].value


def _sentence(definition: Any, values: Mapping[str, Any], said: str) -> str:
    name, lines = definition.name, said.splitlines()
    said = next((line for line in lines if not line.startswith("Values missing")), said).strip().rstrip(".")
    if "allowedValues" in said and getattr(definition, "allowedValues", None):
        allowed = [shown(str(each)) for each in definition.allowedValues]
        said = f"{_quoted(values[name])} is not allowed; allowed are {listed(allowed[:20])}"
    said = said.replace(f" for parameter {name}", "").replace(" value must be", " must be")
    return said.removeprefix(f"Parameter {name}: ")[:300] + "."


def _look_at_zero_bounds(definition: Any, kind: str, text: Any) -> None:
    """openjd-model does not look at a bound that is 0."""
    if kind not in {"INT", "FLOAT"}:
        return
    if definition.minValue == 0 and Decimal(text) < 0:
        raise BadValue(f"Value ({text}) must be at least 0.")
    if definition.maxValue == 0 and Decimal(text) > 0:
        raise BadValue(f"Value ({text}) must be at most 0.")


def _default(template: JobTemplate, definition: Any, folder: str) -> Any:
    value = _checked(template, definition, {})
    uris = "EXPR" in (template.extensions or ())
    if definition.type.value == "PATH":
        return _in_folder(value, folder, uris)
    if definition.type.value == "LIST[PATH]":
        return [_in_folder(each, folder, uris) for each in value]
    if definition.type.value == "RANGE_EXPR":
        _range(value)
    return value


def _in_folder(path: str, folder: str, uris: bool) -> str:
    """A default path inside the template's folder, whatever system either was written on."""
    if not path or (uris and URI.match(path)):
        return path
    if path.startswith(("/", "\\")) or ntpath.splitdrive(path)[0]:
        raise BadValue(f'"{shown(path)}" is an absolute path; a default is relative to the template\'s folder.')
    if posixpath.normpath(path.replace("\\", "/")).split("/")[0] == "..":
        raise BadValue(f'"{shown(path)}" leaves the template\'s folder; a default stays inside it.')
    if not folder:
        return path
    if ntpath.splitdrive(folder)[0] or "\\" in folder:
        return ntpath.normpath(ntpath.join(folder, path))
    return posixpath.normpath(posixpath.join(folder, path))
