"""What a session says to the agent: its log in chunks, and words about its tasks.

How does this work?  `Voice` is a logging handler.  Lines are gathered and sent when there are `CHUNK`
characters of them, with the next word, or when `flush` is called; a task's log stops growing at
`MOST`, and says so.  Two kinds of lines are meant for the farm as well: `brender_warning: TEXT` and
`brender_output: PATH`.  Sending blocks while the agent does not read, and so, in the end, does the task.
"""

import logging
import socket
from threading import RLock

import msgspec
from openjd.sessions import LogContent

from brender.protocols.codec import encode
from brender.worker import words

CHUNK = 32_768  # characters
MOST = 64_000_000  # characters of log a task
MOST_STATUS = 500
WARNING, OUTPUT = "brender_warning:", "brender_output:"


class Voice(logging.Handler):
    def __init__(self, connection: socket.socket) -> None:
        super().__init__()
        self._connection = connection
        self._turn = RLock()
        self._lines: list[str] = []
        self._gathered = 0
        self._room = MOST
        self._outputs: list[str] = []
        self._told: tuple[float | None, str] = (None, "")
        self.last_line = ""  # that the task printed; says why, where nothing better does

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if getattr(record, "openjd_log_content", None) == LogContent.COMMAND_OUTPUT:
            self._look_at(text)
        with self._turn:
            self._gather(text + "\n")

    def begin(self, started: words.Started) -> None:
        """A task begins: a log of its own."""
        with self._turn:
            self._room = MOST
            self.last_line = ""
            self.say(started)

    def say(self, word: msgspec.Struct) -> None:
        with self._turn:
            self._send(self._taken() + encode(word))

    def progress(self, percent: float | None, status: str) -> None:
        told = (percent, status[:MOST_STATUS])
        if told not in {self._told, (None, "")}:
            self._told = told
            self.say(words.Progress(*told))

    def flush(self) -> None:
        with self._turn:
            if self._lines:
                self._send(self._taken())

    def take_outputs(self) -> list[str]:
        taken, self._outputs = self._outputs, []
        return taken

    def _look_at(self, line: str) -> None:
        if line.startswith(WARNING):
            self.say(words.Warned(line[len(WARNING) :].strip()[:MOST_STATUS]))
        elif line.startswith(OUTPUT):
            self._outputs.append(line[len(OUTPUT) :].strip())
        elif line.strip() and not line.startswith("openjd_"):
            self.last_line = line.strip()[:MOST_STATUS]

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
        text = "".join(self._lines)
        self._lines.clear()
        self._gathered = 0
        return b"".join(encode(words.Said(text[at : at + CHUNK])) for at in range(0, len(text), CHUNK))

    def _send(self, data: bytes) -> None:
        if data:
            self._connection.sendall(data)
