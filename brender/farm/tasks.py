"""The states of a step's tasks: one byte a task.

How does this work?  A `TaskSet` is a `bytearray` of `TaskState`s and a count for each state.  The next
ready task is found with `find`, a million tasks are a megabyte, and making a step of any length ready
is one `translate`.  Every change goes through the table in `transitions`.
"""

import zlib

from brender.farm.transitions import TASK, TaskEvent, TaskState, move

READY = bytes([TaskState.READY])


class TaskSet:
    __slots__ = ("_cursor", "_states", "counts")

    def __init__(self, states: bytearray) -> None:
        self._states = states
        self._cursor = 0  # no ready task stands before it
        self.counts = [states.count(state) for state in TaskState]

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
        return TaskState(self._states[index])

    def __bytes__(self) -> bytes:
        return bytes(self._states)

    def next_ready(self, start: int = 0) -> int:
        """The index of the first ready task from `start` on, or -1."""
        found = self._states.find(READY, max(start, self._cursor))
        if start <= self._cursor:
            self._cursor = len(self._states) if found < 0 else found
        return found

    def ready_run(self, first: int, most: int) -> int:
        """How many ready tasks stand in a row from `first` on, at most `most`."""
        run = self._states[first : first + most]
        return len(run) - len(run.lstrip(READY))

    def move(self, index: int, event: TaskEvent) -> TaskState:
        before = self[index]
        after = move(TASK, before, event, f"Task {index}")
        self._states[index] = after
        self.counts[before] -= 1
        self.counts[after] += 1
        if after is TaskState.READY:
            self._cursor = min(self._cursor, index)
        return after

    def put(self, index: int, state: TaskState) -> None:
        """Set what the database says of a task, on a start."""
        self.counts[self._states[index]] -= 1
        self.counts[state] += 1
        self._states[index] = state
        if state is TaskState.READY:
            self._cursor = min(self._cursor, index)

    def move_all(self, event: TaskEvent) -> None:
        """Let the event happen to every task to which it may."""
        table = bytearray(range(256))
        for state in TaskState:
            table[state] = TASK.get((state, event), state)
        self._states = self._states.translate(table)
        self._cursor = 0
        self.counts = [self._states.count(state) for state in TaskState]
