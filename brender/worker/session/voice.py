"""What a session says to the agent: its log in chunks, and words about its tasks.

How does this work?  `Voice` is a logging handler.  Lines are gathered and sent when there are `CHUNK`
characters of them, with the next word, or when `flush` is called; a task's log stops growing at
`MOST`, and says so.  Three kinds of lines are meant for the farm as well: `brender_warning: TEXT`,
`brender_output: PATH` and `brender_rate: FRAMES-A-SECOND`.  What the agent does not take at once a thread of its own
sends; while the agent does not read, it is the task's output that waits, and so in the end the task, but never who
wants to end it.
"""

import logging
import socket
from collections import deque
from contextlib import suppress
from threading import Condition, Thread

import msgspec
from openjd.sessions import LogContent

from brender.protocols.codec import encode
from brender.worker.session import words
from brender.worker.session.conduct import Conduct

CHUNK = 32_768  # characters
MOST = 64_000_000  # characters of log a task
MOST_UNSENT = 1_000_000  # bytes that wait for the agent before output waits too
MOST_STATUS = 500
MOST_WARNINGS = 50  # of a task
KEPT_LINES = 20  # the last ones that a task has printed
MOST_OUTPUTS = 1000  # files of a task
FASTEST = 1000.0  # frames a second
WARNING, OUTPUT, RATE = "brender_warning:", "brender_output:", "brender_rate:"


class Voice(logging.Handler):
    def __init__(self, connection: socket.socket) -> None:
        super().__init__()
        self._connection = connection
        self._turn = Condition()
        self._unsent: deque[bytes] = deque()
        self._waiting = 0  # bytes in `_unsent` or being sent
        self._silent = False  # the agent is gone
        self._lines: list[str] = []
        self._gathered = 0
        self._room = MOST
        self._warnings = 0
        self._outputs: list[str] = []
        self._rate = 0.0
        self._told: tuple[float | None, str] = (None, "")
        self.last_lines: deque[str] = deque(maxlen=KEPT_LINES)  # that the task printed
        self.conduct: Conduct | None = None  # hears what the task prints
        Thread(target=self._send, daemon=True).start()

    def handle(self, record: logging.LogRecord) -> bool:
        """Without a handler's lock: who waits in `emit` must not keep others from it."""
        self.emit(record)
        return True

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        printed = getattr(record, "openjd_log_content", None) == LogContent.COMMAND_OUTPUT
        unended = getattr(record, "unended", False)
        if printed and self.conduct:
            self.conduct.printed(text, unended)
        with self._turn:
            if printed:
                self._look_at(text)
            self._gather(text if unended else text + "\n")
            while printed and self.overfull:
                self._turn.wait()

    @property
    def overfull(self) -> bool:
        """The agent does not read: the task's output waits, and so does the task."""
        return self._waiting > MOST_UNSENT and not self._silent

    def begin(self, started: words.Started) -> None:
        """A task begins: a log of its own."""
        with self._turn:
            self.say(started)
            self._room, self._warnings = MOST, 0
            self._told = (None, "")
            self.last_lines.clear()

    def say(self, word: msgspec.Struct) -> None:
        with self._turn:
            self._queue(self._taken() + encode(word))

    def remark(self, text: str) -> None:
        """A line of ours in the task's log."""
        with self._turn:
            self._gather(text + "\n")

    def progress(self, percent: float | None, status: str) -> None:
        told = (percent, readable(status)[:MOST_STATUS])
        with self._turn:
            if told not in {self._told, (None, "")}:
                self._told = told
                self.say(words.Progress(*told))

    def flush(self) -> None:
        with self._turn:
            if self._lines:
                self._queue(self._taken())

    def finish(self) -> None:
        """Return when all is sent, or nobody listens any more."""
        self.flush()
        with self._turn:
            self._turn.wait_for(lambda: self._silent or not self._waiting)

    def take_outputs(self) -> list[str]:
        taken, self._outputs = self._outputs, []
        return taken

    def take_rate(self) -> float:
        """Frames a second, as the task has said it; else 0."""
        taken, self._rate = self._rate, 0.0
        return taken

    def _look_at(self, text: str) -> None:
        if text.startswith(WARNING):
            self._warn(text[len(WARNING) :].strip()[:MOST_STATUS])
        elif text.startswith(OUTPUT):
            if len(self._outputs) < MOST_OUTPUTS:
                self._outputs.append(text[len(OUTPUT) :].strip())
        elif text.startswith(RATE):
            self._rate = rate_in(text[len(RATE) :])
        elif not text.startswith("openjd_"):
            lines = (line.strip() for line in text.rstrip().rsplit("\n", KEPT_LINES)[-KEPT_LINES:])
            self.last_lines.extend(line[:MOST_STATUS] for line in lines if line)

    def _warn(self, text: str) -> None:
        self._warnings += 1
        if self._warnings <= MOST_WARNINGS:
            self.say(words.Warned(text))

    def _gather(self, text: str) -> None:
        if self._room <= 0:
            return
        self._room -= len(text)
        self._gathered += len(text)
        self._lines.append(text)
        if self._room <= 0:
            self._lines.append("[The task printed more than its log may hold; the rest was not kept.]\n")
        if self._gathered >= CHUNK:
            self.flush()

    def _taken(self) -> bytes:
        """What was gathered, as words; long lines make several."""
        text = readable("".join(self._lines))
        self._lines.clear()
        self._gathered = 0
        return b"".join(encode(words.Said(text[at : at + CHUNK])) for at in range(0, len(text), CHUNK))

    def _queue(self, data: bytes) -> None:
        if data and not self._waiting:
            data = data[self._sent_at_once(data) :]
        if data and not self._silent:
            self._unsent.append(data)
            self._waiting += len(data)
            self._turn.notify_all()

    def _sent_at_once(self, data: bytes) -> int:
        """How much of it the agent could be given without waiting, and was."""
        try:
            return 0 if self._silent else self._connection.send(data, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return 0
        except OSError:
            self._silent = True
            return 0

    def _send(self) -> None:
        """The thread that sends what is left over, as long as somebody listens."""
        while not self._silent:
            with self._turn:
                self._turn.wait_for(lambda: self._unsent)
                data = b"".join(self._unsent)
                self._unsent.clear()
            try:
                self._connection.sendall(data)
            except OSError:
                self._silent = True
            with self._turn:
                self._waiting -= len(data)
                self._turn.notify_all()


def rate_in(text: str) -> float:
    """Frames a second; 0 for what cannot be that."""
    with suppress(ValueError):
        return rate if 0 < (rate := float(text)) <= FASTEST else 0.0
    return 0.0


def readable(text: str) -> str:
    """The same, with what cannot be UTF-8 (half a surrogate pair, from a file's name) written out."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()
