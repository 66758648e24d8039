"""What people are told of a template and its values, in plain structs; `outlines` makes them.

How does this work?  Nothing here needs openjd-model, so that programs that only look at a farm start without it.
"""

from typing import Annotated

import msgspec

from brender.farm.submission.forms import Field, told


class Wrong(msgspec.Struct, frozen=True):
    """Something that is wrong, and where."""

    at: Annotated[str, told("the place: of the template, or a parameter's value")]
    message: Annotated[str, told("what is wrong, and how to mend it")]
    line: Annotated[int | None, told("of the template's text, counted from 1")] = None
    parameter: Annotated[str, told("the job parameter that it is about; empty when it is about none")] = ""


class JobParameter(Field, frozen=True):
    """As a form needs it, with what it may take from the job's scene."""

    saved: Annotated[str | None, told("what the scene itself has; null where that is not known")] = None
    saved_counts: Annotated[bool, told("whether that counts while nothing is given")] = False


class StepOutline(msgspec.Struct, frozen=True):
    name: str
    tasks: Annotated[int | None, told("how many it would have; null while something is wrong")] = None
    depends_on: list[str] = []
    frame: Annotated[str, told("the task parameter that counts frames")] = ""
    first: Annotated[list[dict[str, str]], told("what its first tasks are told")] = []
    last: Annotated[dict[str, str], told("what its last task is told")] = {}


class Outline(msgspec.Struct, frozen=True):
    name: Annotated[str, told("of the job, as the template has it")] = ""
    description: str = ""
    tasks: Annotated[int | None, told("how many it would have; null while something is wrong")] = None
    steps: list[StepOutline] = []
    parameters: list[JobParameter] = []
    problems: list[Wrong] = []
