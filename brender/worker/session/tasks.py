"""Which tasks of a session wait, and which one runs.

How does this work?  Two threads ask and tell: the one that hears the agent adds tasks and takes them out again,
or wants the one that runs to be stopped; the other begins them.  Whoever comes first has it: a task
is either begun or taken out, never both.
"""

from threading import Lock

from brender.worker.session import words


class Tasks:
    """Which tasks are waiting, and which one runs: both threads ask and tell."""

    def __init__(self) -> None:
        self._turn = Lock()
        self._waiting: set[tuple[int, int]] = set()
        self._running: tuple[int, int] | None = None
        self._stop: words.Stop | None = None  # asked for, of the one that runs

    def add(self, task: tuple[int, int]) -> None:
        with self._turn:
            self._waiting.add(task)

    def begin(self, task: tuple[int, int]) -> bool:
        """False when it was taken out again."""
        with self._turn:
            if task not in self._waiting:
                return False
            self._waiting.remove(task)
            self._running, self._stop = task, None
            return True

    def take_out(self, task: tuple[int, int]) -> bool:
        """False when it is too late for that."""
        with self._turn:
            found = task in self._waiting
            self._waiting.discard(task)
            return found

    def stop(self, word: words.Stop) -> bool:
        """Whether it runs and is to be stopped now."""
        with self._turn:
            if self._running != (word.order, word.task):
                return False
            self._stop = word
            return True

    def stopping(self) -> words.Stop | None:
        with self._turn:
            return self._stop

    def end(self) -> None:
        with self._turn:
            self._running = self._stop = None
