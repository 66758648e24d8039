"""Puts a worker together: its machine, its nursery, its agent and the connection.

How does this work?  `WorkerService` looks at the machine in a thread (Blender is asked for its version,
which takes a moment the first time), starts the nursery, and then calls the server until it is
stopped.  The first Ctrl-C lets running tasks finish, the second hands them back, the third ends everything
at once; in the end nothing of the worker is left but its id.
"""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from time import monotonic, time
from typing import Any, ClassVar, TypeVar

from twisted.application.service import Service
from twisted.internet import reactor as global_reactor
from twisted.internet.defer import Deferred
from twisted.logger import Logger, globalLogBeginner, textFileLogObserver
from twisted.python import usage
from twisted.python.failure import Failure

from brender.config import Config, load
from brender.config.mistakes import BadSettings
from brender.farm.client import Blender, Machine
from brender.protocols import messages as say
from brender.security.names import is_loopback
from brender.security.problems import NotSecure
from brender.worker.agent import Agent
from brender.worker.blender.find import find_blenders
from brender.worker.calling.addresses import BadAddress, addresses_of, split
from brender.worker.calling.admission import Admission
from brender.worker.calling.connection import Caller
from brender.worker.calling.renewal import Renewal
from brender.worker.disk import leftovers, lodging
from brender.worker.disk.journal import Journal
from brender.worker.disk.kept import KEPT, Shelf
from brender.worker.disk.room import Room
from brender.worker.machine import identity
from brender.worker.machine.load import Sampler
from brender.worker.machine.power import Switch
from brender.worker.machine.presence import Presence
from brender.worker.machine.sources import HOLD, source_of
from brender.worker.machine.stock import Stock
from brender.worker.pictures import Frame, Pictures
from brender.worker.printing import Printer, open_streams
from brender.worker.session import accounts, words
from brender.worker.session.surroundings import Limits
from brender.worker.sessions import Cradle

reactor: Any = global_reactor

LEAVE_WITHIN = 5.0  # seconds from the second Ctrl-C to the end

STDERR = 2

Found = TypeVar("Found")


class Options(usage.Options):
    optParameters: ClassVar = [
        ["server", None, None, "Where the server listens for workers, HOST:PORT, or several with commas between."],
        ["name", "n", None, "What this client is called (default: the host name)."],
        ["slots", None, None, "How many tasks at a time (default: the processor's cores).", int],
        ["config", "c", None, "The settings file (default: BRENDER_CONFIG, ./brender.toml, the user's)."],
        ["state", "s", None, "The folder of the worker's id and scratch files."],
        ["keep-folders", None, None, "How many folders of sessions with failed tasks are kept.", int],
        ["join", None, None, "The token with which this machine joins the farm, once."],
    ]


