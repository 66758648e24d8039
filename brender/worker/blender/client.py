"""One connection of `ask.py`, as the guard sees it: what it wants, and the way to answer.

How does this work?  A request is words with zero bytes between them and a line end; the answer is lines of text,
then a zero byte and the exit code.  A client that has gone is no error: the guard's loop hears of that by itself.
"""

from __future__ import annotations

import contextlib
import socket
from typing import Any


class Client:
    """One connection of `ask.py`: what it wants, and the way to answer."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        connection.settimeout(5.0)
        request = b""
        while not request.endswith(b"\n"):
            data = connection.recv(4096)
            if not data:
                break
            request += data
        self.words = request.rstrip(b"\n").decode("utf-8", "surrogateescape").split("\0")
        connection.settimeout(None)

    def is_gone(self) -> bool:
        try:
            return not self.connection.recv(4096, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True

    def say(self, *lines: str) -> None:
        text = "".join(line.replace("\0", "\\x00") + "\n" for line in lines)
        with contextlib.suppress(OSError):  # it may be gone; the loop hears of that
            self.connection.sendall(text.encode("utf-8", "surrogateescape"))

    def finish(self, code: int) -> None:
        with contextlib.suppress(OSError):
            self.connection.sendall(b"\0%d" % code)
        self.connection.close()


def done_lines(message: dict[str, Any], missing: int) -> list[str]:
    frame, files = message["frame"], message["files"]
    flagged = f", {missing} file{'s' if missing > 1 else ''} missing" if missing else ""
    if message.get("skipped"):
        return [f"openjd_status: Frame {frame} was there already and whole: skipped{flagged}"]
    shown = [f"brender_output: {path}" for path in files]  # the worker shows the frame to people
    rate = [f"brender_rate: {message['rate']:.6g}"] if message.get("rate") else []
    warned = [f"brender_warning: {warning}" for warning in message.get("warnings", ())]
    return [*warned, *shown, *rate, f"openjd_status: Frame {frame} in {message['seconds']:.2f} s{flagged}"]
