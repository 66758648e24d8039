"""Builders for tests of the rules: plans, machines, and a farm of them without service, sockets or database.

How does this work?  `Stage` says in one line what a step is; `planned` makes a real plan of stages, once for
all tests, as a plan never changes.  `Rules` is a `Farm` with a clock of its own and the moves that tests make
again and again.
"""

from functools import cache
from typing import Any, NamedTuple

from brender.farm.changes import Changes
from brender.farm.client import Machine, RuntimeClient
from brender.farm.farm import Farm
from brender.farm.job import Job
from brender.farm.matching import match_all
from brender.farm.order import Order
from brender.farm.submission.planning import Plan, plan
from brender.farm.transitions import TaskState
from tests.farm.submission import documents

DONE, FAILED, CANCELED = TaskState.COMPLETED, TaskState.FAILED, TaskState.CANCELED


class Stage(NamedTuple):
    name: str = "A"
    tasks: int = 1
    vcpus: int | None = None  # none: the whole machine
    after: tuple[str, ...] = ()

    def step(self) -> dict[str, Any]:
        made = documents.over(documents.frames(f"1-{self.tasks}"), name=self.name)
        if self.vcpus is not None:
            made["hostRequirements"] = {"amounts": [{"name": "amount.worker.vcpu", "min": self.vcpus}]}
        if self.after:
            made["dependencies"] = [{"dependsOn": name} for name in self.after]
        return made


@cache
def planned(*stages: Stage) -> Plan:
    return plan(documents.job(*(stage.step() for stage in stages)), {})


def machine(number: int, slots: int = 1, **fields: Any) -> Machine:
    return Machine(key=f"key {number}", name=f"render-{number:02}", slots=slots, **fields)


def job(number: int, *stages: Stage, priority: int = 50, submitted: float = 0.0) -> Job:
    made = planned(*stages)
    return Job(number, made.name, "ada", priority, submitted, made.template, made.values)


class Rules:
    """A farm whose time goes on by a second whenever somebody asks for it."""

    def __init__(self) -> None:
        self.farm = Farm()
        self._now = 0.0

    @property
    def now(self) -> float:
        self._now += 1
        return self._now

    def client(self, slots: int = 1, **fields: Any) -> RuntimeClient:
        """A machine that was never seen comes online."""
        number = len(self.farm.clients) + 1
        client = RuntimeClient(number, machine(number, slots, **fields))
        self.farm.admit(client)
        self.farm.join(client, client.machine, {}, self.now)
        return client

    def job(self, *stages: Stage, priority: int = 50) -> Job:
        made = job(self.farm.last_job + 1, *stages, priority=priority, submitted=self.now)
        return self.farm.submit(made, planned(*stages))

    def match(self) -> None:
        match_all(self.farm, self.now)

    def started(self, order: Order, task: int | None = None) -> None:
        self.farm.started(order.client, order.id, order.first if task is None else task, self.now)

    def ended(
        self, order: Order, task: int | None = None, outcome: TaskState = DONE, message: str = "", seconds: float = 1.0
    ) -> bool:
        index = order.awaited()[0] if task is None else task
        return self.farm.result(order.client, order.id, index, outcome, message, seconds, self.now)

    def orders(self, client: RuntimeClient) -> list[Order]:
        return list(client.orders.values())

    def run(self, client: RuntimeClient, outcome: TaskState = DONE) -> int:
        """The client ends all that it is given, with matching after each; how many tasks that were."""
        for ended in range(10_000):
            self.match()
            order = next((order for order in client.orders.values() if order.open), None)
            if order is None:
                return ended
            self.started(order, order.awaited()[0])
            self.ended(order, outcome=outcome, message="It broke.")
        raise AssertionError("The farm never came to rest.")

    def changes(self) -> Changes:
        return self.farm.take_changes()
