"""Effort and names, for tests that prove something without a clock or by pointing at others.

How does this work?  `effort` counts the calls of functions, in Python and in C, that some work makes: it is the same
on every machine and under every load, so "costs no more than" can be tested without a watch.  `strangers` gives the
names among some that are no tests: whoever lists tests that live elsewhere asks it, so that no list can rot.
"""

import sys
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any

from twisted.python.reflect import InvalidName, namedAny


def effort(work: Callable[[], object]) -> int:
    """How many calls some work makes."""
    calls = 0

    def count(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return calls


def strangers(names: Iterable[str]) -> list[str]:
    """Of names such as "farm.failures.test_retries.OnAFarm.test_a_task_goes_alone" those that are no tests."""
    return [name for name in names if not is_test(f"tests.{name}")]


def is_test(name: str) -> bool:
    try:
        found = namedAny(name)
    except (AttributeError, InvalidName):
        return False
    return callable(found) and found.__name__.startswith("test_")
