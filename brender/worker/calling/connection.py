"""The worker's connection: it greets, listens, and comes back by itself.

How does this work?  `WorkerClient` is the wire: it says hello with what the agent still holds, and after
the welcome passes words between server and agent.  `Caller` is the service that keeps calling the server at its
addresses, with pauses that double and vary, so that a hundred workers do not call in one breath; they stay so
short that a worker is back within five seconds of the end of a long outage.  A call counts as good only after the
welcome.  Either side that hears nothing hangs up.  When the server does not read, the agent is told to hold, and so
its sessions wait.
"""

import random
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from twisted.application.internet import ClientService
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IPushProducer, IReactorTime, ITCPTransport
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.logger import Logger, LogPublisher
from twisted.python.failure import Failure
from zope.interface import implementer

from brender.farm.client import Machine
from brender.protocols import messages as say
from brender.protocols.codec import MOST_FROM_SERVER, BadMessage, Decoder, encode
from brender.security.problems import NotSecure, told
from brender.worker.agent import Agent
from brender.worker.calling.addresses import Addresses, host_and_port
from brender.worker.calling.wallet import Wallet

WELCOME_WITHIN = 15.0  # seconds
SILENT_BEATS = 3
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 2.5  # seconds between calls
TELL_FIRST, TELL_EVERY = 5, 60.0  # calls in vain that are logged, and then one in so many seconds
HANG_UP_WITHIN = 2.0  # seconds for the last words to reach a server that does not read


def pause(failed: int) -> float:
    """Seconds before the next call, after so many that led to nothing."""
    return float(min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(failed, 20))) * random.uniform(0.5, 1.0)


@implementer(IPushProducer)
class WorkerClient(Protocol):
    log = Logger()
    transport: Any  # a TCP or TLS transport; Twisted declares less than both can do

    def __init__(self, caller: "Caller") -> None:
        self._caller = caller
        self._decoder: Decoder[say.FromServer] = Decoder(say.FromServer, MOST_FROM_SERVER)
        self.welcome: say.Welcome | None = None
        self.told = False  # the log has why it ends
        self._silence: IDelayedCall | None = None
        self._beat: IDelayedCall | None = None

    def connectionMade(self) -> None:
        caller = self._caller
        if ITCPTransport.providedBy(self.transport):
            self.transport.setTcpNoDelay(True)
        self._silence = caller.clock.callLater(WELCOME_WITHIN, self._silent)
        caller.called(self)
        self.send(say.Hello(say.VERSION, caller.run, caller.machine, caller.agent.has(), [say.LEAVE, say.STOP]))

    def dataReceived(self, data: bytes) -> None:
        self._wait_again()
        try:
            messages = self._decoder.feed(data)
        except BadMessage as bad:
            self._tell(f"The server said what this worker does not understand: {str(bad).rstrip('.')}")
            self.transport.loseConnection()
            return
        for message in messages:
            self._heard(message)

    def _heard(self, message: say.FromServer) -> None:
        match message:
            case say.Welcome():
                self._welcomed(message)
            case say.Refused(reason, again):
                self.told = True
                self._caller.refused(reason, again)
            case say.Farewell(reason):
                self._tell(f"{reason}; this worker keeps what it has and calls again")
            case say.Ping():
                self._answer()
            case say.Certificate(certificate):
                self._caller.renewed(certificate)
            case _:
                self._caller.agent.heard(message)

    def _welcomed(self, welcome: say.Welcome) -> None:
        self.welcome = welcome
        self._wait_again()
        self.transport.registerProducer(self, True)
        self._say_beat()
        self._caller.welcomed(welcome)
        self._caller.agent.connected(welcome, self.send)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        for call in (self._silence, self._beat):
            if call and call.active():
                call.cancel()
        if self.welcome:
            self._caller.agent.disconnected()
        self._caller.hung_up(self, reason)

    # twisted calls these when the server does not read as fast as this worker writes

    def pauseProducing(self) -> None:
        self._caller.agent.hold(True)

    def resumeProducing(self) -> None:
        self._caller.agent.hold(False)

    def stopProducing(self) -> None:
        """The connection is lost; `connectionLost` says so too."""

    def send(self, message: Any) -> None:
        self.transport.write(encode(message))

    def _wait_again(self) -> None:
        """The server lives; from the welcome on it has said how often it says so."""
        if self._silence and self._silence.active() and self.welcome:
            self._silence.reset(SILENT_BEATS * self.welcome.heartbeat)

    def _say_beat(self) -> None:
        assert self.welcome is not None
        self._beat = self._caller.clock.callLater(self.welcome.heartbeat / 2, self._say_beat)
        self.send(self._caller.beat())
        self._caller.renew(self)

    def _answer(self) -> None:
        """To a ping: the next beat is this one."""
        if self._beat and self._beat.active():
            self._beat.cancel()
            self._say_beat()

    def _silent(self) -> None:
        self._tell("Nothing was heard from the server for too long; calling again")
        self.transport.abortConnection()

    def _tell(self, why: str) -> None:
        """Why the connection ends, with what it was about."""
        self.told = True
        self.log.warn("{why}{at_stake}", why=why, at_stake=self._caller.agent.at_stake)


