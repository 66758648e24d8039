"""What workers say, and what the farm does by itself: the half of the service that no person asks.

How does this work?  Every worker's protocol calls a method here.  It tells the rules (`farm`) what happened, lets
`match` issue orders, and has what has changed written (`settling`); after the commit workers are told (`connections`)
and events announced, in that order.  What the farm does by itself at some time is rung by one delayed call, which is
never later than `LONGEST_ALARM`: a clock that was set is noticed by then.  `service` is the other half.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred, DeferredLock
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from brender.events import Announcer, Events
from brender.farm import clock_set
from brender.farm.changes import Changes
from brender.farm.client import Machine, RuntimeClient
from brender.farm.farm import Farm
from brender.farm.interfaces import Link, Store, WritePath
from brender.farm.job import Shown
from brender.farm.machines import power, presence
from brender.farm.machines.load import UNKNOWN, Figures
from brender.farm.overrides import place_of
from brender.farm.people.saved_view import SavedView
from brender.farm.scheduling.matching import match
from brender.farm.settings import FarmSettings
from brender.farm.transitions import TaskState
from brender.farm.views.groups import SettingView, setting_view
from brender.farm.views.things import ClientView, JobView, client_view, job_view
from brender.logs.order_logs import Logs
from brender.pictures import Pictures, size_of
from brender.pictures.album import Told
from brender.service.connections import Connections
from brender.service.pulse import FarmPulse
from brender.service.settling import Settling
from brender.service.steady import SteadyTime
from brender.service.task_events import TaskEvents

LONGEST_ALARM = 60.0  # seconds
FASTEST = 1000.0  # frames a second
OUTCOMES = {"completed": TaskState.COMPLETED, "failed": TaskState.FAILED, "canceled": TaskState.CANCELED}


class Reports:
    """`farm.interfaces.WorkerService`."""

    log = Logger()

    def __init__(
        self,
        store: Store,
        clock: IReactorTime,
        logs: Logs,
        pictures: Pictures,
        *,
        settings: FarmSettings | None = None,
        lost_after: float = 30.0,
        epoch: Callable[[], float],
        wake: Callable[[Machine], None] = lambda machine: None,
    ) -> None:
        self.farm = Farm(settings)
        self.stopping = ""  # why it ends
        self.remembered: dict[str, Any] = {}
        self._store = store
        self._clock = clock
        self._logs = logs
        self.pictures = pictures
        self._time = SteadyTime(epoch, clock.seconds)
        self._now = self._time.now
        self._wake = wake
        self._events = Events(int(epoch() * 1000))
        self.pulse = FarmPulse(self.farm, clock, self._now, partial(self._events.publish, kept=False))
        self._connections = Connections(self.farm, clock, lost_after, self._lose)
        self._settling = Settling(self.farm, store, self._say, self._connections.hold_back, self._announce_trouble)
        self._tasks = TaskEvents(self.farm, lambda: self._events.last, self._now)
        self._announcer = Announcer(self._events, clock, self._view, self._settling.all_written, self._tasks.told)
        self._joining = DeferredLock()
        self._alarm: IDelayedCall | None = None
        self._rings = 0.0  # when the alarm does
        self._no_jpeg: set[int] = set()  # clients that sent pictures which are none
        self._strange = (0, 0)  # client and order of which the last result that changed nothing spoke

    @property
    def refusing(self) -> str:
        return self.stopping or self._settling.trouble

    @property
    def figures(self) -> WritePath:
        return self._store.figures

    # --- what the workers say

    async def join(
        self, machine: Machine, run: str, held: Mapping[int, Sequence[int]], link: Link
    ) -> RuntimeClient | None:
        taking_in = self._take_in(machine, run, held, link)
        if self.farm.known(machine.key):
            return await taking_in
        return await self._joining.run(lambda: Deferred.fromCoroutine(taking_in))

    async def _take_in(
        self, machine: Machine, run: str, held: Mapping[int, Sequence[int]], link: Link
    ) -> RuntimeClient | None:
        client = await self._known(machine)
        if client and not held.keys() <= client.orders.keys():
            # it drops what is not its own any more, results included: what made it so has to be safe
            await self._settling.all_written()
        if client and not await self._connections.makes_way(client, run, link):
            return None
        if client is None or self.stopping:
            link.refuse(f"{self.refusing}; try again in a moment.")
            return None
        self._connections.connect(client, run, link)
        self._connections.welcome(client, self.farm.join(client, machine, held, self._now()))
        self._match_soon()
        return client

    def leave(self, client: int, link: Link) -> None:
        if not self._connections.disconnect(client, link):
            return
        found = self.farm.clients[client]
        self.farm.leave(found, self._now())
        if not self.stopping:
            self._connections.expect(found)
            self._match_soon()

    def started(self, client: int, order: int, task: int) -> None:
        now = self._now()
        if self.farm.started(client, order, task, now):
            self._announcer.show("client", client)
            self._match_soon() if self.farm.suspected else self._set_alarm(now)

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
        if not self.farm.result(client, order, task, OUTCOMES[outcome], message, seconds, now, cause=cause, peak=peak):
            self._wonder(client, order, task)
        self._match_soon()

    def handed_back(self, client: int, order: int, tasks: Sequence[int]) -> None:
        self.farm.handed_back(client, order, tasks, self._now())
        self._match_soon()

    def dropped(self, client: int, order: int) -> None:
        self.farm.dropped(client, order)
        self._logs.end(order)
        self._announcer.show("client", client)
        self._match_soon()

    def progressed(self, client: int, order: int, task: int, percent: float | None, status: str) -> None:
        found = self.farm.progressed(client, order, task, percent, status)
        if found:
            self._announcer.show("client", client)

    def warned(self, client: int, order: int, task: int, text: str) -> None:
        self.farm.warn(client, order, text)
        self._settling.settle_soon()

    def logged(self, client: int, order: int, task: int, text: str) -> None:
        found = self.farm.orders.get(order)
        if found and found.client == client:
            self._logs.write(found.job, order, task, text)

    def pictured(self, client: int, job: int, task: int, jpeg: bytes, step: str = "", rate: float = 0.0) -> None:
        found, size = self.farm.jobs.get(job), size_of(jpeg)
        steps = (found.steps or found.past) if found else ()
        place = next((each for each in steps if step in {"", each.name}), None)
        if size is None:
            self._refuse_picture(client)
        elif found and place and 0 <= task < sum(place.counts):
            rate = rate if 0 < rate <= FASTEST else 0.0
            adding = self.pictures.add(found, Told(place.index, task, size, self._now(), rate), jpeg)
            adding.addCallback(lambda shown: self._show_picture(job, shown))

    def _show_picture(self, job: int, shown: Shown | None) -> None:
        found = self.farm.jobs.get(job)
        if shown and found:
            found.shown = shown
            self._announcer.show("job", job)

    def _refuse_picture(self, client: int) -> None:
        if client not in self._no_jpeg:
            self._no_jpeg.add(client)
            self.log.warn("{name} sends pictures that are no JPEG", name=self.farm.clients[client].name)

    def beat(self, client: int, load: float, figures: Figures = UNKNOWN) -> None:
        found = self.farm.clients[client]
        found.load = min(100.0, max(0.0, load))
        found.figures.note(found.load, figures, found.machine.memory, self._now())
        self._announcer.show("client", client)

    def leaving(self, client: int, off: bool = False) -> None:
        found = self.farm.clients[client]
        power.goes_off(self.farm, found) if off else self.farm.retire(found)
        self._match_soon()

    def attended(self, client: int, here: bool, idle: float | None, held: bool = False) -> None:
        presence.told(self.farm, self.farm.clients[client], here, idle, self._now(), held)
        self._match_soon()

    def unwell(self, client: int, reason: str) -> None:
        self.farm.unwell(self.farm.clients[client], reason)
        self._match_soon()

    def stays(self, client: int, reason: str) -> None:
        power.stays(self.farm, self.farm.clients[client], reason, self._now())
        self._match_soon()

    # --- inside

    def _wonder(self, client: int, order: int, task: int) -> None:
        """A result came twice, late, or from somebody who does not hold the order: said once for an order."""
        if self._strange != (client, order):
            self._strange = (client, order)
            self.log.info(
                "{name} reports task {task} of order {order}, which does not wait for it (any more): nothing changes",
                name=self.farm.clients[client].name,
                task=task,
                order=order,
            )

    async def _known(self, machine: Machine) -> RuntimeClient | None:
        """The client of this machine; one that was never seen gets its row, then its id, then its place here.

        None when that cannot be now.
        """
        client = self.farm.known(machine.key)
        if client is None and not self.refusing:
            number = await self._store.add_client(machine, self._now())
            client = RuntimeClient(id=number, machine=machine, since=self._now())
            self.farm.admit(client)
        return client

    def _lose(self, client: RuntimeClient) -> None:
        if client.orders:
            self.log.warn("{name} did not come back; its orders are given to others", name=client.name)
        self.farm.lose(client, self._now())
        self._match_soon()

    def _match_soon(self) -> None:
        """Who may be given what has changed?"""
        self._match()
        self._settling.settle_soon()

    def _match(self) -> None:
        if self.stopping:
            return  # no order is given that its worker would not hear of
        if step := self._time.step():
            self.log.warn("The clock of this machine was set by {step:+.0f} s", step=step)
            clock_set.shift(self.farm, step, self._now())
            self._rings += step
            self.pulse.shift(step)
        now = self._now()
        match(self.farm, now)
        power.look(self.farm, now)
        self._set_alarm(now)

    def _set_alarm(self, now: float) -> None:
        """Have the farm's next alarm rung in time."""
        moment = self.farm.alarms.next
        if self._alarm and self._alarm.active():
            if moment is not None and self._rings <= moment:
                return  # it rings early enough
            self._alarm.cancel()
        if moment is not None:
            delay = min(LONGEST_ALARM, max(0.0, moment - now))
            self._rings = now + delay
            self._alarm = self._clock.callLater(delay, self._ring)

    def _ring(self) -> None:
        self.farm.alarms.ring(self._now())
        self._match_soon()

    async def _say(self, changes: Changes) -> None:
        """What is committed: to workers, to machines, to those who watch."""
        await self._connections.say(changes)
        for client in changes.woken:
            self._wake(client.machine)
        self._show_all(changes)

    def _announce_trouble(self, trouble: str) -> None:
        if not self.stopping:
            self._events.publish("farm", {"state": "waiting" if trouble else "working", "reason": trouble})

    def _show_all(self, changes: Changes) -> None:
        jobs = {order.job for order in changes.orders.values()} | changes.jobs.keys()
        for number in jobs & self.farm.jobs.keys():  # the others are archived
            self._announcer.show("job", number)
        for order in changes.orders.values():
            if not order.open:
                self._logs.end(order.id)
        clients = {order.client for order in changes.orders.values()} | changes.clients.keys()
        clients |= {client.id for key in changes.credentials if (client := self.farm.known(key))}
        for number in clients & self.farm.clients.keys():  # the others are deleted
            self._announcer.show("client", number)
        for name in changes.settings:
            self._announcer.show("setting", place_of(name)[0])
        for number in changes.views.keys() & self.farm.views.keys():
            self._announcer.show("view", number)

    def _view(self, kind: str, key: Any) -> ClientView | JobView | SettingView | SavedView:
        match kind:
            case "job":
                return job_view(self.farm.jobs[key], self.farm)
            case "client":
                return client_view(self.farm.clients[key], self.farm)
            case "setting":
                return setting_view(key, self.farm)
        return self.farm.views[key]
