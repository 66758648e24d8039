"""Paths that only some machines may have: those of a job that are in none of the folders that all machines share.

How does this work?  The setting `shared_folders` says which those are; without it nobody can know, and nothing is said.
Of a job's parameters those of the type PATH are looked at, where they are whole paths.  A path of Windows is compared
without regard to case, and with either slash.
"""

import posixpath
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from brender.farm.submission.problems import listed, shown

if TYPE_CHECKING:
    from brender.farm.job import Job

WINDOWS = re.compile(r"[A-Za-z]:[\\/]|\\\\")


def warnings(job: "Job", folders: Sequence[str]) -> Iterator[str]:
    """A sentence for each parameter."""
    if not folders:
        return
    for definition in job.template.get("parameterDefinitions") or ():
        value = str(job.values.get(definition["name"], ""))
        if definition["type"] == "PATH" and is_whole(value) and not any(within(value, folder) for folder in folders):
            known = listed([shown(folder) for folder in folders])
            yield f"{definition['name']} is {shown(value)}, which is not in what all machines share: {known}."


def is_whole(path: str) -> bool:
    return path.startswith("/") or WINDOWS.match(path) is not None


def within(path: str, folder: str) -> bool:
    """Whether it is the folder, or in it."""
    ours, theirs = plain(path), plain(folder)
    return ours == theirs or ours.startswith(f"{theirs.rstrip('/')}/")


def plain(path: str) -> str:
    """The same for all ways to write it."""
    text = path.replace("\\", "/").lower() if WINDOWS.match(path) else path
    return posixpath.normpath(text)
