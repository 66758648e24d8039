"""Processes that a command has started, and that do not outlive it.

How does this work?  Each child leads a session of its own, so that Ctrl-C reaches only the command, which then
ends its children in an order: asked to leave, asked again, and after a few seconds their whole
group is killed.  On Linux the kernel asks them to leave when the command itself is killed.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from brender.client.errors import Failed

LAST_LINES = 15
PATIENCE = 8.0  # seconds until a child that was asked to leave is killed
PR_SET_PDEATHSIG = 1


class Child:
    def __init__(self, name: str, words: Sequence[str], log: Path) -> None:
        self.name = name
        self.log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=end_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 (no threads yet)
            )

    def check(self) -> None:
        """Raise when it has ended by itself."""
        code = self.process.poll()
        if code is not None:
            lines = [f"The {self.name} has ended by itself (exit code {code}). Its last lines, from {self.log}:"]
            raise Failed("\n".join([*lines, *last_lines(self.log)]), code="ended")

    def ask_to_leave(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def kill_group(self) -> None:
        """Whatever is left of it and of what it started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Children:
    """All of them; ended when the block ends, newest first."""

    def __init__(self) -> None:
        self._children: list[Child] = []

    def __enter__(self) -> "Children":
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def start(self, name: str, words: Sequence[str], log: Path, core: int | None = None) -> Child:
        """Start a program; `core` is the only one of the processor's that it may use."""
        child = Child(name, words, log)
        if core is not None and hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(child.process.pid, {core})
        self._children.append(child)
        return child

    def check(self) -> None:
        for child in self._children:
            child.check()

    def end(self) -> None:
        children, self._children = self._children[::-1], []
        try:
            for _ in range(2):  # a worker that is asked twice does not wait for its tasks
                for child in children:
                    child.ask_to_leave()
                time.sleep(0.1)
            deadline = time.monotonic() + PATIENCE
            for child in children:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.process.wait(max(0.0, deadline - time.monotonic()))
        finally:
            for child in children:
                child.kill_group()


def end_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def last_lines(log: Path, most: int = LAST_LINES) -> list[str]:
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 64 * 1024))
        return file.read().decode("utf-8", "replace").splitlines()[-most:]
