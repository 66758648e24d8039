"""The guard: keeps one Blender open for a session, and never lets it outlive what it is for.

How does this work?  One loop waits on the socket's clients (`ask.py`, one at a time), on Blender's messages,
output and death, and on the death of the session's process.  A client's request starts Blender if there is none,
waits for `loaded`, then sends `render`; what comes back is turned into OpenJD's lines for the client.  A client
that goes away in mid-frame ends Blender, because only a dead Blender surely stops rendering; the next request
starts another.  The guard ends when it is asked to, when its session's process ends, or when its folder goes.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import shutil
import signal
import socket
import sys
import time
import traceback
from collections import deque
from typing import Any, NoReturn

from brender.worker.blender import ask, crash, progress
from brender.worker.blender.child import Child
from brender.worker.blender.client import Client, done_lines
from brender.worker.blender.installed import Blender
from brender.worker.blender.settings import Settings

PATIENCE = 5.0  # seconds between two looks at whether the session's folder is still there
TELL_EVERY = 0.5  # seconds between two lines about progress
SHOWN_WARNINGS = 20
MOST_FRAMES = int(os.environ.get("BRENDER_BLENDER_FRAMES") or 1000)  # then a fresh Blender, against leaks
MOST_GROWTH = 1.5  # of the memory after its first frame, once it has more than half of the machine's
CANCELED = 143


class Guard:
    def __init__(self, asked: Settings, blender: Blender, listener: socket.socket, session: int) -> None:
        self._asked, self._blender, self._listener = asked, blender, listener
        self._events = selectors.DefaultSelector()
        self._events.register(listener, selectors.EVENT_READ, self._accept)
        self._events.register(os.pidfd_open(session), selectors.EVENT_READ, self._stop)
        self._client: Client | None = None
        self._queue: deque[Client] = deque()
        self._child: Child | None = None
        self._loaded: dict[str, Any] | None = None
        self._unsaid: deque[str] = deque(maxlen=200)  # lines that came while nobody was listening
        self._frames, self._first_memory, self._told, self._over = 0, 0, 0.0, False
        self._untold = ""  # the newest line of statistics that the client has not been told
        self._folders: list[str] = []

    def run(self) -> None:
        try:
            while not self._over:
                for key, _ in self._events.select(TELL_EVERY if self._untold else PATIENCE):
                    key.data()
                self._tell_progress()
                self._over = self._over or not os.path.exists(ask.SOCKET)
        finally:
            self._end_blender()

    def _stop(self) -> None:
        self._over = True

    # -- clients

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        with contextlib.suppress(OSError):  # one that said nothing for five seconds
            self._queue.append(Client(connection))
        self._next_client()

    def _next_client(self) -> None:
        if self._client is not None or not self._queue:
            return
        client = self._client = self._queue.popleft()
        self._events.register(client.connection, selectors.EVENT_READ, self._client_went)
        client.say(*self._unsaid)
        self._unsaid.clear()
        if client.words[0] == "quit":
            self._quit()
        elif self._loaded is None:
            self._start_blender()
        else:
            self._go_on()

    def _finish(self, code: int, *lines: str) -> None:
        client, self._client = self._client, None
        if client is not None:
            self._events.unregister(client.connection)
            client.say(*lines)
            client.finish(code)
        self._next_client()

    def _say(self, *lines: str) -> None:
        if self._client is None:
            self._unsaid.extend(lines)
        else:
            self._client.say(*lines)

    def _client_went(self) -> None:
        """It closed its end, by SIGTERM or by dying: whatever it asked for is to stop now."""
        if self._client is None or not self._client.is_gone():
            return
        self._end_blender()
        self._finish(CANCELED, "Canceled: Blender has been ended, and no unfinished file was left.")

    def _quit(self) -> None:
        self._end_blender()
        self._over = True
        self._finish(0)

    # -- Blender

    def _start_blender(self) -> None:
        if self._child is not None:  # it is still opening the scene
            return
        self._say(f"Starting Blender {self._blender.version} ({self._blender.path}).")
        self._frames = 0
        try:
            self._child = Child(self._blender, self._asked.scripts)
        except OSError as error:
            self._finish(1, f"openjd_fail: Blender cannot be started from {self._blender.path}: {error.strerror}.")
            return
        self._events.register(self._child.control, selectors.EVENT_READ, self._hear)
        self._events.register(self._child.output, selectors.EVENT_READ, self._read_output)
        self._events.register(self._child.alive, selectors.EVENT_READ, self._blender_died)
        self._child.send({"do": "load", "settings": self._asked._asdict()})

    def _go_on(self) -> None:
        """Blender has the scene open: do what the client came for."""
        assert self._client is not None
        assert self._child is not None
        assert self._loaded is not None
        words = self._client.words
        if words[0] == "load":
            self._finish(0)
        elif words[0] == "render" and len(words) == 3 and words[1].lstrip("-").isdigit():
            self._say(*(f"brender_warning: {warning}" for warning in self._loaded["warnings"][:SHOWN_WARNINGS]))
            attempt = int(words[2]) if words[2].isdigit() else 1
            self._child.send({"do": "render", "frame": int(words[1]), "attempt": attempt})
        else:
            self._finish(2, f'openjd_fail: "{" ".join(words)}" is not a request; there are load, render FRAME, quit.')

    # Several things can happen in one turn, and the first may have ended what the next is about:
    # so each of the next three looks again before it acts.

    def _read_output(self) -> None:
        if self._child is None:
            return
        lines = self._child.lines()
        if not lines and self._child.wait(0):  # the end of its output: its death tells the rest
            self._events.unregister(self._child.output)
        self._pass_on(lines)

    def _pass_on(self, lines: list[str]) -> None:
        for line in lines:
            if line.startswith("Fra:"):
                self._untold = line
            else:  # only the guard itself speaks to OpenJD
                self._say(f" {line}" if line.startswith(("openjd_", "brender_")) else line)

    def _tell_progress(self) -> None:
        """The newest statistics, now and then: Blender gives many at once, and then none for a minute."""
        now = time.monotonic()
        if self._client is None or not self._untold or now - self._told < TELL_EVERY:
            return
        at = progress.read(self._untold)
        self._told, self._untold = now, ""
        left = "" if at.seconds_left is None else f", {progress.spoken(at.seconds_left)} left"
        self._say(f"openjd_progress: {at.percent:.1f}", f"openjd_status: {at.doing}{left}")

    def _hear(self) -> None:
        child = self._child
        for message in child.messages() if child is not None else ():
            if self._child is child:
                getattr(self, f"_on_{message['is']}")(message)

    def _on_folder(self, message: dict[str, Any]) -> None:
        self._folders.append(message["path"])

    def _on_loaded(self, message: dict[str, Any]) -> None:
        assert self._child is not None
        self._pass_on(self._child.lines())
        self._loaded = message
        self._say(*message["lines"], *(f"brender_warning: {warning}" for warning in message["warnings"]))
        if self._client is not None:
            self._go_on()

    def _on_started(self, message: dict[str, Any]) -> None:
        self._told, self._untold = time.monotonic(), ""

    def _on_progress(self, message: dict[str, Any]) -> None:
        self._untold = message["text"]

    def _on_refused(self, message: dict[str, Any]) -> None:
        """The scene could not be opened as asked: this Blender is of no use, and the sentence says why."""
        assert self._child is not None
        self._pass_on(self._child.lines())
        self._end_blender()
        self._finish(1, f"openjd_fail: {message['sentence']}")

    def _on_error(self, message: dict[str, Any]) -> None:
        assert self._child is not None
        self._pass_on(self._child.lines())
        self._finish(1, f"openjd_fail: {message['sentence']}")

    def _on_done(self, message: dict[str, Any]) -> None:
        assert self._child is not None
        self._pass_on(self._child.lines())
        self._frames += 1
        self._finish(0, *done_lines(message, self._loaded["missing"] if self._loaded else 0))
        self._recycle(message["memory"])

    def _recycle(self, memory: int) -> None:
        """A Blender that has grown much, or rendered many frames, is replaced before the next frame."""
        if self._frames == 1:
            self._first_memory = memory
        half = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2
        grown = memory > half and memory > MOST_GROWTH * self._first_memory
        if self._child is not None and (grown or self._frames >= MOST_FRAMES):
            self._end_blender()
            self._say(f"Blender was started afresh after {self._frames} frames.")
            self._start_blender()

    def _blender_died(self) -> None:
        child = self._child
        if child is None or not child.wait(0):
            return
        self._hear()  # a last word, such as `done`, that came before its death
        if self._child is not child:
            return
        self._pass_on(self._child.rest())
        self._say(*crash.lines(child.temporary))
        reason = self._forget_blender()
        if self._client is not None:
            during = f" (in frame {self._client.words[1]})" if self._client.words[0] == "render" else ""
            self._finish(1, f"openjd_fail: {reason}{during}")

    def _end_blender(self) -> None:
        if self._child is not None:
            self._child.end()
            self._pass_on(self._child.rest())
            self._forget_blender()

    def _forget_blender(self) -> str:
        """Let go of a dead Blender and remove its unfinished files; returns why it ended."""
        child, self._child, self._loaded = self._child, None, None
        assert child is not None
        for watched in (child.control, child.output, child.alive):
            with contextlib.suppress(KeyError):
                self._events.unregister(watched)
        for folder in self._folders:
            shutil.rmtree(folder, ignore_errors=True)
        self._folders.clear()
        return child.bury()


def become(asked: Settings, blender: Blender, listener: socket.socket, session: int) -> NoReturn:
    """Turn this forked process into the guard; never returns."""
    os.setsid()
    if os.fork():
        os._exit(0)
    log = os.open("guard.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.closerange(3, listener.fileno())
    os.closerange(listener.fileno() + 1, 1024)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(CANCELED))
    try:
        Guard(asked, blender, listener, session).run()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)
