"""The farm's service: the only writer of state, between the rules and the world.

How does this work?  Every face and every worker's protocol calls a method here.  It tells the rules (`farm`) what
happened, lets `match` issue orders, and calls `_settle`: the rows go to the store, and after their commit
workers are told (`connections`) and events announced, in that order.  What the farm does by itself at some time
is rung by one delayed call.  When more than `MOST_PENDING` rows wait for the database, workers are not
read until it has caught up.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredLock, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from brender.connections import Connections
from brender.events import Announcer, Events
from brender.farm import admission, changing
from brender.farm.changes import Changes
from brender.farm.choosing import Chosen
from brender.farm.client import Machine, RuntimeClient, Status
from brender.farm.farm import Farm
from brender.farm.interfaces import Event, Link, NotFound, Store
from brender.farm.job import Job
from brender.farm.matching import match
from brender.farm.settings import ClientSettings, FarmSettings, JobSettings, read
from brender.farm.starting import restore
from brender.farm.submission.planning import plan, replan
from brender.farm.submission.problems import Problem, Refused
from brender.farm.transitions import JobState, NotNow, TaskState
from brender.farm.views import ClientView, JobView, OrderView, client_view, job_view, order_view
from brender.logs import Logs

MOST_PENDING = 400  # rows: measured to keep the reactor's pauses under 25 ms
MOST_PICTURES = 64  # jobs whose newest frame is kept
LONGEST_ALARM = 60.0  # seconds: a clock that is set meanwhile is noticed by then
Changed = TypeVar("Changed")
OUTCOMES = {"completed": TaskState.COMPLETED, "failed": TaskState.FAILED, "canceled": TaskState.CANCELED}


class FarmService(Service):
    log = Logger()
    name = "farm"

    def __init__(
        self,
        store: Store,
        clock: IReactorTime,
        logs: Logs,
        *,
        settings: FarmSettings | None = None,
        lost_after: float = 30.0,
        task_limit: int = 10_000_000,
        epoch: Callable[[], float],
    ) -> None:
        self.farm = Farm(settings)
        self.stopping = ""  # why nothing new is taken
        self._store = store
        self._clock = clock
        self._logs = logs
        self._task_limit = task_limit
        self._now = epoch
        self._events = Events(int(epoch() * 1000))
        self._announcer = Announcer(self._events, clock, self._view, lambda: self._store.save(Changes()))
        self._connections = Connections(self.farm, clock, lost_after, self._lose)
        self._joining = DeferredLock()
        self._alarm: IDelayedCall | None = None
        self._rings = 0.0  # when the alarm does
        self._pictures: dict[int, bytes] = {}  # job -> its newest frame
        self._written = 0

    # --- start and stop

    async def begin(self) -> None:
        """Load the farm; whoever held an order when it stopped has `lost_after` seconds to come back."""
        loaded = await self._store.load()
        restore(self.farm, loaded, self._now())
        for client in self.farm.clients.values():
            if client.orders:
                self._connections.expect(client)
        self._match()
        await self._settle()

    def refuse_new(self, reason: str) -> None:
        """Take nothing new from now on, and let those who watch know why."""
        if not self.stopping:
            self.stopping = reason
            self._events.publish("farm", {"state": "stopping", "reason": reason})

    async def end(self, reason: str = "The server is stopping") -> None:
        """Refuse new work, tell the workers, write what is left, close the database: in that order."""
        self.refuse_new(reason)
        self._connections.farewell(self.stopping)
        if self._alarm and self._alarm.active():
            self._alarm.cancel()
        self._announcer.stop()
        self._settle_unwatched()
        await self._store.close()
        self._logs.close()

    # --- what the faces ask

    async def submit(
        self,
        template: Any,
        values: Mapping[str, Any],
        *,
        name: str = "",
        folder: str = "",
        settings: Mapping[str, Any] | None = None,
    ) -> Job:
        self._refuse_when_stopping()
        number = self.farm.last_job + 1
        problems: list[Problem] = []
        try:
            wanted = read(JobSettings, settings or {})
            problems += admission.problems_of_job(self.farm, number, wanted)
        except Refused as refused:
            problems += refused.problems
        try:
            made = plan(template, values, folder=folder, limit=self._task_limit)
        except Refused as refused:
            raise Refused([*refused.problems, *problems]) from None
        if problems:
            raise Refused(problems)
        await self._take_up_sources(wanted)
        number = self.farm.last_job + 1  # another one may have come meanwhile
        job = Job(id=number, name=name or made.name, submitted=self._now(), settings=wanted)
        changing.submit(self.farm, job, made, self._now())
        job.warnings += admission.warnings(self.farm, job)
        self._match()
        await self._settle()
        return job

    async def cancel(self, job: int) -> bool:
        return await self._change_job(job, lambda found: changing.cancel(self.farm, found, self._now()))

    async def pause(self, job: int) -> bool:
        return await self._change_job(job, lambda found: changing.pause(self.farm, found))

    async def resume(self, job: int) -> bool:
        return await self._change_job(job, lambda found: changing.resume(self.farm, found))

    async def approve(self, job: int) -> bool:
        return await self._change_job(job, lambda found: changing.approve(self.farm, found))

    async def forgive(self, job: int, clients: Iterable[int]) -> list[int]:
        return await self._change_job(job, lambda found: changing.forgive(self.farm, found, clients))

    async def set_job(self, job: int, values: Mapping[str, Any]) -> bool:
        await self._take_up_sources(read(JobSettings, values, self._job(job).settings))

        def change(found: Job) -> bool:
            settings = read(JobSettings, values, found.settings)
            if problems := admission.problems_of_job(self.farm, job, settings):
                raise Refused(problems)
            before = set(admission.warnings(self.farm, found))
            changed = changing.set_job(self.farm, found, settings, self._now())
            found.warnings[:] = [each for each in found.warnings if each not in before]
            found.warnings += admission.warnings(self.farm, found)
            return changed

        return await self._change_job(job, change)

    async def again(
        self, job: int, choose: Callable[[Job], Chosen], with_dependents: bool = False
    ) -> dict[int, list[int]]:
        def change(found: Job) -> dict[int, list[int]]:
            return changing.again(self.farm, found, choose(found), self._now(), with_dependents)

        return await self._change_steps(job, change)

    async def add_tasks(self, job: int, values: Mapping[str, Any]) -> int:
        def change(found: Job) -> int:
            more = plan(found.template, {**found.values, **values}, limit=self._task_limit)
            return changing.add_tasks(self.farm, found, more, self._now())

        return await self._change_steps(job, change)

    async def revise(self, job: int, values: Mapping[str, Any]) -> bool:
        def change(found: Job) -> bool:
            made = plan(found.template, {**found.values, **values}, limit=self._task_limit)
            if made.values == found.values:
                return False
            changing.revise(self.farm, found, replan(made.template, made.values, found.added))
            return True

        return await self._change_steps(job, change)

    async def _take_up_sources(self, settings: JobSettings) -> None:
        """Jobs that have failed, and whose frames a job is to wait for, are needed with their steps."""
        for after in settings.after:
            other = self.farm.jobs.get(after.job)
            if after.frames is not None and other and other.finished and other.state is not JobState.COMPLETED:
                await self._steps_of(after.job)

    async def _steps_of(self, job: int) -> Job:
        found = self._job(job)
        if not found.steps:
            kept = await self._store.kept(found)
            if not found.steps:
                changing.take_up(self.farm, kept)
        return found

    async def set_status(self, clients: Sequence[RuntimeClient], status: Status) -> list[RuntimeClient]:
        self._refuse_when_stopping()
        changed = [client for client in clients if changing.set_status(self.farm, client, status)]
        self._match()
        await self._settle()
        return changed

    async def set_clients(self, clients: Sequence[RuntimeClient], values: Mapping[str, Any]) -> list[RuntimeClient]:
        self._refuse_when_stopping()
        wanted = [(client, read(ClientSettings, values, client.settings)) for client in clients]
        if problems := [problem for _, settings in wanted[:1] for problem in admission.problems_of_client(settings)]:
            raise Refused(problems)
        now = self._now()
        changed = [client for client, new in wanted if changing.set_client(self.farm, client, new, now)]
        self._match()
        await self._settle()
        return changed

    async def save(self) -> int:
        await self._settle()
        await self._store.save(Changes())
        return self._written

    async def orders_of(self, job: int) -> Sequence[OrderView]:
        found = self._job(job)
        return [order_view(order, found, self.farm) for order in await self._store.orders_of(job)]

    async def submission_of(self, job: int) -> tuple[dict[str, Any], dict[str, Any]]:
        found = self._job(job)
        return (found.template, found.values) if found.template else await self._store.submission_of(job)

    async def log_of(
        self, job: int, *, order: int | None = None, task: int | None = None, step: str | None = None
    ) -> str:
        parts = []
        for each in await self.orders_of(job):
            has = task is None or each.first <= task < each.first + each.count
            if (order is None or each.id == order) and (step is None or each.step == step) and has:
                text = self._logs.read(job, each.id, each.first if each.chunk and task is not None else task)
                if not text and order is None:
                    continue  # it has not begun
                parts.append(f"--- {each.step}, {each.name}, try {each.attempt}, on {each.client}\n{text}")
        return "\n".join(parts)

    def picture_of(self, job: int) -> bytes | None:
        return self._pictures.get(job)

    @property
    def last_event(self) -> int:
        return self._events.last

    def events_since(self, number: int) -> list[Event] | None:
        return self._events.since(number)

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        return self._events.subscribe(listener)

    # --- what the workers say

    async def join(
        self, machine: Machine, run: str, held: Mapping[int, Sequence[int]], link: Link
    ) -> RuntimeClient | None:
        taking_in = self._take_in(machine, run, held, link)
        return await self._joining.run(lambda: Deferred.fromCoroutine(taking_in))

    async def _take_in(
        self, machine: Machine, run: str, held: Mapping[int, Sequence[int]], link: Link
    ) -> RuntimeClient | None:
        client = await self._known(machine)
        if client is None or self.stopping:
            link.refuse(f"{self.stopping}; try again in a moment.")
            return None
        if not self._connections.may_take_over(client, run, link):
            return None
        self._connections.connect(client, run, link)
        self._connections.welcome(client, self.farm.join(client, machine, held, self._now()))
        self._match_unwatched()
        return client

    def leave(self, client: int, link: Link) -> None:
        if not self._connections.disconnect(client, link):
            return
        found = self.farm.clients[client]
        self.farm.leave(found, self._now())
        if not self.stopping:
            self._connections.expect(found)
            self._match_unwatched()

    def started(self, client: int, order: int, task: int) -> None:
        if self.farm.started(client, order, task, self._now()):
            self._announcer.show("client", client)
            self._match_unwatched() if self.farm.suspected else self._set_alarm()

    def result(
        self,
        client: int,
        order: int,
        task: int,
        outcome: str,
        message: str,
        seconds: float,
        cause: str = "",
        peak: int = 0,
    ) -> None:
        now = self._now()
        self.farm.result(client, order, task, OUTCOMES[outcome], message, seconds, now, cause=cause, peak=peak)
        self._match_unwatched()

    def handed_back(self, client: int, order: int, tasks: Sequence[int]) -> None:
        self.farm.handed_back(client, order, tasks, self._now())
        self._match_unwatched()

    def dropped(self, client: int, order: int) -> None:
        self.farm.dropped(client, order)
        self._logs.end(order)
        self._announcer.show("client", client)
        self._match_unwatched()

    def progressed(self, client: int, order: int, task: int, percent: float | None, status: str) -> None:
        found = self.farm.progressed(client, order, task, percent, status)
        if found:
            self._announcer.show("client", client)

    def warned(self, client: int, order: int, task: int, text: str) -> None:
        self.farm.warn(client, order, text)
        self._settle_unwatched()

    def logged(self, client: int, order: int, task: int, text: str) -> None:
        found = self.farm.orders.get(order)
        if found and found.client == client:
            self._logs.write(found.job, order, task, text)

    def pictured(self, client: int, job: int, task: int, jpeg: bytes) -> None:
        found = self.farm.jobs.get(job)
        if found:
            self._pictures.pop(job, None)
            self._pictures[job] = jpeg
            for oldest in list(self._pictures)[:-MOST_PICTURES]:
                del self._pictures[oldest]
            found.picture += 1
            self._announcer.show("job", job)

    def beat(self, client: int, load: float) -> None:
        self.farm.clients[client].load = min(100.0, max(0.0, load))
        self._announcer.show("client", client)

    def leaving(self, client: int) -> None:
        self.farm.retire(self.farm.clients[client])
        self._match_unwatched()

    # --- inside

    def _refuse_when_stopping(self) -> None:
        if self.stopping:
            raise NotNow(f"{self.stopping}; nothing new is taken.")

    def _job(self, number: int) -> Job:
        try:
            return self.farm.jobs[number]
        except KeyError:
            raise NotFound(f"There is no job {number}.") from None

    async def _change_job(self, number: int, change: Callable[[Job], Changed]) -> Changed:
        self._refuse_when_stopping()
        changed = change(self._job(number))
        self._match()
        await self._settle()
        return changed

    async def _change_steps(self, number: int, change: Callable[[Job], Changed]) -> Changed:
        """A change that needs the steps of a job that may have ended."""
        self._refuse_when_stopping()
        found = await self._steps_of(number)
        await self._take_up_sources(found.settings)
        try:
            return await self._change_job(number, change)
        finally:
            if found.finished:
                found.close()

    async def _known(self, machine: Machine) -> RuntimeClient | None:
        """The client of this machine; one that was never seen gets its row, then its id, then its place here."""
        client = self.farm.known(machine.key)
        if client is None and not self.stopping:
            number = await self._store.add_client(machine, self._now())
            client = RuntimeClient(id=number, machine=machine, since=self._now())
            self.farm.admit(client)
        return client

    def _lose(self, client: RuntimeClient) -> None:
        if client.orders:
            self.log.warn("{name} did not come back; its orders are given to others", name=client.name)
        self.farm.lose(client, self._now())
        self._match_unwatched()

    def _match_unwatched(self) -> None:
        """Who may be given what has changed?"""
        self._match()
        self._settle_unwatched()

    def _match(self) -> None:
        if self.stopping:
            return  # no order is given that its worker would not hear of
        match(self.farm, self._now())
        self._set_alarm()

    def _set_alarm(self) -> None:
        """Have the farm's next alarm rung in time."""
        moment = self.farm.next_alarm
        if self._alarm and self._alarm.active():
            if moment is not None and self._rings <= moment:
                return  # it rings early enough
            self._alarm.cancel()
        if moment is not None:
            delay = min(LONGEST_ALARM, max(0.0, moment - self._now()))
            self._rings = self._now() + delay
            self._alarm = self._clock.callLater(delay, self._ring)

    def _ring(self) -> None:
        self.farm.tick(self._now())
        self._match_unwatched()

    def _settle(self) -> Deferred[None]:
        """Write what has changed; when it is committed say what is to be said.

        Fires after that; fails with the store's reason when it cannot be written.
        """
        changes = self.farm.take_changes()
        if not changes:
            return succeed(None)
        committed = self._store.save(changes)
        for job in changes.ended:
            job.close()
        self._hold_back()
        return Deferred.fromCoroutine(self._write(changes, committed))

    def _settle_unwatched(self) -> None:
        """`_settle` where nobody waits; the store itself stops the farm when it cannot write."""
        self._settle().addErrback(lambda failure: self.log.failure("What followed a commit failed", failure))

    async def _write(self, changes: Changes, committed: Awaitable[None]) -> None:
        await committed
        self._written += 1
        self._hold_back()
        self._connections.say(changes)
        self._show_all(changes)

    def _show_all(self, changes: Changes) -> None:
        for order in changes.orders.values():
            self._announcer.show("job", order.job)
            self._announcer.show("client", order.client)
            if not order.open:
                self._logs.end(order.id)
        for number in changes.jobs:
            self._announcer.show("job", number)
        for number in changes.clients:
            self._announcer.show("client", number)

    def _hold_back(self) -> None:
        self._connections.hold_back(self._store.pending > MOST_PENDING)

    def _view(self, kind: str, number: int) -> ClientView | JobView:
        if kind == "job":
            return job_view(self.farm.jobs[number], self.farm)
        return client_view(self.farm.clients[number], self.farm)