class WorkerService(Service):
    log = Logger()
    name = "brender-worker"

    def __init__(
        self, settings: Config, server: str, name: str, slots: int, keep_folders: int, admission: Admission
    ) -> None:
        self._config = settings
        self._admission = admission
        self._where = server
        self._name = name
        self._slots = slots
        self._keep_folders = keep_folders  # of sessions with failed tasks, at most
        self._scratch = settings.state / "worker"
        self._scratch.mkdir(parents=True, exist_ok=True)
        self._claim = identity.Claim(settings.state)
        if settings.worker.run_as:
            accounts.check(settings.worker.run_as, lodging.quarter_in(self._scratch))
        self._journal = Journal(self._scratch / "results")
        self._interrupts = 0
        self.agent: Agent | None = None
        self._cradle: Cradle | None = None
        self._caller: Caller | None = None
        self._presence: Presence | None = None
        self._room: Room | None = None
        self._shelf = self._make_shelf()
        self.problem = ""
        self.renewal = Renewal()

    def _make_shelf(self) -> Shelf:
        days = self._config.worker.keep_folders_days
        return Shelf(self._scratch / KEPT, self._keep_folders, days, reactor, time, in_thread)

    def startService(self) -> None:
        super().startService()  # type: ignore[no-untyped-call]
        self._claim.sign()
        starting = Deferred.fromCoroutine(self._start())
        starting.addErrback(lambda failure: self.give_up(failure.getErrorMessage()))

    def stopService(self) -> Deferred[None]:
        super().stopService()  # type: ignore[no-untyped-call]
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        if self._presence:
            self._presence.stop()
        if self._room:
            self._room.stop()
        self._shelf.stop()
        if self._caller:
            await self._caller.stopService()
        if self.agent:
            self.agent.close()
        self._journal.close()
        if self._cradle:
            await self._cradle.stop()

    async def _start(self) -> None:
        machine = await in_thread(self._look_at_machine)
        await self._admission.join(machine.key, lambda: bool(self.running and not self._interrupts))
        if not self.running or self._interrupts:
            return self.finish()
        own = self._config.worker
        if not own.run_as and self._server_is_elsewhere():
            self.log.warn(
                "Tasks run as the worker's own user and can read what it can, its key among it; run_as in [worker] of "
                "brender.toml has them run as another account"
            )
        limits = Limits(own.open_files, own.processes, own.core_mb)
        keep = self._keep_folders > 0
        mapping = [words.Mapping(each.source, each.destination, each.of_windows) for each in own.path_mapping]
        how = (keep, own.pass_on, limits, own.run_as, mapping)
        self._cradle = Cradle(reactor, self._scratch, machine, in_thread, *how)
        await self._cradle.start()
        pictures = Pictures(self._cradle.picture, self._pictured)
        self.agent = Agent(
            Stock(machine),
            self._cradle,
            reactor,
            own.idle_sessions,
            outputs=pictures.want,
            results=self._journal,
            orphaned_after=own.orphaned_after,
        )
        self.agent.when_empty = self.finish
        self.agent.when_sent_away = self.sent_away
        self._attend(self.agent)
        self._room = Room(self._scratch, self._journal, self._feels, reactor)
        self.agent.when_failed = self._room.look
        self._room.start()
        self._shelf.start()
        if not self.running or self._interrupts:
            return self.finish()
        wallet = self._admission.wallet
        addresses = addresses_of(self._where, reactor, wallet.secured)
        beat = Sampler(self._scratch, bool(machine.gpus), in_thread, reactor).beat
        self._caller = Caller(addresses, machine, self.agent, reactor, self.give_up, beat, wallet)
        self._caller.startService()
        return None

    def _server_is_elsewhere(self) -> bool:
        return not all(is_loopback(host) for host, _ in split(self._where))

    def _feels(self, unwell: str) -> None:
        """Whether there is room on the disk; what is kept gives way."""
        if unwell:
            self._shelf.drop()
        if self.agent:
            self.agent.feels(unwell)

    def _attend(self, agent: Agent) -> None:
        """Look from now on whether somebody uses the machine, and switch it off when nobody needs it."""
        own, hold = self._config.worker, self._config.state / HOLD
        self._presence = Presence(source_of(own.idle_command), hold, agent.tell, in_thread, reactor)
        agent.when_unneeded = Switch(own.power_off, agent, self._presence.look, in_thread, reactor).unneeded
        agent.presence = self._presence.as_it_is
        self._presence.start()

    def _look_at_machine(self) -> Machine:
        if ended := leftovers.clear(self._scratch):
            self.log.warn("Ended {count} processes of a worker here that was killed", count=ended)
        found = find_blenders(self._config.worker.blenders, os.environ.get("PATH", ""), self._scratch)
        blenders = tuple(Blender(each.version, each.kind, each.path) for each in found)
        own = self._config.worker
        machine = identity.machine(
            self._config.state, self._name, self._slots, blenders, own.amounts, own.attributes
        )
        versions = ", ".join(blender.version for blender in blenders) or "none found"
        self.log.info(
            "{name}: {slots} slots, Blender {versions}", name=machine.name, slots=machine.slots, versions=versions
        )
        return machine

    def _pictured(self, frame: Frame, jpeg: bytes) -> None:
        if self.agent:
            self.agent.tell(say.Picture(frame.job, frame.task, jpeg, frame.step, frame.rate))

    def interrupt(self) -> None:
        """Ctrl-C: finish what runs and leave; again: hand it back and leave."""
        self._interrupts += 1
        self.renewal.wanted = False
        if self.agent is None or self._interrupts > 2:
            return self.finish()
        if self._interrupts == 1:
            self.log.info("Finishing what runs, then leaving; press Ctrl-C again to hand it back now")
        else:
            reactor.callLater(LEAVE_WITHIN, self.finish)
        self.agent.leave(now=self._interrupts > 1)
        return None

    def sent_away(self, again: bool, now: bool) -> None:
        """The server has it leave, and perhaps start anew; who presses Ctrl-C here has the last word."""
        if self.agent is None or self._interrupts:
            return
        self.renewal.wanted = again
        what = "start anew" if again else "leave"
        self.log.info("Asked to {what}: {how}", what=what, how="at once" if now else "what runs is finished first")
        if now:
            reactor.callLater(LEAVE_WITHIN, self.finish)
        self.agent.leave(now)

    def give_up(self, reason: str) -> None:
        self.problem = reason
        self.renewal.wanted = False
        self.log.critical("This worker stops: {reason}", reason=reason)
        self.finish()

    def finish(self) -> None:
        if reactor.running:
            reactor.callLater(0.05, lambda: reactor.running and not self._stopping() and reactor.stop())
        else:
            reactor.callWhenRunning(reactor.stop)

    @staticmethod
    def _stopping() -> bool:
        return bool(getattr(reactor, "_stopped", False))


