"""Which tasks people mean: all that failed, some frames, some numbers.

How does this work?  Each function gives a `Chosen`: of each step, the tasks.  Frames are looked up in every step
that has frames, or in the one that is named; a frame that no task has is refused by its number.
"""

from collections.abc import Collection, Mapping, Sequence

from brender.farm.job import Job, Step
from brender.farm.submission import ranges
from brender.farm.submission.problems import Problem, Refused, shown
from brender.farm.transitions import TaskState

Chosen = Mapping[int, Collection[int]]  # index of a step -> tasks of it
NOT_DONE = frozenset({TaskState.FAILED, TaskState.CANCELED})


def ended(job: Job, name: str = "", states: Collection[TaskState] = NOT_DONE) -> Chosen:
    """All tasks that ended in one of these states, of the step of this name or of all; raises `Refused`."""
    found = {
        step.index: [task for task, state in enumerate(bytes(step.tasks)) if state in states]
        for step in steps_named(job, name)
    }
    return {index: tasks for index, tasks in found.items() if tasks}


def everything(job: Job, name: str) -> Chosen:
    """All tasks of the step of this name; raises `Refused`."""
    return {step.index: range(len(step.tasks)) for step in steps_named(job, name)}


def steps_named(job: Job, name: str) -> list[Step]:
    """The step of this name, or all for ""; raises `Refused`."""
    found = [step for step in job.steps if name in ("", step.name)]
    if not found:
        known = ", ".join(step.name for step in job.steps)
        raise Refused([Problem("step", f'Job {job.id} has no step "{shown(name)}"; it has {known}.')])
    return found


def of_frames(job: Job, frames: str, name: str = "") -> Chosen:
    """The tasks that have these frames ("1-10,15"); raises `Refused`."""
    parts = frames_of(frames)
    steps = [step for step in steps_named(job, name) if step.plan.has_frames]
    if not steps:
        raise Refused([Problem("frames", f"Job {job.id} has no step with frames.")])
    found: dict[int, set[int]] = {}
    for frame in (frame for part in parts for frame in part):
        having = {step.index: step.plan.tasks_of(frame) for step in steps}
        if not any(having.values()):
            where = f" in step {name}" if name else ""
            raise Refused([Problem("frames", f"Job {job.id} has no frame {frame}{where}.")])
        for index, tasks in having.items():
            found.setdefault(index, set()).update(tasks)
    return {index: sorted(tasks) for index, tasks in found.items() if tasks}


def frames_of(frames: str) -> Sequence[range]:
    """What a text says of frames; raises `Refused`."""
    try:
        return ranges.pieces(ranges.parse(frames))
    except ranges.BadRange as bad:
        raise Refused([Problem("frames", str(bad))]) from None


def of_numbers(job: Job, numbers: Collection[int], name: str = "") -> Chosen:
    """Tasks by their index, of the step that is named or the only one; raises `Refused`."""
    steps = steps_named(job, name)
    if len(steps) > 1:
        known = ", ".join(step.name for step in steps)
        raise Refused([Problem("step", f"Job {job.id} has several steps; say which: {known}.")])
    (step,) = steps
    if strange := [number for number in numbers if not 0 <= number < len(step.tasks)]:
        last = len(step.tasks) - 1
        raise Refused([Problem("tasks", f'Step "{step.name}" has tasks 0 to {last}; there is no task {strange[0]}.')])
    return {step.index: sorted(set(numbers))}
