"""Paths among a job's values: made whole here, because only here is it known where they start.

How does this work?  The parameters of type PATH are read from the template.  A relative value belongs to the
folder in which the command is run, a relative default to the folder of the template.  A folder where the
template wants a file, or the other way round, is refused; an input that is not on this machine is only
told, because the workers may see it.  A template that is not understood is left to the server, which says why.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any

import yaml

from brender.client.errors import Failed

Definition = Mapping[str, Any]
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def whole(template: str, values: Mapping[str, str], folder: Path | None) -> tuple[dict[str, str], list[str]]:
    """The values with whole paths, and what is to be told about them; `folder` is the template's own."""
    made, told = dict(values), []
    for definition in path_parameters(template):
        name = str(definition["name"])
        if values.get(name):
            made[name] = os.path.abspath(values[name]) if not absolute(values[name]) else values[name]
        elif name not in values and folder and (default := inside(definition, folder)):
            made[name] = default
        if made.get(name):
            told += look(definition, name, made[name])
    return made, told


def path_parameters(template: str) -> Iterator[Definition]:
    try:
        content = yaml.load(template, LOADER)
    except (yaml.YAMLError, RecursionError, ValueError):
        return
    definitions = content.get("parameterDefinitions") if isinstance(content, dict) else None
    for definition in definitions if isinstance(definitions, list) else ():
        if isinstance(definition, dict) and definition.get("type") == "PATH" and "name" in definition:
            yield definition


def absolute(path: str) -> bool:
    return os.path.isabs(path) or bool(PurePath(path).drive) or "://" in path


def inside(definition: Definition, folder: Path) -> str:
    """A relative default, joined to the template's folder; empty where the server is to judge it."""
    default = definition.get("default")
    if not isinstance(default, str) or not default or absolute(default) or ".." in PurePath(default).parts:
        return ""
    return str(folder / default)


def look(definition: Definition, name: str, path: str) -> list[str]:
    """Compare what the template wants with what is there."""
    wants = str(definition.get("objectType", "DIRECTORY")).upper()
    if wants == "FILE" and os.path.isdir(path):
        raise Failed(f"{name}: {path} is a folder, and the template wants a file.", code="refused", at=name)
    if wants == "DIRECTORY" and os.path.isfile(path):
        raise Failed(f"{name}: {path} is a file, and the template wants a folder.", code="refused", at=name)
    if str(definition.get("dataFlow", "NONE")).upper() in {"IN", "INOUT"} and not os.path.exists(path):
        return [f"{name}: {path} is not on this machine; the workers will need it."]
    return []
