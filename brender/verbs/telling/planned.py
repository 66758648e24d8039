"""What people are told of the verb `plan`: what a job would be, or all that is wrong with it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from brender.verbs.tables import count
from brender.verbs.telling.told import Told

Plain = Mapping[str, Any]


def planned(told: Told) -> str:
    found: Plain = msgspec.to_builtins(told.only.more)
    name = found["name"] or "This job"
    if not found["ok"]:
        return "\n".join([f"{name} would not be taken:", *(f"  {wrong(each)}" for each in found["problems"])])
    lines = [f"{name} would have {count(found['tasks'], 'task')}.", *(f"  {step(each)}" for each in found["steps"])]
    lines += of_the_scene(found["parameters"])
    return "\n".join([*lines, *(f"Warning: {warning}" for warning in found["warnings"])])


def of_the_scene(parameters: Sequence[Plain]) -> Iterator[str]:
    """What the scene itself has, as far as nothing else was given: what counts, and what would have to be said."""
    left = [each for each in parameters if each["saved"] is not None and each["value"] == each["default"]]
    for begin, counts in (("As in the scene", True), ("In the scene, but not asked for", False)):
        if there := [f"{each['name']} {each['saved']}" for each in left if each["saved_counts"] is counts]:
            yield f"{begin}: {', '.join(there)}"


def wrong(problem: Plain) -> str:
    line = f"line {problem['line']}, " if problem["line"] else ""
    return f"{line}{problem['at']}: {problem['message']}"


def step(each: Plain) -> str:
    after = f", after {', '.join(each['depends_on'])}" if each["depends_on"] else ""
    return f"{each['name']}: {count(each['tasks'], 'task')}{examples(each)}{after}"


def examples(each: Plain) -> str:
    """The first tasks, and the last one where it is none of them."""
    first = [", ".join(task(values)) for values in each["first"] if values]
    if not first:
        return ""
    last = [f"... {', '.join(task(each['last']))}"] if each["tasks"] > len(first) else []
    return f" ({'; '.join([*first, *last])})"


def task(values: Plain) -> Iterator[str]:
    return (f"{name} {value}" for name, value in values.items())
