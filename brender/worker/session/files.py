"""Names of the files that a template has written: looked at by the worker itself, whatever a server lets through."""

from collections.abc import Mapping
from typing import Any

from brender.farm.submission.checks import mappings
from brender.farm.submission.problems import shown, walk

FOLDERS = ("", ".", "..")


def misnamed(template: Mapping[str, Any]) -> str:
    """Why these files would not be in the folder of their session; empty when all would."""
    for at, parent in walk(template):
        for where, file in mappings(parent, "embeddedFiles", at):
            name = file.get("filename")
            if isinstance(name, str) and leads_out(name):
                return f'{where}: "{shown(name)}" is not the name of a file in the session\'s folder.'
    return ""


def leads_out(name: str) -> bool:
    return name in FOLDERS or any(separator in name for separator in "/\\\0")
