"""The items of a farm: what there is to look at and to change, each with its attributes.

How does this work?  Clients, jobs, steps and orders are defined here; tasks, pools and tags, limits and settings, and
views each have a module beside this one.  Steps, tasks and orders are those of one job.
"""

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

from brender.farm.archiving import no_job
from brender.farm.farm import Farm
from brender.farm.interfaces import FarmService, NotFound
from brender.farm.job import Job
from brender.farm.machines.load import Figures
from brender.farm.submission.problems import shown
from brender.farm.transitions import NotNow, TaskState
from brender.farm.views.steps import StepDetails, step_details
from brender.farm.views.things import ClientView, JobView, OrderView, client_view, job_view
from brender.verbs.items.attributes import attributes_of
from brender.verbs.items.groups import LIMIT, POOL, SETTING, TAG
from brender.verbs.items.invitations import INVITATION
from brender.verbs.items.item import Item, Reading, itself
from brender.verbs.items.people import AUDIT, TOKEN, USER
from brender.verbs.items.tasks import TASK
from brender.verbs.items.templates import TEMPLATE
from brender.verbs.items.views import VIEW

__all__ = ["CLIENT", "ITEMS", "JOB", "LIMIT", "ORDER", "POOL", "SETTING", "STEP", "TAG", "TASK", "VIEW", "Item"]

COMPLETED, FAILED, CANCELED, ACTIVE = TaskState.COMPLETED, TaskState.FAILED, TaskState.CANCELED, TaskState.ACTIVE


# --- what there is


async def clients(service: FarmService, _: Any) -> Sequence[Any]:
    return [client for _, client in sorted(service.farm.clients.items())]


async def jobs(service: FarmService, _: Any) -> Sequence[Any]:
    return service.farm.jobs.newest_first


async def steps(service: FarmService, job: Any) -> Sequence[Any]:
    """Of an ended job whose plan cannot be read (now), as much as is known without it."""
    try:
        found: Sequence[Any] = await service.steps_of(job.id)
    except (NotFound, NotNow):
        found = job.past
    return [step_details(step, job) for step in found]


async def orders(service: FarmService, job: Any) -> Sequence[Any]:
    return await service.orders_of(job.id)


# --- which one


def client_of(farm: Farm, number: Any) -> Any:
    if number not in farm.clients:
        raise NotFound(f"There is no client {number}.")
    return farm.clients[number]


def job_of(farm: Farm, number: Any) -> Any:
    if number not in farm.jobs:
        raise NotFound(no_job(farm, number))
    return farm.jobs[number]


def step_of(steps: Sequence[StepDetails], name: Any) -> StepDetails:
    found = next((step for step in steps if step.name == name), None)
    if found is None:
        known = ", ".join(step.name for step in steps)
        raise NotFound(f'There is no step "{shown(name)}" in that job; it has {known}.')
    return found


def order_of(orders: Sequence[OrderView], number: Any) -> OrderView:
    found = next((order for order in orders if order.id == number), None)
    if found is None:
        raise NotFound(f"There is no order {shown(number)} of that job.")
    return found


def counted(state: TaskState) -> Reading:
    """How many tasks of a job are in a state."""

    def count(job: Job) -> int:
        number = 0
        for step in job.steps or job.past:
            number += step.counts[state]
        return number

    return count


def progress(job: Job) -> float:
    """Percent of the tasks that are finished, whatever way."""
    tasks = finished = 0
    for step in job.steps:  # of a job that has ended, all are finished
        counts = step.counts
        tasks += sum(counts)
        finished += counts[COMPLETED] + counts[FAILED] + counts[CANCELED]
    return 100.0 * finished / tasks if tasks else 100.0


CLIENT = Item(
    "client",
    "clients",
    "the farm's record of a machine",
    ClientView,
    clients,
    client_view,
    client_of,
    attributes_of(ClientView, stored=("id", "name", "status", "memory", "system"), settable=("status",)),
    aliases={"pool": "pools", "tag": "tags"},
    direct={
        **{name: attrgetter(name) for name in ("id", "name", "activity", "since", "load", "slots")},
        **{name: attrgetter(f"figures.newest.{name}") for name in Figures._fields},
        "status": attrgetter("status._value_"),
        "connection": lambda client: "online" if client.online else "offline",
        "memory": lambda client: client.machine.memory,
        "system": lambda client: client.machine.system,
    },
    without={"create": "A client is made when its worker calls for the first time, with an identity of its own."},
)

JOB = Item(
    "job",
    "jobs",
    "a template with values, a priority and an owner",
    JobView,
    jobs,
    job_view,
    job_of,
    attributes_of(
        JobView,
        stored=("id", "name", "state", "submitted", "started", "ended", "reason", "avoided", "warnings"),
        settable=("owner", "priority"),
        constant=("id", "name", "submitted"),
    ),
    direct={
        **{name: attrgetter(name) for name in ("id", "name", "submitted", "started", "ended")},
        **{name: attrgetter(f"settings.{name}") for name in ("owner", "priority")},
        **{name: attrgetter(name) for name in ("reason", "picture", "warnings")},
        "state": attrgetter("state._value_"),
        "waits": lambda job: job.gate,
        "tasks": lambda job: sum(sum(step.counts) for step in job.steps or job.past),
        "progress": progress,
        **{state.name.lower(): counted(state) for state in (COMPLETED, FAILED, ACTIVE)},
    },
    searched=("name", "owner", "state"),
    newest_first=True,
    owner=attrgetter("settings.owner"),
)

STEP = Item(
    "step",
    "steps",
    "one stage of a job",
    StepDetails,
    steps,
    itself,
    step_of,
    attributes_of(StepDetails, stored=("name",)),
    of_job=True,
    key="name",
    ordered_by=(),  # as the template has them
    without=dict.fromkeys(("create", "update", "delete"), "Steps are what the template of their job says."),
)

ORDER = Item(
    "order",
    "orders",
    "a run of tasks that a client was given",
    OrderView,
    orders,
    itself,
    order_of,
    attributes_of(OrderView, stored=tuple(OrderView.__struct_fields__)),
    of_job=True,
    without=dict.fromkeys(("create", "update", "delete"), "Orders are given by the farm, and kept with their job."),
    named="client",
    searched=("client", "step", "reason"),
)

ALL = (CLIENT, JOB, STEP, TASK, ORDER, POOL, TAG, LIMIT, SETTING, VIEW, USER, TOKEN, AUDIT, TEMPLATE, INVITATION)
ITEMS: Mapping[str, Item] = {item.name: item for item in ALL}
