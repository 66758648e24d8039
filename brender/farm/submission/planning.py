"""From a template and parameter values to a plan: the one way a job comes into being.

How does this work?  `plan` reads the template, looks at it (`checks`, then openjd-model), settles the
values (`parameters`), lets openjd-model create the job, and keeps of it what the farm works with: the
steps, what each needs of a machine, and its tasks as a `space` that is never listed.  Whatever is
wrong is gathered on the way and raised at once, as `Refused`.  `replan` does the same for a job that
was accepted before: its values are settled, so nothing is looked at again, and only what its steps need is read.
"""

import re
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from msgspec.json import decode, encode
from openjd.model import Job, JobTemplate, create_job, decode_job_template

from brender.farm.scheduling.requirements import required
from brender.farm.submission import checks, parameters, ranges, space
from brender.farm.submission import template as templates
from brender.farm.submission.lean import lean
from brender.farm.submission.plain import MOST_PROBLEMS
from brender.farm.submission.plans import Plan, StepPlan, extended
from brender.farm.submission.problems import WHOLE, Problem, Refused, shown
from brender.farm.submission.sentences import EXTENSIONS, problems_of
from brender.farm.submission.template import Document

__all__ = ["Plan", "Problem", "Refused", "StepPlan", "extended", "plan", "replan"]

MOST_TASKS = 10_000_000  # a step; a job may have so many times as many:
MOST_FULL_STEPS = 10
BEYOND: dict[type[Exception], str] = {
    RecursionError: "an expression in it is nested too deeply",
    OverflowError: "a number in it is too large",
}
REFERENCE = re.compile(r"\{\{\s*(?:Raw)?Param\.(\w+)\s*\}\}")


def plan(
    template: str | bytes | Mapping[str, Any],
    values: Mapping[str, Any],
    *,
    folder: str = "",
    limit: int = MOST_TASKS,
) -> Plan:
    """What the job will be; raises `Refused` with all that is wrong.

    `folder` is the template's own, to which relative default paths are joined; `limit` is of tasks a step.
    """
    document = templates.read(template)
    mended, found = checks.look(document.content)
    problems = [*document.problems, *found]
    try:
        decoded = _decode(Document(mended, document.written))
    except Refused as refused:
        problems += refused.problems
        problems += [*templates.misread(document), *_values_alone(document.content, values, folder)]
        raise Refused(_once(problems)) from None
    settled, wrong = parameters.settle(decoded, values, folder)
    problems += [*templates.misread(document), *wrong]
    if problems:
        raise Refused(_once([*problems, *_ranges(document.content, settled, values)]))
    return _limited(_create(document, decoded, settled, values), limit)


def replan(template: Mapping[str, Any], values: Mapping[str, Any], added: Sequence[Mapping[str, Any]] = ()) -> Plan:
    """The plan of a job that was accepted before; `values` are its plan's, `added` those of what came later."""
    content = dict(template)
    decoded = _decode_lean(encode(lean(content)))
    made = _plan(content, decoded, dict(values))
    for more in added:
        made = replace(made, steps=tuple(extended(made.steps, _plan(content, decoded, dict(more)))))
    return made


@lru_cache(maxsize=256)
def _decode_lean(template: bytes) -> JobTemplate:
    """Thousands of jobs are made of a few templates, and all of them are planned again on a start."""
    return _decode(Document(decode(template)))


def _once(problems: list[Problem]) -> list[Problem]:
    """The first problem of each place: what follows from it need not be told."""
    first: dict[str, Problem] = {}
    for problem in problems:
        first.setdefault(str(problem) if problem.at == WHOLE else problem.at, problem)
    return list(first.values())[:MOST_PROBLEMS]


def _decode(document: Document) -> JobTemplate:
    try:
        return decode_job_template(template=document.content, supported_extensions=EXTENSIONS)
    except Exception as failure:  # openjd-model lets some of its own mistakes through
        problems = _version(document.content) or _told(failure, document)
        _let_go(failure)
        raise Refused(problems) from None


def _told(failure: Exception, document: Document) -> list[Problem]:
    if isinstance(failure, ValueError):
        return problems_of(failure, document)
    said = BEYOND.get(type(failure), str(failure))
    return [Problem(WHOLE, f"The template cannot be read: {said}.")]