class Caller(ClientService):
    """Calls the server until it is told to stop."""

    log = Logger()
    _log = Logger(observer=LogPublisher())  # Twisted tells of every call; we do of those that are worth it

    def __init__(
        self,
        addresses: Addresses,
        machine: Machine,
        agent: Agent,
        clock: IReactorTime,
        give_up: Callable[[str], None],
        beat: Callable[[], say.Beat],
        wallet: Wallet | None = None,
    ) -> None:
        self.machine = machine
        self.agent = agent
        self.clock = clock
        self.run = uuid4().hex
        self._addresses = addresses
        self._give_up = give_up
        self._wallet = wallet
        self.beat = beat  # what a heartbeat says
        self._failed = 0  # calls in a row that did not end in a welcome
        self._since = clock.seconds()  # when the server was last there
        self._told = 0.0  # when it was last logged that it is not
        self._client: WorkerClient | None = None
        factory = Factory.forProtocol(lambda: WorkerClient(self))
        factory.noisy = False
        super().__init__(addresses, factory, retryPolicy=self._next_pause, clock=clock)

    def stopService(self) -> "Deferred[None]":
        """Hang up; who does not take our last words in time does not get them."""
        stopping: Deferred[None] = super().stopService()
        if self._client:
            late = self.clock.callLater(HANG_UP_WITHIN, self._client.transport.abortConnection)
            stopping.addBoth(lambda result: late.cancel() if late.active() else result)
        return stopping

    def called(self, client: WorkerClient) -> None:
        self._client = client

    def welcomed(self, welcome: say.Welcome) -> None:
        self._failed = 0
        where = self._addresses.current
        self.log.info("Client {id} ({name}) of {where}", id=welcome.client, name=welcome.name, where=where)

    def refused(self, reason: str, again: bool) -> None:
        if not again or self._worth_telling(self._failed):
            where = self._addresses.current
            words = "The server at {where} refuses this worker: {reason}{at_stake}"
            self.log.error(words, where=where, reason=reason.rstrip("."), at_stake=self.agent.at_stake)
        if not again:
            self._give_up(reason)

    def renew(self, client: WorkerClient) -> None:
        """Ask for another certificate in time."""
        if self._wallet and self._wallet.due:
            client.send(say.Renew(self._wallet.ask()))

    def renewed(self, certificate: str) -> None:
        try:
            if self._wallet:
                self._wallet.take(certificate)
                self.log.info("This worker has a new certificate")
        except (NotSecure, OSError) as error:
            self.log.error("The new certificate cannot be kept: {error}", error=error)

    def hung_up(self, client: WorkerClient, reason: Failure) -> None:
        self._client = None
        if self._wallet:
            self._wallet.give_up()
            self._tell_of_tls(reason)
        if client.welcome and not client.told and self.running:
            self._tell_of_end(reason)
        self._failed += 1
        if client.welcome:
            self._since = self.clock.seconds()
        else:
            self._addresses.move_on()

    def _tell_of_end(self, reason: Failure) -> None:
        """The server has not said why."""
        words = "The connection to the server at {where} has ended: {why}{at_stake}"
        why = reason.getErrorMessage().rstrip(".")
        self.log.warn(words, where=self._addresses.current, why=why, at_stake=self.agent.at_stake)

    def _tell_of_tls(self, reason: Failure) -> None:
        """What was wrong with a certificate, or with the server's."""
        where = self._addresses.current
        why = told(reason.value, host_and_port(where)[0]) if reason.value else ""
        if why and self._worth_telling(self._failed):
            self.log.error("The server at {where}: {why}", where=where, why=why)

    def _next_pause(self, attempt: int) -> float:
        failed = max(attempt, self._failed)
        seconds = pause(failed)
        if self._worth_telling(failed):
            self.log.info(
                "No server at {where} for {since:.0f} s; call {call} in {seconds:.1f} s",
                where=self._addresses,
                since=self.clock.seconds() - self._since,
                seconds=seconds,
                call=failed + 1,
            )
        return seconds

    def _worth_telling(self, failed: int) -> bool:
        """A worker that calls in vain over a week-end does not fill its log."""
        now = self.clock.seconds()
        if failed > TELL_FIRST and now < self._told + TELL_EVERY:
            return False
        self._told = now
        return True
