"""What a farm has left on the machine after everybody has gone: processes and files.

How does this work?  Every program of the farm, and everything that those start, inherits an environment variable
(`MARK`) and the folder for temporary files.  So a process is the farm's if it has the mark, whoever its parent is; and
what is in that folder, or in a folder of state beside what `KEPT` names, was forgotten.
"""

from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import psutil

MARK = "CHAOS_FARM"
KEPT = (
    "server/brender.sqlite",
    "server/brender.lock",
    "server/logs",
    "server/logs/*",
    "*/worker-id",
    "*/worker.lock",
    "*/worker",
    "*/worker/blenders.json",
)


def processes(mark: str) -> list[psutil.Process]:
    """Those with the mark, zombies of a dead parent excepted."""
    return [each for each in psutil.process_iter() if marked(each, mark)]


def marked(process: psutil.Process, mark: str) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE and process.environ().get(MARK) == mark
    except psutil.Error:
        return False


def files(folder: Path, places: list[str], temporary: str) -> Iterator[str]:
    """What is below these folders and should not be; `temporary` should be empty."""
    for place in places:
        for path in sorted((folder / place).rglob("*")):
            name = str(path.relative_to(folder))
            if not any(fnmatch(name, pattern) for pattern in KEPT):
                yield name
    for path in sorted((folder / temporary).iterdir()):
        yield f"{temporary}/{path.name}"
