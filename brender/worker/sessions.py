"""Sessions as the agent sees them: a connection to the nursery each.

How does this work?  `Cradle` starts the nursery's program when the first session is wanted, or when the
last one has died (what that one left behind is ended, in a thread), and connects to its socket once for every
session (`open`); what is said before the connection stands waits in order.  A nursery that dies before it is ready is
followed by another one, a few times (`PAUSES`); then there is a sentence.  `SessionProtocol` turns the session's
words into calls of the `Use` that the agent keeps for it.  Log chunks carry no order: they belong to the task
that was started last.
"""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from time import sleep
from typing import Any

import msgspec
import psutil
from twisted.internet.defer import Deferred, gatherResults, succeed
from twisted.internet.endpoints import UNIXClientEndpoint
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import Factory, ProcessProtocol, Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure

import brender
from brender.farm.client import Machine
from brender.farm.settings import Rule
from brender.protocols import messages as say
from brender.protocols.codec import Decoder, encode
from brender.worker.disk import leftovers
from brender.worker.held import Use
from brender.worker.machine.graphics import seen
from brender.worker.machine.identity import cores
from brender.worker.session import words
from brender.worker.session.surroundings import Limits, clean

MOST_LINE = 2**22
PROGRAMS = Path(__file__).with_name("blender")
ROOT = Path(brender.__file__).parent.parent
NURSERY = "from brender.worker.session.nursery import main; main(*sys.argv[2:])"
PROGRAM = f"import sys; sys.path.insert(0, sys.argv[1]); {NURSERY}"
END_WITHIN = 15.0  # seconds for the nursery to tidy up
SHOWN_WITHIN = 65.0  # seconds for a picture
PAUSES = (0.1, 0.3, 1.0, 3.0)  # seconds before the next nursery, when one has died before it was ready
UNEXPECTED = "The session's process ended unexpectedly (often because the machine ran out of memory)."


class SessionProtocol(Protocol):
    log = Logger()
    transport: Any  # a unix socket's; Twisted declares less than it can do

    def __init__(self, use: Use) -> None:
        self._use = use
        self.nursery: Born | None = None  # that it was, or is to be, forked from
        self._decoder: Decoder[words.FromSession] = Decoder(words.FromSession, MOST_LINE)
        self._task: tuple[int, int] | None = None
        self._unheard: list[Any] = []  # what it was told before it has said anything
        self._spoke = False
        self._connected = False
        self._held = False
        self.when_mute: Callable[[], bool] = lambda: False  # its connection ended before it spoke: is it opened anew?

    # --- the agent's `Opened`

    def run(self, order: int, task: say.Task, attempt: int, limits: say.Limits) -> None:
        self.say(words.Run(order, task.index, attempt, task.parameters, limits, task.count))

    def stop(self, order: int, task: int, within: float | None = None) -> None:
        self.say(words.Stop(order, task, within))

    def take_back(self, order: int, task: int) -> None:
        self.say(words.TakeBack(order, task))

    def close(self) -> None:
        self.say(words.Close())

    def hold(self, wait: bool) -> None:
        self._held = wait
        if self.transport:
            self.transport.pauseProducing() if wait else self.transport.resumeProducing()

    def say(self, word: Any) -> None:
        if not self._spoke:
            self._unheard.append(word)
        if self._connected:
            self.transport.write(encode(word))

    # --- the session's words

    def connectionMade(self) -> None:
        self._connected = True
        for word in self._unheard:
            self.transport.write(encode(word))
        if self._held:
            self.hold(True)

    def dataReceived(self, data: bytes) -> None:
        self._spoke = True
        self._unheard.clear()
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
                ended = (word.outcome, word.message, word.seconds, word.cause, word.peak)
                self._use.ended(say.Result(word.order, word.task, *ended), word.outputs, word.rate)
            case words.TakenBack():
                self._use.taken_back(word.order, word.task)
            case words.Broken(reason, cause):
                self._use.broken(reason, cause)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._connected = False
        if self._spoke or not self.when_mute():
            self._use.gone(UNEXPECTED)


class Showing(Protocol):
    """A connection on which a picture is asked for."""

    log = Logger()
    transport: Any

    def __init__(self, word: words.Show) -> None:
        self.nursery: Born | None = None
        self._word = word
        self._decoder: Decoder[words.FromSession] = Decoder(words.FromSession, MOST_LINE)
        self.shown: Deferred[bytes | None] = Deferred(lambda _: self.transport.abortConnection())

    def connectionMade(self) -> None:
        self.transport.write(encode(self._word))

    def dataReceived(self, data: bytes) -> None:
        for word in self._decoder.feed(data):
            if isinstance(word, words.Shown) and not self.shown.called:
                self.shown.callback(word.jpeg)
            elif isinstance(word, words.Broken):
                self.log.warn("No picture can be made: {reason}", reason=word.reason)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if not self.shown.called:
            self.shown.callback(None)


