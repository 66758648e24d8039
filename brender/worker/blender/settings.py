"""What a job asks of Blender: the template's parameters, typed.

How does this work?  The template hands every parameter as one word, `Name=value`, so that a value with
spaces, quotes or a leading dash is still one value.  `read` turns the words into `Settings`, which travel to
the guard and on into Blender as JSON.  An empty value, and 0 for a number, mean "as in the scene".  Whether the farm
forbids scripts inside scenes is not the job's to say: the worker does, in the environment.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from typing import Any, NamedTuple


class WrongSettings(Exception):
    """A parameter has a value that means nothing; the message is a sentence for people."""


class Settings(NamedTuple):
    scene: str
    output: str = ""
    scene_name: str = ""
    camera: str = ""
    view_layer: str = ""
    engine: str = ""
    format: str = ""
    samples: int = 0
    percent: int = 0
    device: str = ""
    skip_existing: bool = False
    persistent: bool = True
    fail_on_missing: bool = False
    scripts: bool = True
    blender_version: str = ""
    rules: str = ""  # the file of OpenJD's path mapping rules, if the session has any
    overruled: bool = False  # the job allows scripts, the farm does not

    def as_json(self) -> str:
        return json.dumps(self._asdict())


def from_json(text: str) -> Settings:
    return Settings(**json.loads(text))


FIELDS = {
    "Scene": "scene",
    "Output": "output",
    "SceneName": "scene_name",
    "Camera": "camera",
    "ViewLayer": "view_layer",
    "Engine": "engine",
    "Format": "format",
    "Samples": "samples",
    "ResolutionPercent": "percent",
    "Device": "device",
    "SkipExisting": "skip_existing",
    "PersistentData": "persistent",
    "MissingFiles": "fail_on_missing",
    "Scripts": "scripts",
    "BlenderVersion": "blender_version",
    "Rules": "rules",
}
CHOICES = {
    "SkipExisting": {"true": True, "false": False},
    "PersistentData": {"true": True, "false": False},
    "MissingFiles": {"fail": True, "warn": False},
    "Scripts": {"allow": True, "forbid": False},
}
FARM_SAYS = "BRENDER_SCRIPTS"  # allow, or forbid
NUMBERS = frozenset({"Samples", "ResolutionPercent"})


def read(words: Iterable[str]) -> Settings:
    values = {}
    for word in words:
        name, _, value = word.partition("=")
        if name not in FIELDS:
            raise WrongSettings(f'No setting "{name}"; there are {", ".join(FIELDS)}.')
        values[FIELDS[name]] = read_value(name, value)
    if not values.get("scene"):
        raise WrongSettings("No scene was named: give Scene=FILE.blend.")
    return under(os.environ.get(FARM_SAYS, ""), Settings(**values))


def under(farm_says: str, asked: Settings) -> Settings:
    """What the farm forbids a job cannot allow."""
    if asked.scripts and farm_says == "forbid":
        return asked._replace(scripts=False, overruled=True)
    return asked


def read_value(name: str, value: str) -> Any:
    if name in CHOICES:
        if value.lower() not in CHOICES[name]:
            raise WrongSettings(f'{name} is "{value}"; it may be {" or ".join(CHOICES[name])}.')
        return CHOICES[name][value.lower()]
    if name in NUMBERS:
        if not (value or "0").isdigit():
            raise WrongSettings(f'{name} is "{value}"; it has to be a whole number, 0 for what the scene says.')
        return int(value or "0")
    return value
