"""What would be made of a template and values, or all that is wrong with them: for people who are still writing.

How does this work?  `outline` plans as a submission does, and says what came of it in plain structs: the steps with
their tasks, the first of these, the parameters as a form needs them.  What is wrong is not raised but told, each with
its place, its line and its parameter; the form is there all the same, as far as the template can be read.  The plan
itself comes along, for whoever knows the clients.
"""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import asdict

from brender.farm.submission import template as templates
from brender.farm.submission.answers import JobParameter, Outline, StepOutline, Wrong
from brender.farm.submission.bundles import values_of
from brender.farm.submission.checks import mappings
from brender.farm.submission.forms import DEFINITIONS, definitions, fields, text
from brender.farm.submission.lines import Lines
from brender.farm.submission.parameters import VALUES
from brender.farm.submission.planning import plan
from brender.farm.submission.plans import Plan, StepPlan
from brender.farm.submission.problems import Problem, Refused
from brender.farm.submission.template import Document

FIRST = 3  # tasks of a step that are shown
LONGEST = 200  # characters of a value of a task


def outline(
    template: str | Mapping[str, Any], values: Mapping[str, Any] | str, folder: str, limit: int
) -> tuple[Outline, Plan | None]:
    """Never raises `Refused`: what is wrong stands in the outline, and then there is no plan."""
    problems: list[Problem] = []
    given: dict[str, Any] = {}
    made = None
    try:
        given = values_of(values)
    except Refused as refused:
        problems += refused.problems
    try:
        made = plan(template, given, folder=folder, limit=limit)
    except Refused as refused:
        problems += refused.problems
    document = readable(template)
    settled = made.values if made else given
    form = [JobParameter(**asdict(each)) for each in fields(document.content, document.written, settled)]
    name, about = (text(document.content.get(each)).strip() for each in ("name", "description"))
    if made is None or problems:
        named = [StepOutline(text(step.get("name"))) for _, step in mappings(document.content, "steps", "")]
        return Outline(name, about, None, named, form, placed(template, document, problems)), None
    steps = [step_outline(step, made) for step in made.steps]
    return Outline(made.name, about, sum(step.tasks for step in made.steps), steps, form), made


def readable(template: str | Mapping[str, Any]) -> Document:
    try:
        return templates.read(template)
    except Refused:
        return Document({})


def step_outline(step: StepPlan, made: Plan) -> StepOutline:
    first = [shortened(step.parameters(index)) for index in range(min(FIRST, step.tasks))]
    last = shortened(step.parameters(step.tasks - 1))
    return StepOutline(
        step.name, step.tasks, [made.steps[each].name for each in step.depends_on], step.frame, first, last
    )


def shortened(values: Mapping[str, str]) -> dict[str, str]:
    return {name: text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…" for name, text in values.items()}


def placed(template: str | Mapping[str, Any], document: Document, problems: list[Problem]) -> list[Wrong]:
    lines = Lines(template) if isinstance(template, str) else None
    names = {at: definition["name"] for at, definition in definitions(document.content)}
    return [
        Wrong(each.at, each.message, lines.of(each) if lines else None, parameter_of(each.at, names))
        for each in problems
    ]


def parameter_of(at: str, names: Mapping[str, str]) -> str:
    """The parameter that a place is about: by its value, or by its definition."""
    if at.startswith(f"{VALUES}."):
        return at.removeprefix(f"{VALUES}.").partition("[")[0]
    if at.startswith(DEFINITIONS):
        return names.get(at.partition("]")[0] + "]", "")
    return ""
