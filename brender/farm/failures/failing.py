"""When it goes wrong: what a failed task means for itself, for its client, its step and its job.

How does this work?  `strike` counts a failure against the client, which is avoided after too many in a row.
`failed` decides about the task: tried again, unless its tries are used up, a rule says that it is no use, or
it was killed for memory and no client has more.  A missing licence uses up no try: the step rests.  `fail_job`
ends a job of which too much has failed.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from brender.farm import following
from brender.farm.failures.retries import Tries, elsewhere
from brender.farm.job import Job, Step
from brender.farm.order import Order
from brender.farm.scheduling import holding
from brender.farm.scheduling.shape import verdict
from brender.farm.transitions import JobEvent, JobState, TaskEvent, TaskState

if TYPE_CHECKING:
    from brender.farm.farm import Farm

CAUSES = ("", "memory", "fail", "later", "time", "quiet")  # an ordinary one; the others are explained in `failed`
FIRST_REST, LONGEST_REST = 30.0, 960.0  # seconds that a step rests when a licence is missing; doubled each time
RAISE = 1.5  # how much more memory a task is given after it was killed for it beside others
GIB = 2**30


class Failure(NamedTuple):
    reason: str  # for people
    cause: str  # one of `CAUSES`
    peak: int  # bytes of memory that the task had used


def strike(farm: "Farm", step: Step, order: Order, failure: Failure, now: float) -> None:
    """A client has failed a job: after too many times in a row the job avoids it for a while."""
    job, settings = step.job, farm.settings
    if failure.cause in ("later", "memory", "fail"):
        return  # none of these is the client's fault
    until = now + settings.avoid_for
    if job.strikes.failed(order.client, settings.strikes, until):
        name = farm.clients[order.client].name
        farm.note(job, f"{name} failed this job {settings.strikes} times in a row and is avoided for a while.")
        farm.changes.jobs[job.id] = job
        forgive_at(farm, job, order.client, until)
        for each in job.steps:
            farm.enqueue(each)
        if avoided(farm, step, order.client):
            holding.call_back(farm, [other for other in job.orders.values() if other.client == order.client])


def forgive_at(farm: "Farm", job: Job, client: int, until: float) -> None:
    """The job avoids the client until then, unless somebody says otherwise before."""

    def ring(then: float) -> None:
        if job.standing.avoided.get(client) == until and not job.finished:
            forgive(farm, job, client)

    farm.alarms.at(until, ring)


def forgive(farm: "Farm", job: Job, client: int) -> bool:
    """The job avoids the client no more; False when it did not."""
    if not job.strikes.forgive(client):
        return False
    farm.changes.jobs[job.id] = job
    farm.stirred.update(dict.fromkeys(job.steps))
    if client in farm.floor.idle:
        farm.roused[client] = farm.floor.idle[client]  # it may call back what waits behind the slots of others
    return True


def failed(farm: "Farm", step: Step, order: Order, task: int, failure: Failure, now: float, runs_on: bool) -> TaskState:
    """A task has failed on a client; gives what became of it there.  With `runs_on` another one runs it too."""
    order.reason, order.cause = failure.reason, failure.cause
    farm.clients[order.client].lately.failed(order.id)
    if failure.cause == "later":
        rest(farm, step, failure, now)
        return TaskState.READY if runs_on else following.try_again(farm, step, task)
    farm.failures.note(step.job.id, failure.reason, now)
    tries = step.tries.setdefault(task, Tries())
    tries.clients.append(order.client)
    hopeless = "" if failure.cause != "memory" else more_memory(farm, step, order, failure)
    again = tries.may_try(step.job.settings.tries) and failure.cause != "fail" and not hopeless
    if runs_on:
        return TaskState.FAILED
    if again:
        following.try_again(farm, step, task)
    else:
        step.tasks.move(task, TaskEvent.GAVE_UP)
        farm.stirred[step] = None
        if tries.may_try(step.job.settings.tries) or step.as_of >= 0:
            farm.keep_states(step)  # the orders' rows that count alone would not tell
        order.settle(task, TaskState.FAILED, now)  # what ends the job need not end this
        gave_up(farm, step, hopeless or failure.reason, now)
    return TaskState.FAILED


def gave_up(farm: "Farm", step: Step, reason: str, now: float) -> None:
    """A task has failed for good: is that too much for its job?"""
    job, settings = step.job, step.job.settings
    job.reason = job.reason or reason
    farm.changes.jobs[job.id] = job
    failed = sum(each.counts[TaskState.FAILED] for each in job.steps)
    total = sum(len(each.tasks) for each in job.steps)
    by_count = settings.fail_after is not None and failed >= settings.fail_after
    by_share = settings.fail_share is not None and failed / total >= settings.fail_share
    if by_count or by_share:
        fail_job(farm, job, job.reason, now)


def fail_job(farm: "Farm", job: Job, reason: str, now: float) -> None:
    """End a job as failed; what clients run of it is ended."""
    if job.finished:
        return
    job.reason = reason
    if job.state is JobState.QUEUED:
        following.begin_job(farm, job, now)
    for step in job.steps:
        step.tasks.move_all(TaskEvent.CANCEL)
    following.stop_orders(farm, job, now)
    job.move(JobEvent.SOME_FAILED)
    following.end(farm, job, now)


def limit_step(farm: "Farm", step: Step, now: float) -> None:
    """A step that has begun has to be done by some time, if its job says so."""
    seconds = step.job.settings.step_seconds
    if seconds is None:
        return

    def ring(then: float) -> None:
        same = step.job.settings.step_seconds == seconds
        if same and step.unfinished and not step.job.finished:
            fail_job(farm, step.job, f'Step "{step.name}" was not done within its {seconds:,.0f} seconds.', then)

    farm.alarms.at(now + seconds, ring)


def rest(farm: "Farm", step: Step, failure: Failure, now: float) -> None:
    """Nothing of the step is ordered for a while, longer each time."""
    if step.resting:
        return
    seconds = min(LONGEST_REST, FIRST_REST * 2**step.rests)
    step.rests += 1
    step.resting, step.rests_until = failure.reason.rstrip(".") or "a licence was missing", now + seconds
    holding.call_back(farm, [order for order in step.job.orders.values() if order.step == step.index])

    def ring(then: float) -> None:
        step.resting = ""
        farm.enqueue(step)
        farm.stirred[step] = None

    farm.alarms.at(step.rests_until, ring)


# --- memory


def more_memory(farm: "Farm", step: Step, order: Order, failure: Failure) -> str:
    """A task was killed for memory: it goes only where there is more.  A sentence when that is nowhere."""
    client = farm.clients[order.client]
    before = step.job.standing.too_little.get(step.index, 0)
    given = dict(order.needs).get("amount.worker.memory", 0.0) * 2**20
    raised = max(int(max(failure.peak, given) * RAISE), step.peak + GIB)
    if order.cost < client.slots and raised and raised <= client.machine.memory:
        step.peak = max(step.peak, raised)  # beside others there was too little; it may be enough here
    else:
        raise_too_little(farm, step, max(before, client.machine.memory))
    farm.reshape(step)
    if any(verdict(other, step.shape) is None for other in farm.clients.values()):
        return ""
    raise_too_little(farm, step, before)  # other tasks of the step may be lighter
    farm.reshape(step)
    larger = any(other.machine.memory > client.machine.memory for other in farm.clients.values())
    who = "no client that may run it" if larger else "no client"
    return f"It was killed for memory on {client.name}, and {who} has more. {failure.reason}".strip()


def raise_too_little(farm: "Farm", step: Step, memory: int) -> None:
    """So many bytes are known to be too little for tasks of the step."""
    known = step.job.standing.too_little
    if memory:
        known[step.index] = memory
    else:
        known.pop(step.index, None)
    farm.changes.jobs[step.job.id] = step.job


def learn_memory(farm: "Farm", step: Step, peak: int) -> None:
    """Tasks that share a client are given the memory that others like them were seen to use."""
    rounded = -(-peak // GIB) * GIB
    if rounded > step.peak:
        step.peak = rounded
        if step.requires.vcpus is not None:
            farm.reshape(step)


# --- elsewhere


def leaves(farm: "Farm", step: Step, task: int, client: int) -> bool:
    """Whether the client should leave a task that it has failed to another one that could run it."""
    tries = step.tries.get(task)
    if tries is None or client not in tries.clients:
        return False
    avoided = step.job.standing.avoided  # those leave it to this one
    return elsewhere(tries.clients, client, (other for other in farm.floor.able(step.shape) if other not in avoided))


def avoided(farm: "Farm", step: Step, client: int) -> bool:
    """Whether the job avoids the client while there are others."""
    avoids: Mapping[int, float] = step.job.standing.avoided
    return bool(avoids) and elsewhere(avoids, client, farm.floor.able(step.shape))
