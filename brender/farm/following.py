"""What follows from what: for the steps of a job, for its end, and for the jobs that come after it.

How does this work?  `look_at` is called when something has changed in a step: a step that has ended frees those that
depend on it, or abandons them; a job of which nothing is left ends; the end and the begin of a job open the
gates of others.  Frames that wait for frames of another job are set free one by one (`free_frames`).
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from brender.farm.job import Job, Step
from brender.farm.scheduling import when
from brender.farm.scheduling.holding import end_order
from brender.farm.scheduling.second_starts import untwin
from brender.farm.transitions import JobEvent, JobState, TaskEvent, TaskState

if TYPE_CHECKING:
    from brender.farm.farm import Farm


def begin_job(farm: "Farm", job: Job, now: float) -> None:
    job.move(JobEvent.BEGUN)
    if job.started is None:
        job.started = now
        job.overtook = farm.queue.overtakes(job)
        farm.place_anew(job)
        tell_followers(farm, job, now)
    farm.changes.jobs[job.id] = job


def tell_followers(farm: "Farm", job: Job, now: float) -> None:
    for number in sorted(farm.followers.get(job.id, ())):
        when.look_at_gate(farm, farm.jobs[number], now)


def free(farm: "Farm", step: Step) -> None:
    """Make a step's tasks ready when all that it depends on is completed."""
    if all(step.job.steps[index].completed for index in step.plan.depends_on):
        links = farm.links.get(step)
        if links is None:
            step.tasks.move_all(TaskEvent.FREED)
        else:
            for task in range(len(step.tasks)):
                free_task(farm, step, task)
        hold_what_ends(step)
        farm.stirred[step] = None
    farm.enqueue(step)


def hold_what_ends(step: Step) -> None:
    """A task does not begin anew before all is gone that clients ran of it, and of the steps that depend on it."""
    for order in [order for order in step.job.orders.values() if order.ends]:
        if order.step != step.index:
            if step in step.job.needed_by([order.step]):
                step.tasks.move_all(TaskEvent.HELD)
            continue
        for task in order.ends:
            if step.tasks[task] is TaskState.READY:
                step.tasks.move(task, TaskEvent.HELD)


def try_again(farm: "Farm", step: Step, task: int) -> TaskState:
    """A task is to be run once more: now, or when frames that it is made from are there again.

    Gives what became of it in the order that it comes from.
    """
    step.tasks.move(task, TaskEvent.TRY_AGAIN)
    if any(link.missing(task) is not None for link in farm.links.get(step, ())):
        step.tasks.move(task, TaskEvent.HELD)
    farm.stirred[step] = None
    return TaskState.READY


def free_task(farm: "Farm", step: Step, task: int) -> None:
    if step.tasks[task] is TaskState.WAITING and all(link.missing(task) is None for link in farm.links[step]):
        step.tasks.move(task, TaskEvent.FREED)
        farm.stirred[step] = None


def free_frames(farm: "Farm", step: Step, task: int) -> None:
    """A frame is done: those of other jobs that waited for it may begin."""
    for link in farm.waiting_for.get(step, ()):
        follower = link.step
        if follower.job.steps and all(follower.job.steps[i].completed for i in follower.plan.depends_on):
            for mine in list(link.freed_by(task)):
                free_task(farm, follower, mine)
            hold_what_ends(follower)
            farm.enqueue(follower)


def hold_frames(farm: "Farm", step: Step, tasks: Iterable[int]) -> None:
    """Frames are to be made (again): those of other jobs that wait for them and have not begun do not begin."""
    for link in farm.waiting_for.get(step, ()):
        for mine in {mine for task in tasks for mine in link.freed_by(task)}:
            link.forget(mine)
            if link.step.tasks[mine] is TaskState.READY and link.missing(mine) is not None:
                link.step.tasks.move(mine, TaskEvent.HELD)
        farm.enqueue(link.step)


def look_at(farm: "Farm", step: Step, now: float) -> None:
    """Something has changed in a step: what follows for the queue, its dependents and its job?"""
    farm.enqueue(step)
    if not step.unfinished:
        pass_on(farm, step)
        look_at_end(farm, step.job, now)


def pass_on(farm: "Farm", step: Step) -> None:
    """A step has ended: those that depend on it begin, or never will, nor what depends on them."""
    ended = [step]
    while ended:
        last = ended.pop()
        for other in last.job.steps:
            if last.index not in other.plan.depends_on or not other.unfinished:
                continue
            if last.completed:
                free(farm, other)
            else:
                other.tasks.move_all(TaskEvent.UNREACHABLE)
                ended.append(other)


def look_at_end(farm: "Farm", job: Job, now: float) -> None:
    if job.finished or any(step.unfinished for step in job.steps):
        return
    event = outcome(job)
    if job.state is JobState.QUEUED and event is not JobEvent.CANCEL:
        begin_job(farm, job, now)
    job.move(event)
    end(farm, job, now)


def outcome(job: Job) -> JobEvent:
    """How a job ends of which nothing is left to run."""
    if any(step.counts[TaskState.FAILED] for step in job.steps):
        return JobEvent.SOME_FAILED
    canceled = any(step.counts[TaskState.CANCELED] for step in job.steps)
    return JobEvent.CANCEL if canceled else JobEvent.ALL_COMPLETED


def stop_orders(farm: "Farm", job: Job, now: float) -> None:
    """End all that clients run of a job; nobody will run it again."""
    for order in [order for order in job.orders.values() if order.open]:
        for task in order.awaited():
            order.settle(task, TaskState.CANCELED, now)
            untwin(farm, order, task)
        end_order(farm, order)


def end(farm: "Farm", job: Job, now: float) -> None:
    job.ended = now
    farm.tally.jobs[job.state] += 1
    for step in job.steps:
        farm.enqueue(step)
        farm.stirred.pop(step, None)
        for link in farm.links.pop(step, ()):
            farm.waiting_for[link.source].remove(link)
    farm.changes.jobs[job.id] = farm.changes.steps[job.id] = job
    farm.changes.ended.append(job)
    tell_followers(farm, job, now)
