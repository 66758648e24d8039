"""What has changed of a step's tasks since somebody looked: runs of tasks, found without looking at each.

How does this work?  `Copy` has all states and durations as they were.  Of a step it looks at the blocks alone that
were touched since then (`TaskSet`): each is compared with its copy (`Seen`), and where something is different in
smaller ones.  So a million tasks that stay as they are cost nothing.  Tasks that follow one another and are in the same
state are one run.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from brender.farm.estimating.durations import unpacked
from brender.farm.job import Step
from brender.farm.tasks import BLOCK

PARTS = 16  # of a block, and of each part
Run = list[Any]  # the first task, how many, their state, and if those have changed the codes of their durations


class Seen(NamedTuple):
    """The tasks of a step at one moment."""

    states: bytes  # a byte a task
    took: bytes  # two bytes a task

    @classmethod
    def of(cls, step: Step, first: int = 0, last: int | None = None) -> "Seen":
        last = len(step.tasks) if last is None else min(last, len(step.tasks))
        return cls(step.tasks.part(first, last), step.took.part(first, last))

    def part(self, first: int, last: int) -> "Seen":
        return Seen(self.states[first:last], self.took[2 * first : 2 * last])

    @property
    def alike(self) -> bool:
        """All are in one state."""
        return self.states.count(self.states[:1]) == len(self.states)


class Copy:
    """The tasks of a step as they were when somebody looked last."""

    def __init__(self, step: Step) -> None:
        states, took = Seen.of(step)
        self._step, self._states, self._took = step, bytearray(states), bytearray(took)
        step.tasks.touched.clear()

    def news(self, step: Step, most: int) -> list[Run] | None:
        """What is different since then; None where that are more than so many runs, or other tasks."""
        if len(step.tasks) != len(self._states):
            return None
        if step is not self._step:
            self._step = step
            step.tasks.touch_all()
        found: list[Run] = []
        for block in sorted(step.tasks.touched):
            first, last = block * BLOCK, (block + 1) * BLOCK
            before = Seen(bytes(self._states[first:last]), bytes(self._took[2 * first : 2 * last]))
            after = Seen.of(step, first, last)
            self._states[first:last], self._took[2 * first : 2 * last] = after
            if not add_runs(found, before, after, most, first):
                return None
        step.tasks.touched.clear()
        return found


def runs(before: Seen, after: Seen, most: int) -> list[Run] | None:
    """What is different; None where that are more than so many runs, or other tasks."""
    found: list[Run] = []
    same = len(before.states) == len(after.states)
    return found if same and add_runs(found, before, after, most) else None


def add_runs(found: list[Run], before: Seen, after: Seen, most: int, begin: int = 0) -> bool:
    """What is different of the tasks from `begin` on; whether there was room for it."""
    for first, count, timed in pieces(before, after):
        state = after.states[first]
        codes = list(unpacked(after.took[2 * first : 2 * (first + count)])) if timed else None
        if not (found and joined(found[-1], begin + first, count, state, codes)):
            found.append([begin + first, count, state] if codes is None else [begin + first, count, state, codes])
        if len(found) > most:
            return False
    return True


def joined(run: Run, first: int, count: int, state: int, codes: list[int] | None) -> bool:
    """Whether the run goes on with these."""
    if run[0] + run[1] != first or run[2] != state or (codes is None) != (len(run) == 3):
        return False
    run[1] += count
    if codes is not None:
        run[3] += codes
    return True


def pieces(before: Seen, after: Seen) -> Iterator[tuple[int, int, bool]]:
    """The first task, how many, and whether they took another time."""
    for first in range(0, len(after.states), BLOCK):
        old, new = before.part(first, first + BLOCK), after.part(first, first + BLOCK)
        if old == new:
            continue
        if old.took == new.took and old.alike and new.alike:
            yield first, len(new.states), False
            continue
        for place in different(old, new, 0, len(new.states)):
            yield first + place, 1, old.took[2 * place : 2 * place + 2] != new.took[2 * place : 2 * place + 2]


def different(old: Seen, new: Seen, first: int, last: int) -> Iterator[int]:
    """The tasks that are not as they were; one at least is not."""
    if last - first == 1:
        yield first
        return
    size = max(1, (last - first) // PARTS)
    for begin in range(first, last, size):
        end = begin + size if begin + size < last else last
        same = old.states[begin:end] == new.states[begin:end]
        if not same or old.took[2 * begin : 2 * end] != new.took[2 * begin : 2 * end]:
            yield from different(old, new, begin, end)
