"""A step as the page of its job shows it: what it depends on and needs, and which task has which values.

How does this work?  `StepDetails` is what all faces show of the item `step`; jobs show the shorter `StepView`.  A
`Space` tells the values of all tasks as its template declares them, so that a reader can say which frame a task of a
million has without asking for each.  It is a tree: ranges or texts of one parameter, and how those of several go
together.
"""

from collections.abc import Iterable
from typing import Annotated, Any

import msgspec

from brender.farm.job import FinishedStep, Job, Step
from brender.farm.scheduling.requirements import in_words
from brender.farm.submission.chunks import CloseChunks, Frames, GrowingChunks, LooseChunks
from brender.farm.submission.space import Joined, Listed, Node, Parameter, Product, Together
from brender.farm.views.things import SECONDS, StepView, shows, step_view


class Space(msgspec.Struct, frozen=True, omit_defaults=True):
    count: Annotated[int, shows("how many tasks it makes")]
    parameter: Annotated[str, shows("of which task parameter these are the values")] = ""
    ranges: Annotated[list[tuple[int, int, int]], shows("its whole numbers: first, last and step of each range")] = []
    values: Annotated[list[str], shows("its values, where they are no ranges")] = []
    chunk: Annotated[int, shows("so many values at most are one task")] = 0
    gapless: Annotated[bool, shows("no task has values of two ranges")] = False
    product: Annotated[list["Space"], shows("each with each; the last one changes with every task")] = []
    together: Annotated[list["Space"], shows("side by side: the first with the first, and so on")] = []
    joined: Annotated[list["Space"], shows("tasks that were added later come behind the others")] = []

    def __str__(self) -> str:
        """As a template has it: `Eye left,right * Frame 1-10,21`."""
        if self.parameter:
            return f"{self.parameter} {','.join(self.values or map(as_text, self.ranges))}"
        together = [f"({', '.join(map(str, self.together))})"] if self.together else []
        return " * ".join([*map(str, self.product), *together]) or ", then ".join(map(str, self.joined))


def as_text(part: tuple[int, int, int]) -> str:
    first, last, step = part
    if first == last:
        return str(first)
    return f"{first}-{last}" if step == 1 else f"{first}-{last}:{step}"


class StepDetails(StepView, frozen=True, kw_only=True):
    depends_on: Annotated[list[str] | None, shows("steps that have to be done before it")]
    needs: Annotated[list[str] | None, shows("what a client has to have")]
    seconds_a_task: Annotated[float | None, shows("that a task is expected to take", SECONDS)]
    chunk: Annotated[int | None, shows("tasks that are put together, until it is known how long they take")]
    chunk_seconds: Annotated[float | None, shows("that those put together should take", SECONDS)]
    frame: Annotated[str | None, shows("the task parameter that counts frames")]
    space: Annotated[Space | None, shows("which task has which values")]


def step_details(step: Step | FinishedStep, job: Job) -> StepDetails:
    """Of a step whose plan is not at hand: how many tasks are in which state, and no more."""
    known: dict[str, Any] = msgspec.structs.asdict(step_view(step, job))
    if isinstance(step, FinishedStep):
        unknown: dict[str, Any] = dict.fromkeys(StepDetails.__struct_fields__[len(known) :])
        return StepDetails(**known, **unknown)
    plan, chunked = step.plan, step.plan.chunked(0) if len(step.tasks) else None
    return StepDetails(
        **known,
        depends_on=[step.job.steps[index].name for index in plan.depends_on],
        needs=in_words(plan.requires),
        seconds_a_task=step.estimate.seconds,
        chunk=chunked and chunked.given,
        chunk_seconds=chunked and chunked.target,
        frame=plan.frame or None,
        space=space_of(plan.space),
    )


def space_of(node: Node) -> Space:
    if isinstance(node, Parameter):
        return values_of(node)
    if isinstance(node, Product):
        return Space(node.count, product=[space_of(child) for child in node.children])
    if isinstance(node, Together):
        return Space(node.count, together=[space_of(child) for child in node.children])
    assert isinstance(node, Joined)
    return Space(node.count, joined=[space_of(part) for part in node.parts])


def values_of(node: Parameter) -> Space:
    count, name, values = node.count, node.name, node.values
    if isinstance(values, Listed):
        return Space(count, name, values=list(values.texts))
    if isinstance(values, Frames):
        return Space(count, name, ranges_of(values.parts))
    if isinstance(values, GrowingChunks):
        return Space(count, name, ranges_of(values.frames.parts))
    if isinstance(values, LooseChunks):
        return Space(count, name, ranges_of(values.frames.parts), chunk=values.size)
    assert isinstance(values, CloseChunks)
    return Space(count, name, ranges_of(run.frames for run in values.runs), chunk=values.size, gapless=True)


def ranges_of(parts: Iterable[range]) -> list[tuple[int, int, int]]:
    return [(part[0], part[-1], part.step) for part in parts]
