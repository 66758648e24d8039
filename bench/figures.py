"""A figure, and how two things are measured side by side."""

from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import TypeVar

import msgspec

TIMES = 5
LOOPS = 10_000
NEARLY = 1.12  # times the best that the reference was ever seen to take
Measured = TypeVar("Measured")


class Figure(msgspec.Struct, frozen=True):
    name: str
    value: float
    unit: str
    target: str  # "<= 1.2", or "" where there is none
    met: bool | None


def figure(name: str, value: float, unit: str, target: str = "") -> Figure:
    """`target` is a comparison with a number, "<= 1.2" or ">= 0.7"."""
    sign, _, limit = target.partition(" ")
    met = None if not target else value <= float(limit) if sign == "<=" else value >= float(limit)
    return Figure(name, round(value, 4), unit, target, met)


def side_by_side(ours: Callable[[], float], theirs: Callable[[], float], times: int = TIMES) -> tuple[float, float]:
    """The medians of both, measured alternately."""
    pairs = [(ours(), theirs()) for _ in range(times)]
    return median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)


def undisturbed(measure: Callable[[], Measured], times: int) -> list[Measured]:
    """What was measured while the machine ran at its own speed.

    On a machine that others use, the same work takes half as long again from one moment to the next.  So a loop that
    never changes is timed before and after each measure, and what lies between slow ones is left out.
    """
    before, found = reference(), list[tuple[float, Measured]]()
    for _ in range(times):
        measured = measure()
        after = reference()
        found.append((max(before, after), measured))
        before = after
    best = min(slowest for slowest, _ in found)
    return [measured for slowest, measured in found if slowest <= NEARLY * best]


def reference() -> float:
    """The seconds of a loop that never changes."""
    began, total = perf_counter(), 0
    for number in range(LOOPS):
        total += number * number
    return perf_counter() - began


def percentile(values: list[float], percent: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]
