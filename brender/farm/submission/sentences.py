"""openjd-model's errors, turned into places and sentences.

How does this work?  openjd-model refuses with a text made of pydantic's errors; the errors themselves
are the exception's context.  `problems_of` takes their places apart (pydantic names the branches of its
unions in them, which mean nothing to people, so a place is followed through the document itself) and
looks each kind of error up in `BY_KIND`, or each of openjd-model's own messages in `BY_MESSAGE`.  What
is in neither table is told as it came, as a sentence.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from openjd.model import v2023_09

from brender.farm.submission.problems import WHOLE, Problem, did_you_mean, inside, listed, shown
from brender.farm.submission.template import Document

EXTENSIONS = ("TASK_CHUNKING", "REDACTED_ENV_VARS", "FEATURE_BUNDLE_1", "EXPR", "WRAP_ACTIONS")

Error = Mapping[str, Any]  # one of pydantic's


class Case(NamedTuple):
    """What a sentence can be made of."""

    at: str
    error: Error
    document: Document

    @property
    def value(self) -> Any:
        return self.error.get("input")

    @property
    def context(self) -> Mapping[str, Any]:
        context: Mapping[str, Any] = self.error.get("ctx", {})
        return context


Rule = Callable[[Case, re.Match[str]], str]


def problems_of(failure: BaseException, document: Document) -> list[Problem]:
    """What openjd-model's exception says, one problem for each place."""
    errors = getattr(failure.__context__, "errors", None)
    if errors is None:
        return [Problem(WHOLE, _sentence(str(failure)))]
    found: dict[str, list[str]] = {}
    for error in errors():
        at = place_of(error["loc"], document.content, missing=error["type"] == "missing")
        messages = found.setdefault(at or WHOLE, [])
        if (message := _message(Case(at, error, document))) not in messages:
            messages.append(message)
    return [Problem(at, _together(messages)) for at, messages in found.items()]


def place_of(location: Sequence[str | int], content: object, *, missing: bool = False) -> str:
    """`("steps", 0, "INT", "range")` as `steps[0].range`: only what the document has, or lacks."""
    at, here = "", content
    for index, part in enumerate(location):
        name = "steps" if index == 0 and part == "step" else part  # openjd-model says so now and then
        if isinstance(name, int):
            if isinstance(here, list):
                at, here = inside(at, name), here[name] if name < len(here) else None
        elif isinstance(here, Mapping) and name in here:
            at, here = inside(at, name), here[name]
        elif missing and index == len(location) - 1:
            at = inside(at, name)
    return at


NEEDS = re.compile(r"(.*?) is needed here, not (.*)")


def _together(messages: list[str]) -> str:
    """One sentence where a union's branches each asked for their own kind."""
    needs = [match for match in map(NEEDS.fullmatch, messages) if match]
    if len(needs) < len(messages):
        return " ".join(message for message in messages if not NEEDS.fullmatch(message))
    if len(needs) < 2:
        return messages[0]
    kinds = listed([needs[0][1], *(match[1].lower() for match in needs[1:])], "or")
    return f"{kinds} is needed here, not {needs[0][2]}"


def _message(case: Case) -> str:
    kind = case.error["type"]
    if make := BY_KIND.get(kind):
        return make(case)
    said = str(case.context["error"]) if kind == "value_error" else case.error["msg"]
    for pattern, rule in BY_MESSAGE:
        if match := pattern.search(said):
            return rule(case, match)
    return _sentence(said)


def _sentence(said: str) -> str:
    said = " ".join(said.replace("Input should be", "This should be").split())
    return f"{said[:1].upper()}{said[1:]}{'' if said.endswith(('.', '!', '?')) else '.'}"


def _needed(kind: str) -> Callable[[Case], str]:
    return lambda case: f"{kind} is needed here, not {_what(case)}."


