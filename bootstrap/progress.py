"""What a person sees while the set-up works: one line a step, alive on a terminal, plain in a log.

How does this work?  `Step.run` starts a program, reads what it prints and shows the last line of it
behind the step's name, with the seconds that have passed.  On a terminal that line is written over
and over; elsewhere a line appears when the step begins, every ten seconds, and when it is done.
A program that fails has its last lines shown, and the set-up ends with one sentence.
"""

import re
import shutil
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence

RAW_PROGRESS = re.compile(r"Progress (\d+) of (\d+)")  # pip's --progress-bar raw
SHOWN_OF_A_FAILURE = 25
SILENCE = 10.0  # seconds between two lines in a log


class SetupFailed(Exception):
    """The set-up cannot go on; the message is a sentence for the person who started it."""


def tell(what: str, result: str) -> None:
    print(f"  {what:<20} {result}", flush=True)


def took(since: float) -> str:
    return f"{time.monotonic() - since:.0f} s"


class Step:
    """One step of the set-up, as the person sees it."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._since = time.monotonic()
        self._live = sys.stdout.isatty()
        self._shown = self._since
        self.shown_last = ""
        self.lines: deque[str] = deque(maxlen=200)

    def run(self, command: Sequence[str], doing: str) -> bool:
        """Runs a program to its end and tells whether it succeeded."""
        self.shown_last = ""
        self._show(doing, at_once=True)
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              encoding="utf-8", errors="replace") as program:
            reader = threading.Thread(target=self._read, args=(program,), daemon=True)
            reader.start()
            while reader.is_alive():
                reader.join(0.2)
                self._show(self.shown_last or doing)
        return program.returncode == 0

    def must(self, command: Sequence[str], doing: str, otherwise: str) -> None:
        """Runs a program without which the set-up is over; `otherwise` says what to do then."""
        if not self.run(command, doing):
            self.failed(otherwise)

    def failed(self, sentence: str) -> None:
        self._clear()
        for line in list(self.lines)[-SHOWN_OF_A_FAILURE:]:
            print(f"    {line}", flush=True)
        raise SetupFailed(sentence)

    def done(self, result: str) -> None:
        self._clear()
        tell(self._what, f"{result}, {took(self._since)}")

    def _read(self, program: "subprocess.Popen[str]") -> None:
        assert program.stdout is not None
        for line in program.stdout:
            text = line.strip()
            if progress := RAW_PROGRESS.fullmatch(text):
                self.shown_last = f"{self.shown_last.partition(' · ')[0]} · {percent(*map(int, progress.groups()))}"
            elif text:
                self.shown_last = text
                self.lines.append(text)

    def _show(self, text: str, at_once: bool = False) -> None:
        line = f"  {self._what:<20} {text}"
        if self._live:
            width = shutil.get_terminal_size().columns - len(took(self._since)) - 4
            print(f"\r\x1b[K{line[:width]}  {took(self._since)}", end="", flush=True)
        elif at_once or time.monotonic() - self._shown > SILENCE:
            self._shown = time.monotonic()
            print(f"{line[:110]} …", flush=True)

    def _clear(self) -> None:
        if self._live:
            print("\r\x1b[K", end="", flush=True)


def percent(done: int, whole: int) -> str:
    return f"{100 * done // max(whole, 1)} % of {whole / 1e6:.0f} MB"
