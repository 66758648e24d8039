"""What happened when: a line for everything, in a file that is kept when something was wrong."""

from collections.abc import Callable
from pathlib import Path


class Story:
    def __init__(self, path: Path, now: Callable[[], float], aloud: bool = False) -> None:
        self.path = path
        self._now = now
        self._aloud = aloud
        self.begin()

    def begin(self) -> None:
        """Time counts from now on."""
        self._began = self._now()

    @property
    def passed(self) -> float:
        return self._now() - self._began

    def tell(self, line: str) -> None:
        line = f"{self.passed:8.3f}  {line}"
        with self.path.open("a") as file:
            file.write(line + "\n")
        if self._aloud:
            print(line, flush=True)