def _what(case: Case) -> str:
    """What stands there instead, as it was written."""
    value, written = case.value, case.document.written.get(case.at)
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return f'"{shown(value)}"'
    if isinstance(value, list | Mapping):
        return "a list" if isinstance(value, list) else "a mapping"
    read = str(value).lower() if isinstance(value, bool) else f"the number {value}"
    if written is None or written == read.removeprefix("the number "):
        return read
    return f"{written}, which YAML reads as {read}"


def _text(case: Case, _: re.Match[str] | None = None) -> str:
    value = case.value
    needed = f"Text is needed here, not {_what(case)}"
    if not isinstance(value, bool | int | float):
        return needed + "."
    written = case.document.written.get(case.at, str(value).lower() if isinstance(value, bool) else str(value))
    return f'{needed}; put it in quotes: "{written}".'


def _unknown(case: Case) -> str:
    name = str(case.error["loc"][-1])
    return f"There is no such field here.{did_you_mean(name, _fields())}"


@cache
def _fields() -> frozenset[str]:
    """The name of every field that a template may have somewhere."""
    models = [getattr(each, "model_fields", None) for each in vars(v2023_09).values()]
    return frozenset(name for fields in models if isinstance(fields, dict) for name in fields)


def _tag(case: Case) -> str:
    context = case.context
    known = re.findall(r"'([^']+)'", context.get("expected_tags", ""))
    tag = str(context.get("tag", ""))
    return f'"{shown(tag)}" is no type that can stand here; there are {listed(known)}.{did_you_mean(tag, known)}'


def _untagged(case: Case) -> str:
    if case.at.endswith("cancelation"):
        return "The mode of a cancelation is NOTIFY_THEN_TERMINATE or TERMINATE."
    if not isinstance(case.value, Mapping):
        return f"A mapping is needed here, not {_what(case)}."
    return 'The field "type" is missing here, which says what it is.'


def _pattern(case: Case, _: re.Match[str] | None = None) -> str:
    value, pattern = str(case.value), str(case.error)
    for position, char in enumerate(value, 1):
        if unicodedata.category(char) == "Cc" and "u0000" in pattern:
            return f"Character {position} is U+{ord(char):04X}, a control character, which cannot stand here."
    if "A-Za-z_" in pattern or "a-zA-Z_" in pattern:
        return f'"{shown(value)}" is no name: one has letters A-Z, digits and _, and begins with no digit.'
    return f'"{shown(value)}" has characters that cannot stand here.'


def _too_long(case: Case, most: int) -> str:
    value = case.value
    has = f"; this has {len(value):,}" if isinstance(value, str) else ""
    return f"At most {most:,} characters can stand here{has}."


def _items(case: Case) -> str:
    context = case.context
    if "max_length" in context:
        return f"At most {context['max_length']:,} items can stand here; there are {context['actual_length']:,}."
    return f"At least {context['min_length']} item is needed here."


BY_KIND: dict[str, Callable[[Case], str]] = {
    "missing": lambda case: "This field is missing, and it is needed.",
    "extra_forbidden": _unknown,
    "string_type": _text,
    "list_type": _needed("A list"),
    "dict_type": _needed("A mapping"),
    "model_type": _needed("A mapping"),
    "model_attributes_type": _needed("A mapping"),
    "int_type": _needed("A whole number"),
    "int_parsing": _needed("A whole number"),
    "int_from_float": _needed("A whole number"),
    "bool_type": _needed("true or false"),
    "bool_parsing": _needed("true or false"),
    "decimal_parsing": _needed("A number"),
    "decimal_type": _needed("A number"),
    "enum": lambda case: f"{_what(case)} cannot stand here; there is {case.context['expected']}.",
    "literal_error": lambda case: f"{_what(case)} cannot stand here; there is {case.context['expected']}.",
    "union_tag_invalid": _tag,
    "union_tag_not_found": _untagged,
    "too_short": _items,
    "too_long": _items,
    "string_too_long": lambda case: _too_long(case, case.context["max_length"]),
    "string_too_short": lambda case: "This text must not be empty.",
    "string_pattern_mismatch": _pattern,
}


