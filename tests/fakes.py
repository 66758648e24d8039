"""The doubles: a store in memory, a worker that notes what it is told, and a farm made of them.

How does this work?  `MemoryStore` and `NotedLink` keep to the interfaces in `brender/farm/interfaces/`,
and `SmallFarm` puts the real `FarmService` on them with a clock that only moves when it is told to.  So
tests of shell, web and protocol talk to the farm itself, without sockets, threads or a database.
"""

import json
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from msgspec.structs import replace
from PIL import Image
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import TestCase

from brender.farm.changes import Changes, Kept, Loaded, StatesThen
from brender.farm.client import Machine, RuntimeClient
from brender.farm.interfaces import NotFound, WritePath
from brender.farm.job import Job, Step
from brender.farm.order import Order
from brender.farm.people.audit import Entry
from brender.farm.people.sessions import Session
from brender.farm.submission.answers import Outline
from brender.farm.submission.here import Here, Template, Values
from brender.farm.submission.planning import replan
from brender.farm.submission.plans import Plan
from brender.logs.order_logs import Logs
from brender.people.passwords import Passwords
from brender.pictures import Pictures
from brender.service.farm_service import FarmService

NOON = 1_700_000_000.0  # the time at which every small farm begins

FRAMES = """
specificationVersion: jobtemplate-2023-09
name: shot_010
parameterDefinitions:
- {name: Frames, type: STRING, default: "1-24"}
steps:
- name: Render
  parameterSpace:
    taskParameterDefinitions:
    - {name: Frame, type: INT, range: "{{Param.Frames}}"}
  script: {actions: {onRun: {command: render, args: ["{{Task.Param.Frame}}"]}}}
"""


def jpeg(grey: int = 0, width: int = 16, height: int = 9) -> bytes:
    """A small picture."""
    made = BytesIO()
    Image.new("L", (width, height), grey).save(made, "JPEG")
    return made.getvalue()


class MemoryStore:
    """A store that forgets everything with its process.  `held` makes commits wait until `commit`."""

    def __init__(self, held: bool = False) -> None:
        self.held = held
        self.closed = False
        self.orders: dict[int, Order] = {}
        self.entries: dict[int, Entry] = {}  # of the audit
        self.sessions: dict[int, Session] = {}  # as they were written
        self.submissions: dict[int, tuple[dict[str, Any], dict[str, Any]]] = {}
        self.added: dict[int, list[dict[str, Any]]] = {}
        self.steps: dict[int, list[StatesThen | None]] = {}
        self.figures = WritePath()
        self.listener: Callable[[str], None] = lambda trouble: None  # what it is told, the farm hears
        self._clients = 0
        self._waiting: list[Deferred[None]] = []

    @property
    def pending(self) -> int:
        return len(self._waiting)

    def watch(self, listener: Callable[[str], None]) -> None:
        self.listener = listener

    async def load(self) -> Loaded:
        return Loaded()

    async def add_client(self, machine: Machine, now: float) -> int:
        self._clients += 1
        return self._clients

    def save(self, changes: Changes) -> Awaitable[None]:
        self.orders.update(changes.orders)
        self.entries.update(changes.audit)
        self.sessions.update((number, replace(session)) for number, session in changes.sessions.items())
        for job in changes.jobs.values():
            if job.template:
                self.submissions[job.id] = (job.template, job.values)
        for job in changes.steps.values():
            self.added[job.id] = job.added
            self.steps[job.id] = [
                StatesThen(bytes(step.tasks), step.as_of, step.open_then, step.took.packed()) for step in job.steps
            ]
        if not self.held:
            return succeed(None)
        self._waiting.append(Deferred())
        return self._waiting[-1]

    def commit(self) -> None:
        waiting, self._waiting = self._waiting, []
        for done in waiting:
            done.callback(None)

    async def orders_of(self, job: int) -> Sequence[Order]:
        return [order for _, order in sorted(self.orders.items()) if order.job == job]

    async def failed_orders_of(self, job: int, most: int) -> Sequence[Order]:
        return [order for order in await self.orders_of(job) if order.reason][-most:]

    async def orders_with(self, numbers: Sequence[int]) -> Sequence[Order]:
        return [self.orders[number] for number in sorted(numbers) if number in self.orders]

    async def submission_of(self, job: int) -> tuple[dict[str, Any], dict[str, Any]]:
        if job not in self.submissions:
            raise NotFound(f"There is no job {job}.")
        return self.submissions[job]

    async def kept(self, job: Job) -> Kept:
        template, values = await self.submission_of(job.id)
        added = self.added[job.id]
        return Kept(job, replan(template, values, added), self.steps[job.id], added)

    async def remove_jobs(self, jobs: Sequence[int]) -> None:
        self.orders = {number: order for number, order in self.orders.items() if order.job not in jobs}

    async def remove_clients(self, clients: Mapping[int, str], now: float) -> None:
        pass

    async def remove_views(self, views: Sequence[int]) -> None:
        pass

    async def remove_invitations(self, invitations: Sequence[int]) -> None:
        pass

    async def known_authority(self, fingerprint: str, now: float, replaces: bool) -> str:
        return fingerprint

    async def remove_users(self, users: Sequence[str], tokens: Sequence[int]) -> None:
        pass

    async def remove_tokens(self, tokens: Sequence[int]) -> None:
        pass

    async def remove_sessions(self, used: float, began: float) -> int:
        return 0

    async def audit(self, most: int) -> Sequence[Entry]:
        return [entry for _, entry in sorted(self.entries.items(), reverse=True)][:most]

    async def remove_audit(self, before: float) -> int:
        old = [number for number, entry in self.entries.items() if entry.when < before]
        for number in old:
            del self.entries[number]
        return len(old)

    async def close(self) -> None:
        self.commit()
        self.closed = True


