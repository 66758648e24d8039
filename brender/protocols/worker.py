"""The server's side of a worker's connection.

How does this work?  `Conversation` is the state machine: it takes messages, tells the service, and is
the service's `Link`; it never sees a socket, only a `send` and a `close` that it was given.  Before the
greeting it accepts `Hello` and nothing else; while the service looks the client up, what follows
waits.  `WorkerProtocol` is the wire: bytes through the codec, a timeout for a greeting that does not
come and for a peer that has gone silent, pings, and pauses when the database is behind.
"""

from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import suppress
from typing import Any

import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime, ITCPTransport
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure

from brender.farm import job as farm_job
from brender.farm import order as farm_order
from brender.farm.client import RuntimeClient
from brender.farm.failures import log_rules
from brender.farm.interfaces import WorkerService
from brender.farm.machines.load import Figures
from brender.farm.people.joining import Unwelcome
from brender.farm.people.scripts import may_run_scripts
from brender.farm.transitions import NotNow
from brender.ports.strangers import Visit
from brender.protocols import messages as say
from brender.protocols.codec import MOST_FROM_WORKER, BadMessage, Decoder, encode
from brender.protocols.inbox import Inbox
from brender.protocols.papers import Gate, Papers

GREETING_WITHIN = 10.0  # seconds
LINGER = 1.0  # seconds that the last words to a silent peer may take
SILENT_BEATS = 3  # heartbeats without a word after which a worker counts as gone


TOLD: dict[type, Callable[[WorkerService, int, Any], None]] = {
    say.Started: lambda farm, client, m: farm.started(client, m.order, m.task),
    say.Result: lambda farm, client, m: farm.result(
        client, m.order, m.task, m.outcome, m.message, m.seconds, m.cause, m.peak
    ),
    say.Progress: lambda farm, client, m: farm.progressed(client, m.order, m.task, m.percent, m.status),
    say.Warned: lambda farm, client, m: farm.warned(client, m.order, m.task, m.text),
    say.Log: lambda farm, client, m: farm.logged(client, m.order, m.task, m.text),
    say.Picture: lambda farm, client, m: farm.pictured(client, m.job, m.task, m.jpeg, m.step, m.rate),
    say.Returned: lambda farm, client, m: farm.handed_back(client, m.order, m.tasks),
    say.Dropped: lambda farm, client, m: farm.dropped(client, m.order),
    say.Beat: lambda farm, client, m: farm.beat(client, m.load, figures_of(m)),
    say.Leaving: lambda farm, client, m: farm.leaving(client, m.off),
    say.Presence: lambda farm, client, m: farm.attended(client, m.here, m.idle, m.held),
    say.Stays: lambda farm, client, m: farm.stays(client, m.reason),
    say.Unwell: lambda farm, client, m: farm.unwell(client, m.reason),
}