def _let_go(failure: BaseException | None) -> None:
    """What pydantic raises holds the frames that it came from in a circle that no collection sees.

    So whatever was refused would stay in memory for ever: the whole document, however large.
    """
    while failure is not None:
        traceback.clear_frames(failure.__traceback__)
        failure = failure.__context__


def _version(content: Mapping[str, Any]) -> list[Problem]:
    """A template without a known version cannot be read any further."""
    version = content.get("specificationVersion")
    if version == "jobtemplate-2023-09":
        return []
    said = "is missing" if version is None else f'is "{shown(version)}"'
    return [Problem("specificationVersion", f"The version {said}; write jobtemplate-2023-09.")]


def _values_alone(content: Mapping[str, Any], values: Mapping[str, Any], folder: str) -> list[Problem]:
    """What is wrong with the values, when of the template at least the definitions can be read."""
    step = {"name": "step", "script": {"actions": {"onRun": {"command": "true"}}}}
    kept = ("specificationVersion", "extensions", "parameterDefinitions")
    alone = {"name": "job", "steps": [step]} | {name: content[name] for name in kept if name in content}
    try:
        decoded = _decode(Document(alone))
    except Refused:
        return []
    return parameters.settle(decoded, values, folder)[1]


def _create(document: Document, decoded: JobTemplate, settled: dict[str, Any], given: Mapping[str, Any]) -> Plan:
    problems = list(_ranges(document.content, settled, given))
    try:
        made = _plan(document.content, decoded, settled)
    except Refused as refused:
        told = {WHOLE, *(at for at, _ in checks.integer_ranges(document.content))} if problems else set()
        problems += [problem for problem in refused.problems if problem.at not in told]
    if problems:
        raise Refused(_once(problems))
    return made


def _ranges(content: Mapping[str, Any], settled: Mapping[str, Any], given: Mapping[str, Any]) -> Iterator[Problem]:
    """Ranges that are written with the values of job parameters."""
    for at, text in checks.integer_ranges(content):
        names = REFERENCE.findall(text)
        if any(name not in settled for name in names):
            continue  # it has no value
        resolved = REFERENCE.sub(lambda match: str(settled[match[1]]), text)
        if not names or "{{" in REFERENCE.sub("", text):
            continue  # an expression, which only openjd-model can work out
        if any(not isinstance(settled[name], str) for name in names):
            continue  # a list
        try:
            ranges.parse(resolved)
        except ranges.BadRange as refusal:
            alone = REFERENCE.fullmatch(text.strip())
            yield Problem(parameters.source(names[0], content, given) if alone else at, str(refusal))


def _plan(content: dict[str, Any], decoded: JobTemplate, settled: dict[str, Any]) -> Plan:
    try:
        job = create_job(job_template=decoded, job_parameter_values=parameters.for_model(decoded, settled))
        steps = tuple(_steps(job))
    except Exception as failure:
        problems = _told(failure, Document(content))
        _let_go(failure)
        raise Refused(problems) from None
    return Plan(job.name, content, settled, steps, tuple(decoded.extensions or ()))


def _steps(job: Job) -> Iterator[StepPlan]:
    places = {step.name: index for index, step in enumerate(job.steps)}
    for step in job.steps:
        depends_on = tuple(places[dependency.dependsOn] for dependency in step.dependencies or ())
        tasks = space.read(step.parameterSpace)
        frame = space.frame_parameter(step.parameterSpace)
        yield StepPlan(step.name, depends_on, tasks.count, required(step.hostRequirements), tasks, frame)


def _limited(made: Plan, limit: int) -> Plan:
    problems = [
        Problem(f"steps[{index}].parameterSpace", _amount(step, limit))
        for index, step in enumerate(made.steps)
        if not 0 < step.tasks <= limit
    ]
    total = sum(step.tasks for step in made.steps)
    if not problems and total > limit * MOST_FULL_STEPS:
        most = limit * MOST_FULL_STEPS
        problems = [Problem("steps", f"The job would have {total:,} tasks; this farm takes at most {most:,} a job.")]
    if problems:
        raise Refused(_once(problems))
    return made


def _amount(step: StepPlan, limit: int) -> str:
    if not step.tasks:
        return f'Step "{shown(step.name)}" has no tasks: its range is empty.'
    return f'Step "{shown(step.name)}" would have {step.tasks:,} tasks; this farm takes at most {limit:,} a step.'