class NotedLink:
    """A worker's connection that notes what the farm says."""

    def __init__(self) -> None:
        self.said: list[tuple[Any, ...]] = []
        self.orders: dict[int, Order] = {}
        self.words = 0
        self.lives = True  # it answers
        self.can_be_sent_away = True  # its worker is new enough

    def ask(self) -> None:
        self.words += self.lives

    def welcome(self, client: RuntimeClient, drop: Sequence[int]) -> None:
        self.said.append(("welcome", client.id, list(drop)))

    def refuse(self, reason: str, again: bool = True) -> None:
        self.said.append(("refuse", reason) if again else ("refuse", reason, again))

    def give(self, order: Order, step: Step) -> None:
        self.orders[order.id] = order
        self.said.append(("give", order.id))

    def acknowledge(self, results: Sequence[tuple[int, int]]) -> None:
        self.said.append(("acknowledge", list(results)))

    def recall(self, order: int) -> None:
        self.said.append(("recall", order))

    def cancel(self, order: int) -> None:
        self.said.append(("cancel", order))

    def stop(self, order: int, tasks: Sequence[int]) -> None:
        self.said.append(("stop", order, list(tasks)))

    def forget(self, job: int) -> None:
        self.said.append(("forget", job))

    def power_off(self, idle: float) -> None:
        self.said.append(("power_off", idle))

    def send_away(self, *, again: bool, now: bool) -> bool:
        self.said.append(("send_away", again, now))
        return self.can_be_sent_away

    def farewell(self, reason: str) -> None:
        self.said.append(("farewell", reason))

    def hold(self, wait: bool) -> None:
        self.said.append(("hold", wait))


class Remembering(Here):
    """The real plans and outlines; what a thousand tests hand in is worked out once."""

    def __init__(self) -> None:
        self._plans: dict[tuple[str, ...], Plan] = {}
        self._outlines: dict[tuple[str, ...], tuple[Outline, Plan | None]] = {}

    async def plan(self, template: Template, values: Values, folder: str, limit: int) -> Plan:
        key = (json.dumps([template, values]), folder, str(limit))
        if key not in self._plans:
            self._plans[key] = await super().plan(template, values, folder, limit)
        return self._plans[key]

    async def outline(self, template: Template, values: Values, folder: str, limit: int) -> tuple[Outline, Plan | None]:
        key = (json.dumps([template, values]), folder, str(limit))
        if key not in self._outlines:
            self._outlines[key] = await super().outline(template, values, folder, limit)
        return self._outlines[key]


PLANNER = Remembering()


class SmallFarm:
    """The real service on doubles."""

    def __init__(self, test: TestCase, store: MemoryStore | None = None) -> None:
        folder = tempfile.TemporaryDirectory(prefix="brender-test-")
        test.addCleanup(folder.cleanup)
        self.clock = Clock()
        self.clock.advance(NOON)
        self.store = store or MemoryStore()
        self.logs = Logs(Path(folder.name))
        self.pictures = Pictures(Path(folder.name) / "pictures")
        test.addCleanup(self.logs.close)
        self.service = FarmService(
            self.store,
            self.clock,
            self.logs,
            self.pictures,
            epoch=self.clock.seconds,
            passwords=Passwords(hasher=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)),
            secret=map("secret {}".format, count(1)).__next__,
            planner=PLANNER,
        )
        self.links: dict[int, NotedLink] = {}

    def now(self) -> float:
        return self.clock.seconds()

    async def client(self, name: str, slots: int = 1, **machine: Any) -> RuntimeClient:
        """A machine whose worker has just connected."""
        link = NotedLink()
        made = Machine(key=f"key of {name} {len(self.links)}", name=name, slots=slots, **machine)
        client = await self.service.join(made, "run 1", {}, link)
        assert client is not None
        self.links[client.id] = link
        return client

    def gone(self, client: RuntimeClient) -> None:
        """Its worker's connection is lost."""
        self.service.leave(client.id, self.links[client.id])

    async def job(
        self, template: str = FRAMES, values: Mapping[str, Any] | None = None, *, name: str = "", **settings: Any
    ) -> Job:
        return await self.service.submit(template, values or {}, name=name, settings=settings)

    def start(self, client: RuntimeClient) -> Order:
        """The client begins the first task that it was given."""
        order = next(order for order in client.orders.values() if order.open)
        self.service.started(client.id, order.id, order.awaited()[0])
        return order

    def finish(
        self, client: RuntimeClient, outcome: str = "completed", message: str = "", seconds: float = 0.4
    ) -> None:
        """The client ends the task that it runs, or else the first that it was given."""
        order = self.start(client)
        self.service.result(client.id, order.id, order.awaited()[0], outcome, message, seconds)

    def finish_all(self, client: RuntimeClient, outcome: str = "completed", message: str = "") -> None:
        while any(order.open for order in client.orders.values()):
            self.finish(client, outcome, message)
