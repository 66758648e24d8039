"""A real nursery for a test, and sessions in it, spoken to as the agent does.

How does this work?  `Nest` starts the nursery's program with a socket in a short temporary folder.  `Talk` is a
connection to it: `say` a word, `hear` everything until a word of some kind comes.  All of it blocks, and gives up
after `PATIENCE` seconds.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

import psutil
from twisted.trial.unittest import SynchronousTestCase

from brender.protocols.codec import Decoder, encode
from brender.worker import processes
from brender.worker.session import words

PATIENCE = 30.0
CHECKOUT = Path(__file__).resolve().parents[2]

Wanted = TypeVar("Wanted", bound=words.Word)


class Nest:
    def __init__(self, test: SynchronousTestCase, keep: bool = False, limits: str = "{}", run_as: str = "") -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="nest-"))
        self.scratch = self.folder / "scratch"
        test.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        socket_folder = self.folder / "socket"
        socket_folder.mkdir()
        self.path = socket_folder / "nursery"
        command = [sys.executable, "-m", "brender.worker.session.nursery", str(self.path), str(self.scratch)]
        command += ["keep" if keep else "", limits, run_as]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=CHECKOUT,
            preexec_fn=processes.end_with_parent,  # noqa: PLW1509 (no threads yet that could hold a lock)
        )
        assert self.process.stdin
        assert self.process.stdout
        self.stdin, self.stdout = self.process.stdin, self.process.stdout
        test.addCleanup(self.end)
        assert self.stdout.readline() == b"ready\n"

    def end(self) -> None:
        self.stdin.close()
        self.process.wait(PATIENCE)
        self.stdout.close()

    def talk(self, test: SynchronousTestCase) -> "Talk":
        talk = Talk(self.path)
        test.addCleanup(talk.connection.close)
        return talk

    @property
    def sessions(self) -> list[psutil.Process]:
        return [each for each in psutil.Process(self.process.pid).children() if processes.alive(each.pid)]


class Talk:
    def __init__(self, path: Path) -> None:
        self.connection = socket.socket(socket.AF_UNIX)
        self.connection.settimeout(PATIENCE)
        self.connection.connect(str(path))
        self._decoder: Decoder[words.FromSession] = Decoder(words.FromSession, 2**22)
        self._heard: list[Any] = []
        self.log = ""
        self.all: list[Any] = []

    def say(self, *said: words.Word) -> None:
        self.connection.sendall(b"".join(map(encode, said)))

    def hear(self, wanted: type[Wanted]) -> Wanted:
        """The next word of this kind; what comes before it is in `all`, and its log in `log`."""
        deadline = monotonic() + PATIENCE
        while monotonic() < deadline:
            while self._heard:
                word = self._heard.pop(0)
                self.all.append(word)
                self.log += word.text if isinstance(word, words.Said) else ""
                if isinstance(word, wanted):
                    return word
            data = self.connection.recv(65536)
            if not data:
                break
            self._heard += self._decoder.feed(data)
        raise AssertionError(f"No {wanted.__name__} was said, but {self.all}")

    def silence(self) -> None:
        """Hear the end of the connection."""
        with_end = False
        while not with_end:
            data = self.connection.recv(65536)
            self._heard += self._decoder.feed(data)
            with_end = not data

    def open(self, template: dict[str, Any], owner: str = "", **environment: str) -> None:
        self.say(words.Open("job", template, {}, template["steps"][0]["name"], environment, job=12, owner=owner))

    def run(self, task: int = 0, order: int = 1, **parameters: str) -> None:
        self.say(words.Run(order, task, 1, parameters))


def job(script: str, *, environments: list[tuple[str, str]] | None = None, **how: Any) -> dict[str, Any]:
    """A job of one step that runs a bash script; an environment is what it runs to enter and to leave."""
    step: dict[str, Any] = {"name": "A", "script": {"actions": {"onRun": bash(script, **how)}}}
    step["parameterSpace"] = {"taskParameterDefinitions": [{"name": "N", "type": "INT", "range": "1-9"}]}
    made = {"specificationVersion": "jobtemplate-2023-09", "name": "job", "steps": [step]}
    if environments:
        step["stepEnvironments"] = [
            {"name": f"E{n}", "script": {"actions": {"onEnter": bash(enter), "onExit": bash(leave)}}}
            for n, (enter, leave) in enumerate(environments)
        ]
    return made


def bash(script: str, **how: Any) -> dict[str, Any]:
    return {"command": "bash", "args": ["-c", script], **how}


def there(*pids: int) -> bool:
    return any(processes.alive(pid) for pid in pids)


def descriptors(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))
