"""A test of the command: the real program as a process, a real web on loopback, a small farm behind it.

How does this work?  `CommandCase` serves a `SmallFarm` on a free port of this process; `brender` runs the command
as a person does, and gives what it printed.  The farm's clock stands still until a test moves it.
"""

import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from twisted.internet import reactor as global_reactor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import ProcessProtocol
from twisted.internet.task import deferLater
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase

from brender import __version__
from brender.web.site import make_site
from tests.fakes import SmallFarm

reactor: Any = global_reactor
CHECKOUT = Path(__file__).resolve().parents[2]


class Ran(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Running(ProcessProtocol):
    """A command that has not ended yet."""

    def __init__(self) -> None:
        self.ended: Deferred[Ran] = Deferred()
        self.out, self.err = b"", b""

    def outReceived(self, data: bytes) -> None:
        self.out += data

    def errReceived(self, data: bytes) -> None:
        self.err += data

    def processEnded(self, reason: Failure) -> None:
        code = getattr(reason.value, "exitCode", None)
        self.ended.callback(Ran(-1 if code is None else code, self.out.decode(), self.err.decode()))

    def write(self, text: str) -> None:
        """Type at its terminal."""
        self.transport.write(text.encode())  # type: ignore[union-attr]

    def interrupt(self) -> None:
        self.transport.signalProcess(signal.Signals.SIGINT.name.removeprefix("SIG"))  # type: ignore[union-attr]


class CommandCase(TestCase):
    timeout = 90

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="brender-test-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name).resolve()
        self.farm = SmallFarm(self)
        clock = self.farm.clock
        self.site = make_site(self.farm.service, __version__, clock=clock, now=self.farm.now)
        self.port = reactor.listenTCP(0, self.site, interface="127.0.0.1")
        self.addCleanup(self.stop_serving)
        self.url = f"http://127.0.0.1:{self.port.getHost().port}"

    def stop_serving(self) -> Any:
        return self.port.stopListening()

    def start(self, *words: str, server: str | None = None, terminal: bool = False) -> Running:
        """Begin a command in the test's folder; its output is a terminal, or not."""
        command = [sys.executable, "-m", "brender", *words]
        return self.spawn(command, server=server, terminal=terminal)

    async def run_program(self, *command: str, environment: Mapping[str, str]) -> Ran:
        """Run another program in the test's folder to its end."""
        return await self.spawn(command, environment).ended

    def spawn(
        self,
        command: Sequence[str],
        more: Mapping[str, str] | None = None,
        *,
        server: str | None = None,
        terminal: bool = False,
    ) -> Running:
        running = Running()
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("BRENDER_")},
            "PYTHONPATH": str(CHECKOUT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "TERM": "xterm",
            "COLUMNS": "100",
            "BRENDER_SERVER": self.url if server is None else server,
            "BRENDER_STATE": str(self.folder / "state"),
            "http_proxy": "http://127.0.0.1:1",  # a farm is never asked through a proxy
            **(more or {}),
        }
        program = shutil.which(command[0]) or command[0]
        process = reactor.spawnProcess(running, program, list(command), environment, str(self.folder), usePTY=terminal)
        self.addCleanup(self.end, process, running)
        return running

    async def brender(self, *words: str, server: str | None = None) -> Ran:
        """Run a command to its end."""
        return await self.start(*words, server=server).ended

    async def end(self, process: Any, running: Running) -> None:
        if not running.ended.called:
            process.signalProcess("KILL")
            await running.ended

    async def until(self, condition: Any) -> Any:
        """Ask again until it is so; the test's own timeout ends what never is."""
        while not (found := condition()):
            await deferLater(reactor, 0.01)
        return found

    def file(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path
