"""Fewer tasks, before anybody looks at each: what of a filter bytes, ranges and the orders at hand can tell.

How does this work?  `narrow` takes a condition apart, where all parts of it have to be true.  Steps, states and frames
are done for good; how long a task took, nearly.  Who has a task, and since when, is only known of tasks that clients
have or have failed: all others are left out, and those are asked.  The rest of the condition is given back.
"""

from array import array
from collections.abc import Iterable, Sequence
from itertools import chain
from math import inf
from typing import Any

from brender.farm.estimating.durations import MOST, code_of
from brender.farm.views.tasks import STATES, Part, Tasks, in_states
from brender.verbs.filters import And, Comparison, Condition, Everything, Op, Range

MOST_FRAMES = 10_000  # that are looked up one by one
HELD = ("client", "order", "since", "percent")  # of a task that nobody has or has had: None
TIMED = "seconds"
ORDERINGS = {Op.BELOW: (-inf, -1), Op.AT_MOST: (-inf, 0), Op.ABOVE: (1, inf), Op.AT_LEAST: (0, inf)}
Bounds = tuple[float, float]


def narrow(tasks: Tasks, condition: Condition) -> tuple[Sequence[Any], Condition]:
    """Fewer tasks, and what of the condition has still to be asked of them."""
    left: list[Condition] = []
    for part in condition.parts if isinstance(condition, And) else (condition,):
        found = narrowed(tasks, part) if isinstance(part, Comparison) else None
        tasks = tasks if found is None else found
        if found is None or (isinstance(part, Comparison) and part.attribute.name in (*HELD, TIMED)):
            left.append(part)
    return tasks, And(tuple(left)) if len(left) > 1 else left[0] if left else Everything()


def narrowed(tasks: Tasks, asked: Comparison) -> Tasks | None:
    """Those of which a comparison is true, or may be; None where each has to tell."""
    name, values = asked.attribute.name, asked.values
    if None in values or asked.op in (Op.IS_NOT, Op.UNLIKE):
        return None
    if name in HELD:
        return Tasks([part.only(held(part)) for part in tasks.parts])
    if name == TIMED and asked.op in ORDERINGS and isinstance(asked.values[0], int | float):
        return Tasks([part.only(timed(part, asked.op, asked.values[0])) for part in tasks.parts])
    if asked.op is Op.IS and name in ("state", "step") and all(isinstance(value, str) for value in values):
        return named(tasks, name, {str(value).lower() for value in values})
    if name == "frame" and (bounds := bounds_of(asked)):
        found = [between(part, bounds) for part in tasks.parts]
        return None if None in found else Tasks([part for part in found if part])
    return None


def named(tasks: Tasks, name: str, texts: set[str]) -> Tasks:
    if name == "step":
        return Tasks([part for part in tasks.parts if part.step.name.lower() in texts])
    states = [state for state, text in enumerate(STATES) if text in texts]
    return Tasks([in_states(part, states) for part in tasks.parts])


def held(part: Part) -> set[int]:
    """The tasks that some client has, or has failed."""
    step = part.step
    orders = (order for order in step.job.orders.values() if order.step == step.index)
    return {task for order in orders for task in order.awaited()}.union(step.tries)


def timed(part: Part, op: Op, seconds: float) -> set[int]:
    """The tasks that took about so long, or longer, or less: each of them has still to tell."""
    code = code_of(seconds)
    longer = op in (Op.ABOVE, Op.AT_LEAST)
    return part.step.took.between(code if longer else 1, MOST if longer else code)


# --- frames


def bounds_of(asked: Comparison) -> list[Bounds]:
    """The first and the last of each run of frames that is meant; [] where it is not frames alone."""
    if asked.op in ORDERINGS:
        (value,) = asked.values
        low, high = ORDERINGS[asked.op]
        return [(value + low, value + high)] if isinstance(value, int | float) else []
    found = [frames(value) for value in asked.values]
    return [] if None in found else sorted(each for each in found if each)


def frames(value: Any) -> Bounds | None:
    if isinstance(value, Range):
        return value.first, value.last
    return (value, value) if isinstance(value, int) else None


def between(part: Part, bounds: Sequence[Bounds]) -> Part | None:
    """The tasks of which the first frame is in one of these; None where each has to be looked at."""
    plan = part.step.plan
    if not plan.has_frames:
        return Part(part.step, ())
    found = [plan.tasks_between(first, last) for first, last in bounds]
    if None not in found:
        return joined(part, [each for spans in found for each in spans or ()])
    if sum(last - first + 1 for first, last in bounds) > MOST_FRAMES:
        return None
    wanted = {frame for first, last in bounds for frame in range(int(first), int(last) + 1)}
    having = {task for frame in wanted for task in plan.tasks_of(frame)}
    return part.only({task for task in having if next(plan.frames(task), None) in wanted})


def joined(part: Part, spans: Iterable[range]) -> Part:
    """What spans of tasks have of it."""
    found = sorted(spans, key=lambda span: span.start)
    if isinstance(part.indexes, range):
        cut = [range(max(span.start, part.indexes.start), min(span.stop, part.indexes.stop)) for span in found]
        cut = [span for span in cut if span]
        return Part(part.step, cut[0] if len(cut) == 1 else array("Q", unique(cut)))
    return part.only(set(chain(*found)))


def unique(spans: Sequence[range]) -> list[int]:
    """The numbers of ranges that stand in order; those may overlap."""
    return list(dict.fromkeys(chain(*spans)))
