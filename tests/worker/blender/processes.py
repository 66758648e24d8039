"""Looking at processes in tests: who lives, and waiting until somebody does not."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import psutil

PATIENCE = 60.0  # seconds: only a test that fails waits this long


def until(true: Callable[[], bool], what: str) -> None:
    """Wait for something that has to happen, however slow the machine is."""
    end = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > end:
            raise AssertionError(f"It never happened: {what}")
        time.sleep(0.01)


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def blender_of(lines: str) -> int:
    """The process that the log says the scene was opened in."""
    found = re.findall(r"Opened .* process (\d+)\.", lines)
    assert found, lines
    return int(found[-1])


def guard_of(blender: int) -> int:
    return psutil.Process(blender).ppid()


def busy(pid: int) -> bool:
    """Whether it is computing now: more processor time than a moment ago."""
    before = sum(psutil.Process(pid).cpu_times()[:2])
    time.sleep(0.1)
    return sum(psutil.Process(pid).cpu_times()[:2]) - before > 0.05
