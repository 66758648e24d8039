"""Frames that wait for frames of another job.

How does this work?  A job that comes after another one frame by frame has a `FrameLink` for each of its steps
that has frames: frame N waits for the frames N + first to N + last of a step of the other job, as far as that
has them.  `missing` says which is the first that a task still waits for, `freed_by` which tasks a completed one may
have set free.  Where a task waits for many frames it is remembered how far they have come, so that a result
costs as much as there are frames that it may set free, and not as many times that.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from brender.farm.job import Job, Step
from brender.farm.settings import After
from brender.farm.transitions import TaskState

WIDE = 4  # frames; of those that wait for more, it is remembered how far the others have come


@dataclass(eq=False)
class FrameLink:
    """A step whose frames wait for frames of another job's step."""

    step: Step
    source: Step
    first: int
    last: int
    awaited: dict[int, int] = field(default_factory=dict)  # task -> the frame that was missing when it was last asked

    def missing(self, task: int) -> int | None:
        """The first frame that this task waits for and that is not completed."""
        known = self.awaited.get(task)
        for wanted in self._wanted(task, known):
            if any(not self._done(other) for other in self.source.plan.tasks_of(wanted)):
                if self.last - self.first >= WIDE:
                    self.awaited[task] = wanted
                return wanted
        self.awaited.pop(task, None)
        return None

    def _wanted(self, task: int, begin: int | None) -> Iterator[int]:
        """The frames that the task waits for, ascending, from this one on: those before it are completed."""
        for frame in sorted(self.step.plan.frames(task)):
            first = frame + self.first if begin is None else max(begin, frame + self.first)
            yield from range(first, frame + self.last + 1)
            begin = max(first, frame + self.last + 1)

    def forget(self, task: int) -> None:
        """A frame that it waits for is not completed any more."""
        self.awaited.pop(task, None)

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
