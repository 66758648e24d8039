"""Changing one's mind: all that people may do to jobs, clients and the farm.

How does this work?  Each function is one verb.  It asks the tables in `transitions` whether it may, changes the
farm's objects, and leaves it to `Farm` what follows; done twice it changes nothing the second time.  A
job that has ended gets its steps back by `take_up`, with what became of its tasks as the database has it.
Tasks that are asked for again wait for what their step depends on, and count as never tried.
"""

from collections.abc import Collection, Iterable

from brender.farm import following
from brender.farm.changes import Kept
from brender.farm.choosing import NOT_DONE, Chosen
from brender.farm.client import RuntimeClient, Status
from brender.farm.estimating.durations import Durations
from brender.farm.failures import failing
from brender.farm.farm import Farm
from brender.farm.job import Job, Step
from brender.farm.machines import presence
from brender.farm.order import Order
from brender.farm.scheduling import holding, when
from brender.farm.scheduling.dependencies import links_of
from brender.farm.scheduling.order_of_work import OrderOfWork
from brender.farm.scheduling.shape import Counted, verdict
from brender.farm.settings import ClientSettings, FarmSettings, JobSettings
from brender.farm.submission.plans import Plan, extended
from brender.farm.tasks import TaskSet
from brender.farm.transitions import FINISHED_TASK, JobEvent, JobState, NotNow, TaskEvent, TaskState

# --- jobs


def submit(farm: Farm, job: Job, plan: Plan, now: float) -> Job:
    farm.last_job = max(farm.last_job, job.id)
    farm.jobs[job.id] = job
    farm.jobs.opened(job)
    job.follow(plan, farm.shapes)
    follow(farm, job)
    when.look_at_gate(farm, job, now)
    for step in job.steps:
        following.free(farm, step)
    farm.changes.jobs[job.id] = farm.changes.steps[job.id] = job
    return job


def follow(farm: Farm, job: Job) -> None:
    """Note what a job comes after."""
    for numbers in farm.followers.values():
        numbers.discard(job.id)
    for step in job.steps:
        for link in farm.links.pop(step, ()):
            farm.waiting_for[link.source].remove(link)
    for after in job.settings.after:
        farm.followers.setdefault(after.job, set()).add(job.id)
        source = farm.jobs.get(after.job)
        for link in links_of(job, after, source) if source else ():
            farm.links.setdefault(link.step, []).append(link)
            farm.waiting_for.setdefault(link.source, []).append(link)


def cancel(farm: Farm, job: Job, now: float) -> bool:
    """False when it was canceled already."""
    if job.state is JobState.CANCELED:
        return False
    job.move(JobEvent.CANCEL)
    for step in job.steps:
        step.tasks.move_all(TaskEvent.CANCEL)
    following.stop_orders(farm, job, now)
    following.end(farm, job, now)
    return True


def pause(farm: Farm, job: Job) -> bool:
    """False when it was paused already."""
    if job.state is JobState.PAUSED:
        return False
    turn(farm, job, JobEvent.PAUSE)
    holding.call_back(farm, job.orders.values())
    return True


def resume(farm: Farm, job: Job) -> bool:
    """False when it was not paused."""
    if job.state in (JobState.QUEUED, JobState.ACTIVE):
        return False
    turn(farm, job, JobEvent.RESUME)
    if job.started is not None:
        job.move(JobEvent.BEGUN)
    return True


def turn(farm: Farm, job: Job, event: JobEvent) -> None:
    job.move(event)
    stir(farm, job)
    farm.changes.jobs[job.id] = job


def stir(farm: Farm, job: Job) -> None:
    for step in job.steps:
        farm.enqueue(step)
        farm.stirred[step] = None


