"""A figure, and how two things are measured side by side."""

from collections.abc import Callable
from statistics import median

import msgspec

TIMES = 5


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


def percentile(values: list[float], percent: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]
