"""Puts the server together: settings, store, service, and the ports around it.

How does this work?  `makeService` is what `twistd` calls.  It reads the settings and opens the database
at once, so that a mistake is told before anything runs, and gives a service that loads the farm when it
starts and only then listens; when it stops it does so in an order (`ServerService.stopService`).  When another
server has the farm's PostgreSQL, it waits until that one is gone, and starts then: it is the standby.
`run` is the same without twistd, for `brender server`.  Here, and in the worker's tap, is the only
place that knows the global reactor.
"""

import gc
import sys
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from twisted.application.service import Service
from twisted.internet import reactor as global_reactor
from twisted.internet.defer import Deferred
from twisted.internet.error import ReactorNotRunning
from twisted.internet.task import LoopingCall, deferLater
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger, globalLogBeginner, textFileLogObserver
from twisted.python import usage
from twisted.python.threadpool import ThreadPool

from brender import __version__
from brender.config import Config, load
from brender.config.mistakes import BadSettings
from brender.db.archive import Shelf
from brender.db.engine import CannotOpen, CannotReach
from brender.db.opening import Claim
from brender.db.store import SqlStore
from brender.farm.changes import Changes
from brender.farm.people.users import HOW
from brender.farm.submission.planning import replan
from brender.logs.order_logs import Kept
from brender.people.passwords import Passwords
from brender.planner import Planner
from brender.ports.seats import CannotListen, Seats
from brender.ports.sockets import room_for_connections
from brender.ports.strangers import Strangers
from brender.ports.workers import WorkersPort
from brender.protocols.codec import MOST_FROM_WORKER
from brender.protocols.door import ShellFactory
from brender.protocols.json_lines import MOST_BYTES
from brender.protocols.papers import Gate
from brender.protocols.standby import StandbyFactory
from brender.protocols.worker import WorkerFactory
from brender.security.locks import Locks
from brender.security.problems import NotSecure
from brender.service.archiving import Archives
from brender.service.farm_service import FarmService
from brender.service.keeping import Keeping
from brender.service.waking import Waker
from brender.templates.library import Library
from brender.verbs.following.watching import for_views
from brender.web.http.forwarded import Proxies
from brender.web.http.guard import LOOPBACK
from brender.web.remapping import BadRoute
from brender.web.site import make_site
from brender.web.standby import make_standby_site
from brender.webhooks import BadHook, DeadLetters, Post, Surroundings, Webhooks

reactor: Any = global_reactor
HOUR, DAY = 3600.0, 86_400.0  # seconds
MOST_A_SECOND = {"shell": 2 * MOST_BYTES, "workers": 2 * MOST_FROM_WORKER}  # bytes, of a stranger
NO_USERS = (
    "Other machines could reach the {name} port, and the farm has no users: everybody could do everything. "
    "Make one first: " + HOW + '. Or keep the port on this machine: [server] {name} = "tcp:PORT:interface=127.0.0.1".'
)
TELNET = (
    "The shell is telnet, and whoever can listen on the network would read passwords there: keep it on this machine, "
    '[server] shell = "tcp:6000:interface=127.0.0.1", and let others type brender shell, or use SSH: ssh = "tcp:6022". '
    "To allow it all the same: telnet_on_network = true."
)
AGAIN = 0.5  # seconds until a standby asks again whether the farm is free


class Options(usage.Options):
    optParameters: ClassVar = [
        ["config", "c", None, "The settings file (default: BRENDER_CONFIG, ./brender.toml, the user's)."],
        ["state", "s", None, "The folder of database, logs and keys (default: BRENDER_STATE, the user's)."],
    ]


