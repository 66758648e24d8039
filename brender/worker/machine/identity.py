"""What a worker is: a stable id of its own, and the facts about its machine.

How does this work?  The id is made once and kept in the worker's state folder (`worker-id`): a machine
that changes its name stays the same client, and two workers on one machine are two clients when
their folders differ.  `Claim` keeps a second worker out of a folder that is in use.  The rest is read from
the machine at each start.
"""

import fcntl
import os
import platform
import socket
import sys
from collections.abc import Mapping, Sequence
from math import inf
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import psutil

from brender import __version__
from brender.farm.client import Blender, Machine
from brender.farm.settings import ClientSettings
from brender.worker.machine import graphics, network

SYSTEMS = {"linux": "linux", "darwin": "macos", "win32": "windows"}
ARCHITECTURES = {"amd64": "x86_64", "x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}


LOCALTIME = "/etc/localtime"
NAMED = Machine("-", "-", 1).abilities(ClientSettings())
OURS = {*NAMED.amounts, *NAMED.attributes}  # what people need not say


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


def machine(
    folder: Path,
    name: str,
    slots: int,
    blenders: tuple[Blender, ...],
    amounts: Mapping[str, float] | None = None,
    attributes: Mapping[str, tuple[str, ...]] | None = None,
) -> Machine:
    cards = graphics.found()
    return Machine(
        key=stable_id(folder),
        name=name or socket.gethostname(),
        slots=slots or cores(),
        system=SYSTEMS.get(sys.platform, sys.platform),
        arch=ARCHITECTURES.get(platform.machine().lower(), platform.machine().lower()),
        memory=psutil.virtual_memory().total,
        gpus=tuple(card.name for card in cards),
        gpu_memory=min((card.memory for card in cards), default=0),
        blenders=blenders,
        amounts={each.lower(): float(much) for each, much in (amounts or {}).items()},
        attributes={each.lower(): values for each, values in (attributes or {}).items()},
        zone=zone(),
        program=f"brender {__version__}",
        macs=network.macs(),
    )


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def zone() -> str:
    """The machine's time zone, "Europe/Amsterdam"; empty where it does not say."""
    told = os.environ.get("TZ")
    place = os.path.realpath(LOCALTIME) if told is None else told.lstrip(":") or "UTC"
    name = place.rpartition("zoneinfo/")[2]
    try:
        return ZoneInfo(name).key or ""
    except (ZoneInfoNotFoundError, ValueError, OSError):  # not a name, or one that is not known here
        return ""


def problem_of(amounts: Mapping[str, float], attributes: Mapping[str, Sequence[str]]) -> str:
    """What is wrong with what people say of a machine, as a sentence; empty when nothing is."""
    for section, start, names in (("amounts", "amount.", amounts), ("attributes", "attr.", attributes)):
        for name in names:
            if name.lower() in OURS:
                return f'[worker] {section}: "{name}" is found out by the worker itself; leave it out.'
            if not name.lower().startswith(start):
                return f'[worker] {section}: "{name}" has to begin with "{start}"; write "{start}{name}".'
    negative = next((name for name, amount in amounts.items() if not 0 <= amount < inf), None)
    return f'[worker] amounts: "{negative}" has to be a number, 0 or more.' if negative else ""