def _braces(case: Case, match: re.Match[str]) -> str:
    """Where the braces stand that have no partner: openjd-model names the whole text."""
    text, reason = str(case.value), match[3]
    if not reason.startswith(("Braces mismatch", "Missing opening braces")):
        expression = text[int(match[1]) : int(match[2])]
        return f"{_position(text, int(match[1]))}: {shown(expression)} cannot be read: {_sentence(reason)}"
    position, pair = _unpaired(text)
    spaced, other = " ".join(pair), "}}" if pair == "{{" else "{{"
    return (
        f'{_position(text, position)}: "{pair}" has no "{other}" to it. '
        f'If it is meant as text, put a blank between the braces: "{spaced}".'
    )


def _position(text: str, index: int) -> str:
    lines = text[:index].split("\n")
    line = f"Line {len(lines)}, character" if "\n" in text else "Character"
    return f"{line} {len(lines[-1]) + 1}"


def _unpaired(text: str) -> tuple[int, str]:
    end = 0
    while True:
        opening, closing = text.find("{{", end), text.find("}}", end)
        if closing >= 0 and (opening < 0 or closing < opening):
            return closing, "}}"
        if closing < 0:
            return opening, "{{"
        end = closing + 2


def _variable(case: Case, match: re.Match[str]) -> str:
    definitions = case.document.content.get("parameterDefinitions")
    entries = definitions if isinstance(definitions, list) else ()
    names = [each.get("name") for each in entries if isinstance(each, Mapping)]
    known = [f"{prefix}.{name}" for prefix in ("Param", "RawParam") for name in names]
    return f"There is no variable {match[1]} here.{did_you_mean(match[1], known)}"


def _extension(case: Case, match: re.Match[str]) -> str:
    return f"Not supported: {match[1]}. The extensions that can be used are {listed(EXTENSIONS)}."


def _twice(case: Case, match: re.Match[str]) -> str:
    return f"Each {match[1]} may stand once; repeated: {match[2]}."


def _fixed(said: str) -> Rule:
    return lambda case, match: said


BY_MESSAGE: tuple[tuple[re.Pattern[str], Rule], ...] = (
    (re.compile(r"^String required"), _text),
    (re.compile(r"^Expected a dictionary"), lambda case, _: _needed("A mapping")(case)),
    (re.compile(r"^String must be at least 1 "), _fixed("This text must not be empty.")),
    (re.compile(r"must be at most (\d+) characters|at most (\d+) characters"),
     lambda case, match: _too_long(case, int(match[1] or match[2]))),
    (re.compile(r"does not match the required pattern"), _pattern),
    (re.compile(r"(?s)^Failed to parse interpolation expression at \[(\d+), (\d+)\]\. Reason: (.*?)\.?$"), _braces),
    (re.compile(r"^Variable (\S+) does not exist at this location"), _variable),
    (re.compile(r"^Unsupported extension names: (.*)"), _extension),
    (re.compile(r"^Duplicate values for (.*?) are not allowed\. Duplicate values: (.*)"), _twice),
    (re.compile(r"^Expression missing parameters: (.*)"),
     lambda case, match: f"The combination leaves out {match[1]}; every task parameter stands in it once."),
    (re.compile(r"^Expression can only reference"), _fixed("Every task parameter stands in a combination only once.")),
    (re.compile(r"^Expression references undefined parameters: (.*)"),
     lambda case, match: f"There is no task parameter {match[1]} in this step."),
    (re.compile(r"^filename must be a basename"),
     _fixed("A file name cannot have / or \\ in it: embedded files stay in the folder of their session.")),
    (re.compile(r"^Value must be an integer or integer string|^Value must be an integer or a string containing"),
     lambda case, _: _needed("A whole number")(case)),
)  # fmt: skip