def keep_time(reactor: Any) -> None:
    """Twisted counts delays by the time of day; when that is set back an hour nothing would happen for an hour."""
    reactor.seconds = monotonic


def in_thread(function: Callable[..., Found], *arguments: Any) -> "Deferred[Found]":
    """Do it in a thread that nobody waits for when the worker ends."""
    done: Deferred[Found] = Deferred()

    def work() -> None:
        try:
            reactor.callFromThread(done.callback, function(*arguments))
        except BaseException:
            reactor.callFromThread(done.errback, Failure())

    Thread(target=work, daemon=True).start()
    return done


def make(
    server: str | None = None,
    name: str | None = None,
    slots: int | None = None,
    state: str | None = None,
    config_path: str | None = None,
    keep_folders: int | None = None,
    join: str | None = None,
) -> WorkerService:
    """Raises `BadSettings` with a sentence."""
    settings = load(config_path, state)
    own = settings.worker
    where = server or own.server
    keep = own.keep_folders if keep_folders is None else max(0, keep_folders)
    try:
        split(where)
    except BadAddress as error:
        raise BadSettings(str(error)) from error
    if problem := identity.problem_of(own.amounts, own.attributes):
        raise BadSettings(problem)
    try:
        Path(settings.state).mkdir(parents=True, exist_ok=True)
        admission = Admission(settings.state, where, join, reactor)
        return WorkerService(settings, where, name or own.name, slots or own.slots, keep, admission)
    except (identity.InUse, NotSecure, accounts.NoAccount) as error:
        raise BadSettings(str(error)) from error
    except OSError as error:
        raise BadSettings(
            f"The state folder {settings.state} cannot be written: {error}. Choose another one with --state."
        ) from error


def makeService(options: usage.Options) -> WorkerService:
    """For `twistd`; raises `usage.UsageError` with a sentence."""
    keep_time(reactor)
    try:
        names = ("server", "name", "slots", "state", "config", "keep-folders", "join")
        service = make(*(options[name] for name in names))
    except BadSettings as error:
        raise usage.UsageError(str(error)) from error
    service.renewal.at_exit()
    return service


def run(
    server: str | None = None,
    name: str | None = None,
    slots: int | None = None,
    state: str | None = None,
    config_path: str | None = None,
    keep_folders: int | None = None,
    join: str | None = None,
) -> int:
    """Work until told to stop; gives the exit code."""
    keep_time(reactor)
    open_streams()
    printer = Printer(STDERR)
    globalLogBeginner.beginLoggingTo([textFileLogObserver(printer)], redirectStandardIO=False)  # type: ignore[arg-type]
    try:
        service = make(server, name, slots, state, config_path, keep_folders, join)
    except BadSettings as error:
        printer.write(f"brender worker: {error}\n")
        printer.close()
        return 2
    reactor.addSystemEventTrigger("before", "shutdown", service.stopService)
    reactor.callWhenRunning(lambda: install_signals(service))
    reactor.callWhenRunning(service.startService)
    reactor.run()
    if service.problem:
        printer.write(f"brender worker: {service.problem}\n")
    printer.close()
    service.renewal.begin()
    return 1 if service.problem else 0


def install_signals(service: WorkerService) -> None:
    """Ctrl-C and `kill` both leave in order; how patiently, the second one decides."""

    def on_signal(number: int, _: object) -> None:
        reactor.callFromThread(service.interrupt)

    signal.signal(signal.SIGINT, on_signal)
    signal.signal(signal.SIGTERM, on_signal)
