"""The farm's service: the only writer of state, between the rules and the world.

How does this work?  Every face and every worker's protocol calls a method here.  It tells `Farm` (pure
rules) what happened, lets `matching` issue orders, and calls `_settle`: the rows go to the store, and
after their commit orders are given, results acknowledged and events announced, in that order.
When more than `MOST_PENDING` rows wait for the database, workers are not read until it has caught up.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredLock, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from brender.events import Announcer, Events
from brender.farm.changes import Changes
from brender.farm.client import Machine, RuntimeClient, Status
from brender.farm.farm import Farm
from brender.farm.interfaces import Event, Link, NotFound, Store
from brender.farm.job import Job
from brender.farm.matching import match, match_all
from brender.farm.submission.planning import plan
from brender.farm.submission.problems import Problem, Refused, shown
from brender.farm.transitions import NotNow, TaskState
from brender.farm.views import ClientView, JobView, OrderView, client_view, job_view, order_view
from brender.logs import Logs

MOST_PENDING = 400  # rows: measured to keep the reactor's pauses under 25 ms
MOST_PICTURES = 64  # jobs whose newest frame is kept
PRIORITIES = range(101)
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
        lost_after: float = 30.0,
        task_limit: int = 10_000_000,
        epoch: Callable[[], float],
    ) -> None:
        self.farm = Farm()
        self.stopping = ""  # why nothing new is taken
        self._store = store
        self._clock = clock
        self._logs = logs
        self._lost_after = lost_after
        self._task_limit = task_limit
        self._now = epoch
        self._events = Events(int(epoch() * 1000))
        self._announcer = Announcer(self._events, clock, self._view, lambda: self._store.save(Changes()))
        self._links: dict[int, Link] = {}
        self._runs: dict[int, str] = {}  # client -> the process of its worker
        self._lost: dict[int, IDelayedCall] = {}
        self._joining = DeferredLock()
        self._pictures: dict[int, bytes] = {}  # job -> its newest frame
        self._written = 0
        self._held_back = False

    # --- start and stop

    async def begin(self) -> None:
        """Load the farm; whoever held an order when it stopped has `lost_after` seconds to come back."""
        loaded = await self._store.load()
        self.farm.restore(loaded, self._now())
        for client in self.farm.clients.values():
            if client.orders:
                self._expect(client)
        await self._settle()

    def refuse_new(self, reason: str) -> None:
        """Take nothing new from now on, and let those who watch know why."""
        if not self.stopping:
            self.stopping = reason
            self._events.publish("farm", {"state": "stopping", "reason": reason})

    async def end(self, reason: str = "The server is stopping") -> None:
        """Refuse new work, tell the workers, write what is left, close the database: in that order."""
        self.refuse_new(reason)
        for link in self._links.values():
            link.farewell(self.stopping)
        self._links.clear()
        for client in list(self._lost):
            self._unexpect(client)
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
        priority: int = 50,
        owner: str = "",
        folder: str = "",
    ) -> Job:
        self._refuse_when_stopping()
        if priority not in PRIORITIES:
            raise Refused([Problem("priority", f"A priority is a whole number from 0 to 100, not {shown(priority)}.")])
        made = plan(template, values, folder=folder, limit=self._task_limit)
        job = Job(
            id=self.farm.last_job + 1,
            name=name or made.name,
            owner=owner,
            priority=priority,
            submitted=self._now(),
            template=made.template,
            values=made.values,
        )
        self.farm.submit(job, made)
        self._match()
        await self._settle()
        return job

    async def cancel(self, job: int) -> Job:
        return await self._change_job(job, lambda found: self.farm.cancel(found, self._now()))

    async def pause(self, job: int) -> Job:
        return await self._change_job(job, self.farm.pause)

    async def resume(self, job: int) -> Job:
        return await self._change_job(job, self.farm.resume)

    async def set_status(self, clients: Sequence[RuntimeClient], status: Status) -> list[RuntimeClient]:
        self._refuse_when_stopping()
        changed = [client for client in clients if self.farm.set_status(client, status)]
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
                text = self._logs.read(job, each.id, task)
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
        if not self._may_take_over(client, run, link):
            return None
        self._links[client.id], self._runs[client.id] = link, run
        self._unexpect(client.id)
        drop = self.farm.join(client, machine, held, self._now())
        link.welcome(client, drop)
        if self._held_back:
            link.hold(True)
        self._match_unwatched()
        return client

    def leave(self, client: int, link: Link) -> None:
        if self._links.get(client) is not link:
            return  # a newer connection has taken its place
        del self._links[client]
        found = self.farm.clients[client]
        self.farm.leave(found, self._now())
        if not self.stopping:
            self._expect(found)
            self._match_unwatched()

    def started(self, client: int, order: int, task: int) -> None:
        if self.farm.started(client, order, task, self._now()):
            self._announcer.show("client", client)

    def result(self, client: int, order: int, task: int, outcome: str, message: str, seconds: float) -> None:
        self.farm.result(client, order, task, OUTCOMES[outcome], message, seconds, self._now())
        self._after(client)

    def handed_back(self, client: int, order: int, tasks: Sequence[int]) -> None:
        self.farm.handed_back(client, order, tasks, self._now())
        self._match_unwatched()

    def dropped(self, client: int, order: int) -> None:
        self.farm.dropped(client, order)
        self._logs.end(order)
        self._announcer.show("client", client)
        self._after(client)

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

    async def _change_job(self, number: int, change: Callable[[Job], None]) -> Job:
        self._refuse_when_stopping()
        job = self._job(number)
        change(job)
        self._match()
        await self._settle()
        return job

    async def _known(self, machine: Machine) -> RuntimeClient | None:
        """The client of this machine; one that was never seen gets its row, then its id, then its place here."""
        client = self.farm.known(machine.key)
        if client is None and not self.stopping:
            number = await self._store.add_client(machine, self._now())
            client = RuntimeClient(id=number, machine=machine, since=self._now())
            self.farm.admit(client)
        return client

    def _may_take_over(self, client: RuntimeClient, run: str, link: Link) -> bool:
        """One machine, one connection: the same process may replace its own dead one, another may not."""
        old = self._links.get(client.id)
        if old is None:
            return True
        if self._runs[client.id] != run:
            link.refuse(
                f"A worker with the identity of {client.name} is connected already. If this is another machine, "
                "its state folder was copied: delete the file worker-id in it."
            )
            return False
        old.refuse("The same worker has connected anew.")
        return True

    def _expect(self, client: RuntimeClient) -> None:
        """It is gone; if it does not come back in time, what it holds is made ready again."""
        self._unexpect(client.id)
        self._lost[client.id] = self._clock.callLater(self._lost_after, self._lose, client)

    def _unexpect(self, client: int) -> None:
        call = self._lost.pop(client, None)
        if call and call.active():
            call.cancel()

    def _lose(self, client: RuntimeClient) -> None:
        del self._lost[client.id]
        if client.orders:
            self.log.warn("{name} did not come back; its orders are given to others", name=client.name)
        self.farm.lose(client, self._now())
        self._match_unwatched()

    def _match_unwatched(self, client: RuntimeClient | None = None) -> None:
        """Who may be given what has changed: for one client, or for all."""
        self._match(client)
        self._settle_unwatched()

    def _match(self, client: RuntimeClient | None = None) -> None:
        if self.stopping:
            return  # no order is given that its worker would not hear of
        if client:
            match(self.farm, client, self._now())
        else:
            match_all(self.farm, self._now())

    def _after(self, client: int) -> None:
        """Something has ended on a client: it may have room, and others may have more to do."""
        self._match_unwatched(None if self.farm.take_news() else self.farm.clients[client])

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
        self._say(changes)

    def _say(self, changes: Changes) -> None:
        """After the commit: acknowledge, cancel, recall, give; then tell whoever watches."""
        self._acknowledge(changes)
        for order in changes.canceled:
            if link := self._links.get(order.client):
                link.cancel(order.id)
        for order in changes.recalled:
            if link := self._links.get(order.client):
                link.recall(order.id)
        self._give(changes)
        self._show_all(changes)

    def _acknowledge(self, changes: Changes) -> None:
        results: dict[int, list[tuple[int, int]]] = {}
        for client, order, task in changes.settled:
            results.setdefault(client, []).append((order, task))
        for client, settled in results.items():
            if link := self._links.get(client):
                link.acknowledge(settled)

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

    def _give(self, changes: Changes) -> None:
        for order in changes.issued:
            link = self._links.get(order.client)
            if link and order.open and order.id in self.farm.orders:
                link.give(order, self.farm.step_of(order))
        for job in changes.ended:
            for link in self._links.values():
                link.forget(job.id)

    def _hold_back(self) -> None:
        """Do not read from workers while the database is behind."""
        behind = self._store.pending > MOST_PENDING
        if behind != self._held_back:
            self._held_back = behind
            for link in self._links.values():
                link.hold(behind)

    def _view(self, kind: str, number: int) -> ClientView | JobView:
        if kind == "job":
            return job_view(self.farm.jobs[number], self.farm)
        return client_view(self.farm.clients[number], self.farm)
