"""The states of a step's tasks: one byte a task.

How does this work?  A `TaskSet` is a `bytearray` of `TaskState`s and a count for each state.  The next
ready task is found with `find`, a million tasks are a megabyte, and making a step of any length ready
is one `translate`.  Every change goes through the table in `transitions`.  `ready` gives the ready tasks in
the order in which they are to be begun; in any other order than forwards, those that came back go first.
`touched` says in which blocks of tasks something may have changed, so that whoever watches need not look at a million.
"""

import zlib
from collections import deque
from collections.abc import Iterable, Iterator

from brender.farm.scheduling.sequences import SEQUENCES, ranks
from brender.farm.transitions import TASK, TaskEvent, TaskState, not_now

READY = bytes([TaskState.READY])
DONE = bytes([TaskState.COMPLETED])
STATES = tuple(TaskState)
BLOCK = 4096  # tasks
AFTER = {event: tuple(TASK.get((state, event)) for state in STATES) for event in TaskEvent}


class TaskSet:
    __slots__ = ("_cursor", "_order", "_rank", "_returned", "_states", "counts", "forwards", "touched")

    def __init__(self, states: bytearray) -> None:
        self._states = states
        self._cursor = 0  # no ready task stands before it
        self._order = "forwards"
        self.forwards = True
        self._rank = 0  # in another order: every ready task of a lower rank has come back
        self._returned: deque[int] = deque()
        self.counts = [states.count(state) for state in TaskState]
        self.touched: set[int] = set()  # blocks; who watches them empties it

    @classmethod
    def waiting(cls, size: int) -> "TaskSet":
        return cls(bytearray(size))

    @classmethod
    def unpacked(cls, blob: bytes) -> "TaskSet":
        return cls(bytearray(zlib.decompress(blob)))

    def packed(self) -> bytes:
        return zlib.compress(bytes(self._states), 1)

    def __len__(self) -> int:
        return len(self._states)

    def __getitem__(self, index: int) -> TaskState:
        return STATES[self._states[index]]

    def __bytes__(self) -> bytes:
        return bytes(self._states)

    def part(self, first: int, last: int) -> bytes:
        return bytes(self._states[first:last])

    def touch_all(self) -> None:
        self.touched.update(range(-(-len(self) // BLOCK)))

    def next_ready(self, start: int = 0) -> int:
        """The index of the first ready task from `start` on, or -1."""
        found = self._states.find(READY, max(start, self._cursor))
        if start <= self._cursor:
            self._cursor = len(self._states) if found < 0 else found
        return found

    def begin_in(self, order: str) -> None:
        """From now on in this order: a name of `sequences.SEQUENCES`, or "forwards"."""
        self._order, self._rank, self.forwards = order, 0, order == "forwards"
        self._returned.clear()

    def ready(self) -> Iterator[int]:
        """The ready tasks in the order in which they are to be begun; ends with the first change."""
        if self.forwards:
            index = self.next_ready()
            while index >= 0:
                yield index
                index = self.next_ready(index + 1)
            return
        yield from self._came_back()
        sequence, size = SEQUENCES[self._order], len(self)
        leading = True
        for rank in range(self._rank, ranks(self._order, size)):
            index = sequence(rank, size)
            if self._states[index] == TaskState.READY:
                leading = False
                yield index
            elif leading:
                self._rank = rank + 1

    def _came_back(self) -> Iterator[int]:
        while self._returned and self._states[self._returned[0]] != TaskState.READY:
            self._returned.popleft()
        return (index for index in tuple(self._returned) if self._states[index] == TaskState.READY)

    def grow(self, more: int) -> None:
        """So many tasks more, waiting."""
        self._states.extend(bytes(more))
        self.counts[TaskState.WAITING] += more
        self.touch_all()
        self.begin_in(self._order)

    def ready_run(self, first: int, most: int) -> int:
        """How many ready tasks stand in a row from `first` on, at most `most`."""
        run = self._states[first : first + most]
        return len(run) - len(run.lstrip(READY))

    def ready_run_to(self, last: int, most: int) -> int:
        """How many ready tasks stand in a row up to `last`, at most `most`."""
        run = self._states[max(0, last + 1 - most) : last + 1]
        return len(run) - len(run.rstrip(READY))

    def move(self, index: int, event: TaskEvent) -> TaskState:
        before = self._states[index]
        after = AFTER[event][before]
        if after is None:
            raise not_now(STATES[before], event, f"Task {index}")
        self._states[index] = after
        self.touched.add(index // BLOCK)
        self.counts[before] -= 1
        self.counts[after] += 1
        if after is TaskState.READY and event is TaskEvent.FREED:
            self._cursor, self._rank = min(self._cursor, index), 0
        elif after is TaskState.READY:
            self._is_ready(index)
        return after

    def _is_ready(self, index: int) -> None:
        self._cursor = min(self._cursor, index)
        if not self.forwards:
            self._returned.append(index)

    def put(self, index: int, state: TaskState) -> None:
        """Set what the database says of a task, on a start."""
        self.counts[self._states[index]] -= 1
        self.counts[state] += 1
        self._states[index] = state
        self.touched.add(index // BLOCK)
        if state is TaskState.READY:
            self._is_ready(index)

    def complete(self, runs: Iterable[tuple[int, int]]) -> None:
        """Set what the database says of runs of tasks (the first, how many), on a start: they are completed."""
        states, size = self._states, len(self)
        for first, count in runs:
            states[first : first + count] = DONE * min(count, size - first)
        self.touch_all()
        self.counts = [states.count(state) for state in TaskState]

    def move_all(self, event: TaskEvent) -> None:
        """Let the event happen to every task to which it may."""
        table = bytearray(range(256))
        for state in TaskState:
            after = AFTER[event][state]
            table[state] = state if after is None else after
        self._states = self._states.translate(table)
        self.touch_all()
        self._cursor = 0
        self.begin_in(self._order)
        self.counts = [self._states.count(state) for state in TaskState]
