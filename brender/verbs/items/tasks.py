"""The item `task`: the tasks of one job, however many.

How does this work?  The things are light pairs of a step and a number (`farm.task_views`).  What of a filter can be
done without looking at each is done by `narrowing`.  The id of a task is its step's name and its number in that:
"Render:12".
"""

from collections.abc import Sequence
from typing import Any

from brender.farm.interfaces import FarmService, NotFound
from brender.farm.submission.problems import shown
from brender.farm.views.tasks import (
    BETWEEN,
    Task,
    Tasks,
    TaskView,
    frame_of,
    parameters_of,
    state_of,
    task_view,
    took,
)
from brender.verbs.items.attributes import attributes_of
from brender.verbs.items.item import Item
from brender.verbs.lists.narrowing import narrow

MOST = 100_000  # tasks that are looked at one by one: that keeps the farm for half a second


async def tasks(service: FarmService, job: Any) -> Sequence[Any]:
    return Tasks.of(await service.steps_of(job.id))


def task_of(tasks: Tasks, key: Any) -> Task:
    """By "Render:12"; of a job with one step by its number alone."""
    step, _, number = str(key).rpartition(BETWEEN)
    for part in tasks.parts:
        if part.step.name == step or (not step and len(tasks.parts) == 1):
            if number.isdecimal() and len(number) < 12 and int(number) < len(part.indexes):
                return Task(part.step, int(number))
            last = len(part.indexes) - 1
            raise NotFound(f'There is no task "{shown(str(key))}": step "{part.step.name}" has tasks 0 to {last}.')
    known = ", ".join(part.step.name for part in tasks.parts)
    raise NotFound(f'There is no task "{shown(str(key))}": write STEP{BETWEEN}NUMBER; the steps are {known}.')


TASK = Item(
    "task",
    "tasks",
    "what a client does at one time: a frame, mostly",
    TaskView,
    tasks,
    task_view,
    task_of,
    attributes_of(TaskView, stored=("step", "task", "state")),
    of_job=True,
    key="name",
    direct={
        "id": lambda task: task.id,
        "step": lambda task: task.step.name,
        "place": lambda task: task.step.index,
        "task": lambda task: task.number,
        "what": lambda task: task.name,
        "frame": frame_of,
        "state": state_of,
        "parameters": parameters_of,
        "seconds": took,
    },
    named="step",
    numbered="task",
    searched=("id", "state"),
    ordered_by=("place", "task"),
    narrow=narrow,
    most=MOST,
    without={
        "create": "The template says which tasks a job has; add on the job adds those of other values.",
        "update": "A task is what its template says; update and revise on the job change what may be changed.",
        "delete": "What is not to run can be canceled.",
    },
)
