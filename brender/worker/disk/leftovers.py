"""What a worker that was killed has left behind: processes, and the folders of its sessions.

How does this work?  Everything that a worker starts to run tasks has two names in its environment: the worker's
scratch folder, and the nursery that it comes from.  While a nursery lives it ends whatever its sessions leave; when
it is killed together with a session nobody is left who would know, and processes of a task may go on.  `end` finds
them by those names, wherever they have gone to, and kills until nothing is found any more: when the worker starts
again (`clear`), and when a nursery has died (`clear_nursery`).  What a task starts without these names is not found;
only the system could do that (a cgroup on Linux, a job object on Windows).
"""

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from time import monotonic

import psutil

from brender.worker import processes
from brender.worker.disk import kept

WORKER, NURSERY = "BRENDER_WORKER", "BRENDER_NURSERY"
WITHIN = 10.0  # seconds to end what there is
SESSIONS = "sessions"  # below the scratch folder
SOCKET = "socket-"  # begins links to the folders of nurseries' sockets


def names(scratch: Path, nursery: Path) -> dict[str, str]:
    """What stands in the environment; a nursery is known by the folder of its socket."""
    return {WORKER: os.path.realpath(scratch), NURSERY: nursery.name}


def clear(scratch: Path) -> int:
    """At the start of a worker, whose alone the folder is: end what belongs to it, and put away the folders of its
    sessions; gives how many processes that were."""
    ended = end({WORKER: os.path.realpath(scratch)})
    for link in scratch.glob(f"{SOCKET}*"):
        remove_socket(link)
    kept.put_all_away(scratch / SESSIONS)
    return ended


def clear_nursery(scratch: Path, nursery: Path, pid: int) -> int:
    """A nursery has died: the same for what it had started."""
    ended = end(names(scratch, nursery))
    for folder in (scratch / SESSIONS).glob(f"{pid}-*"):
        kept.put_away(folder)
    return ended


def end(wanted: dict[str, str]) -> int:
    """Kill every process with this in its environment; gives how many those were."""
    until, ended = monotonic() + WITHIN, set[int]()
    while (found := named(wanted)) and monotonic() < until:
        ended |= found
        processes.end(found, within=1.0)
    return len(ended)


def named(wanted: dict[str, str]) -> set[int]:
    """This process and those that it comes from are spared, whoever has started them."""
    spared = {os.getpid(), *(each.pid for each in psutil.Process().parents())}
    return {pid for pid in psutil.pids() if pid not in spared and wanted.items() <= environment(pid).items()}


def environment(pid: int) -> dict[str, str]:
    """Empty where it is not ours to read."""
    with suppress(psutil.Error, OSError):
        return dict(psutil.Process(pid).environ())
    return {}


# --- sockets: a nursery's has to have a short path, so it is not in the worker's own folder


def remember_socket(scratch: Path, folder: Path) -> None:
    """Have a worker that comes after this one find it."""
    with suppress(OSError):
        link_to(scratch, folder).symlink_to(folder)


def forget_socket(scratch: Path, folder: Path) -> None:
    with suppress(OSError):
        link_to(scratch, folder).unlink()


def link_to(scratch: Path, folder: Path) -> Path:
    return scratch / f"{SOCKET}{folder.name}"


def remove_socket(link: Path) -> None:
    """The link and the folder that it leads to, if that is one of ours: nothing but a socket is in those."""
    with suppress(OSError):
        folder = link.readlink()
        link.unlink()
        if folder.parent == Path(tempfile.gettempdir()) and not folder.is_symlink():
            (folder / "nursery").unlink(missing_ok=True)
            folder.rmdir()
