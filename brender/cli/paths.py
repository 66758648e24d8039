"""Paths among a job's values: made whole here, because only here is it known where they start.

How does this work?  The parameters that are paths, or lists of them, are read from the template.  A relative value
belongs to the folder in which the command is run, a relative default to the folder of the template: the server joins
those, as it is told that folder.  A folder where the template wants a file, or the other way round, is refused, and a
default that is a link out of the folder; an input that is not on this machine is only told, because the workers may see
it.  A template that is not understood is left to the server, which says why.
"""

import json
import ntpath
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

from brender.client.errors import Failed

Definition = Mapping[str, Any]
KINDS = ("PATH", "LIST[PATH]")
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def whole(template: str, values: Mapping[str, Any], folder: Path | None) -> tuple[dict[str, Any], list[str]]:
    """The values with whole paths, and what is to be told about them; `folder` is the template's own."""
    made, told = dict(values), []
    for definition in path_parameters(template):
        name, there = str(definition["name"]), None
        if name in values:
            there = made[name] = joined(definition, values[name], os.getcwd())
        elif folder:
            there = inside(definition, name, str(folder))
        for path in filter(None, paths_of(definition, there) or ()):
            told += look(definition, name, path)
    return made, told


def path_parameters(template: str) -> Iterator[Definition]:
    try:
        content = yaml.load(template, LOADER)
    except (yaml.YAMLError, RecursionError, ValueError):
        return
    definitions = content.get("parameterDefinitions") if isinstance(content, dict) else None
    for definition in definitions if isinstance(definitions, list) else ():
        if isinstance(definition, dict) and definition.get("type") in KINDS and "name" in definition:
            yield definition


def absolute(path: str) -> bool:
    """Whether it is whole on any system."""
    return os.path.isabs(path) or bool(ntpath.splitdrive(path)[0]) or "://" in path


def paths_of(definition: Definition, value: Any) -> list[str] | None:
    """The paths of a value, of a list also as it is written in JSON; None where the server is to judge it."""
    if definition["type"] == "PATH":
        return [value] if isinstance(value, str) else None
    if isinstance(value, str):
        with suppress(ValueError):
            value = json.loads(value)
    return value if isinstance(value, list) and all(isinstance(each, str) for each in value) else None


def joined(definition: Definition, value: Any, folder: str) -> Any:
    """The value with relative paths joined to a folder."""
    paths = paths_of(definition, value)
    if paths is None:
        return value
    made = [path if not path or absolute(path) else os.path.normpath(os.path.join(folder, path)) for path in paths]
    return made[0] if definition["type"] == "PATH" else made


def inside(definition: Definition, name: str, folder: str) -> Any:
    """The default, as the server joins it to the template's folder; a link must not lead out of that."""
    made = joined(definition, definition.get("default"), folder)
    for path in paths_of(definition, made) or ():
        real, root = os.path.realpath(path), os.path.realpath(folder)
        if is_below(path, folder) and not is_below(real, root):
            sentence = f"{path} is a link that leads out of the template's folder; where that is meant: {name}={real}."
            raise Failed(f"{name}: {sentence}", code="refused", at=name)
    return made


def is_below(path: str, folder: str) -> bool:
    return f"{path}{os.sep}".startswith(f"{folder.rstrip(os.sep)}{os.sep}")


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
