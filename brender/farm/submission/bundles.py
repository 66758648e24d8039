"""Parameter values in whatever form they came: by name, or as the file of a job bundle has them.

How does this work?  A job bundle is a folder with a template and `parameter_values.yaml` (or `.json`), whose content is
`{"parameterValues": [{"name": ..., "value": ...}]}`.  `values_of` takes that, as an object or as the file's text, and
plain values by name, too.  Names with a colon (`deadline:priority`) are settings of other farms; they are left out.
"""

from collections.abc import Mapping
from typing import Any

from brender.farm.submission import template
from brender.farm.submission.problems import Problem, Refused, inside, shown

FIELD = "parameterValues"
WHERE = "values"


def values_of(given: Mapping[str, Any] | str) -> dict[str, Any]:
    """The values by the names of their parameters; raises `Refused`."""
    content = read(given) if isinstance(given, str) else given
    listed = content.get(FIELD)
    if len(content) != 1 or not isinstance(listed, list):
        return dict(content)
    found: dict[str, Any] = {}
    problems = [problem for index, each in enumerate(listed) if (problem := take(each, inside(FIELD, index), found))]
    if problems:
        raise Refused(problems)
    return found


def read(text: str) -> Mapping[str, Any]:
    """The content of a file of values; an empty one has none."""
    if not text.strip():
        return {}
    try:
        document = template.read(text)
    except Refused as refused:
        told = [Problem(WHERE, problem.message.replace("The template", "The text")) for problem in refused.problems]
        raise Refused(told) from None
    if problems := [*document.problems, *template.misread(document)]:
        raise Refused(problems)
    return document.content


def take(each: Any, at: str, found: dict[str, Any]) -> Problem | None:
    """Put one of the list where it belongs; gives what is wrong with it."""
    if not isinstance(each, Mapping) or not isinstance(each.get("name"), str) or "value" not in each:
        return Problem(at, "A value of a job bundle has a name and a value.")
    name = each["name"]
    if ":" in name:
        return None
    if name in found:
        return Problem(at, f'"{shown(name)}" is given twice; keep one of them.')
    found[name] = each["value"]
    return None
