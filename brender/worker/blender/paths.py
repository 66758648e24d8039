"""Paths as they are written in scenes and parameters, and where they are on this machine.

How does this work?  Blender's `//` means "beside the .blend"; a path of another system is put through the
session's path mapping rules (OpenJD's file, first fitting rule wins, whole components only) and refused with
a sentence where none fits, because Blender would write a file called `C:\\out\\0001.png` here.  A mapped path
is normalised, and refused when `..` leads it out of the folder that the rule maps to.
"""

from __future__ import annotations

import json
import os
import posixpath
import re
from typing import NamedTuple

OTHER_SYSTEM = re.compile(r"[A-Za-z]:[\\/]|\\\\")


class WrongPath(Exception):
    """A path cannot be used on this machine; the message is a sentence for people."""


class Rule(NamedTuple):
    windows: bool
    source: str
    destination: str

    def apply(self, path: str) -> str | None:
        """The path on this machine, None when the rule is about another folder."""
        parts, wanted = self._parts(path), self._parts(self.source)
        same = [self._fold(part) for part in parts[: len(wanted)]] == [self._fold(part) for part in wanted]
        if not wanted or not same or self._begin(path) != self._begin(self.source):
            return None
        rest = "/".join(parts[len(wanted) :])
        mapped = posixpath.normpath(posixpath.join(self.destination, rest))
        if not (mapped + "/").startswith(posixpath.normpath(self.destination).rstrip("/") + "/"):
            raise WrongPath(f"{path} leads out of {self.destination}, to which its folder is mapped.")
        return mapped + ("/" if path.endswith(("/", "\\")) and not mapped.endswith("/") else "")

    def _begin(self, path: str) -> int:
        """How many slashes it begins with: a share has two, and is no folder of this machine of the same name."""
        text = path.replace("\\", "/") if self.windows else path
        return min(len(text) - len(text.lstrip("/")), 2 if self.windows else 1)

    def _parts(self, path: str) -> list[str]:
        return [part for part in (path.replace("\\", "/") if self.windows else path).split("/") if part]

    def _fold(self, part: str) -> str:
        return part.lower() if self.windows else part


def read_rules(file: str) -> list[Rule]:
    if not file:
        return []
    with open(file) as opened:
        listed = json.load(opened).get("path_mapping_rules", [])
    kept = [rule for rule in listed if rule["source_path_format"] in ("WINDOWS", "POSIX")]
    return [
        Rule(rule["source_path_format"] == "WINDOWS", rule["source_path"], rule["destination_path"]) for rule in kept
    ]


def mapped(path: str, rules: list[Rule]) -> str:
    """The path after the first rule that fits; unchanged when none does."""
    if path.startswith("//") and not any(rule.source.startswith(("//", "\\\\")) for rule in rules):
        return path
    return next((found for rule in rules if (found := rule.apply(path)) is not None), path)


def local(path: str, what: str, rules: list[Rule]) -> str:
    """A path of this machine (it may still begin with Blender's `//`), or a refusal."""
    here = mapped(path, rules)
    if OTHER_SYSTEM.match(here):
        raise WrongPath(f"{what} is {path}, a Windows path: give a path mapping rule for it, or another path.")
    return here


def with_slashes(path: str, what: str) -> str:
    """The same path, or a refusal: with a backslash in it Blender would write elsewhere, and not say so."""
    if "\\" in path:
        raise WrongPath(f"{what} is {path}, and Blender takes a backslash for a slash: give another path.")
    return path


def scene_file(path: str, rules: list[Rule]) -> str:
    """Where the scene is; `//server/share/x.blend` is a network path here, never "beside the .blend"."""
    here = local(path, "The scene", rules)
    if here.startswith("//"):
        if not os.path.exists(here):
            raise WrongPath(f"The scene is {path}, a network path: give a path mapping rule for it.")
        here = "/" + here.lstrip("/")
    here = os.path.abspath(here)
    if not os.path.exists(here):
        raise WrongPath(f"The scene {here} does not exist on this machine.")
    if not os.path.isfile(here) or not os.access(here, os.R_OK):
        raise WrongPath(f"The scene {here} is not a file that may be read here.")
    return here


def beside(path: str, scene: str) -> str:
    """Absolute: what begins with `//`, or with no slash at all, is beside the scene."""
    folder = os.path.dirname(scene)
    if path.startswith("//"):
        return os.path.join(folder, path[2:].lstrip("/")) if path[2:] else folder + "/"
    return os.path.join(folder, path)
