"""An order: a run of tasks of one step, given to one client.

How does this work?  An order names its tasks as a run (`first`, `count`) and keeps one byte for each:
ACTIVE until its result is in, then what became of it (READY means handed back).  All of it is one
row in the database, and the rows of a step's orders are all that is needed to know what is done of
the step, and how long it took.  An order is closed when none of its bytes says ACTIVE.  A result
that somebody has withdrawn (the task was asked for again) keeps its byte, with `WITHDRAWN` added.
"""

from collections.abc import Collection

import msgspec

from brender.farm.estimating.durations import Durations
from brender.farm.transitions import TaskState

ACTIVE = int(TaskState.ACTIVE)
ALL_ACTIVE = bytes([ACTIVE])
WITHDRAWN = 0x80


class Order(msgspec.Struct, eq=False):
    id: int
    job: int
    step: int  # index of the step in its job
    client: int
    first: int  # index of the first task
    count: int
    attempt: int  # 1 for a task's first try
    cost: int  # slots
    issued: float  # seconds of the epoch
    ended: float | None = None
    reason: str = ""  # why one of its tasks failed, the last one that did
    tasks: bytearray = msgspec.field(default_factory=bytearray)  # a `TaskState` each
    together: bool = False  # its tasks are one chunk: they run and end as one
    second: bool = False  # another client runs its task too: the first one home wins
    cause: str = ""  # one of `failing.CAUSES`, of the task that has the reason
    took: Durations = msgspec.field(default_factory=Durations)  # its tasks, that have ended here
    needs: tuple[tuple[str, float], ...] = ()  # amounts that it uses up, besides slots
    limits: tuple[tuple[str, int], ...] = ()  # counted limits that it holds
    priority: int = 0  # of its job
    ending: bool = False  # its worker was told to end it, and has not said yet that it has
    stopping: set[int] = msgspec.field(default_factory=set)  # the same of some of its tasks, while the others go on
    running: int | None = None  # index of the task that the worker has begun last
    began: float | None = None  # when that was
    percent: float | None = None  # of the running task
    status: str = ""  # what the running task says it does
    recalled: bool = False  # the worker was asked to hand it back

    def __post_init__(self) -> None:
        self.tasks = bytearray(self.tasks or ALL_ACTIVE * self.count)  # a row has bytes

    @property
    def open(self) -> bool:
        return ACTIVE in self.tasks

    @property
    def ends(self) -> Collection[int]:
        """The tasks of which the worker has not said yet that nothing is left."""
        return range(self.first, self.first + self.count) if self.ending else self.stopping

    @property
    def untouched(self) -> bool:
        """Nothing of it has begun: it may be recalled."""
        return self.running is None and self.tasks.count(ACTIVE) == self.count and not self.recalled

    def holds(self, task: int) -> bool:
        """Whether a result for this task is still awaited."""
        return 0 <= task - self.first < self.count and self.tasks[task - self.first] == ACTIVE

    def forgone(self, task: int) -> bool:
        """Whether the task was canceled and the others of the order were not."""
        return 0 <= task - self.first < self.count and self.tasks[task - self.first] & ~WITHDRAWN == TaskState.CANCELED

    def awaited(self) -> list[int]:
        """The indexes of the tasks whose results are awaited."""
        return [self.first + place for place, state in enumerate(self.tasks) if state == ACTIVE]

    def begin(self, task: int, now: float) -> None:
        self.running, self.began = task, now
        self.percent, self.status = None, ""

    @property
    def units(self) -> list[int]:
        """The first tasks of what runs as one: of each task, or of the chunk."""
        return [self.first] if self.together and self.open else self.awaited()

    def withdraw(self, task: int) -> None:
        """What became of the task does not count any more."""
        self.tasks[task - self.first] |= WITHDRAWN

    def settle(self, task: int, state: TaskState, now: float) -> None:
        self.tasks[task - self.first] = state
        if self.running == task:
            self.running = None
        if not self.open:
            self.ended = now
