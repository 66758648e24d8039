"""A Blender that a machine has, and how to pick one and run it.

How does this work?  A Blender is either an executable (kind "program") or a Python interpreter that can
import `bpy` (kind "module"); `command` hides the difference.  The worker puts what it found into the
session's variable BRENDER_BLENDER as JSON; `choose` takes the one that a job asked for, or else the newest
release with long-term support.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

COMMAND = "blender"  # what it is called on a search path
LONG_TERM = frozenset({(2, 83), (2, 93), (3, 3), (3, 6), (4, 2), (4, 5)})


class NoBlender(Exception):
    """No Blender fits; the message is a sentence for people."""


class Blender(NamedTuple):
    version: str  # "4.5.15"
    kind: str  # "program" or "module"
    path: str  # the executable, or the Python interpreter

    def command(self, program: str, words: Sequence[str], scripts: bool = True) -> list[str]:
        """The argument list that runs our `program` inside this Blender."""
        if self.kind == "module":
            return [self.path, "-I", program, "--", *words]
        autoexec = "--enable-autoexec" if scripts else "--disable-autoexec"
        return [self.path, "-b", autoexec, "--python-exit-code", "1", "--python", program, "--", *words]

    def numbers(self) -> tuple[int, ...]:
        return numbers_of(self.version)

    def is_long_term(self) -> bool:
        return self.numbers()[:2] in LONG_TERM


def numbers_of(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def best_first(blenders: Iterable[Blender]) -> list[Blender]:
    """Long-term releases before the others, the newest of each first, programs before modules."""
    return sorted(blenders, key=lambda b: (b.is_long_term(), b.numbers(), b.kind == "program"), reverse=True)


def from_environment(variables: Mapping[str, str]) -> list[Blender]:
    listed = json.loads(variables.get("BRENDER_BLENDER") or "[]")
    return [Blender(item["version"], item["kind"], item["path"]) for item in listed]


def choose(blenders: Sequence[Blender], wanted: str, search_path: str = "") -> Blender:
    """The best Blender of the wanted version ("4", "4.5" and "4.5.15" all name one); any when it is "".

    The search path is where the worker looked: it is said where there was none.
    """
    asked = numbers_of(wanted)
    fitting = [blender for blender in blenders if blender.numbers()[: len(asked)] == asked]
    if fitting and (asked or not wanted):
        return best_first(fitting)[0]
    if not blenders:
        raise NoBlender(
            "This machine has no Blender: install one, put it on the worker's PATH or name it in brender.toml."
            f' No command "{COMMAND}" that works was found in {search_path or "an empty PATH"}, and no module bpy.'
        )
    have = ", ".join(blender.version for blender in best_first(blenders))
    raise NoBlender(f"This machine has no Blender {wanted}; it has {have}.")
