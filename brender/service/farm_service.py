"""The farm's service: the only writer of state, between the rules and the world.

How does this work?  Every face calls a method here, of `Upkeep` or of `Inviting`, and every worker's protocol one of
`Reports` or `Inviting`: it is all four.  It tells the rules (`farm`) what happened, lets `match` issue orders, and has
what has changed written (`settling`); whoever asked is answered after the commit.  While the database cannot be written
nothing new is taken, and everybody who asks hears why; what workers and the farm itself do goes on as far as it can,
and is written when it can be.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from copy import copy
from typing import Any, TypeVar

from msgspec import structs
from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as TooLate
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from brender.farm import admission, changing, deleting, trying
from brender.farm.archiving import Archived, forget, no_job, remember
from brender.farm.canceling import cancel_tasks
from brender.farm.choosing import Chosen
from brender.farm.client import Machine, RuntimeClient, Status
from brender.farm.failures.log_rules import rules_of
from brender.farm.failures.reasons import MOST_ORDERS, FailureView, failures
from brender.farm.interfaces import Event, Following, LogPage, NotFound, Planner, Store, Templates
from brender.farm.job import Job, Standing, Step
from brender.farm.settings import ClientSettings, FarmSettings, JobSettings, read
from brender.farm.starting import restore
from brender.farm.submission.answers import Outline, Wrong
from brender.farm.submission.here import Here
from brender.farm.submission.planning import replan
from brender.farm.submission.plans import Plan
from brender.farm.submission.problems import Problem, Refused
from brender.farm.transitions import JobState, NotNow
from brender.farm.views.client_past import TurnView, turn_view
from brender.farm.views.tasks import name_of
from brender.farm.views.things import OrderView, order_view
from brender.logs.order_logs import Logs
from brender.people.passwords import Passwords
from brender.pictures import Pictures
from brender.service.inviting import Inviting
from brender.service.people import PeopleService, random_secret
from brender.templates.library import Library

ERRORS = r"\b(?:[Ee]rror|ERROR|[A-Z]\w*(?:Error|Exception)|Traceback|FATAL|Fatal)\b"  # in a log, besides the rules'
LONGEST_END = 20.0  # seconds that the last commit may take
Changed = TypeVar("Changed")


class FarmService(PeopleService, Inviting, Service):
    log = Logger()
    name = "farm"

    def __init__(
        self,
        store: Store,
        clock: IReactorTime,
        logs: Logs,
        pictures: Pictures,
        *,
        settings: FarmSettings | None = None,
        lost_after: float = 30.0,
        task_limit: int = 10_000_000,
        epoch: Callable[[], float],
        wake: Callable[[Machine], None] = lambda machine: None,
        planner: Planner | None = None,
        templates: Templates | None = None,
        passwords: Passwords | None = None,
        secret: Callable[[], str] = random_secret,
    ) -> None:
        how: dict[str, Any] = {"settings": settings, "lost_after": lost_after, "epoch": epoch, "wake": wake}
        super().__init__(store, clock, logs, pictures, **how, passwords=passwords, secret=secret)
        self._task_limit = task_limit
        self._planner = planner or Here()
        self.templates = templates or Library(None, self._planner, clock)

    # --- start and stop

    async def begin(self) -> None:
        """Load the farm; whoever held an order when it stopped has `lost_after` seconds to come back."""
        loaded = await self._store.load()
        for setting in restore(self.farm, loaded, self._now()):
            self.log.warn("What {name} was set to cannot be any more; brender.toml counts", name=setting)
        for client in self.farm.clients.values():
            if client.orders:
                self._connections.expect(client)
        self._match()
        await self._settling.settle()
        self._let_go()

    def refuse_new(self, reason: str) -> None:
        """Take nothing new from now on, and let those who watch know why."""
        if not self.stopping:
            self.stopping = reason
            self._stop_noting()
            self._events.publish("farm", {"state": "stopping", "reason": reason})

    async def end(self, reason: str = "The server is stopping") -> None:
        """Refuse new work, tell the workers, write what is left, close the database: in that order.

        A database that cannot be written is waited for a few seconds, and never longer than `LONGEST_END`.
        """
        self.refuse_new(reason)
        self._connections.farewell(self.stopping)
        if self._alarm and self._alarm.active():
            self._alarm.cancel()
        self._announcer.stop()
        self.pulse.stop()
        self._settling.flush()
        await self._close_store()
        self._logs.close()

    async def _close_store(self) -> None:
        closing = Deferred.fromCoroutine(waited_for(self._store.close()))
        try:
            await closing.addTimeout(LONGEST_END, self._clock)
        except TooLate:
            self.log.critical(
                "The database did not answer for {seconds:g} s: {rows} rows are not written. Workers bring again what "
                "they did last; what nobody was told is done has to be asked for again.",
                seconds=LONGEST_END,
                rows=self._store.pending,
            )

    # --- what the faces ask

    async def submit(
        self,
        template: Any,
        values: Mapping[str, Any] | str,
        *,
        name: str = "",
        folder: str = "",
        settings: Mapping[str, Any] | None = None,
        key: str = "",
    ) -> Job:
        await self._may_change()
        try:
            made = await self._planner.plan(template, values, folder, self._task_limit)
        except Refused as refused:
            _, problems = self._wanted(settings)
            raise Refused([*refused.problems, *admission.problems_of_name(name), *problems]) from None
        wanted, problems = self._wanted(settings)
        if problems := [*admission.problems_of_name(name), *problems]:
            raise Refused(problems)
        await self._may_change()  # a while may have gone by
        await self._take_up_sources(wanted)
        number = self.farm.last_job + 1  # another one may have come meanwhile
        standing = Standing(key=key)
        job = Job(id=number, name=name or made.name, submitted=self._now(), settings=wanted, standing=standing)
        changing.submit(self.farm, job, made, self._now())
        job.noted += admission.warnings(self.farm, job)
        self._match()
        await self._settling.settle()
        return job

    async def try_out(
        self, template: Any, values: Mapping[str, Any] | str, *, folder: str = "", settings: Mapping[str, Any]
    ) -> tuple[Outline, list[str]]:
        found, made = await self._planner.outline(template, values, folder, self._task_limit)
        wanted, problems = self._wanted(settings)
        if problems:
            told = [*found.problems, *(Wrong(each.at, each.message) for each in problems)]
            return structs.replace(found, problems=told), []
        return found, trying.warnings(self.farm, made, wanted) if made else []

    def _wanted(self, settings: Mapping[str, Any] | None) -> tuple[JobSettings, list[Problem]]:
        """The settings of a new job, and what is wrong with them."""
        try:
            wanted = read(JobSettings, settings or {})
        except Refused as refused:
            return JobSettings(), list(refused.problems)
        return wanted, list(admission.problems_of_job(self.farm, self.farm.last_job + 1, wanted))

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
            found.noted[:] = [each for each in found.noted if each not in before]
            found.noted += admission.warnings(self.farm, found)
            return changed

        return await self._change_job(job, change)

    async def again(
        self, job: int, choose: Callable[[Job], Chosen], with_dependents: bool = False
    ) -> dict[int, list[int]]:
        def change(found: Job) -> dict[int, list[int]]:
            return changing.again(self.farm, found, choose(found), self._now(), with_dependents)

        return await self._change_steps(job, change)

    async def cancel_tasks(self, job: int, chosen: Chosen) -> dict[int, list[int]]:
        return await self._change_steps(job, lambda found: cancel_tasks(self.farm, found, chosen, self._now()))

    async def add_tasks(self, job: int, values: Mapping[str, Any]) -> int:
        _, more = await self._planned_with(job, values)
        return await self._change_steps(job, lambda found: changing.add_tasks(self.farm, found, more, self._now()))

    async def revise(self, job: int, values: Mapping[str, Any]) -> bool:
        before, made = await self._planned_with(job, values)

        def change(found: Job) -> bool:
            if found.values != before:
                raise NotNow(f"Somebody else has changed values of job {job} meanwhile; look at them, and try again.")
            if made.values == found.values:
                return False
            whole = replan(made.template, made.values, found.added) if found.added else made
            changing.revise(self.farm, found, whole)
            return True

        return await self._change_steps(job, change)

    async def _planned_with(self, job: int, values: Mapping[str, Any]) -> tuple[dict[str, Any], Plan]:
        """The values of a job, and what it would be with some others."""
        await self._may_change()
        template, now = await self.submission_of(job)
        return now, await self._planner.plan(template, {**now, **values}, "", self._task_limit)

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

    async def steps_of(self, job: int) -> Sequence[Step]:
        found = self._job(job)
        if found.steps:
            return found.steps
        self._refuse_in_trouble()
        self._settling.flush()  # its steps may be among what is not written yet
        kept = await self._store.kept(found)
        kept.job = copy(found)  # the farm's own stays without them
        changing.take_up(self.farm, kept)
        return kept.job.steps

    async def set_status(self, clients: Sequence[RuntimeClient], status: Status) -> list[RuntimeClient]:
        await self._may_change()
        changed = [client for client in clients if changing.set_status(self.farm, client, status)]
        self._match()
        await self._settling.settle()
        return changed

    async def send_away(self, clients: Sequence[RuntimeClient], *, again: bool, now: bool) -> dict[int, str]:
        await self._may_change()
        stay: dict[int, str] = {}
        for client in clients:
            if not client.online:
                stay[client.id] = f"{client.name} is offline; its worker hears nothing."
            elif not self._connections.send_away(client.id, again=again, now=now):
                program = client.machine.program or "its worker"
                stay[client.id] = f"{client.name} runs {program}, which cannot be told to leave; start it anew there."
        return stay

    async def set_clients(self, clients: Sequence[RuntimeClient], values: Mapping[str, Any]) -> list[RuntimeClient]:
        await self._may_change()
        wanted = [(client, read(ClientSettings, values, client.settings)) for client in clients]
        if problems := [problem for _, settings in wanted[:1] for problem in admission.problems_of_client(settings)]:
            raise Refused(problems)
        now = self._now()
        changed = [client for client, new in wanted if changing.set_client(self.farm, client, new, now)]
        self._match()
        await self._settling.settle()
        return changed

    async def save(self) -> int:
        self._refuse_in_trouble()
        await self._settling.all_written()
        return self._settling.written

    async def orders_of(self, job: int) -> Sequence[OrderView]:
        found = self._job(job)
        self._refuse_in_trouble()
        self._settling.flush()  # what has gathered is among what is read
        return [order_view(order, found, self.farm) for order in await self._store.orders_of(job)]

    async def turns_of(self, client: int) -> Sequence[TurnView]:
        if client not in self.farm.clients:
            raise NotFound(f"There is no client {client}.")
        self._refuse_in_trouble()
        self._settling.flush()
        found = await self._store.orders_with(self.farm.clients[client].lately.orders)
        live = [self.farm.orders.get(order.id, order) for order in reversed(found)]
        return [turn_view(order, self.farm) for order in live if order.job in self.farm.jobs]

    async def failures_of(self, job: int) -> list[FailureView]:
        steps = await self.steps_of(job)
        self._refuse_in_trouble()
        self._settling.flush()
        orders = await self._store.failed_orders_of(job, MOST_ORDERS)
        return failures(orders, self._job(job).steps or steps, lambda client: name_of(self.farm, client))

    async def submission_of(self, job: int) -> tuple[dict[str, Any], dict[str, Any]]:
        found = self._job(job)
        if found.template:
            return found.template, found.values
        self._refuse_in_trouble()
        return await self._store.submission_of(job)

    async def log_of(
        self, job: int, *, order: int | None = None, task: int | None = None, step: str | None = None, tail: int = 0
    ) -> str:
        parts: list[str] = []
        for each in reversed(await self.orders_of(job)):
            has = task is None or each.first <= task < each.first + each.count
            if (order is None or each.id == order) and (step is None or each.step == step) and has:
                first = each.first if each.chunk and task is not None else task
                text = await self._logs.reading(job, each.id, first, tail)
                if not text and order is None:
                    continue  # it has not begun
                parts.append(f"--- {each.step}, {each.name}, try {each.attempt}, on {each.client}\n{text}")
                if tail and sum(map(len, parts)) > tail:
                    break
        return "\n".join(reversed(parts))

    async def log_page(self, job: int, order: int, begin: int, length: int, error: bool = False) -> LogPage | None:
        self._job(job)
        patterns = [*(rule.pattern for rule in rules_of(self.farm.settings)), ERRORS] if error else []
        return await self._logs.page(job, order, begin, length, [re.compile(each) for each in patterns])

    @property
    def last_event(self) -> int:
        return self._events.last

    def events_since(self, number: int) -> list[Event] | None:
        return self._events.since(number)

    def follow_tasks(self, job: int) -> Following:
        return self._tasks.follow(self._job(job))

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        return self._events.subscribe(listener)

    # --- what goes to the archive and comes back (`archiving`)

    def forget(self, job: Job, entry: Archived) -> None:
        """It is in the archive."""
        self._settling.flush()  # no row of it may come after it was taken out of the database
        forget(self.farm, job, entry)
        self._announcer.forget("job", job.id)
        self.pictures.forget(job.id)

    def say_gone(self, jobs: Iterable[int]) -> None:
        """They are in the archive, and in the database no more."""
        self._announcer.gone("job", jobs)

    def remember(self, job: Job) -> None:
        """It is back."""
        remember(self.farm, job)
        self.pictures.recall({job.id: job}).addBoth(lambda _: self._announcer.show("job", job.id))

    # --- inside

    def _refuse_in_trouble(self) -> None:
        """What has to be read stands behind what cannot be written."""
        if self._settling.trouble:
            raise NotNow(f"{self._settling.trouble}; nothing is read from it until it can be.")

    def _job(self, number: int) -> Job:
        try:
            return self.farm.jobs[number]
        except KeyError:
            raise NotFound(no_job(self.farm, number)) from None

    async def _change_job(self, number: int, change: Callable[[Job], Changed]) -> Changed:
        await self._may_change()
        changed = change(self._job(number))
        self._match()
        await self._settling.settle()
        return changed

    async def _change_steps(self, number: int, change: Callable[[Job], Changed]) -> Changed:
        """A change that needs the steps of a job that may have ended."""
        await self._may_change()
        found = await self._steps_of(number)
        await self._take_up_sources(found.settings)
        try:
            return await self._change_job(number, lambda job: change(deleting.kept(job)))
        finally:
            if found.finished and found.steps:
                self._settling.flush()  # its steps may be among what is not written yet
                found.close()


async def waited_for(done: Awaitable[None]) -> None:
    await done
