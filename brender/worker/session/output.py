"""What a task prints, at any speed, in lines of any length, in any encoding.

How does this work?  openjd-sessions takes some 20 us a line and polls a thousand times a second for an idle
task.  `Output` is its subprocess with another way to read: the pipe in large pieces as they come,
and the process's end from a pidfd.  `Lines` makes text of the pieces.  Lines that openjd-sessions or the
farm may have to understand go to the log one by one, all others together.  A line longer than `LONGEST`
goes to the log in parts (`unended`), masked here: openjd-sessions would see no more of a secret than its halves.  One
that names a secret is kept together.  When a canceled process has ended, what it left behind is ended at
once; else whoever keeps the pipe open is waited for `GRACE` seconds.
"""

import io
import os
import select
from codecs import getincrementaldecoder
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import ClassVar

import openjd.sessions._runner_base as runners
from openjd.sessions import LogContent
from openjd.sessions._subprocess import LoggingSubprocess

LONGEST = 64_000  # characters of a line that are kept together
GRACE = 5.0  # seconds for who keeps a pipe open when the task's own process has ended
PIECE = 65_536
SPECIAL = ("openjd_", "brender_")
SECRET = "openjd_redacted_env"
MOST_SECRET = 1_000_000  # characters of a line that names one: more than any variable can hold
STARS = "*" * 8  # what openjd-sessions shows of a secret


class Lines:
    """Bytes in, pieces of the log out: `say(text, unended)`.

    `careful` stays set once a secret was named: openjd-sessions looks for some secrets line by line.  `secrets` gives
    those that were named until now.
    """

    careful: ClassVar[bool] = False

    def __init__(self, say: Callable[[str, bool], None], secrets: Callable[[], Collection[str]] = frozenset) -> None:
        self._say = say
        self._secrets = secrets
        decoder = getincrementaldecoder("utf-8")("backslashreplace")
        self._decoder = io.IncrementalNewlineDecoder(decoder, translate=True)
        self._rest = ""
        self._open = False  # the log's last line has no end yet
        self._said = ""  # the end of what was said of that line, as it was printed

    def feed(self, data: bytes, final: bool = False) -> None:
        lines, newline, rest = (self._rest + self._decoder.decode(data, final)).rpartition("\n")
        if newline:
            self._whole(lines)
        self._rest = self._in_parts(rest) if len(rest) >= LONGEST else rest

    def end(self) -> None:
        self.feed(b"", final=True)
        if self._rest or self._open:
            self._whole(self._rest)
            self._rest = ""

    def _in_parts(self, rest: str) -> str:
        """Say of a line what is too long to be kept together; gives the rest, in which a secret may have begun."""
        if not self._open and names_a_secret(rest):
            return rest[:MOST_SECRET]
        secrets = self._secrets()
        reach = max(map(len, secrets), default=0)
        while len(rest) >= LONGEST + reach:
            self._say(masked(self._said, rest, LONGEST, secrets), True)
            said = self._said + rest[:LONGEST]
            self._open, self._said, rest = True, said[max(0, len(said) - reach) :], rest[LONGEST:]
        return rest

    def _last_part(self, text: str) -> str:
        """The same, without what is secret of its first line, of which parts were said."""
        part, newline, lines = text.partition("\n")
        part = masked(self._said, part, len(part), self._secrets())
        self._open, self._said = False, ""
        return part + newline + lines

    def _whole(self, text: str) -> None:
        if self._open:
            text = self._last_part(text)
        lowered = text.lower()
        if Lines.careful or any(word in lowered for word in SPECIAL):
            self._one_by_one(text.split("\n"))
        else:
            self._say(text, False)

    def _one_by_one(self, lines: Sequence[str]) -> None:
        plain: list[str] = []
        for line in lines:
            start = line.lstrip()[: len(SECRET)].lower()
            Lines.careful = Lines.careful or start == SECRET
            if not Lines.careful and not start.startswith(SPECIAL):
                plain.append(line)
                continue
            if plain:
                self._say("\n".join(plain), False)
                plain.clear()
            self._say(line, False)
        if plain:
            self._say("\n".join(plain), False)


def names_a_secret(line: str) -> bool:
    return line.lstrip()[: len(SECRET)].lower() == SECRET


def masked(before: str, text: str, end: int, secrets: Collection[str]) -> str:
    """The text up to this place as it may be shown; a secret may have begun in what was shown before, or go on."""
    whole, begin, end = before + text, len(before), len(before) + end
    pieces, at = [""], begin
    for first, last in places(whole, secrets):
        if last > at and first < end:
            pieces += [whole[at:first], STARS if first >= begin else ""]
            at = last
    return "".join([*pieces, whole[at:end]])


