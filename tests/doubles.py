"""Builders for tests of the rules: plans, machines, and a farm of them without service, sockets or database.

How does this work?  `Stage` says in one line what a step is; `planned` makes a real plan of stages, once for
all tests, as a plan never changes.  `Rules` is a `Farm` with a clock of its own and the moves that tests make
again and again.
"""

from functools import cache
from typing import Any, NamedTuple

from brender.farm import changing
from brender.farm.changes import Changes
from brender.farm.client import Machine, RuntimeClient
from brender.farm.farm import Farm
from brender.farm.job import Job
from brender.farm.order import Order
from brender.farm.scheduling.matching import match
from brender.farm.settings import ClientSettings, FarmSettings, JobSettings, read
from brender.farm.submission.planning import Plan, plan
from brender.farm.transitions import TaskState
from tests.farm.submission import documents

DONE, FAILED, CANCELED = TaskState.COMPLETED, TaskState.FAILED, TaskState.CANCELED


DRIVES = "amount.tape.drives"


class Stage(NamedTuple):
    name: str = "A"
    tasks: int = 1
    vcpus: int | None = None  # none: the whole machine
    after: tuple[str, ...] = ()
    chunk: int = 0  # frames that run as one, until it is known how long they take
    memory: int = 0  # GiB
    gpus: int = 0
    drives: int = 0  # an amount of the studio's own
    system: str = ""
    tag: str = ""

    def step(self) -> dict[str, Any]:
        frames = documents.frames(f"1-{self.tasks}")
        if self.chunk:
            chunks = {"defaultTaskCount": self.chunk, "targetRuntimeSeconds": 60, "rangeConstraint": "CONTIGUOUS"}
            frames |= {"type": "CHUNK[INT]", "chunks": chunks}
        made = documents.over(frames, name=self.name)
        amounts = {
            "amount.worker.vcpu": self.vcpus,
            "amount.worker.memory": self.memory * 1024 or None,
            "amount.worker.gpu": self.gpus or None,
            DRIVES: self.drives or None,
        }
        attributes = {"attr.worker.os.family": self.system, "attr.tag": self.tag}
        stated = {
            "amounts": [{"name": name, "min": least} for name, least in amounts.items() if least is not None],
            "attributes": [{"name": name, "anyOf": [value]} for name, value in attributes.items() if value],
        }
        if any(stated.values()):
            made["hostRequirements"] = {kind: each for kind, each in stated.items() if each}
        if self.after:
            made["dependencies"] = [{"dependsOn": name} for name in self.after]
        return made


@cache
def planned(*stages: Stage) -> Plan:
    extensions = {"extensions": ["TASK_CHUNKING"]} if any(stage.chunk for stage in stages) else {}
    return plan(documents.job(*(stage.step() for stage in stages)) | extensions, {})


def machine(number: int, slots: int = 1, **fields: Any) -> Machine:
    return Machine(key=f"key {number}", name=f"render-{number:02}", slots=slots, **fields)


def job(number: int, *stages: Stage, submitted: float = 0.0, **settings: Any) -> Job:
    return Job(number, planned(*stages).name, submitted, settings=read(JobSettings, {"owner": "ada", **settings}))


class Rules:
    """A farm whose time goes on by a second whenever somebody asks for it."""

    def __init__(self, begin: float = 0.0, **settings: Any) -> None:
        self.farm = Farm(read(FarmSettings, settings))
        self._now = begin

    @property
    def now(self) -> float:
        self._now += 1
        return self._now

    @property
    def clock(self) -> float:
        """The time, which does not go on by being asked."""
        return self._now

    def pass_by(self, seconds: float) -> None:
        """Time goes by; alarms that are due ring."""
        end = self._now + seconds
        while (moment := self.farm.alarms.next) is not None and moment <= end:
            self._now = max(self._now, moment)
            self.farm.alarms.ring(self._now)
        self._now = end

    def wait(self, seconds: float) -> None:
        """The same, and then work is given out."""
        self.pass_by(seconds)
        self.match()

    def client(self, slots: int = 1, settings: dict[str, Any] | None = None, **fields: Any) -> RuntimeClient:
        """A machine that was never seen comes online."""
        number = max([*self.farm.clients, *self.farm.departed], default=0) + 1
        client = RuntimeClient(number, machine(number, slots, **fields), settings=read(ClientSettings, settings or {}))
        self.farm.admit(client)
        self.farm.join(client, client.machine, {}, self.now)
        return client

    def job(self, *stages: Stage, **settings: Any) -> Job:
        made = job(self.farm.last_job + 1, *stages, submitted=self.now, **settings)
        return changing.submit(self.farm, made, planned(*stages), self.now)

    def set(self, job: Job, **settings: Any) -> bool:
        return changing.set_job(self.farm, job, read(JobSettings, settings, job.settings), self.now)

    def match(self) -> None:
        match(self.farm, self.now)

    def started(self, order: Order, task: int | None = None) -> None:
        self.farm.started(order.client, order.id, order.first if task is None else task, self.now)

    def ended(
        self,
        order: Order,
        task: int | None = None,
        outcome: TaskState = DONE,
        message: str = "",
        seconds: float = 1.0,
        **more: Any,
    ) -> bool:
        index = order.awaited()[0] if task is None else task
        return self.farm.result(order.client, order.id, index, outcome, message, seconds, self.now, **more)

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
