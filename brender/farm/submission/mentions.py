"""Paths that are written into a template itself: in its commands, arguments, scripts and variables.

How does this work?  `mentions` reads every text of a template that the machine of a task will see, and finds the
whole paths in it, with their places.  What every machine has of its own (`/usr`, `/dev`, `C:\\Windows`) is none, nor
is a folder at the root (`/tmp`), nor what only looks like a path: an option (`/c`), an address, a pattern of sed.
`warnings` tells of those that are in none of the folders that all machines share; of a path that goes on with a
parameter or a variable, what stands before that is known.  So much is read and no more, as others wait meanwhile.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from brender.farm.scheduling.sharing import plain, within
from brender.farm.submission.lean import SCRIPTS
from brender.farm.submission.problems import inside, listed, shown

MOST_READ = 200_000  # characters of a template
MOST_OF_ONE = 50_000  # ... and of each text in it
MOST_PATHS = 1000
MOST_TOLD = 5  # paths

PARTS = (*sorted(SCRIPTS), "jobEnvironments")  # of the template and its steps, where something runs
ASIDE = frozenset({"name", "description", "filename", "type"})  # in there: no command, argument, script or value
PARAMETER = r"\{\{[^{}]{0,200}\}\}"
LETTER = r"[^\s\"'`;|&<>(){}\[\],:=*?#^\\]"
PATH = re.compile(
    rf"(?<![^\s\"'`;|&<>(\[,=!@])/(?=[^/])(?:{PARAMETER}|{LETTER})+"
    rf"|(?<!\w)[A-Za-z]:[\\/](?:{PARAMETER}|{LETTER}|\\)+"
    rf"|\A\\\\(?:{PARAMETER}|{LETTER}|\\)+"
)
OPEN = re.compile(r"\{\{|\$|%")  # from here on it depends
OWN = re.compile(
    r"/(bin|sbin|usr|lib(32|64|x32|exec)?|etc|dev|proc|sys|run|boot|opt|var(?!/tmp)|nix|snap|System|Library|Applications)(/|$)"
    r"|(?i:[a-z]:/(windows|program files( \(x86\))?|program|programdata)(/|$))"
)
PATTERN = re.compile(r"/[^/]+/([dpqgiI]|g[impu]|ig)")  # as sed and others have them
MADE_UP = "XXX"  # mktemp puts something there


def warnings(template: Mapping[str, Any], folders: Sequence[str]) -> Iterator[str]:
    """A sentence for each path that is in none of the folders; without folders nobody can know."""
    found: dict[str, str] = {}
    for at, match in islice(mentions(template), MOST_PATHS if folders else 0):
        if not any(may_be_in(match, folder) for folder in folders):
            found.setdefault(named(match), at)
    known = listed([shown(folder) for folder in folders]) if found else ""
    for path, at in list(found.items())[:MOST_TOLD]:
        yield f"{at} names {shown(path)}, which is not in what all machines share: {known}."
    if (more := len(found) - MOST_TOLD) > 0:
        yield f"The template names {more} more {'path' if more == 1 else 'paths'} that not all machines share."


def mentions(template: Mapping[str, Any]) -> Iterator[tuple[str, re.Match[str]]]:
    """Each path, with its place."""
    left = MOST_READ
    for at, text in texts(template):
        if left <= 0:
            return
        most = min(left, MOST_OF_ONE)
        yield from ((at, match) for match in PATH.finditer(text, 0, most) if is_meant(named(match)))
        left -= min(len(text), most)


def named(match: re.Match[str]) -> str:
    """The path, without the end of the sentence in which it stands."""
    return match[0].rstrip(".")


def texts(template: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a machine will see, with its place."""
    parts = [("", template)]
    parts += [(inside("steps", index), step) for index, step in enumerate(template.get("steps") or ())]
    for at, part in parts:
        for name in PARTS:
            yield from texts_in(part.get(name), inside(at, name))
        space = part.get("parameterSpace") or {}
        for index, parameter in enumerate(space.get("taskParameterDefinitions") or ()):
            if parameter.get("type") == "PATH":
                where = inside(inside(inside(at, "parameterSpace"), "taskParameterDefinitions"), index)
                yield from texts_in(parameter.get("range"), inside(where, "range"))


def texts_in(value: object, at: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield at, value
    elif isinstance(value, Mapping):
        for name, each in value.items():
            if name not in ASIDE or at.endswith(".variables"):
                yield from texts_in(each, inside(at, name))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from texts_in(each, inside(at, index))


def is_meant(path: str) -> bool:
    """Whether it looks like a file of the job's."""
    known = OPEN.split(path)[0]
    parts = [part for part in re.split(r"[\\/]+", path) if part]
    return not (
        len(parts) < (2 if path.startswith("/") else 3)
        or OWN.match(re.sub(r"\\+", "/", known))
        or PATTERN.fullmatch(path)
        or MADE_UP in parts[-1]
    )


def may_be_in(match: re.Match[str], folder: str) -> bool:
    """Whether the path is in the folder, as far as can be known."""
    path, start = named(match), match.start()
    spaced = match.string[start : start + len(folder) + 1].rstrip(" \n\"'`;|&<>(),:") if " " in folder else ""
    if within(path, folder) or within(spaced, folder):
        return True
    known = OPEN.split(path)[0]
    return known != path and plain(folder).startswith(plain(known).rstrip("/"))
