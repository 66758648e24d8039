"""A farm for tests whose rows are written, and which can be started anew from them.

How does this work?  `Written` does after each move what the service does: what has changed becomes rows, and jobs
that have ended are closed.  `start_anew` throws the farm away and restores another one from the rows; jobs and
clients have to be looked up again by their numbers.  `again` and `add` take up a job that has ended, as the
service does.
"""

import zlib
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any

import msgspec

from brender.db.models import KEYS, ClientRow, JobRow, OrderRow, StepRow, SubmissionRow
from brender.db.rows import read_client, read_job, read_order, read_step, rows_of
from brender.db.store import waited_for
from brender.db.writer import Row
from brender.farm import changing, deleting
from brender.farm.archiving import take_out
from brender.farm.canceling import cancel_tasks
from brender.farm.changes import Kept, Loaded, Run, StatesThen
from brender.farm.client import RuntimeClient
from brender.farm.farm import Farm
from brender.farm.job import Job
from brender.farm.order import Order
from brender.farm.starting import restore
from brender.farm.submission.planning import Plan, plan, replan
from brender.farm.transitions import TaskState
from tests.doubles import DONE, Rules, Stage, job
from tests.farm.submission import documents

HOUR = 3600.0


def framed(frames: str, *more: Stage, name: str = "Render") -> Plan:
    """A job with a parameter for the frames of its first step, which shares its machine."""
    needs = {"amounts": [{"name": "amount.worker.vcpu", "min": 1}]}
    first = documents.over(documents.frames("{{Param.Frames}}"), name=name) | {"hostRequirements": needs}
    definitions = [
        {"name": "Frames", "type": "STRING", "default": "1-3"},
        {"name": "Quality", "type": "INT", "default": 1},
    ]
    template = documents.job(first, *(stage.step() for stage in more), parameterDefinitions=definitions)
    return plan(template, {"Frames": frames})


