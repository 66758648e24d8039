"""Processes and their ends: nothing that a session started outlives it.

How does this work?  A session's process makes itself a "child subreaper" (Linux, prctl(2)), so that
whatever its tasks leave behind, `setsid` or not, becomes its child instead of init's.  `descendants`
walks /proc from there; `end` kills what it finds until nothing is left.  `end_with_parent` has the
kernel end a process when the one that started it dies.  Elsewhere than on Linux psutil does the
walking, and orphans that left their group are not found.  Zombies count as ended; `bury` takes leave of
those that were adopted.
"""

import ctypes
import os
import signal
import sys
from contextlib import suppress
from time import monotonic, sleep

import psutil

PR_SET_PDEATHSIG = 1  # prctl(2)
PR_SET_CHILD_SUBREAPER = 36
LINUX = sys.platform == "linux"


def adopt_orphans() -> None:
    """From now on the descendants whose parents end become children of this process."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def end_with_parent(number: int = signal.SIGKILL) -> None:
    """Be sent this signal when the thread that started this process ends."""
    _prctl(PR_SET_PDEATHSIG, number)


def _prctl(option: int, value: int) -> None:
    if LINUX:
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def descendants(of: int | None = None) -> set[int]:
    """The ids of all processes below one (by default this one), zombies not counted."""
    try:
        below = psutil.Process(of).children(recursive=True)
    except psutil.NoSuchProcess:
        return set()
    return {process.pid for process in below if _alive(process)}


def end(processes: set[int], within: float = 5.0) -> set[int]:
    """Kill these processes; gives those that are still there after `within` seconds."""
    until = monotonic() + within
    left = set(processes)
    while left:
        for pid in left:
            _kill(pid)
        left = {pid for pid in left if alive(pid)}
        if monotonic() > until:
            break
        if left:
            sleep(0.01)
    return left


def end_descendants(spare: frozenset[int] = frozenset(), within: float = 5.0) -> None:
    """Kill everything below this process but `spare` and what is below that, until nothing is left."""
    until = monotonic() + within
    while (found := descendants() - kept(spare)) and monotonic() < until:
        end(found, within=0.5)


def kept(spare: frozenset[int]) -> set[int]:
    return set(spare).union(*(descendants(pid) for pid in spare))


def bury() -> dict[int, int]:
    """Take leave of every child that has ended; gives how, by their ids.  Not while somebody waits for one of them."""
    ended = {}
    with suppress(ChildProcessError):
        while (end := os.waitpid(-1, os.WNOHANG))[0]:
            ended[end[0]] = end[1]
    return ended


def alive(pid: int) -> bool:
    try:
        return _alive(psutil.Process(pid))
    except psutil.NoSuchProcess:
        return False


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)


def _alive(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
