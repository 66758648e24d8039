"""What a worker is: a stable id of its own, and the facts about its machine.

How does this work?  The id is made once and kept in the worker's state folder (`worker-id`): a machine
that changes its name stays the same client, and two workers on one machine are two clients when
their folders differ.  `Claim` keeps a second worker out of a folder that is in use.  The rest is read from
the machine at each start.
"""

import fcntl
import os
import platform
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import psutil

from brender import __version__
from brender.farm.client import Blender, Machine

SYSTEMS = {"linux": "linux", "darwin": "macos", "win32": "windows"}
ARCHITECTURES = {"amd64": "x86_64", "x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}


class InUse(Exception):
    """The message is a sentence for people."""


class Claim:
    """The folder is this process's until it ends, however it does."""

    def __init__(self, folder: Path) -> None:
        path = folder / "worker.lock"
        self._file = path.open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.seek(0)
            raise InUse(
                f"Another worker (process {self._file.read().strip()}) uses the state folder {folder}: "
                "choose another one for this worker with --state."
            ) from None
        self.sign()

    def sign(self) -> None:
        """Write down whose it is; again when a daemon has become another process."""
        self._file.truncate(0)
        self._file.write(f"{os.getpid()}\n")
        self._file.flush()


def stable_id(folder: Path) -> str:
    """The worker's id, made on its first start."""
    path = folder / "worker-id"
    try:
        if kept := path.read_text().strip():
            return kept
    except FileNotFoundError:
        pass
    made = uuid4().hex
    path.write_text(made + "\n")
    return made


def machine(folder: Path, name: str, slots: int, blenders: tuple[Blender, ...]) -> Machine:
    return Machine(
        key=stable_id(folder),
        name=name or socket.gethostname(),
        slots=slots or cores(),
        system=SYSTEMS.get(sys.platform, sys.platform),
        arch=ARCHITECTURES.get(platform.machine().lower(), platform.machine().lower()),
        memory=psutil.virtual_memory().total,
        gpus=gpus(),
        blenders=blenders,
        program=f"brender {__version__}",
    )


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def gpus() -> tuple[str, ...]:
    """NVIDIA's cards by name, as their driver lists them; none where there is no driver."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return ()
    try:
        listed = subprocess.run([program, "-L"], capture_output=True, text=True, timeout=10, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(line.partition(": ")[2].partition(" (UUID")[0] for line in listed.splitlines() if line)
