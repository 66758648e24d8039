"""Sessions as the agent sees them: a connection to the nursery each.

How does this work?  `Cradle` starts the nursery's program and connects to its socket once for every
session (`open`); what is said before the connection stands waits in order.  `SessionProtocol` turns
the session's words into calls of the `Use` that the agent keeps for it.  Log chunks carry no order: they
belong to the task that was started last.
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import UNIXClientEndpoint
from twisted.internet.error import ConnectError
from twisted.internet.protocol import Factory, ProcessProtocol, Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure

from brender.farm.client import Machine
from brender.protocols import messages as say
from brender.protocols.codec import Decoder, encode
from brender.worker import words
from brender.worker.agent import Use

MOST_LINE = 2**22
PROGRAMS = Path(__file__).with_name("blender")


class SessionProtocol(Protocol):
    log = Logger()

    def __init__(self, use: Use) -> None:
        self._use = use
        self._decoder: Decoder[words.FromSession] = Decoder(words.FromSession, MOST_LINE)
        self._task: tuple[int, int] | None = None
        self._early: list[Any] = []
        self._asked_to_close = False

    # --- the agent's `Opened`

    def run(self, order: int, task: int, attempt: int, parameters: dict[str, str]) -> None:
        self.say(words.Run(order, task, attempt, parameters))

    def stop(self, order: int, task: int) -> None:
        self.say(words.Stop(order, task))

    def close(self) -> None:
        self._asked_to_close = True
        self.say(words.Close())

    def say(self, word: Any) -> None:
        if self.transport:
            self.transport.write(encode(word))
        else:
            self._early.append(word)

    # --- the session's words

    def connectionMade(self) -> None:
        early, self._early = self._early, []
        for word in early:
            self.say(word)

    def dataReceived(self, data: bytes) -> None:
        for word in self._decoder.feed(data):
            self._heard(word)

    def _heard(self, word: words.FromSession) -> None:
        order, task = self._task or (None, None)
        match word:
            case words.Started():
                self._task = (word.order, word.task)
                self._use.started(word.order, word.task)
            case words.Said(text):
                self._use.said(text, order, task)
            case words.Progress(percent, status) if self._task:
                self._use.progressed(*self._task, percent, status)
            case words.Warned(text) if self._task:
                self._use.warned(*self._task, text)
            case words.Ended():
                result = say.Result(word.order, word.task, word.outcome, word.message, word.seconds)
                self._use.ended(result, word.outputs)
            case words.Broken(reason):
                self._use.broken(reason)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._use.gone("The session's process ended unexpectedly (often because the machine ran out of memory).")


class Cradle(ProcessProtocol):
    """Starts the nursery and opens sessions in it."""

    log = Logger()

    def __init__(self, reactor: Any, scratch: Path, machine: Machine) -> None:
        self._reactor = reactor
        self._scratch = scratch
        self._machine = machine
        self._socket = scratch / f"nursery-{os.getpid()}"
        self._ready: Deferred[None] | None = None
        self._said = b""
        self.pid = 0

    def start(self) -> Deferred[None]:
        """Fires when sessions can be opened."""
        self._ready = Deferred()
        command = [sys.executable, "-m", "brender.worker.nursery", str(self._socket)]
        process = self._reactor.spawnProcess(self, command[0], command, os.environ, childFDs={0: "w", 1: "r", 2: 2})
        self.pid = process.pid
        return self._ready

    def stop(self) -> None:
        if self.transport:
            self.transport.loseConnection()

    def outReceived(self, data: bytes) -> None:
        if self._ready and not self._ready.called:
            self._ready.callback(None)

    def processEnded(self, reason: Failure) -> None:
        if self._ready and not self._ready.called:
            self._ready.errback(reason)

    def open(self, job: say.Job, step: str, slots: int, use: Use) -> SessionProtocol:
        protocol = SessionProtocol(use)
        protocol.say(words.Open(job.name, job.template, job.values, step, str(self._scratch), self._environment(slots)))
        endpoint = UNIXClientEndpoint(self._reactor, str(self._socket))
        connecting = endpoint.connect(Factory.forProtocol(lambda: protocol))
        connecting.addErrback(self._cannot, use)
        return protocol

    def _cannot(self, failure: Failure, use: Use) -> None:
        failure.trap(ConnectError)
        use.broken(f"A session could not be started on this machine: {failure.getErrorMessage()}")

    def _environment(self, slots: int) -> dict[str, str]:
        """What tasks may read of their machine, besides the worker's own environment."""
        blenders = [{"version": b.version, "kind": b.kind, "path": b.path} for b in self._machine.blenders]
        return {
            **os.environ,
            "BRENDER_PYTHON": sys.executable,
            "BRENDER_BLENDER_PROGRAMS": str(PROGRAMS),
            "BRENDER_BLENDER": json.dumps(blenders),
            "BRENDER_SLOTS": str(slots),
        }


Opener = Callable[[say.Job, str, int, Use], SessionProtocol]
