"""Paths of other machines in a job's parameters, and where they are here.

How does this work?  openjd-sessions maps every PATH parameter by the first rule that fits, the longest source first,
and leaves `..` in it as it is.  A `Rule` is one of its rules that makes the path plain besides, and refuses one that
`..` leads out of the folder that it is mapped to.  `refusal` tries the values of a job before its session is made; a
task's are tried as it begins.
"""

import posixpath
from collections.abc import Iterable, Iterator
from pathlib import PurePath, PurePosixPath, PureWindowsPath

from openjd.model import ParameterValue, ParameterValueType
from openjd.sessions import PathFormat, PathMappingRule

from brender.worker.session.words import Mapping


class LeadsOut(Exception):
    """The path is not in the folder to which it is mapped; the message is a sentence for people."""


class Rule(PathMappingRule):
    def apply(self, *, path: str) -> tuple[bool, str]:
        fits, mapped = super().apply(path=path)
        return fits, self._plain(path, mapped) if fits else mapped

    def _plain(self, path: str, mapped: str) -> str:
        plain = posixpath.normpath(mapped)
        if not PurePosixPath(plain).is_relative_to(self.destination_path):
            raise LeadsOut(f"{path} leads out of {self.destination_path}, to which its folder is mapped.")
        return plain + "/" if mapped.endswith("/") else plain


def rules_of(mapping: Iterable[Mapping]) -> list[PathMappingRule]:
    """The longest source first, as openjd-sessions has them."""
    return [rule_of(each) for each in sorted(mapping, key=lambda each: -len(source_of(each).parts))]


def rule_of(each: Mapping) -> Rule:
    return Rule(
        source_path_format=PathFormat.WINDOWS if each.windows else PathFormat.POSIX,
        source_path=source_of(each),
        destination_path=PurePosixPath(each.destination),
    )


def source_of(each: Mapping) -> PurePath:
    return PureWindowsPath(each.source) if each.windows else PurePosixPath(each.source)


def refusal(values: dict[str, ParameterValue], rules: list[PathMappingRule]) -> str:
    """Why a job with these values cannot run here; empty when it can."""
    for name, path in paths_in(values):
        try:
            any(rule.apply(path=path)[0] for rule in rules)
        except LeadsOut as error:
            return f"{name}: {error}"
    return ""


def paths_in(values: dict[str, ParameterValue]) -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if value.type is ParameterValueType.PATH:
            yield name, value.value
        elif value.type is ParameterValueType.LIST_PATH:
            yield from ((name, path) for path in value.value)
