"""Templates for tests: the smallest that is whole, and what a test adds to it."""

from collections.abc import Mapping
from typing import Any

from openjd.model import create_job, decode_job_template

from brender.farm.submission.planning import Plan, Refused, plan
from brender.farm.submission.sentences import EXTENSIONS


def step(name: str = "A", **fields: Any) -> dict[str, Any]:
    return {"name": name, "script": {"actions": {"onRun": {"command": "echo", "args": ["hello"]}}}} | fields


def job(*steps: Any, **fields: Any) -> dict[str, Any]:
    return {"specificationVersion": "jobtemplate-2023-09", "name": "test", "steps": list(steps or (step(),))} | fields


def over(*parameters: dict[str, Any], combination: str | None = None, name: str = "A") -> dict[str, Any]:
    """A step with a parameter space."""
    space: dict[str, Any] = {"taskParameterDefinitions": list(parameters)}
    return step(name, parameterSpace=space if combination is None else space | {"combination": combination})


def frames(values: Any, name: str = "Frame") -> dict[str, Any]:
    return {"name": name, "type": "INT", "range": values}


def chunks(values: Any, size: int, constraint: str = "CONTIGUOUS", name: str = "Frame") -> dict[str, Any]:
    cut = {"defaultTaskCount": size, "rangeConstraint": constraint}
    return {"name": name, "type": "CHUNK[INT]", "range": values, "chunks": cut}


def running(*arguments: Any) -> dict[str, Any]:
    """A step whose command has these arguments."""
    return step(script={"actions": {"onRun": {"command": "echo", "args": list(arguments)}}})


def made(template: Mapping[str, Any]) -> Any:
    """The job as openjd-model creates it."""
    decoded = decode_job_template(template=dict(template), supported_extensions=EXTENSIONS)
    return create_job(job_template=decoded, job_parameter_values={})


def all_tasks(found: Plan, step: int = 0) -> list[dict[str, str]]:
    return [found.steps[step].parameters(index) for index in range(found.steps[step].tasks)]


def problems(template: Any, values: Mapping[str, Any] | None = None, **options: Any) -> dict[str, str]:
    """What is wrong with a submission: place -> sentence; nothing when it is accepted."""
    try:
        plan(template, values or {}, **options)
    except Refused as refused:
        return {problem.at: problem.message for problem in refused.problems}
    return {}