class NoNursery(Exception):
    """Sessions cannot be opened on this machine; the message says why."""


class Born(ProcessProtocol):
    """The nursery's process, from its start to its end."""

    transport: Any

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="brender-"))  # of its socket, whose path has to be short
        self.wanted = True  # nobody has asked it to end
        self.pid = 0
        self.ready: Deferred[None] = Deferred()
        self.over: Deferred[None] = Deferred()

    def outReceived(self, data: bytes) -> None:
        if not self.ready.called:
            self.ready.callback(None)

    def processEnded(self, reason: Failure) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.over.callback(None)
        if not self.ready.called:
            self.ready.errback(reason)


class Cradle:
    """Opens sessions in the nursery."""

    log = Logger()

    def __init__(
        self,
        reactor: Any,
        scratch: Path,
        machine: Machine,
        in_thread: Callable[..., "Deferred[Any]"],
        keep: bool = False,
        pass_on: Sequence[str] = (),
        limits: Limits = Limits(),  # noqa: B008 (frozen)
        run_as: str = "",
        mapping: Sequence[words.Mapping] = (),
    ) -> None:
        self._mapping = list(mapping)  # of paths that jobs have from other machines
        self._run_as = run_as  # the account that tasks run as, or "owner"; nothing: as this process
        self._pass_on = pass_on  # variables that tasks get although they look like secrets
        self._limits = limits
        self._reactor = reactor
        self._in_thread = in_thread
        self._scratch = scratch
        self._machine = machine
        self._keep = keep  # folders of sessions in which something has failed
        self._born: Born | None = None  # the one that new sessions are forked from
        self._alive: set[Born] = set()
        self._wanted: list[Deferred[None]] = []
        self._stillborn = 0  # nurseries in a row that died before they were ready
        self._again: IDelayedCall | None = None  # when the next one is tried

    @property
    def pid(self) -> int:
        """The nursery's process, 0 when there is none."""
        return int(self._born.transport.pid or 0) if self._born else 0

    def start(self) -> Deferred[None]:
        """Fires when sessions can be opened; fails when the nursery cannot be started."""
        if self._born is None:
            if self._again is None:
                self._begin()
        elif self._born.ready.called and not self._wanted:
            return succeed(None)
        self._wanted.append(Deferred())
        return self._wanted[-1]

    def stop(self) -> "Deferred[Any]":
        """Fires when nothing of any session is left."""
        if self._again:
            self._again.cancel()
            self._again = None
        return gatherResults([self._end(born) for born in self._alive])

    def _end(self, born: Born) -> "Deferred[None]":
        born.wanted = False
        ended: Deferred[None] = Deferred()
        late = self._reactor.callLater(END_WITHIN, born.transport.signalProcess, "KILL")
        born.over.addCallback(lambda _: late.cancel() if late.active() else None)
        born.over.addCallback(ended.callback)
        born.transport.closeStdin()
        return ended

    def _begin(self) -> None:
        self._again = None
        born = self._born = Born()
        born.ready.addCallbacks(lambda _: self._ready(), lambda failure: self._not_ready(born, failure))
        born.over.addCallback(lambda _: self._ended(born))
        # Not with -m: that would look for modules in the working folder, whatever lies there.
        limits = msgspec.json.encode(self._limits).decode()
        given = [str(ROOT), f"{born.folder}/nursery", str(self._sessions), "keep" if self._keep else "", limits]
        given += [self._run_as]
        command = [sys.executable, "-P", "-c", PROGRAM, *given]
        environment = {**clean(os.environ, self._pass_on), **leftovers.names(self._scratch, born.folder)}
        leftovers.remember_socket(self._scratch, born.folder)
        try:
            self._reactor.spawnProcess(born, command[0], command, environment, childFDs={0: "w", 1: "r", 2: 2})
            born.pid = born.transport.pid
            self._alive.add(born)
        except OSError:  # no process more may be started on this machine
            self._reactor.callLater(0, born.processEnded, Failure())

    @property
    def _sessions(self) -> Path:
        return self._scratch / leftovers.SESSIONS

    def _ready(self) -> None:
        self._stillborn = 0
        wanted, self._wanted = self._wanted, []
        for each in wanted:
            each.callback(None)

    def _not_ready(self, born: Born, failure: Failure) -> None:
        """It may have been killed, or there was no memory for a moment: another one is started, after a pause."""
        if not born.wanted:
            return
        self._stillborn += 1
        why = failure.getErrorMessage().rstrip(".")
        if self._stillborn <= len(PAUSES):
            self.log.warn("The nursery died as it started ({why}); another one is started", why=why)
            self._again = self._reactor.callLater(PAUSES[self._stillborn - 1], self._begin)
        else:
            self._give_up(why)

    def _give_up(self, why: str) -> None:
        reason = (
            f"The nursery, from which sessions are forked, died {self._stillborn} times as it started ({why}). See "
            "what it said last, and whether this machine has memory and processes to spare."
        )
        self._stillborn = 0
        wanted, self._wanted = self._wanted, []
        for each in wanted:
            each.errback(NoNursery(reason))

    def _ended(self, born: Born) -> None:
        """It was asked to, or it has died: then the next session needs another one."""
        self._alive.discard(born)
        leftovers.forget_socket(self._scratch, born.folder)
        if self._born is born:
            self._born = None
        if born.wanted:
            clearing = self._in_thread(leftovers.clear_nursery, self._scratch, born.folder, born.pid)
            clearing.addErrback(lambda failure: self.log.failure("Leftovers of a nursery are not cleared", failure))

    def open(self, job: say.Job, use: Use, rules: Sequence[Rule]) -> SessionProtocol:
        protocol = SessionProtocol(use)
        environment = {**self._environment(use), "BRENDER_SCRIPTS": "allow" if job.scripts else "forbid"}
        about = (job.name, job.template, job.values, use.step)
        protocol.say(words.Open(*about, environment, list(rules), job.limits, job.job, job.owner, self._mapping))
        protocol.when_mute = lambda: self._mute(protocol, use)
        opening = self.start()
        opening.addCallback(lambda _: self._connect(protocol))
        opening.addErrback(lambda failure: failure if failure.check(NoNursery) else self._open_anew(protocol))
        opening.addErrback(self._cannot, use)
        return protocol

    def picture(self, paths: Sequence[str], owner: str) -> "Deferred[bytes | None]":
        """A small picture of one of a task's files, by a process that may look at no more than the task."""
        showing = Showing(words.Show(owner, list(paths)))
        starting: Deferred[Any] = self.start()
        starting.addCallback(lambda _: self._connect(showing))
        starting.addCallback(lambda _: showing.shown.addTimeout(SHOWN_WITHIN, self._reactor))
        return starting

    def _mute(self, protocol: SessionProtocol, use: Use) -> bool:
        """A nursery that is killed may take a connection with its last breath; nobody has begun anything there."""
        protocol.when_mute = lambda: False  # once
        born = protocol.nursery
        if born is None or not is_over(born.pid):
            return False
        self._open_anew(protocol).addErrback(self._cannot, use)
        return True

    def _open_anew(self, protocol: SessionProtocol) -> "Deferred[Any]":
        """The nursery has just died, and its end was not told yet: in another one, then, the same for all."""
        if self._born is protocol.nursery:
            self._born = None
        return self.start().addCallback(lambda _: self._connect(protocol))

    def _connect(self, protocol: "SessionProtocol | Showing") -> "Deferred[Any]":
        assert self._born is not None
        protocol.nursery = self._born
        endpoint = UNIXClientEndpoint(self._reactor, f"{self._born.folder}/nursery")
        factory = Factory.forProtocol(lambda: protocol)
        factory.noisy = False
        connecting: Deferred[Any] = endpoint.connect(factory)
        return connecting

    def _cannot(self, failure: Failure, use: Use) -> None:
        use.broken(f"A session could not be started on this machine: {failure.getErrorMessage()}")
        use.gone(UNEXPECTED)

    def _environment(self, use: Use) -> dict[str, str]:
        """What tasks may read of their machine, besides the worker's own environment."""
        blenders = [{"version": b.version, "kind": b.kind, "path": b.path} for b in self._machine.blenders]
        return {
            "BRENDER_PYTHON": sys.executable,
            "BRENDER_BLENDER_PROGRAMS": str(PROGRAMS),
            "BRENDER_BLENDER": json.dumps(blenders),
            "BRENDER_SLOTS": str(use.need.slots),
            **share_of(use.need.slots, self._machine.slots),
            **(seen(use.cards) if self._machine.gpus else {}),
        }


def is_over(pid: int) -> bool:
    """Whether a process has ended, or is about to: one that has been killed closes its connections first."""
    for _ in range(20):
        try:
            if psutil.Process(pid).status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):
                return True
        except psutil.NoSuchProcess:
            return True
        sleep(0.005)
    return False


def share_of(slots: int, of: int) -> dict[str, str]:
    """The threads that a session may use beside others; nothing is said to one that has the whole machine."""
    return {"BRENDER_THREADS": str(max(1, cores() * slots // of))} if slots < of else {}