class Conversation:
    """What is said on one connection, apart from the wire."""

    log = Logger()

    def __init__(
        self,
        service: WorkerService,
        send: Callable[[Any], None],
        close: Callable[[], None],
        hold: Callable[[bool], None],
        heartbeat: float,
        papers: Papers | None = None,
    ) -> None:
        self._service = service
        self._papers = papers or Papers(service, None, lambda: None)
        self._send = send
        self._close = close
        self.hold = hold  # stop reading from the worker, or go on
        self._heartbeat = heartbeat
        self._greeted = False
        self._waiting: list[Any] = []  # what came while the client was looked up
        self._told: dict[int, tuple[say.Limits, str, bool]] = {}  # jobs that the worker knows, with what may change
        self._knows: Sequence[str] = ()  # what it understands besides what version 1 began with
        self.client: int | None = None
        self.words = 0
        self.over = False

    # --- from the worker

    def heard(self, message: Any) -> None:
        if self.over:
            return
        self.words += 1
        if not self._greeted:
            self._greet(message)
        elif self.client is None:
            self._waiting.append(message)
        else:
            self._pass_on(self.client, message)

    def lost(self) -> None:
        self.over = True
        if self.client is not None:
            self._service.leave(self.client, self)

    def _greet(self, message: Any) -> None:
        if not isinstance(message, say.Hello | say.Join):
            self.refuse("The first line has to be a hello; see docs/protocol.md.")
        elif message.version != say.VERSION:
            self._refuse_version(message.version)
        elif isinstance(message, say.Join):
            self._greeted = True  # it is all that is said on this connection
            self._later(self._let_join(message))
        elif problem := self._papers.problem(message.machine.key):
            self.refuse(problem, again=False)
        else:
            self._greeted, self._knows = True, message.knows
            self._later(self._join(message))

    def _later(self, taking_in: Coroutine[Any, Any, None]) -> None:
        """Nothing is heard before it is known who speaks."""
        self.hold(True)
        Deferred.fromCoroutine(taking_in).addErrback(self._failed)

    async def _let_join(self, wanted: say.Join) -> None:
        try:
            answer = await self._papers.join(wanted)
        except NotNow as no:
            answer = say.Refused(str(no), again=not isinstance(no, Unwelcome))
        self.say(answer)
        self.over = True
        self._close()

    async def _renew(self, wanted: say.Renew) -> None:
        """What cannot be now is asked for again another day."""
        with suppress(NotNow):
            if answer := await self._papers.renew(wanted):
                self.say(answer)

    def misheard(self, bad: BadMessage) -> None:
        """Something came that is no message: in another version of the protocol it may be one."""
        version = say.VERSION if self._greeted else say.version_of(bad.line)
        if version != say.VERSION:
            self._refuse_version(version)
        else:
            self.refuse(str(bad))

    def _refuse_version(self, version: int) -> None:
        self._end(
            f"This server speaks version {say.VERSION} of the protocol and the worker version {version}: "
            "install the same brender on both.",
            again=False,
        )

    async def _join(self, hello: say.Hello) -> None:
        client = await self._service.join(hello.machine, hello.run, hello.held, self)
        if self.over and client:  # it went while it was looked up
            self._service.leave(client.id, self)
        waiting, self._waiting = self._waiting, []
        for message in waiting:
            self.heard(message)

    def _failed(self, failure: Failure) -> None:
        self.log.failure("A worker could not be taken in", failure)
        self.refuse(f"The server could not take the worker in: {failure.getErrorMessage()}")

    def _pass_on(self, client: int, message: Any) -> None:
        tell = TOLD.get(type(message))
        if isinstance(message, say.Renew):
            Deferred.fromCoroutine(self._renew(message)).addErrback(self._failed)
        elif tell is None:
            self.refuse(f"This message is not expected here: {type(message).__name__.lower()}.")
        else:
            tell(self._service, client, message)

    # --- to the worker: `farm.interfaces.Link`

    def say(self, message: msgspec.Struct) -> None:
        if not self.over:
            self._send(message)

    def ask(self) -> None:
        self.say(say.Ping())

    def welcome(self, client: RuntimeClient, drop: Sequence[int]) -> None:
        self.client = client.id
        if problem := self._papers.problem(client.machine.key):  # it was revoked while it was looked up
            self.refuse(problem, again=False)
            return
        self.hold(False)
        rules = log_rules.rules_of(self._service.farm.settings)
        self.say(say.Welcome(client.id, client.name, self._heartbeat, list(drop), rules))

    def refuse(self, reason: str, again: bool = True) -> None:
        self._end(reason, again)

    def give(self, order: farm_order.Order, step: farm_job.Step) -> None:
        job, people = step.job, self._service.farm.people
        scripts = may_run_scripts(self._service.farm.settings.scene_scripts, people, job.owner)
        changing = (limits_of(job), people.known(job.owner), scripts)
        if self._told.get(job.id) != changing:
            self._told[job.id] = changing
            self.say(say.Job(job.id, job.name, job.template, job.values, *changing))
        tasks = tasks_of(order, step)
        self.say(say.Order(order.id, job.id, step.name, order.attempt, order.cost, tasks, dict(order.needs)))

    def acknowledge(self, results: Sequence[tuple[int, int]]) -> None:
        self.say(say.Ack(list(results)))

    def recall(self, order: int) -> None:
        self.say(say.Recall(order))

    def cancel(self, order: int) -> None:
        self.say(say.Cancel(order))

    def stop(self, order: int, tasks: Sequence[int]) -> None:
        if say.STOP in self._knows:
            self.say(say.Stop(order, list(tasks)))

    def forget(self, job: int) -> None:
        if self._told.pop(job, None) is not None:
            self.say(say.Forget(job))

    def power_off(self, idle: float) -> None:
        self.say(say.PowerOff(idle))

    def send_away(self, *, again: bool, now: bool) -> bool:
        if say.LEAVE not in self._knows:
            return False
        self.say(say.Leave(again, now))
        return True

    def farewell(self, reason: str) -> None:
        self.say(say.Farewell(reason))
        self.over = True
        self._close()

    def _end(self, reason: str, again: bool) -> None:
        if not self.over:
            self.over = True
            self._send(say.Refused(reason, again))
            self._close()


def figures_of(beat: say.Beat) -> Figures:
    return Figures(beat.memory_used, beat.gpu_load, beat.gpu_memory_used, beat.disk_free)


def limits_of(job: farm_job.Job) -> say.Limits:
    settings = job.settings
    return say.Limits(settings.task_seconds, settings.session_seconds, settings.quiet_seconds)


