"""Blender as a child process: started, spoken to, heard, ended.

How does this work?  A socket pair carries JSON lines both ways (`send`, `messages`); Blender's own output comes
through a pipe and is cut into lines (`lines`), of which the last 200 are remembered for the day it dies.  It
gets SIGKILL from the system as soon as its parent dies, and `end` sends SIGTERM and after two seconds SIGKILL to
its whole process group: SIGTERM ends Blender in mid-frame within hundredths of a second, SIGINT does not.  Its
temporary folder (`crash.py`) goes with it.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import select
import shutil
import signal
import socket
import subprocess
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from brender.worker.blender import crash, fate
from brender.worker.blender.installed import Blender

KEEPER = str(Path(__file__).with_name("keeper.py"))
PR_SET_PDEATHSIG = 1
REMEMBERED = 200
LONGEST = 8192  # bytes of one line; a longer one is cut into several
PIPE_SIZE = 1 << 20  # Blender can be chatty while the task's client is slow
GRACE = 2.0  # seconds between SIGTERM and SIGKILL


def dying_with_parent() -> Callable[[], None]:
    prctl = ctypes.CDLL(None).prctl  # looked up here: between fork and exec nothing may be imported
    return lambda: prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def whole_characters(data: bytes, most: int) -> int:
    """How much to take of longer data so that no character of UTF-8 is cut; it has four bytes at most."""
    return next((end for end in range(most, most - 4, -1) if data[end] & 0xC0 != 0x80), most)


class Lines:
    """Cuts bytes into lines, whatever size the pieces have."""

    def __init__(self) -> None:
        self._rest = b""

    def cut(self, data: bytes) -> list[bytes]:
        *whole, self._rest = (self._rest + data).replace(b"\r", b"\n").split(b"\n")
        while len(self._rest) > LONGEST:
            end = whole_characters(self._rest, LONGEST)
            whole.append(self._rest[:end])
            self._rest = self._rest[end:]
        return [line for line in whole if line]


class Child:
    def __init__(self, blender: Blender, scripts: bool) -> None:
        ours, theirs = socket.socketpair()
        theirs.set_inheritable(True)
        self._oom_before = fate.oom_kills()
        self.temporary = crash.folder()
        self.process = subprocess.Popen(
            blender.command(KEEPER, [str(theirs.fileno())], scripts),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "TMPDIR": self.temporary},
            pass_fds=[theirs.fileno()],
            start_new_session=True,
            preexec_fn=dying_with_parent(),  # noqa: PLW1509 (the guard has one thread)
        )
        theirs.close()
        self.control = ours
        self.alive = os.pidfd_open(self.process.pid)
        self.last: deque[str] = deque(maxlen=REMEMBERED)
        self._heard, self._said = b"", Lines()
        assert self.process.stdout is not None
        self.output = self.process.stdout.fileno()
        os.set_blocking(self.output, False)
        with contextlib.suppress(OSError):
            fcntl.fcntl(self.output, fcntl.F_SETPIPE_SZ, PIPE_SIZE)

    def send(self, message: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):  # a Blender that has just died is noticed by its pidfd
            self.control.sendall(json.dumps(message).encode() + b"\n")

    def messages(self) -> list[dict[str, Any]]:
        """What has come since, without waiting."""
        with contextlib.suppress(OSError):
            while data := self.control.recv(65536, socket.MSG_DONTWAIT):
                self._heard += data
        *whole, self._heard = self._heard.split(b"\n")
        return [json.loads(line) for line in whole]

    def lines(self) -> list[str]:
        """Whole lines that Blender has printed since, without waiting."""
        said: list[bytes] = []
        with contextlib.suppress(OSError):
            while data := os.read(self.output, 65536):
                said += self._said.cut(data)
        lines = [line.decode("utf-8", "backslashreplace") for line in said]
        self.last.extend(lines)
        return lines

    def rest(self) -> list[str]:
        """All that is still to be read from one that has died, an unfinished last line too."""
        lines = self.lines()
        unfinished = [line.decode("utf-8", "backslashreplace") for line in self._said.cut(b"\n")]
        self.last.extend(unfinished)
        return lines + unfinished

    def end(self) -> None:
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)
            if self.wait(GRACE):
                break
        with contextlib.suppress(ProcessLookupError):  # what it left behind in its group
            os.killpg(self.process.pid, signal.SIGKILL)

    def wait(self, seconds: float) -> bool:
        """Whether it has ended within that time."""
        return bool(select.select([self.alive], [], [], seconds)[0])

    def bury(self) -> str:
        """Take the dead process off the system's list, let go of everything, and say why it ended."""
        _, status = os.waitpid(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        os.close(self.alive)
        self.control.close()
        assert self.process.stdout is not None
        self.process.stdout.close()
        shutil.rmtree(self.temporary, ignore_errors=True)
        return fate.sentence(status, self.last, fate.oom_kills() > self._oom_before)
