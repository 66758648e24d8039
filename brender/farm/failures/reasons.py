"""Why tasks of a job failed: those with the same reason as one, with the line that says why.

How does this work?  Every order keeps the reason of its last failure, and its cause.  `failures` groups orders of
which the reasons are the same but for numbers, frames and paths (`pattern_of`).  A group tells which tasks, on
which clients, and what has become of them since: done when tried again, given up, or to be tried again.  Only the
newest `MOST_ORDERS` that failed are looked at, so that a job in which everything fails costs no more.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Annotated

import msgspec

from brender.farm.failures.failing import CAUSES
from brender.farm.job import Step
from brender.farm.order import WITHDRAWN, Order
from brender.farm.transitions import TaskState
from brender.farm.views.tasks import BETWEEN
from brender.farm.views.things import EPOCH, shows

MOST_ORDERS = 10_000
MOST_PIECES = 1_000  # of the text that says which tasks
PATH = r"(?:[A-Za-z]:)?(?:[\\/]+[\w.+@%#~$-]+)+[\\/]*"
HASH = r"\b[0-9a-fA-F]{8,}(?:-[0-9a-fA-F]{4,})*\b"
NUMBER = r"(?<!Exit code )(?<![\d.])(?:0[xX][0-9a-fA-F]+|\d+(?:[.:,]\d+)*)"
VARIES = re.compile(rf"(?P<path>{PATH})|(?P<hash>{HASH})|(?P<number>{NUMBER})")
IN_PLACE = {"path": "PATH", "hash": "#", "number": "#"}


class FailureView(msgspec.Struct, frozen=True):
    """Tasks of a job that failed for the same reason."""

    cause: Annotated[str, shows("the kind of failure; empty for an ordinary one", values=CAUSES)]
    line: Annotated[str, shows("why, as it was said last")]
    tasks: Annotated[int, shows("how many tasks failed so")]
    times: Annotated[int, shows("how many orders failed so")]
    which: Annotated[dict[str, str], shows("their numbers in each step, as in 0-4,8; not all of very many")]
    clients: Annotated[list[str], shows("where; the newest first")]
    done: Annotated[int, shows("of these tasks: done since, when they were tried again")]
    given_up: Annotated[int, shows("of these tasks: failed for good, or canceled with their job")]
    again: Annotated[int, shows("of these tasks: they run again, or will")]
    did: Annotated[str, shows("what the farm has done about it, in a sentence")]
    first: Annotated[float, shows("when it happened first", EPOCH)]
    last: Annotated[float, shows("when it happened last", EPOCH)]
    order: Annotated[int, shows("the newest of these orders: its log shows it")]
    task: Annotated[str, shows("a task of that order that failed")]


@dataclass
class Group:
    cause: str
    orders: list[Order] = field(default_factory=list)  # oldest first
    tasks: dict[int, set[int]] = field(default_factory=dict)  # by step

    def add(self, order: Order) -> None:
        self.orders.append(order)
        self.tasks.setdefault(order.step, set()).update(failed_of(order))


def failures(orders: Iterable[Order], steps: Sequence[Step], name_of: Callable[[int], str]) -> list[FailureView]:
    """What went wrong, the newest first; the orders come oldest first."""
    groups: dict[tuple[str, str], Group] = {}
    for order in orders:
        if order.reason:
            groups.setdefault((order.cause, pattern_of(order.reason)), Group(order.cause)).add(order)
    views = [view_of(group, steps, name_of) for group in groups.values()]
    return sorted(views, key=lambda view: (view.last, view.order), reverse=True)


def view_of(group: Group, steps: Sequence[Step], name_of: Callable[[int], str]) -> FailureView:
    newest = group.orders[-1]
    states = [steps[step].tasks[task] for step, tasks in group.tasks.items() for task in tasks]
    done, gone = states.count(TaskState.COMPLETED), states.count(TaskState.FAILED) + states.count(TaskState.CANCELED)
    times = [order.ended or order.issued for order in group.orders]
    return FailureView(
        cause=group.cause,
        line=newest.reason,
        tasks=len(states),
        times=len(group.orders),
        which={steps[step].name: as_ranges(sorted(tasks)) for step, tasks in sorted(group.tasks.items())},
        clients=list(dict.fromkeys(name_of(order.client) for order in reversed(group.orders))),
        done=done,
        given_up=gone,
        again=len(states) - done - gone,
        did=sentence(done, len(states) - done - gone, gone),
        first=min(times),
        last=max(times),
        order=newest.id,
        task=f"{steps[newest.step].name}{BETWEEN}{failed_of(newest)[0]}",
    )


def failed_of(order: Order) -> list[int]:
    """Its tasks that failed; where a licence was missing, which counts as no failure, all that were handed back."""
    states = [byte & ~WITHDRAWN for byte in order.tasks]
    wanted = next((state for state in (TaskState.FAILED, TaskState.READY) if state in states), None)
    return [task for task, state in enumerate(states, order.first) if wanted is None or state == wanted]


def pattern_of(reason: str) -> str:
    """What reasons of one kind have in common."""
    return " ".join(VARIES.sub(lambda found: IN_PLACE[found.lastgroup or ""], reason).split())


def sentence(done: int, again: int, gone: int) -> str:
    counts = {"done when tried again": done, "to be tried again": again, "given up": gone}
    parts = [f"{count:,} {what}" for what, count in counts.items() if count]
    return f"{', '.join(parts)}." if parts else ""


def as_ranges(numbers: Sequence[int]) -> str:
    """As in 0-4,8: what tasks can be chosen by."""
    pieces: list[str] = []
    begin = 0
    for place, number in enumerate(numbers, 1):
        if place == len(numbers) or numbers[place] != number + 1:
            first = numbers[begin]
            pieces.append(f"{first}-{number}" if first != number else f"{first}")
            begin = place
        if len(pieces) == MOST_PIECES:
            break
    return ",".join(pieces)