def tasks_of(order: farm_order.Order, step: farm_job.Step) -> list[say.Task]:
    """What a worker runs for an order: a chunk is one task there, reported under its first one's number."""
    if order.together:
        return [say.Task(order.first, step.plan.together(order.first, order.count), order.count)]
    return [say.Task(index, step.plan.parameters(index)) for index in order.awaited()]


class WorkerProtocol(Protocol):
    log = Logger()
    transport: Any  # a TCP or TLS transport; Twisted declares less than both can do
    visit = Visit()

    def __init__(
        self,
        service: WorkerService,
        clock: IReactorTime,
        heartbeat: float,
        inbox: Inbox,
        gate: Gate | None = None,
        greet_within: float = GREETING_WITHIN,
    ) -> None:
        self._greet_within = greet_within
        self._clock = clock
        self._heartbeat = heartbeat
        self._inbox = inbox
        self._decoder: Decoder[say.FromWorker] = Decoder(say.FromWorker, MOST_FROM_WORKER)
        papers = Papers(service, gate, lambda: gate.badge_of(self.transport) if gate else None)
        self._conversation = Conversation(service, self._send, self._close, self._hold, heartbeat, papers)
        self._silence: IDelayedCall | None = None
        self._ping: IDelayedCall | None = None
        self.held = False  # we do not listen: the silence is ours
        self._reads = True

    def connectionMade(self) -> None:
        if ITCPTransport.providedBy(self.transport):
            self.transport.setTcpNoDelay(True)  # an order must not wait 40 ms for the acknowledgement of a ping
        self._silence = self._clock.callLater(self._greet_within, self._silent)
        self._ping = self._clock.callLater(self._heartbeat, self._say_ping)

    def dataReceived(self, data: bytes) -> None:
        if self._conversation.over:
            return
        if self._conversation.client is not None:
            self._wait_again()
        self._inbox.take(self, self._messages(data))

    def _messages(self, data: bytes) -> Iterator[Any]:
        """What is no message is the last."""
        try:
            yield from self._decoder.feed(data)
        except BadMessage as bad:
            yield from bad.messages
            yield bad

    def hear(self, message: Any) -> None:
        try:
            self._hear(message)
        except Exception:  # others are heard in the same turn: it must not be theirs
            self.log.failure("What a worker at {peer} said could not be dealt with", peer=self.transport.getPeer())
            self.transport.abortConnection()

    def _hear(self, message: Any) -> None:
        if not isinstance(message, BadMessage):
            self._conversation.heard(message)
            return
        self.log.warn("A worker at {peer} was refused: {reason}", peer=self.transport.getPeer(), reason=str(message))
        self._conversation.misheard(message)

    def read_on(self) -> None:
        reads = not (self.held or self._inbox.waits(self))
        if reads != self._reads and not self._conversation.over:
            self._reads = reads
            self.transport.resumeProducing() if reads else self.transport.pauseProducing()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._inbox.finish(self)
        for call in (self._silence, self._ping):
            if call and call.active():
                call.cancel()
        self._conversation.lost()

    def _send(self, message: msgspec.Struct) -> None:
        self.transport.write(encode(message))

    def _close(self) -> None:
        self.transport.loseConnection()

    def _hold(self, wait: bool) -> None:
        if self._conversation.over:
            return
        if self._conversation.client is not None:
            self.visit.known()
        self.held = wait
        self.read_on()
        self._wait_again()  # after the welcome too: from then on heartbeats count
        if not wait:
            self._inbox.go_on()

    def _say_ping(self) -> None:
        self._ping = self._clock.callLater(self._heartbeat, self._say_ping)
        if self._conversation.client is not None:
            self._conversation.ask()

    def _wait_again(self) -> None:
        if self._silence and self._silence.active():
            self._silence.reset(SILENT_BEATS * self._heartbeat)

    def _silent(self) -> None:
        """Nothing has come for too long: the peer is gone, or never was a worker."""
        if self._conversation.over:
            self.transport.abortConnection()
        elif self.held or self._inbox.waits(self):
            self._silence = self._clock.callLater(SILENT_BEATS * self._heartbeat, self._silent)
        else:
            self._silence = self._clock.callLater(LINGER, self._silent)
            self._conversation.refuse("Nothing was heard for too long.")


class WorkerFactory(Factory):
    noisy = False

    def __init__(
        self,
        service: WorkerService,
        clock: IReactorTime,
        heartbeat: float,
        gate: Gate | None = None,
        greet_within: float = GREETING_WITHIN,
    ) -> None:
        self._greet_within = greet_within
        self._service = service
        self._gate = gate
        self._clock = clock
        self._heartbeat = heartbeat
        self._inbox = Inbox(clock)

    def buildProtocol(self, addr: Any) -> WorkerProtocol:
        return WorkerProtocol(self._service, self._clock, self._heartbeat, self._inbox, self._gate, self._greet_within)
