"""What a scene itself has, beside the parameters of a template that takes one.

How does this work?  A template takes a scene when the value of a parameter for a file ends in .blend; its other
parameters are known by the names that the built-in template has for them (`scenes.FACTS`).  An outline is made first,
and then the scene is looked at, where this machine has it.  What was given stays: a scene's values only stand beside.
"""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from brender.farm.submission.answers import JobParameter, Outline
from brender.farm.submission.outlines import outline
from brender.farm.submission.plans import Plan
from brender.planner.apart import looked_at

SCENE = ".blend"
SCENE_NAME = "SceneName"
LEFT = frozenset({"", "0", "0.0"})  # defaults that mean: as in the scene
ONLY_TOLD = frozenset({"Frames", "BlenderVersion"})  # what is left out of these is not as in the scene


def outlined(
    template: str | Mapping[str, Any], values: Mapping[str, Any] | str, folder: str, limit: int
) -> tuple[Outline, Plan | None]:
    found, made = outline(template, values, folder, limit)
    path = scene_of(found.parameters, folder)
    saved = looked_at(path, value_of(found.parameters, SCENE_NAME)) if path else {}
    return replace(found, parameters=[beside(each, saved.get(each.name)) for each in found.parameters]), made


def scene_of(parameters: Sequence[JobParameter], folder: str) -> str:
    """Empty where there is none, or where nobody can say in which folder it is."""
    files = [each for each in parameters if each.type == "PATH" and each.objectType == "FILE"]
    path = next((each.value for each in files if isinstance(each.value, str) and each.value.endswith(SCENE)), "")
    if path.startswith("//") or not (os.path.isabs(path) or folder):  # a network path of another system
        return ""
    return os.path.join(folder, path) if path else ""


def value_of(parameters: Sequence[JobParameter], name: str) -> str:
    return next((each.value for each in parameters if each.name == name and isinstance(each.value, str)), "")


def beside(parameter: JobParameter, saved: str | None) -> JobParameter:
    """Nothing where it could not be given: for what has a list of values, and this is none of them."""
    allowed = parameter.allowedValues
    if saved is None or parameter.type.startswith("LIST") or (allowed and saved not in map(str, allowed)):
        return parameter
    counts = parameter.name not in ONLY_TOLD and str(parameter.default) in LEFT
    return replace(parameter, saved=saved, saved_counts=counts)