def set_job(farm: Farm, job: Job, settings: JobSettings, now: float) -> bool:
    """Give a job other settings; False when they are the same."""
    before = job.settings
    if settings == before:
        return False
    for step in job.steps:
        if step in farm.queue:
            farm.unqueue(step)
    farm.queue.change_hands(job, settings)
    if settings.preview > before.preview:
        job.standing.approved = False
    if settings.after != before.after:
        wait_anew(farm, job, now)
    if (settings.priority, settings.preemptible) != (before.priority, before.preemptible):
        for order in job.orders.values():
            holding.rank_anew(farm, order)
    for step in job.steps:
        set_step(farm, step, before)
    call_back_unfit(farm, job.orders.values())
    when.look_at_gate(farm, job, now)
    farm.changes.jobs[job.id] = job
    return True


def set_step(farm: Farm, step: Step, before: JobSettings) -> None:
    """The job of a step has other settings than before."""
    settings = step.job.settings
    if settings.order != before.order:
        step.tasks.begin_in(settings.order)
    farm.reshape(step)
    if settings.tries != before.tries and step.tries:
        farm.keep_states(step)  # what was given up stays so, and what was not
    if settings.step_seconds != before.step_seconds and step.began is not None:
        failing.limit_step(farm, step, step.began)


def call_back_unfit(farm: Farm, orders: Iterable[Order]) -> None:
    """What has not begun on clients that may not run it any more is asked back."""
    unfit = [
        order
        for order in orders
        if order.open and verdict(farm.clients[order.client], farm.step_of(order).shape) is not None
    ]
    holding.call_back(farm, unfit)


def wait_anew(farm: Farm, job: Job, now: float) -> None:
    """What a job comes after is different: of its frames, those wait that have to, and those go on that may."""
    follow(farm, job)
    for step in job.steps:
        if step not in farm.links and not step.counts[TaskState.WAITING]:
            continue
        links = farm.links.get(step, [])
        for order in [order for order in job.orders.values() if order.step == step.index and order.open]:
            if any(link.missing(task) is not None for link in links for task in order.awaited()):
                holding.take_away(farm, order, now)
        step.tasks.move_all(TaskEvent.HELD)
        following.free(farm, step)


def approve(farm: Farm, job: Job) -> bool:
    """The rest may follow its preview; False when it waits for no approval."""
    if job.finished or job.standing.approved or not job.settings.preview:
        return False
    job.standing.approved = True
    stir(farm, job)
    farm.changes.jobs[job.id] = job
    return True


def forgive(farm: Farm, job: Job, clients: Iterable[int]) -> list[int]:
    """Clients that the job avoids no more; those for which that is news."""
    return [client for client in list(clients) if failing.forgive(farm, job, client)]


# --- tasks again


def again(farm: Farm, job: Job, chosen: Chosen, now: float, with_dependents: bool = False) -> dict[int, list[int]]:
    """Run tasks again that have ended, whatever way; gives those that are to run.

    What they depend on and what was not done runs too, and of the steps that depend on them, tasks that were
    abandoned.  What is done of those stays and is marked stale, or runs again as well.
    """
    turned = {index: {task for task in tasks if is_ended(job, index, task)} for index, tasks in chosen.items()}
    turned = {index: tasks for index, tasks in turned.items() if tasks}
    if not turned:
        return {}
    for step in job.needed_by(turned):
        add(turned, step, NOT_DONE)
    for step in job.depending_on(turned):
        add(turned, step, FINISHED_TASK if with_dependents else {TaskState.CANCELED})
    for index, tasks in turned.items():
        turn_back(farm, job.steps[index], tasks)
    if job.finished:
        open_again(farm, job, now)
    if not any(step.counts[TaskState.FAILED] for step in job.steps):
        job.reason = ""
    go_on(farm, job, turned, now)
    farm.changes.jobs[job.id] = farm.changes.steps[job.id] = job
    return {index: sorted(tasks) for index, tasks in turned.items()}


