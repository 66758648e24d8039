"""A scene looked at by a process that may end at any moment, whatever the scene does to it.

How does this work?  `looked_at` forks the process that plans, which has no threads.  The fork reads the scene, writes
what it found into a pipe, as JSON, and ends; the alarm of the system ends it when that takes too long.  So a scene that
is large, made to do harm, or on a share that is gone costs a moment, and no plan is lost by it: nothing is known of it.
"""

import os
import select
import signal
from collections.abc import Callable
from time import monotonic
from typing import NoReturn

import msgspec

SECONDS = 2.0  # that somebody who types waits for a scene; it is good for half a million blocks
SPARE = 0.5  # seconds that are left to the plan
PIPE = 0  # of the fork, in place of the questions
MOST_FILES = 1 << 10
BLOCK = 1 << 16  # bytes


def looked_at(path: str, name: str) -> dict[str, str]:
    """What `scenes.saved_in` says of it; nothing when it does not say so in time."""
    seconds = min(SECONDS, signal.getitimer(signal.ITIMER_REAL)[0] - SPARE)
    if seconds <= 0:
        return {}
    try:
        return msgspec.json.decode(asked(path, name, seconds), type=dict[str, str])
    except (OSError, msgspec.DecodeError):  # no process more can be started, or it has said nothing
        return {}


def asked(path: str, name: str, seconds: float) -> bytes:
    from brender.planner.scenes import saved_in  # noqa: PLC0415

    reading, writing = os.pipe()
    with open(reading, "rb", 0) as pipe, open(writing, "wb", 0) as end:
        if os.fork() == 0:
            answer(writing, seconds, lambda: saved_in(path, name))
        end.close()  # the pipe ends with the fork
        return heard(pipe.fileno(), monotonic() + seconds + SPARE / 2)


def answer(writing: int, seconds: float, look: Callable[[], dict[str, str]]) -> NoReturn:
    """In the fork, which is not in the server's way when it is stuck: it has none of its pipes."""
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        os.dup2(writing, PIPE)
        os.closerange(3, MOST_FILES)
        os.write(PIPE, msgspec.json.encode(look()))
    finally:
        os._exit(0)


def heard(pipe: int, until: float) -> bytes:
    said = b""
    while select.select([pipe], [], [], max(0.0, until - monotonic()))[0]:
        if not (more := os.read(pipe, BLOCK)):
            return said
        said += more
    return b""
