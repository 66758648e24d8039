"""Frames that wait for frames of another job.

How does this work?  A job that comes after another one frame by frame has a `FrameLink` for each of its steps
that has frames: frame N waits for the frames N + first to N + last of a step of the other job, as far as that
has them.  `satisfied` says whether a task has all that it waits for, `freed_by` which tasks a completed one may
have set free.  The frames of a step are looked up in a dictionary that is made when first needed.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from brender.farm.job import Job, Step
from brender.farm.settings import After
from brender.farm.transitions import TaskState


@dataclass(eq=False)
class FrameLink:
    """A step whose frames wait for frames of another job's step."""

    step: Step
    source: Step
    first: int
    last: int

    def missing(self, task: int) -> int | None:
        """The first frame that this task waits for and that is not completed."""
        for frame in self.step.plan.frames(task):
            for wanted in range(frame + self.first, frame + self.last + 1):
                if any(not self._done(other) for other in self.source.plan.tasks_of(wanted)):
                    return wanted
        return None

    def _done(self, task: int) -> bool:
        return self.source.tasks[task] is TaskState.COMPLETED

    def freed_by(self, task: int) -> Iterator[int]:
        """The tasks that may have waited for this one of the source."""
        for frame in self.source.plan.frames(task):
            for mine in range(frame - self.last, frame - self.first + 1):
                yield from self.step.plan.tasks_of(mine)


def links_of(job: Job, after: After, source: Job) -> Iterable[FrameLink]:
    """The links that a dependency on frames makes; none when the other job's frames are not known any more."""
    if after.frames is None:
        return []
    theirs = source_step(source, after.step)
    if theirs is None:
        return []
    return [FrameLink(step, theirs, *after.frames) for step in job.steps if step.plan.has_frames]


def source_step(job: Job, name: str) -> Step | None:
    """The step whose frames others wait for: the one of this name, or the first that has frames."""
    named = [step for step in job.steps if step.plan.has_frames and name in ("", step.name)]
    return named[0] if named else None
