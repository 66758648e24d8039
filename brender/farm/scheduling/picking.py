"""Which tasks of a step are next for a client, and how many of them make an order.

How does this work?  `next_task` passes over tasks that the client should leave to others.  `run_from` says which
tasks from there on go together: as many as take about half a second, or, where the template wants chunks, about as
long as it says; never so many that the last ones would not be shared among all slots.
"""

from brender.farm.client import RuntimeClient
from brender.farm.estimating.estimates import chunk_length, run_length
from brender.farm.failures.failing import avoided, leaves
from brender.farm.farm import Farm
from brender.farm.job import Step
from brender.farm.transitions import TaskState


def scene_of(farm: Farm, client: RuntimeClient) -> Step | None:
    job = farm.jobs.get(client.scene[0]) if client.scene else None
    return job.steps[client.scene[1]] if job and job.steps and client.scene else None


def next_task(farm: Farm, step: Step, client: RuntimeClient) -> int | None:
    """The next ready task of a step for this client: none that it should leave to another."""
    if step.job.standing.avoided and avoided(farm, step, client.id):
        return None
    if not step.tries and step.tasks.forwards:
        first = step.tasks.next_ready()
        return None if first < 0 else first
    for first in step.tasks.ready():
        if first not in step.tries or not leaves(farm, step, first, client.id):
            return first
    return None


def run_from(farm: Farm, step: Step, client: RuntimeClient, task: int) -> tuple[int, int]:
    """The tasks that go into one order when this one is next: the first and how many."""
    if task in step.tries:
        return task, 1
    ready, slots = step.counts[TaskState.READY], farm.floor.slots // step.shape.cost(client)
    held = step.job.settings.preview and not step.job.standing.approved
    chunked = step.plan.chunked(task)
    if chunked:
        most = chunk_length(step.estimate, chunked.given, chunked.target, ready, slots)
        most = min(most, max(1, step.preview_left)) if held else most
        backwards = step.job.settings.order == "backwards"
        return run_to(step, task, most) if backwards else (task, untried_run(step, task, min(most, chunked.most)))
    if held or not step.tasks.forwards:
        return task, 1
    return task, untried_run(step, task, run_length(step.estimate, ready, slots))


def untried_run(step: Step, first: int, most: int) -> int:
    """How many tasks from `first` on are ready and have not failed before, at most `most`."""
    count = step.tasks.ready_run(first, most) if most > 1 else 1
    if not step.tries:
        return count
    return next((task - first for task in range(first, first + count) if task in step.tries), count)


def run_to(step: Step, last: int, most: int) -> tuple[int, int]:
    """The tasks of a chunk that ends with this one, at most `most`."""
    first = last
    for task in range(last - 1, last - step.tasks.ready_run_to(last, most), -1):
        chunked = step.plan.chunked(task)
        if task in step.tries or chunked is None or chunked.most < last + 1 - task:
            break
        first = task
    return first, last + 1 - first
