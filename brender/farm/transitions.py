"""The lives of tasks and jobs as tables, and the one function that may move them.

How does this work?  `TASK` and `JOB` list every allowed move: (state, event) -> state.  `move` looks
the pair up in the table that it is given.  A pair that is absent does not happen: `NotNow` carries
the sentence that the person or worker who asked will read.  Tests walk both tables.  Task states are
small integers because a step keeps a byte for each of its tasks (see `tasks`).
"""

from collections.abc import Mapping
from enum import Enum, IntEnum, StrEnum
from typing import TypeVar


class TaskState(IntEnum):
    WAITING = 0  # for a step that its own step depends on
    READY = 1  # may be ordered
    ACTIVE = 2  # some client holds an order for it
    COMPLETED = 3
    FAILED = 4
    CANCELED = 5


class TaskEvent(StrEnum):
    FREED = "freed"  # what it waited for has come
    ORDERED = "ordered"
    SUCCEEDED = "completed"
    GAVE_UP = "given up"  # failed, and may not be tried again
    TRY_AGAIN = "tried again"  # failed, lost or handed back, and may
    CANCEL = "canceled"
    UNREACHABLE = "abandoned"  # a step it waited for has failed
    AGAIN = "asked for again"  # by somebody, though it had ended
    HELD = "held back"  # what it had waited for is asked for again


class JobState(StrEnum):
    QUEUED = "queued"
    ACTIVE = "active"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELED = "canceled"


class JobEvent(StrEnum):
    BEGUN = "begun"  # its first task was ordered
    PAUSE = "paused"
    RESUME = "resumed"
    ALL_COMPLETED = "completed"
    SOME_FAILED = "failed"  # nothing is left to run, and a task has failed
    CANCEL = "canceled"
    REOPEN = "opened again"  # tasks of it are asked for again, or more are added


TASK: Mapping[tuple[TaskState, TaskEvent], TaskState] = {
    (TaskState.WAITING, TaskEvent.FREED): TaskState.READY,
    (TaskState.WAITING, TaskEvent.CANCEL): TaskState.CANCELED,
    (TaskState.WAITING, TaskEvent.UNREACHABLE): TaskState.CANCELED,
    (TaskState.READY, TaskEvent.ORDERED): TaskState.ACTIVE,
    (TaskState.READY, TaskEvent.CANCEL): TaskState.CANCELED,
    (TaskState.ACTIVE, TaskEvent.SUCCEEDED): TaskState.COMPLETED,
    (TaskState.ACTIVE, TaskEvent.GAVE_UP): TaskState.FAILED,
    (TaskState.ACTIVE, TaskEvent.TRY_AGAIN): TaskState.READY,
    (TaskState.ACTIVE, TaskEvent.CANCEL): TaskState.CANCELED,
    (TaskState.COMPLETED, TaskEvent.AGAIN): TaskState.WAITING,
    (TaskState.FAILED, TaskEvent.AGAIN): TaskState.WAITING,
    (TaskState.CANCELED, TaskEvent.AGAIN): TaskState.WAITING,
    (TaskState.READY, TaskEvent.HELD): TaskState.WAITING,
}

JOB: Mapping[tuple[JobState, JobEvent], JobState] = {
    (JobState.QUEUED, JobEvent.BEGUN): JobState.ACTIVE,
    (JobState.QUEUED, JobEvent.PAUSE): JobState.PAUSED,
    (JobState.QUEUED, JobEvent.CANCEL): JobState.CANCELED,
    (JobState.ACTIVE, JobEvent.PAUSE): JobState.PAUSED,
    (JobState.ACTIVE, JobEvent.ALL_COMPLETED): JobState.COMPLETED,
    (JobState.ACTIVE, JobEvent.SOME_FAILED): JobState.FAILED,
    (JobState.ACTIVE, JobEvent.CANCEL): JobState.CANCELED,
    (JobState.PAUSED, JobEvent.RESUME): JobState.QUEUED,
    (JobState.PAUSED, JobEvent.ALL_COMPLETED): JobState.COMPLETED,  # what ran on when it was paused was the last
    (JobState.PAUSED, JobEvent.SOME_FAILED): JobState.FAILED,
    (JobState.PAUSED, JobEvent.CANCEL): JobState.CANCELED,
    (JobState.COMPLETED, JobEvent.REOPEN): JobState.QUEUED,
    (JobState.FAILED, JobEvent.REOPEN): JobState.QUEUED,
    (JobState.CANCELED, JobEvent.REOPEN): JobState.QUEUED,
}

FINISHED_TASK = frozenset({TaskState.COMPLETED, TaskState.FAILED, TaskState.CANCELED})
FINISHED_JOB = frozenset({JobState.COMPLETED, JobState.FAILED, JobState.CANCELED})


class NotNow(Exception):
    """The event is not allowed in this state; the message is a sentence for people."""


State = TypeVar("State", bound=Enum)
What = TypeVar("What", bound=StrEnum)


def move(table: Mapping[tuple[State, What], State], state: State, event: What, what: str) -> State:
    """The state after the event.  `what` names the thing for the sentence: "Job 4", "Task 7".

    Raises `NotNow` when the table has no such move.
    """
    try:
        return table[state, event]
    except KeyError:
        raise not_now(state, event, what) from None


def not_now(state: Enum, event: StrEnum, what: str) -> NotNow:
    return NotNow(f"{what} is {state.name.lower()} and cannot be {event.value}.")