def go_on(farm: Farm, job: Job, turned: Chosen, now: float) -> None:
    """What depends on tasks that are to run waits for them; all that waits for nothing may run."""
    hold_back(farm, job, turned, now)
    job.standing.stale = stale(job, turned)
    for other in farm.jobs.values():  # `followers` does not know those that had ended when the server was started
        if other.started is not None and any(after.job == job.id for after in other.settings.after):
            farm.note(other, f"It was made from job {job.id}, of which tasks are done again.")
    for step in job.steps:
        following.free(farm, step)


def add(turned: dict[int, set[int]], step: Step, states: Collection[TaskState]) -> None:
    """The tasks of a step in these states are to run too."""
    more = {task for task, state in enumerate(bytes(step.tasks)) if state in states}
    if more:
        turned.setdefault(step.index, set()).update(more)


def turn_back(farm: Farm, step: Step, tasks: Iterable[int]) -> None:
    """These tasks have not been run: what was known of them does not count, nor after a start of the server."""
    still_open = [order for order in step.job.orders.values() if order.step == step.index]
    for task in tasks:
        step.tasks.move(task, TaskEvent.AGAIN)
        step.tries.pop(task, None)
        for order in still_open:
            if order.first <= task < order.first + order.count:
                order.withdraw(task)
                farm.changes.orders[order.id] = order
    farm.keep_states(step)


def is_ended(job: Job, step: int, task: int) -> bool:
    return 0 <= task < len(job.steps[step].tasks) and job.steps[step].tasks[task] in FINISHED_TASK


def open_again(farm: Farm, job: Job, now: float) -> None:
    job.move(JobEvent.REOPEN)
    farm.jobs.opened(job)
    job.ended, job.reason, job.past = None, "", []
    for step in job.steps:
        farm.keep_states(step)
    for number, until in job.standing.avoided.items():
        failing.forgive_at(farm, job, number, until)
    for number in (job.id, *sorted(farm.followers.get(job.id, ()))):
        if farm.jobs[number].steps and not farm.jobs[number].finished:
            follow(farm, farm.jobs[number])  # they wait for frames of the steps that it has now
    when.look_at_gate(farm, job, now)
    following.tell_followers(farm, job, now)


def hold_back(farm: Farm, job: Job, turned: Chosen, now: float) -> None:
    """What depends on tasks that run again does not run before them."""
    for step in job.depending_on(turned):
        for order in [order for order in job.orders.values() if order.step == step.index and order.open]:
            holding.take_away(farm, order, now)
        step.tasks.move_all(TaskEvent.HELD)
    for index, tasks in turned.items():
        following.hold_frames(farm, job.steps[index], tasks)


def stale(job: Job, turned: Chosen) -> list[int]:
    """The steps that are done from what is now done again."""
    old = {step.index for step in job.depending_on(turned) if step.completed}
    kept = {index for index in job.standing.stale if len(turned.get(index, ())) < len(job.steps[index].tasks)}
    return sorted(old | kept)


def take_up(farm: Farm, kept: Kept) -> None:
    """A job that has ended gets its steps back, so that somebody can look at its tasks or have them run again."""
    job = kept.job
    job.added = kept.added
    job.follow(kept.plan, farm.shapes)
    for step, then in zip(job.steps, kept.steps, strict=True):
        if then:
            step.tasks = TaskSet(bytearray(then.states))
            step.tasks.begin_in(job.settings.order)
            step.took = Durations(then.took)


def add_tasks(farm: Farm, job: Job, more: Plan, now: float) -> int:
    """The tasks of another plan of the same template are added to those of a job; how many there are.

    Steps of which it has nothing new stay as they are.  Raises `Refused` when it has a task that the job has.
    """
    turned: dict[int, range] = {}
    for step, grown in zip(job.steps, extended([step.plan for step in job.steps], more), strict=True):
        new = grown.tasks - step.plan.tasks
        step.plan = grown
        if new:
            turned[step.index] = range(len(step.tasks), len(step.tasks) + new)
            step.tasks.grow(new)
    job.added.append(more.values)
    if job.finished:
        open_again(farm, job, now)
    go_on(farm, job, turned, now)
    farm.changes.jobs[job.id] = farm.changes.steps[job.id] = job
    return sum(map(len, turned.values()))


