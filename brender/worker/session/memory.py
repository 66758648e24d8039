"""How much memory a task used, and whether memory was what it died of.

How does this work?  `Peak` looks now and then at all processes below the session's own and adds up what each holds for
itself, and once what they share; a look that takes long is not taken often.  What a process had held between two
looks the kernel tells when it has ended.  A task `ran_out` of memory when one of its last lines says so, or when it
was killed by nobody known and either the kernel counts one more process that it has ended for memory, or
there was next to none left on the machine.  Where neither can be known it is taken for probable.
"""

import os
import re
import resource
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

import psutil

from brender.worker import processes

EVERY = 0.2  # seconds between two looks
RECOUNT = 1.0  # seconds that the count of processes which were ended for memory is good for
SHARE = 100  # a look that takes so long is followed by a pause so many times as long
NEXT_TO_NONE = 0.1  # of the machine's memory
PAGE = resource.getpagesize()
KIB = 1 if sys.platform == "darwin" else 1024  # the unit of `ru_maxrss`

OURS = re.compile(
    r"std::bad_alloc|\bMemoryError\b|out of memory|cannot allocate memory|\b[mc]alloc returns null|"
    r"not enough memory|memory exhausted|insufficient memory",
    re.IGNORECASE,
)
CARDS = re.compile(r"cuda|optix|\bhip\b|oneapi|metal|opencl|\bgpu\b|\bvram\b|graphics card", re.IGNORECASE)


class Peak:
    """The most that was used since `begin`."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._count()
        self.begin()

    def begin(self) -> None:
        self._most = 0
        self._due = 0.0
        self._ended = largest_ended()
        self._scarce = False
        if self._clock() >= self._stale:
            self._count()

    def look(self) -> None:
        """Look, if it is time again."""
        now = self._clock()
        if now >= self._due:
            self._most = max(self._most, held_below(os.getpid()))
            self._scarce = self._scarce or scarce()
            self._due = now + max(EVERY, SHARE * (self._clock() - now))

    @property
    def bytes(self) -> int:
        ended = largest_ended()
        return max(self._most, ended if ended > self._ended and ended > own_peak() else 0)

    def killed(self) -> str:
        """Whether a process that was killed was killed for memory: "yes", "probably" or "no"."""
        before, now = self._kills, self._count()
        if now is None or before is None:
            return "probably"
        return "yes" if now > before else "probably" if self._scarce else "no"

    def _count(self) -> int | None:
        """Read the kernel's counter: a tenth of a millisecond, too much for every task of those that are short."""
        self._kills, self._stale = oom_kills(), self._clock() + RECOUNT
        return self._kills


def says_so(lines: Iterable[str]) -> str:
    """The last of these lines that says that memory ran out; not that of a graphics card."""
    return next((line for line in reversed(list(lines)) if OURS.search(line) and not CARDS.search(line)), "")


def shown(size: int) -> str:
    """ "3.1 GB"."""
    if not size:
        return "next to nothing"
    for unit, name in ((2**30, "GB"), (2**20, "MB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size / 2**10:.0f} kB"


# --- what the system tells


def held_below(pid: int) -> int:
    """Bytes that all processes below this one hold together."""
    own = shared = 0
    for each in below(pid):
        with suppress(OSError, ValueError, psutil.Error):
            mine, with_others = held(each)
            own += mine
            shared = max(shared, with_others)
    return own + shared


def held(pid: int) -> tuple[int, int]:
    """What a process holds for itself, and what others may hold as well."""
    if not processes.LINUX:
        return int(psutil.Process(pid).memory_info().rss), 0
    with open(f"/proc/{pid}/statm") as file:
        _, resident, shared, *_ = map(int, file.read().split())
    return (resident - shared) * PAGE, shared * PAGE


def below(pid: int) -> Iterator[int]:
    """The processes below one: asked one by one, which costs less than to read the machine's whole list."""
    if not os.path.exists(f"/proc/{pid}/task/{pid}/children"):
        yield from processes.descendants(pid)
        return
    left = [pid]
    while left:
        found = list(children(left.pop()))
        left += found
        yield from found


def children(pid: int) -> Iterator[int]:
    with suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with suppress(OSError), open(f"/proc/{pid}/task/{thread}/children") as file:
                yield from map(int, file.read().split())


def largest_ended() -> int:
    """The peak of the largest process below this one that has ended, as the kernel remembers it.

    A process that has just been forked counts with the memory of this one: no more than `own_peak` says nothing.
    """
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * KIB


def own_peak() -> int:
    """The most that this process has held; not what it was forked from, which `ru_maxrss` remembers too."""
    with suppress(OSError), open("/proc/self/status") as file:
        for line in file:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIB


def oom_kills() -> int | None:
    """How many processes the system has ended for want of memory since it started; None where it does not say."""
    with suppress(OSError), open("/proc/vmstat") as file:
        for line in file:
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    return None


def scarce() -> bool:
    memory = psutil.virtual_memory()
    return bool(memory.available < NEXT_TO_NONE * memory.total)