def places(text: str, secrets: Collection[str]) -> list[tuple[int, int]]:
    """Where something secret begins and ends, in order; secrets that overlap or touch are one."""
    found = list[tuple[int, int]]()
    for first, last in sorted((at, at + len(secret)) for secret in secrets for at in finds(text, secret)):
        if found and first <= found[-1][1]:
            found[-1] = found[-1][0], max(last, found[-1][1])
        else:
            found.append((first, last))
    return found


def finds(text: str, secret: str) -> Iterator[int]:
    at = text.find(secret) if secret else -1
    while at >= 0:
        yield at
        at = text.find(secret, at + 1)


class Output(LoggingSubprocess):
    """openjd-sessions' subprocess.  `clear` ends what a canceled one has left behind, `secrets` are not to be shown."""

    clear: ClassVar[Callable[[], None]] = staticmethod(lambda: None)
    secrets: ClassVar[Callable[[], Collection[str]]] = staticmethod(lambda: ())
    _cut = False  # canceled or timed out
    _over = False  # its own process has ended

    def run(self) -> None:
        try:
            super().run()
        finally:
            self._remove_script()

    def notify(self) -> None:
        self._cut = True
        super().notify()

    def terminate(self) -> None:
        self._cut = True
        super().terminate()
        if self._over:
            Output.clear()

    def _log_subproc_stdout(self) -> None:
        process = self._process
        if process is None or process.stdout is None:
            return
        lines = Lines(self._log_output, Output.secrets)
        with process.stdout as pipe, Watch(pipe.fileno(), process.pid, process.poll) as watch:
            while self._patient(watch):
                if watch.readable:
                    data = os.read(pipe.fileno(), PIECE)
                    if not data:
                        break
                    lines.feed(data)
        lines.end()

    def _patient(self, watch: "Watch") -> bool:
        """Wait for what comes next; False when it was waited for long enough."""
        watch.wait()
        if watch.over and not self._over:
            self._over = True
            if self._cut:
                Output.clear()
        if not watch.tired:
            return True
        self._logger.warning(
            f"The task has ended and something that it started still has its output open after {GRACE:g} s; "
            "this is not waited for.",
            extra={"openjd_log_content": LogContent.PROCESS_CONTROL},
        )
        return False

    def _log_output(self, text: str, unended: bool) -> None:
        self._logger.info(text, extra={"openjd_log_content": LogContent.COMMAND_OUTPUT, "unended": unended})

    def _remove_script(self) -> None:
        """openjd-sessions writes one for every action and keeps them all until the session ends."""
        script = Path(self._args[0])
        if script.suffix == ".sh" and str(script.parent) == self._working_dir:
            with suppress(OSError):
                script.unlink()


class Watch:
    """Waits for a pipe and for the end of the process that writes to it."""

    def __init__(self, pipe: int, pid: int, ended: Callable[[], int | None]) -> None:
        self._pipe = pipe
        self._ended = ended
        self._poll = select.poll()
        self._poll.register(pipe, select.POLLIN)
        self._process = os.pidfd_open(pid) if hasattr(os, "pidfd_open") else None
        if self._process is not None:
            self._poll.register(self._process, select.POLLIN)
        self._until: float | None = None  # set when the process has ended
        self.readable = False

    def __enter__(self) -> "Watch":
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            os.close(self._process)

    @property
    def over(self) -> bool:
        return self._until is not None

    @property
    def tired(self) -> bool:
        return self._until is not None and not self.readable and monotonic() >= self._until

    def wait(self) -> None:
        ready = {descriptor for descriptor, _ in self._poll.poll(self._milliseconds())}
        self.readable = self._pipe in ready
        if self._until is None and self._has_ended(ready):
            self._until = monotonic() + GRACE
            if self._process is not None:
                self._poll.unregister(self._process)

    def _milliseconds(self) -> float | None:
        if self._until is not None:
            return max(0.0, self._until - monotonic()) * 1000 + 1
        return None if self._process is not None else 50

    def _has_ended(self, ready: set[int]) -> bool:
        return self._process in ready if self._process is not None else self._ended() is not None


def install() -> None:
    """From now on openjd-sessions reads this way."""
    runners.LoggingSubprocess = Output  # type: ignore[attr-defined]
