"""The worker's own log, which never makes it wait.

How does this work?  Whoever reads what the worker prints (a terminal that was stopped, a pipe to a program
that hangs) may not keep it from working.  `Printer` is the file that the log is written to: a thread of
its own writes, and when it is more than `MOST` pieces behind, the newest are left out.  `open_streams` gives
a program that was started with its standard streams closed something to have in their place.
"""

import os
from queue import Empty, Full, Queue
from threading import Thread

MOST = 1000  # pieces that wait to be written
STREAMS = 3


class Printer:
    """As much of a text file as twisted's logging uses."""

    encoding = "utf-8"

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._pieces: Queue[str | None] = Queue(MOST)
        self._left_out = 0
        self._thread = Thread(target=self._write_all, daemon=True)
        self._thread.start()

    def write(self, text: str) -> int:
        try:
            if self._left_out:
                self._pieces.put_nowait(f"[{self._left_out} lines were left out: nobody read them.]\n")
                self._left_out = 0
            self._pieces.put_nowait(text)
        except Full:
            self._left_out += 1
        return len(text)

    def flush(self) -> None:
        """Nothing to do: the thread writes as it comes."""

    def close(self, within: float = 1.0) -> None:
        """Write what is left, if somebody reads it soon."""
        try:
            self._pieces.put_nowait(None)
        except Full:
            return
        self._thread.join(within)

    def _write_all(self) -> None:
        while (text := self._pieces.get()) is not None:
            data = text.encode("utf-8", "backslashreplace")
            try:
                while data:
                    data = data[os.write(self._descriptor, data) :]
            except OSError:
                self._drop()

    def _drop(self) -> None:
        """Nobody is there to read, or the disk is full: what waits is forgotten."""
        try:
            while self._pieces.get_nowait() is not None:
                pass
        except Empty:
            return
        self._pieces.put_nowait(None)


def open_streams() -> None:
    """Have something at 0, 1 and 2, so that no socket is given these numbers."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) < STREAMS:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
