"""A start: take up where the database says that the farm stopped.

How does this work?  What became of a step's tasks is told by the rows of its orders, oldest first; those of which every
task was completed, as nearly all are in a farm that has done much, come before as mere runs.  Where the
database has their states as a whole (written when tasks were asked for again), only orders count that were open
then or came later.  Open orders are held as they were: their clients may come back with them.  Everything else
(what is ready, queued, waiting for whom) follows from that, as it does in a farm that was never stopped.
"""

from brender.farm import changing, following, overrides
from brender.farm.changes import Loaded, Run, StatesThen
from brender.farm.estimating.durations import Durations
from brender.farm.failures import failing
from brender.farm.failures.retries import Tries
from brender.farm.farm import Farm
from brender.farm.job import Job, Step
from brender.farm.order import Order
from brender.farm.scheduling import holding, second_starts, when
from brender.farm.tasks import TaskSet
from brender.farm.transitions import FINISHED_TASK, TaskState


def restore(farm: Farm, loaded: Loaded, now: float) -> list[str]:
    """Gives the settings that were changed once, and cannot be so any more."""
    unfit = overrides.restore(farm, loaded.settings)
    farm.views, farm.last_view = {view.id: view for view in loaded.views}, loaded.last_view
    farm.departed = loaded.departed
    farm.invitations, farm.last_invitation = {each.id: each for each in loaded.invitations}, loaded.last_invitation
    farm.credentials = {each.key: each for each in loaded.credentials}
    _take_in(farm, loaded, now)
    for client in loaded.clients:
        farm.admit(client)
    farm.jobs.update((job.id, job) for job in loaded.finished)
    farm.deleted = {job.id: job for job in loaded.finished if job.standing.deleted}
    farm.archived = {entry.id: entry for entry in loaded.archived}
    farm.last_job, farm.last_order = loaded.last_job, loaded.last_order
    for kept in (*loaded.unfinished, *loaded.sources):
        farm.jobs[kept.job.id] = kept.job
        farm.jobs.opened(kept.job)
        kept.job.follow(kept.plan, farm.shapes)
        kept.job.added = kept.added
        for step, then in zip(kept.job.steps, kept.steps, strict=True):
            if then:
                _put(step, then)
    for (number, place), runs in loaded.done.items():
        _complete(farm.jobs[number].steps[place], runs)
    for order in loaded.orders:
        _recall(farm, order)
    _put_times(farm, loaded)
    _put_lately(loaded)
    jobs = [kept.job for kept in loaded.unfinished]
    for job in jobs:
        for step in job.steps:
            _give_up_what_failed(step)
        changing.follow(farm, job)
    for job in jobs:
        _go_on(farm, job, now)
    return unfit


def _take_in(farm: Farm, loaded: Loaded, now: float) -> None:
    """The people of the farm."""
    for user in loaded.users:
        farm.people.keep(user)
    for token in loaded.tokens:
        farm.people.keep_token(token)
    farm.people.sessions.resume((each for each in loaded.sessions if each.user in farm.people.users), now)
    farm.people.last_token, farm.last_entry = loaded.last_token, loaded.last_entry


def _go_on(farm: Farm, job: Job, now: float) -> None:
    """What follows for a job from what became of its tasks."""
    when.look_at_gate(farm, job, now)
    for number, until in job.standing.avoided.items():
        failing.forgive_at(farm, job, number, until)
    for step in list(job.steps):
        if step.began is not None:
            failing.limit_step(farm, step, step.began)
        following.free(farm, step)
        following.look_at(farm, step, now)


def _put(step: Step, then: StatesThen) -> None:
    begun = bytes(state if state in FINISHED_TASK else TaskState.WAITING for state in range(256))
    step.tasks = TaskSet(bytearray(then.states.translate(begun)))
    step.tasks.begin_in(step.job.settings.order)
    step.as_of, step.open_then, step.took = then.as_of, then.open_then, Durations(then.took)


def _counts(step: Step, order: int) -> bool:
    """Whether the order's row says more than the states of the whole step."""
    return order > step.as_of or order in step.open_then


def _complete(step: Step, runs: list[Run]) -> None:
    """What the rows say of orders that were completed."""
    counting = [run for run in runs if _counts(step, run.order)]
    step.began = min((run.issued for run in counting), default=None)
    step.tasks.complete((run.first, run.tasks) for run in counting)


def _put_times(farm: Farm, loaded: Loaded) -> None:
    """How long tasks took: of what was run more than once, the last order tells."""
    told = {at: [(run.order, run.first, run.took) for run in runs] for at, runs in loaded.done.items()}
    for order in loaded.orders:
        told.setdefault((order.job, order.step), []).append((order.id, order.first, order.took.packed()))
    for (number, place), pieces in told.items():
        step = farm.jobs[number].steps[place]
        for _, first, took in sorted(pieces):
            step.took.put(first, took, step.tasks)


def _put_lately(loaded: Loaded) -> None:
    """Which orders each client had; those that it holds are among them."""
    for client in loaded.clients:
        client.lately.restore(loaded.lately.get(client.id, ()))


def _recall(farm: Farm, order: Order) -> None:
    """What an order's row says of its tasks."""
    step = farm.step_of(order)
    if not _counts(step, order.id):
        return
    step.began = order.issued if step.began is None else min(step.began, order.issued)
    for task, state in enumerate(order.tasks, order.first):
        if state == TaskState.FAILED:
            step.tries.setdefault(task, Tries()).clients.append(order.client)
        elif state in (TaskState.COMPLETED, TaskState.ACTIVE) and step.tasks[task] is not TaskState.COMPLETED:
            if state == TaskState.ACTIVE and step.tasks[task] is TaskState.ACTIVE:
                first = next(other for other in farm.orders.values() if _runs(other, order, task))
                second_starts.pair(farm, first, task)
                order.second = True
            step.tasks.put(task, TaskState(state))
    if order.open:
        holding.hold(farm, order, step)


def _runs(other: Order, order: Order, task: int) -> bool:
    return (other.job, other.step) == (order.job, order.step) and other.holds(task)


def _give_up_what_failed(step: Step) -> None:
    for task, tries in step.tries.items():
        if step.tasks[task] is TaskState.WAITING and not tries.may_try(step.job.settings.tries):
            step.tasks.put(task, TaskState.FAILED)