def revise(farm: Farm, job: Job, plan: Plan) -> None:
    """Other parameter values for the tasks that have not been ordered yet; the tasks themselves stay.

    Raises `NotNow` when the values make other tasks.
    """
    if job.finished:
        raise NotNow(f"Job {job.id} is {job.state}: no task of it waits for other values; submit a new job.")
    for step, new in zip(job.steps, plan.steps, strict=True):
        if not step.plan.same_tasks(new):
            raise NotNow(f'Job {job.id}: these values would change the tasks of step "{step.name}"; submit a new job.')
    job.template, job.values = plan.template, plan.values
    for step, new in zip(job.steps, plan.steps, strict=True):
        step.plan = new
        farm.reshape(step)
    farm.changes.jobs[job.id] = farm.changes.steps[job.id] = job
    holding.call_back(farm, job.orders.values())
    farm.changes.revised.append(job)


# --- clients


def set_status(farm: Farm, client: RuntimeClient, status: Status) -> bool:
    """False when it was so already."""
    if client.status is status:
        return False
    client.status = status
    farm.changed(client)
    if status is Status.DISABLED:
        holding.call_back(farm, client.orders.values())
    return True


def set_client(farm: Farm, client: RuntimeClient, settings: ClientSettings, now: float) -> bool:
    """Give a client other settings; False when they are the same."""
    if client.settings == settings:
        return False
    before, client.settings = client.settings, settings
    client.reconsider()
    farm.floor.reconsider()
    when.look_at_hours(farm, client, now)
    presence.look_at_seat(farm, client, now)
    farm.changed(client)
    call_back_unfit(farm, client.orders.values())
    if (before.most_tasks, before.keep_memory) != (settings.most_tasks, settings.keep_memory):
        holding.call_back(farm, client.orders.values())  # it is given anew as much as it may have now
    farm.stirred.update(farm.troubled)
    return True


# --- the farm


def set_farm(farm: Farm, settings: FarmSettings) -> None:
    """Give the farm other settings: whatever goes by those that are different is done anew."""
    before, farm.settings = farm.settings, settings
    if ranking(before) != ranking(settings):
        line_up_anew(farm)
    farm.queue.settings = settings
    if before.limits != settings.limits:
        count_anew(farm, [name for name, limit in settings.limits.items() if before.limits.get(name) != limit])
    if before.zone != settings.zone:
        farm.alarms.at(0.0, lambda now: look_at_clocks(farm, now))


def ranking(settings: FarmSettings) -> tuple[object, ...]:
    """What the order of work goes by."""
    return settings.shares, settings.weights, settings.depth_first


def line_up_anew(farm: Farm) -> None:
    steps = list(farm.queue)
    for step in steps:
        farm.unqueue(step)
    held = [(order, job) for job in farm.jobs.values() for order in job.orders.values()]
    for _, job in held:
        job.in_use = 0
    farm.queue = OrderOfWork(farm.settings)
    for order, job in held:
        farm.queue.used(job, order.cost)
    for step in steps:
        farm.enqueue(step)
        farm.stirred[step] = None


def count_anew(farm: Farm, different: Iterable[str]) -> None:
    """Limits are others: those that are held are counted again, and what waits for the different ones is stirred."""
    farm.counted = {name: Counted(name, limit) for name, limit in farm.settings.limits.items()}
    for order in farm.orders.values():
        holding.count(farm, order)
    for name in different:
        farm.stirred.update(farm.limited.get(name, {}))


def look_at_clocks(farm: Farm, now: float) -> None:
    """The farm's zone may be another one: hours that are in no other begin and end at other times."""
    for job in farm.jobs.values():
        when.look_at_gate(farm, job, now)
    for client in farm.clients.values():
        when.look_at_hours(farm, client, now)
        farm.changed(client)
