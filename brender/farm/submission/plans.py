"""What a job is planned to be: its steps, and the tasks of each.

How does this work?  `planning` makes a `Plan` of a template and values; whoever has one asks it for its tasks, which
are never listed.  Nothing here needs openjd-model, which takes a while to import: programs that only look at a farm
start without it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from brender.farm.scheduling.requirements import Requirements
from brender.farm.submission import ranges
from brender.farm.submission.problems import WHOLE, Problem, Refused
from brender.farm.submission.space import Chunked, Joined, Node
from brender.farm.submission.spans import spans


@dataclass(frozen=True)
class StepPlan:
    name: str
    depends_on: tuple[int, ...]  # indexes of steps, earlier or later ones
    tasks: int
    requires: Requirements
    _space: Node = field(repr=False)
    frame: str = ""  # the task parameter that counts frames

    @property
    def space(self) -> Node:
        """The values of all tasks, as the template declares them."""
        return self._space

    def parameters(self, index: int) -> dict[str, str]:
        """The task parameters of one task, as text."""
        if not 0 <= index < self.tasks:
            raise IndexError(f'Step "{self.name}" has {self.tasks} tasks; there is no task {index}.')
        return self._space.at(index)

    def together(self, first: int, count: int) -> dict[str, str]:
        """The task parameters of a chunk that has these tasks."""
        return self._space.together(first, count)

    @cached_property
    def _chunked(self) -> bool:
        return self._space.chunked(0) is not None

    def chunked(self, index: int) -> Chunked | None:
        """How tasks from this one on may be put together as they are given out; None when each runs alone."""
        return self._space.chunked(index) if self._chunked else None

    def same_tasks(self, other: "StepPlan") -> bool:
        """Whether both have the very same tasks."""
        return (self.name, self.depends_on, self._space) == (other.name, other.depends_on, other._space)

    def and_more(self, other: "StepPlan") -> "StepPlan":
        """This one with the tasks of the other after its own; raises `Refused` when it has one of them already."""
        if self.same_tasks(other):
            return self
        for index in range(other.tasks):
            if self._space.has(values := other.parameters(index)):
                named = ", ".join(f"{name} {value}" for name, value in values.items())
                raise Refused([Problem(WHOLE, f'Step "{self.name}" has a task for {named} already.')])
        space = Joined((self._space, other._space))
        return replace(self, tasks=self.tasks + other.tasks, _space=space)

    def tasks_of(self, frame: int) -> list[int]:
        """The tasks that have this frame."""
        return sorted(self._space.where(self.frame, frame))

    def tasks_between(self, first: float, last: float) -> list[range] | None:
        """The tasks whose first frame is one from here to there; None where each has to be looked at."""
        return spans(self._space, self.frame, first, last)

    @property
    def has_frames(self) -> bool:
        return bool(self.frame)

    def frames(self, index: int) -> Iterator[int]:
        """The frames of one task."""
        text = self.parameters(index)[self.frame]
        if text.lstrip("-").isdecimal():
            yield int(text)
            return
        for part in ranges.pieces(ranges.parse(text)):
            yield from part


@dataclass(frozen=True)
class Plan:
    name: str
    template: dict[str, Any]
    values: dict[str, Any]
    steps: tuple[StepPlan, ...]
    extensions: tuple[str, ...] = ()


def extended(steps: Sequence[StepPlan], more: Plan) -> list[StepPlan]:
    """The steps with the tasks of another plan of their template added; raises `Refused` when there is none to add."""
    grown = [step.and_more(new) for step, new in zip(steps, more.steps, strict=True)]
    if sum(step.tasks for step in grown) == sum(step.tasks for step in steps):
        raise Refused([Problem(WHOLE, "The job has all these tasks already.")])
    return grown