class ServerService(Service):
    """The farm's service with its ports: it listens when the farm is loaded."""

    log = Logger()
    name = "brender"

    def __init__(self, settings: Config) -> None:
        self._config = settings
        self.problem = ""  # why the server has stopped by itself
        self._locks = Locks(settings.state, settings.server.hosts, reactor, time.time)
        self._claim = Claim(settings.database, replan, reactor.callFromThread, self._failed)
        self._ours = self._claim.take()  # whether this server has the farm
        self._keeping = self._keeper()
        self._hashing = ThreadPool(0, 2, "passwords")
        self._forgetting = LoopingCall(lambda: Deferred.fromCoroutine(self._forget()))
        self._planner = Planner(reactor, reactor)
        self.farm = self._farm(self._claim.store)
        self._archives = self._archive()
        self._webhooks = self._hooks()
        self._web = self._site()
        self._beat: LoopingCall | None = None
        self._seats = Seats(reactor)
        self._port = WorkersPort(self._seats, self._locks, self._workers)
        self._strangers = self._limits()
        self._waits_for = ""  # while the farm is another's
        self._started: Deferred[None] | None = None

    def _keeper(self) -> Keeping:
        server = self._config.server
        kept = Kept(server.logs_kept_days * DAY, int(server.logs_kept_gb * 1e9))
        shown = Kept(server.pictures_kept_days * DAY, int(server.pictures_kept_gb * 1e9))
        return Keeping(reactor, self._config.state / "logs", server.log_limit, kept, time.time, shown)

    def _limits(self) -> Strangers:
        near = Proxies(self._config.server.proxies).know
        return Strangers(self._config.settings.strangers, reactor, near, room_for_connections())

    def _guarded(self, name: str, factory: Any) -> Any:
        """With the limits on strangers before it."""
        return self._strangers.at(factory, MOST_A_SECOND.get(name, 0))

    def _archive(self) -> Archives:
        folder, writer = self._config.state / "archive", self._claim.store.writer
        shelf = Shelf(writer, self._keeping.later, folder, self._keeping.logs.folder)
        return Archives(self.farm, shelf, time.time)

    def _hooks(self) -> Webhooks:
        dead = DeadLetters(self._config.state, self._keeping.later)
        around = Surroundings(Post(reactor, reactor), reactor, time.time, dead)
        try:
            return Webhooks(self._config.settings.webhooks, for_views(self.farm.farm, time.time), around)
        except BadHook as error:
            raise BadSettings(f"The settings {self._config.source} have a mistake: {error}") from error

    def _farm(self, store: SqlStore) -> FarmService:
        server = self._config.server
        return FarmService(
            store,
            reactor,
            self._keeping.logs,
            self._keeping.pictures,
            settings=self._config.farm,
            lost_after=server.lost_after,
            task_limit=server.task_limit,
            epoch=time.time,
            wake=Waker(reactor, server.wake_address, server.wake_port).wake,
            planner=self._planner,
            templates=self._library(),
            passwords=Passwords(partial(deferToThreadPool, reactor, self._hashing)),
        )

    async def _forget(self) -> None:
        """Of people, what is older than it is kept."""
        days = self._config.server.audit_kept_days
        await self.farm.forget_audit(time.time() - days * DAY if days else 0.0)
        await self.farm.forget_sessions()

    def _library(self) -> Library:
        folder = self._config.server.templates
        return Library(Path(folder) if folder else None, self._planner, reactor, self._keeping.outside)

    def startService(self) -> None:
        super().startService()  # type: ignore[no-untyped-call]
        self._started = Deferred.fromCoroutine(self._start())
        self._started.addErrback(lambda failure: self._failed(failure.getErrorMessage()))

    def stopService(self) -> Deferred[None]:
        """Refuse new work, close the ports, tell the workers, write what is left, close the database."""
        super().stopService()  # type: ignore[no-untyped-call]
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        self.farm.refuse_new("The server is stopping")
        if self._started:
            if self.farm.figures.trouble:
                self._claim.store.close()  # which a start may be waiting for
            await self._started  # what has begun to start is whole before it is taken apart
        await self._seats.close()
        if self._beat and self._beat.running:
            self._beat.stop()
        if self._ours:
            self._planner.stop()
            if self._forgetting.running:
                self._forgetting.stop()
                self._hashing.stop()
            await self.farm.end()
            await self._webhooks.stop()
            self._keeping.stop()

    async def _start(self) -> None:
        if not self._ours:
            await self._until_it_is_ours()
        if self.farm.stopping:
            return
        await self._load()
        self._keeping.start(self.farm.farm)
        self._hashing.start()
        self._forgetting.start(HOUR)
        self.farm.pulse.start()
        await self._keeping.pictures.recall(self.farm.farm.jobs)
        self._archives.mend_soon()
        self._webhooks.start(self.farm.subscribe)
        self._say_beat()
        server, strangers = self._config.server, self._config.settings.strangers
        await self._open("shell", server.shell, ShellFactory(self.farm, reactor, login_within=strangers.login_within))
        if server.ssh:
            await self._open("ssh", server.ssh, self._ssh())
        await self._open_for_workers()
        await self._open("web", server.web, self._web)
        self.log.info("brender {version} is ready", version=__version__)

    async def _open(self, name: str, description: str, factory: Any) -> None:
        """By HTTPS where the web has to be."""
        server, factory = self._config.server, self._guarded(name, factory)
        closed = partial(self._why_closed, name)

        def secure(factory: Any) -> Any:
            return self._locks.web(factory, server.web_certificate, server.web_key)

        if name == "web" and server.web_tls == "always":
            await self._seats.open(name, description, secure(factory), closed=closed)
        elif name == "web" and server.web_tls == "auto" and not server.proxies and not description.startswith("ssl:"):
            await self._seats.open(name, description, factory, secure, closed)
        else:
            await self._seats.open(name, description, factory, closed=closed)

    def _ssh(self) -> Any:
        """The shell over SSH; what speaks it takes a moment to import."""
        from twisted.conch.ssh.keys import Key  # noqa: PLC0415

        from brender.protocols.ssh import SshFactory  # noqa: PLC0415
        from brender.security.host_key import host_key  # noqa: PLC0415

        key = Key.fromString(host_key(self._config.state))
        patience = self._config.settings.strangers.login_within
        return SshFactory(self.farm, time.time, key, partial(reactor.callLater, 0), login_within=patience)

    def _why_closed(self, name: str) -> str:
        """Why a port for people must not be open to other machines; nothing: it may."""
        if not self.farm.farm.people.users:
            return NO_USERS.format(name=name)
        return TELNET if name == "shell" and not self._config.server.telnet_on_network else ""

    async def _open_for_workers(self) -> None:
        server = self._config.server
        self.farm.authority = await self._port.open(server.workers, server.worker_tls)
        if self.farm.authority:
            await self._port.agree(self._claim.store, time.time())

    def _workers(self, gate: Gate | None) -> Any:
        heartbeat, patience = self._config.server.heartbeat, self._config.settings.strangers.greet_within
        return self._guarded("workers", WorkerFactory(self.farm, reactor, heartbeat, gate, patience))

    async def _load(self) -> None:
        """What is loaded stays: to look for garbage in it would double the time now, and later hold everybody up."""
        gc.disable()
        try:
            await self.farm.begin()
            gc.freeze()
        finally:
            gc.enable()

    async def _until_it_is_ours(self) -> None:
        """What a standby does."""
        engine = self._claim.engine
        self.log.info("standby: {name} is held by {holder}; waits", holder=engine.holder, name=engine.name)
        self._waits_for = f"its farm is held by {engine.holder}."
        if self._config.server.workers_are_secured:
            self._port.warn_standby()
        await self._say_so()
        while not self._ours and not self.farm.stopping:
            await deferLater(reactor, AGAIN, lambda: None)
            self._ours = await deferToThreadPool(reactor, reactor.getThreadPool(), self._take)
        if self._ours:
            self._waits_for = ""
            self.log.info("The farm in {name} is free; this server takes over", name=engine.name)

    def _take(self) -> bool:
        """In a thread.  A database that cannot be reached now may be there later."""
        try:
            if self._claim.take():
                return True
            self._waits_for = f"its farm is held by {self._claim.engine.holder}."
        except CannotReach as error:
            self.log.warn("standby: {error}", error=error)
            self._waits_for = str(error)
        return False

    async def _say_so(self) -> None:
        """Until the farm is there, the ports for people say what this server waits for; workers find another one.

        A port that cannot be had yet may be the one of the server that has the farm.
        """
        server, hosts = self._config.server, (*LOOPBACK, *self._config.server.hosts)
        web = make_standby_site(self._why_not_yet, clock=reactor, hosts=hosts, proxies=server.proxies)
        for name, description, factory in (
            ("shell", server.shell, StandbyFactory(self._why_not_yet)),
            ("web", server.web, web),
        ):
            try:
                await self._open(name, description, factory)
            except (CannotListen, NotSecure) as error:
                self.log.warn("standby: {error}", error=error)

    def _why_not_yet(self) -> str:
        if self._waits_for:
            return f"This server stands by: {self._waits_for} It takes over by itself when the farm is free."
        return "This server has taken the farm over and loads it."

    def _say_beat(self) -> None:
        """Let the database know that this server is there, where that matters; and know when it is another's."""
        if seconds := self._claim.engine.beat:
            self._beat = LoopingCall(lambda: self._claim.store.save(Changes()))
            self._beat.start(seconds).addErrback(lambda _: None)  # the store itself stops the farm

    def _site(self) -> Any:
        hosts = (*LOOPBACK, *self._config.server.hosts)
        proxies = self._config.server.proxies
        how: dict[str, Any] = {"clock": reactor, "hosts": hosts, "proxies": proxies, "archives": self._archives}
        how |= {"deliveries": self._webhooks, "more_routes": self._config.settings.routes}
        how |= {"outside": self._keeping.outside}
        strangers = self._config.settings.strangers
        how |= {"patience": strangers.request_within, "streams_of_an_address": strangers.streams_of_an_address}
        try:
            return make_site(self.farm, __version__, **how)
        except BadRoute as error:
            raise BadSettings(f"The settings {self._config.source} have a mistake: {error}") from error

    def _failed(self, reason: str) -> None:
        """The server cannot go on: it says why and stops, with exit code 1."""
        self.problem = reason
        self.farm.refuse_new(reason)
        self.log.critical("brender stops: {reason}", reason=reason)
        print(f"brender: {reason}", file=sys.stderr, flush=True)
        reactor.callWhenRunning(self._stop_reactor)

    @staticmethod
    def _stop_reactor() -> None:
        with suppress(ReactorNotRunning):  # somebody else has stopped it
            reactor.stop()


def keep_time(reactor: Any) -> None:
    """Twisted counts delays by the time of day; when that is set back an hour nothing would happen for an hour."""
    reactor.seconds = time.monotonic


def makeService(options: usage.Options) -> ServerService:
    """For `twistd`; raises `usage.UsageError` with a sentence."""
    keep_time(reactor)
    try:
        return ServerService(load(options["config"], options["state"]))
    except (BadSettings, CannotOpen) as error:
        raise usage.UsageError(str(error)) from error


def run(config_path: str | None = None, state: str | None = None) -> int:
    """Serve until a signal comes; gives the exit code."""
    keep_time(reactor)
    globalLogBeginner.beginLoggingTo([textFileLogObserver(sys.stderr)], redirectStandardIO=False)
    try:
        service = ServerService(load(config_path, state))
    except (BadSettings, CannotOpen) as error:
        print(f"brender: {error}", file=sys.stderr)
        return 2
    reactor.addSystemEventTrigger("before", "shutdown", service.stopService)
    reactor.callWhenRunning(service.startService)
    reactor.run()
    return 1 if service.problem else 0