class Written(Rules):
    def __init__(self, begin: float = 0.0, **settings: Any) -> None:
        super().__init__(begin, **settings)
        self.rows: dict[type[Any], dict[Row, Row]] = {model: {} for model in KEYS}

    def settle(self) -> None:
        """Rows are written, jobs that have ended are closed."""
        changes = self.changes()
        for model, row in rows_of(changes):
            self.rows[model][row[: KEYS[model]]] = row
        for ended in changes.ended:
            if ended.finished:
                ended.close()
        for gone in deleting.free(self.farm):
            take_out(self.farm, gone)
            self.remove(gone)

    def match(self) -> None:
        super().match()
        self.settle()

    def ended(
        self,
        order: Order,
        task: int | None = None,
        outcome: TaskState = DONE,
        message: str = "",
        seconds: float = 1.0,
        **more: Any,
    ) -> bool:
        taken = super().ended(order, task, outcome, message, seconds, **more)
        self.settle()
        return taken

    def job(self, *stages: Stage, **settings: Any) -> Job:
        found = super().job(*stages, **settings)
        self.settle()
        return found

    def submit(self, made: Plan, **settings: Any) -> Job:
        """A job of this plan."""
        found = job(self.farm.last_job + 1, Stage(), submitted=self.now, **settings)
        changing.submit(self.farm, found, made, self.now)
        self.settle()
        return found

    def cancel(self, found: Job) -> None:
        changing.cancel(self.farm, found, self.now)
        self.settle()

    def cancel_tasks(self, found: Job, chosen: Mapping[int, Collection[int]]) -> dict[int, list[int]]:
        self.take_up(found)
        canceled = cancel_tasks(self.farm, found, chosen, self.now)
        if found.finished and not canceled:
            found.close()
        self.settle()
        return canceled

    def drop(self) -> None:
        """Workers have ended all that they were told to end."""
        for order in list(self.farm.orders.values()):
            self.farm.dropped(order.client, order.id)
            self.farm.handed_back(order.client, order.id, list(order.stopping), self.now)
        self.settle()

    # --- what is deleted

    def delete(self, jobs: Sequence[Job]) -> dict[int, str]:
        """As the service does; why some stay."""
        self.settle()
        stay = deleting.jobs(self.farm, jobs, self.now)
        for found in jobs:
            if found.id not in self.farm.jobs:
                self.remove(found)
        return stay

    def remove(self, found: Job) -> None:
        """Its rows."""
        for model, column in ((JobRow, 0), (StepRow, 0), (SubmissionRow, 0), (OrderRow, 1)):
            self.rows[model] = {key: row for key, row in self.rows[model].items() if row[column] != found.id}

    def delete_client(self, client: RuntimeClient) -> dict[int, str]:
        self.settle()
        stay = deleting.clients(self.farm, [client])
        if not stay:
            del self.rows[ClientRow][(client.id,)]
        return stay

    # --- jobs that have ended

    def take_up(self, found: Job) -> None:
        if not found.steps:
            changing.take_up(self.farm, self.kept(found))

    def again(
        self, found: Job, chosen: Mapping[int, Collection[int]], with_dependents: bool = False
    ) -> dict[int, list[int]]:
        self.take_up(found)
        turned = changing.again(self.farm, found, chosen, self.now, with_dependents)
        if found.finished:
            found.close()
        self.settle()
        return turned

    def add(self, found: Job, frames: str) -> int:
        """Add frames to a job of `framed`."""
        self.take_up(found)
        more = plan(found.template, {**found.values, "Frames": frames})
        added = changing.add_tasks(self.farm, found, more, self.now)
        self.settle()
        return added

    def revise(self, found: Job, **values: Any) -> None:
        """Other values for a job of `framed`, for all that was added to it too."""
        self.take_up(found)
        wanted = found.values | {name: str(value) for name, value in values.items()}
        made = replan(found.template, wanted, found.added)
        try:
            changing.revise(self.farm, found, made)
        finally:
            if found.finished:
                found.close()
            self.settle()

    # --- another start

    def start_anew(self) -> None:
        """The server is ended and started; its workers are back with all that they had."""
        before = self.farm
        self.settle()
        self.farm = Farm(before.settings)
        restore(self.farm, self.loaded(), self.now)
        for client in before.clients.values():
            if client.online:
                self.come_back(client)
        self.settle()

    def come_back(self, before: RuntimeClient) -> None:
        client = self.farm.clients[before.id]
        held = {order.id: order.units for order in before.orders.values() if order.open}
        self.farm.join(client, client.machine, held, self.now)

    def loaded(self) -> Loaded:
        jobs = {row[0]: read_job(row) for row in self.rows[JobRow].values()}
        for row in self.rows[StepRow].values():
            if jobs[row[0]].finished:
                jobs[row[0]].past.append(read_step(row))
        orders = [read_order(row) for _, row in sorted(self.rows[OrderRow].items())]
        unfinished = [found for found in jobs.values() if not found.finished]
        open_jobs = [order for order in orders if not jobs[order.job].finished]
        done: dict[tuple[int, int], list[Run]] = {}
        for order in open_jobs:
            if not order.tasks.strip(bytes([DONE])):
                run = Run(order.id, order.issued, order.first, order.count, order.took.packed())
                done.setdefault((order.job, order.step), []).append(run)
        return Loaded(
            [read_client(row) for row in self.rows[ClientRow].values()],
            [found for found in jobs.values() if found.finished],
            [self.kept(found) for found in unfinished],
            [self.kept(found) for found in waited_for(unfinished, jobs)],
            [order for order in open_jobs if order.tasks.strip(bytes([DONE]))],
            max(jobs, default=0),
            max((order.id for order in orders), default=0),
            departed=dict(self.farm.departed),
            done=done,
        )

    def kept(self, found: Job) -> Kept:
        """What the rows say of a job."""
        _, template, values, added = self.rows[SubmissionRow][(found.id,)]
        rows = sorted(row for row in self.rows[StepRow].values() if row[0] == found.id)
        steps = [
            StatesThen(zlib.decompress(row[4]), row[5], msgspec.json.decode(row[6]), row[7] or b"") if row[4] else None
            for row in rows
        ]
        return Kept(found, planned_from(template, values, added), steps, msgspec.json.decode(added))


@cache
def planned_from(*texts: str) -> Plan:
    """The plan of what was submitted and added, from its row; a plan never changes."""
    return replan(*map(msgspec.json.decode, texts))


def states(found: Job, step: int = 0) -> list[TaskState]:
    """What has become of the tasks of a step."""
    return [TaskState(state) for state in bytes(found.steps[step].tasks)]


def counted(found: Job) -> list[dict[str, int]]:
    """How many tasks of each step are in which state; of a closed job too."""
    steps = found.steps or found.past
    return [{state.name.lower(): step.counts[state] for state in TaskState if step.counts[state]} for step in steps]
