"""When this machine was last used by somebody: what its devices, its terminals and its desktop know.

How does this work?  A source is asked for the time of the last use (seconds of the epoch), and says None when it cannot
tell.  `Command` is the studio's own.  `LastUse` is what Linux tells: keyboards and mice are read where this process
may (the group `input`; what is read is thrown away), terminals keep the time of the last key, `ssh` included.  A
desktop whose keyboard may not be read is asked through logind, where it says whether it is idle.  Who
used the keyboard before the worker began is not known: it counts as used then, unless the machine had just started.
"""

import os
import re
import subprocess
from collections.abc import Callable, Iterable
from contextlib import suppress
from glob import glob
from pathlib import Path
from time import time

import psutil

Source = Callable[[], float | None]

WITHIN = 10.0  # seconds that a command may take
STARTING = 180.0  # seconds after a machine's start that are not a person's doing
NOBODY = 0.0  # the time of a use that never was
HOLD = "hold"  # a file in the worker's state folder: somebody there keeps the machine
GRAPHICAL = ("x11", "wayland", "mir")
DESKTOPS = ("/tmp/.X11-unix/X*", "/run/user/*/wayland-*")
TERMINALS = ("/dev/pts/[0-9]*", "/dev/tty[1-9]*")


def source_of(command: str) -> Source:
    return Command(command) if command else LastUse()


class Command:
    """A command that prints for how many seconds nobody has used the machine."""

    def __init__(self, command: str) -> None:
        self._command = command

    def __call__(self) -> float | None:
        try:
            return time() - float(printed(self._command, shell=True))
        except ValueError:
            return None


class LastUse:
    def __init__(self) -> None:
        self._devices = Devices(time() if time() - psutil.boot_time() > STARTING else NOBODY)

    def __call__(self) -> float | None:
        last, typed = self._devices(), last_typed(psutil.boot_time())
        if last is None and any(map(glob, DESKTOPS)):
            last = logind_says()
            return None if last is None else max(last, typed or NOBODY)
        return typed if last is None else max(last, typed or NOBODY)


def last_typed(started: float, terminals: Iterable[str] = TERMINALS) -> float | None:
    """When a key was last pressed in a terminal; what happened while the machine started is nobody's doing."""
    last = None
    for path in [path for pattern in terminals for path in glob(pattern)]:
        with suppress(OSError):
            last = max(last or NOBODY, os.stat(path).st_atime)
    return NOBODY if last is not None and last < started + STARTING else last


class Devices:
    """The keyboards and mice of this machine, those that come later included."""

    def __init__(self, last: float, listed: str = "/proc/bus/input/devices", folder: str = "/dev/input") -> None:
        self._last = last
        self._listed = Path(listed)
        self._folder = folder
        self._open: dict[str, int] = {}

    def __call__(self) -> float | None:
        try:
            wanted = keyboards_and_mice(self._listed.read_text())
            for name in set(self._open) - wanted:
                os.close(self._open.pop(name))
            for name in wanted - set(self._open):
                self._open[name] = os.open(f"{self._folder}/{name}", os.O_RDONLY | os.O_NONBLOCK)
        except OSError:
            return None
        for name in list(self._open):
            if self._used(name):
                self._last = time()
        return self._last if self._open else NOBODY

    def _used(self, name: str) -> bool:
        """Whether anything has come from it since the last time; one that is gone is closed."""
        used = False
        try:
            while os.read(self._open[name], 4096):
                used = True
        except BlockingIOError:
            return used
        except OSError:
            os.close(self._open.pop(name))
        return used


def keyboards_and_mice(listed: str) -> set[str]:
    """The names of their devices ("event3"), as the kernel lists them."""
    handlers = [set(line.split()) for line in re.findall(r"(?m)^H: Handlers=(.*)$", listed)]
    return {
        name for words in handlers if any(re.match("kbd|mouse", word) for word in words)
        for name in words if name.startswith("event")
    }  # fmt: skip


def logind_says(folder: str = "/run/systemd/sessions") -> float | None:
    """When somebody last used a desktop, as far as desktops say; None when there is none that logind knows."""
    names = [name for name in os.listdir(folder) if not name.endswith(".ref")] if os.path.isdir(folder) else []
    properties = ["--property=Type,IdleHint,IdleSinceHint"]
    return desktop_used(printed(["loginctl", "show-session", *properties, *names]), time()) if names else None


def desktop_used(sessions: str, now: float) -> float | None:
    """The same from what loginctl prints: a paragraph for each session.  One that is not idle is in use now."""
    last: float | None = None
    for paragraph in sessions.split("\n\n"):
        told = dict(line.partition("=")[::2] for line in paragraph.splitlines())
        if told.get("Type") in GRAPHICAL:
            idle = told.get("IdleHint") == "yes"
            last = max(last or NOBODY, int(told.get("IdleSinceHint") or 0) / 1e6 if idle else now)
    return last


def printed(command: str | list[str], shell: bool = False) -> str:
    """What a command prints; "" when it fails."""
    try:
        ended = subprocess.run(
            command, shell=shell, capture_output=True, text=True, timeout=WITHIN, stdin=subprocess.DEVNULL, check=False
        )
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return ""
    return ended.stdout if ended.returncode == 0 else ""
