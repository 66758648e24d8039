"""Hidden folders for unfinished files, beside where the finished ones will be.

How does this work?  A process that writes files makes `.brender-MACHINE-PID` in the folder of their final names, so
on the same file system, and moves what is whole out of it.  The name says whose it is: `sweep` removes those of
processes of this machine that have ended, and those of other machines after a day.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import time

NAME = re.compile(r"\.brender-([0-9a-f]{8})-(\d+)$")
STALE = 24 * 3600.0  # seconds after which another machine's hidden folder is nobody's


def machine() -> str:
    """The same for all processes that can see each other's ids, another after the machine's next start."""
    with open("/proc/sys/kernel/random/boot_id") as file:
        known = file.read() + os.readlink("/proc/self/ns/pid")
    return hashlib.sha256(known.encode()).hexdigest()[:8]


def name() -> str:
    return f".brender-{machine()}-{os.getpid()}"


def make(folder: str) -> str:
    """This process's hidden folder there; raises OSError where nothing can be written."""
    os.makedirs(folder, exist_ok=True)
    sweep(folder)
    hidden = os.path.join(folder, name())
    os.makedirs(hidden, exist_ok=True)
    return hidden


def sweep(folder: str) -> None:
    ours = machine()
    for found in filter(None, map(NAME.fullmatch, os.listdir(folder))):
        path = os.path.join(folder, found[0])
        with contextlib.suppress(OSError):
            dead = found[1] == ours and not is_running(int(found[2]))
            if dead or os.stat(path).st_mtime < time.time() - STALE:
                shutil.rmtree(path, ignore_errors=True)


def is_running(pid: int) -> bool:
    """A process that has ended may be listed for long, as a zombie, where nobody collects it."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b") ")[2][:1] not in (b"Z", b"X")
    except OSError:
        return False


def put(path: str, final: str) -> None:
    """On the disk before it has its name, or a power cut could leave an empty file under it."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())
    os.makedirs(os.path.dirname(final), exist_ok=True)
    os.replace(path, final)
