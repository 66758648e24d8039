"""The package from outside: what a wheel has inside, and that it works where nothing else of ours is.

How does this work?  What a package is built from is copied into an empty folder and built into a wheel there; the
wheel is installed into a new environment, which borrows the dependencies (and not brender) of the one that
the tests run in.  `FromAWheel` looks at that; `Started` starts the server with `twistd -ny twistd.tac`, from both.
"""

import atexit
import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import venv
import zipfile
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import clientFromString, connectProtocol
from twisted.internet.error import ConnectError
from twisted.internet.protocol import ProcessProtocol, Protocol
from twisted.internet.task import deferLater
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase, TestCase

from brender import __version__

CHECKOUT = Path(__file__).resolve().parent.parent
BUILT_FROM = ("brender", "setup.cfg", "pyproject.toml", "README.md", "LICENSE")
NOT_PACKED = shutil.ignore_patterns("__pycache__", "dropin.cache", "dashboard")  # what the pages are built from
TWISTD = "from twisted.scripts.twistd import run; run()"  # what the program `twistd` does


def run(*command: str | Path, cwd: Path | None = None) -> str:
    """What a program prints; it must succeed."""
    done = subprocess.run(command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False, env={**os.environ, "PYTHONPATH": "", "COLUMNS": "120"})
    assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}"
    return done.stdout


@cache
def temporary() -> Path:
    """One folder for all tests of this file, which is removed when the tests are over."""
    folder = Path(mkdtemp(prefix="brender-packaging-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def wheel() -> Path:
    source = temporary() / "source"
    source.mkdir()
    for name in BUILT_FROM:
        if (CHECKOUT / name).is_dir():
            shutil.copytree(CHECKOUT / name, source / name, ignore=NOT_PACKED)
        else:
            shutil.copy(CHECKOUT / name, source)
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index",
        "--wheel-dir", temporary(), source)
    return next(temporary().glob("brender-*.whl"))


@cache
def installed() -> Path:
    """The programs' folder of a new environment with the wheel in it."""
    folder = temporary() / "installed"
    venv.create(folder, symlinks=True)
    packages = next(folder.glob("lib/python*/site-packages"))
    (packages / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    run(sys.executable, "-m", "pip", "--python", folder / "bin" / "python", "install", "--quiet", "--no-deps",
        "--no-index", wheel())
    return folder / "bin"


class InsideTheWheel(SynchronousTestCase):
    def inside(self) -> set[str]:
        with zipfile.ZipFile(wheel()) as file:
            return set(file.namelist())

    def test_every_file_of_the_package_is_there(self) -> None:
        files = [path for path in (CHECKOUT / "brender").rglob("*") if path.is_file()]
        names = [str(path.relative_to(CHECKOUT)) for path in files
                 if not {"__pycache__", "dropin.cache", "dashboard"} & {*path.parts}]
        expected = {name.replace("brender/twisted_plugins/", "twisted/plugins/") for name in names}
        self.assertEqual(expected - self.inside(), set(), "Add them to packages or package_data in setup.cfg.")

    def test_the_template_and_the_page_are_there(self) -> None:
        self.assertIn("brender/templates/blender.yaml", self.inside())
        self.assertIn("brender/web/static/index.html", self.inside())

    def test_nothing_else_is_there_but_its_description_and_licence(self) -> None:
        about = f"brender-{__version__}.dist-info/"
        others = {name for name in self.inside() if not name.startswith(("brender/", about))}
        self.assertEqual(others, {"twisted/plugins/brender_plugin.py"})
        self.assertIn(about + "licenses/LICENSE", self.inside())


class FromAWheel(SynchronousTestCase):
    def test_it_is_the_installed_package_that_is_tried_here(self) -> None:
        place = run(installed() / "python", "-c", "import brender; print(brender.__file__)", cwd=temporary())
        self.assertTrue(place.startswith(str(temporary() / "installed")), place)

    def test_twistd_lists_the_server_and_the_worker(self) -> None:
        listed = run(installed() / "python", "-c", TWISTD, "--help", cwd=temporary())
        self.assertRegex(listed, r"\n +brender +A render farm's server")
        self.assertRegex(listed, r"\n +brender-worker +A render farm's worker")

    def test_twistd_explains_the_server_and_the_worker(self) -> None:
        for name in ("brender", "brender-worker"):
            said = run(installed() / "python", "-c", TWISTD, "-n", name, "--help", cwd=temporary())
            self.assertIn("--config", said)
            self.assertIn("--state", said)

    def test_the_command_explains_itself(self) -> None:
        said = run(installed() / "brender", "--help", cwd=temporary())
        for command in ("server", "worker", "demo", "submit", "jobs", "clients", "log", "cancel"):
            self.assertIn(command, said)

    def test_the_command_knows_its_version(self) -> None:
        self.assertIn(__version__, run(installed() / "brender", "--version", cwd=temporary()))


class Program(ProcessProtocol):
    """A program that runs: what it prints, and how it ended."""

    def __init__(self) -> None:
        self.printed = b""
        self.ended: Deferred[int | None] = Deferred()  # with the signal that ended it
        self.is_over = False

    def outReceived(self, data: bytes) -> None:
        self.printed += data

    errReceived = outReceived

    def processEnded(self, reason: Failure) -> None:
        self.is_over = True
        self.ended.callback(getattr(reason.value, "signal", None))


class Answer(Protocol):
    """Asks one thing and fires with the first that comes back."""

    def __init__(self, question: bytes) -> None:
        self._question = question
        self.came: Deferred[bytes] = Deferred()

    def connectionMade(self) -> None:
        assert self.transport is not None
        self.transport.write(self._question)

    def dataReceived(self, data: bytes) -> None:
        assert self.transport is not None
        if not self.came.called:
            self.came.callback(data)
        self.transport.abortConnection()  # type: ignore[attr-defined]


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class Started(TestCase):
    def test_its_environment_lists_the_server_and_the_worker(self) -> None:
        listed = run(Path(sys.executable).parent / "twistd", "--help", cwd=temporary())
        self.assertIn("brender", listed.split())
        self.assertIn("brender-worker", listed.split(), "make test installs the checkout: python -m bootstrap --test")
        for folder in (temporary(), CHECKOUT):
            said = run(Path(sys.executable).parent / "twistd", "-n", "brender", "--help", cwd=folder)
            self.assertIn("--config", said)

    async def test_the_tac_file_starts_a_server_that_answers_and_stops_when_told(self) -> None:
        await self.check(Path(sys.executable), CHECKOUT / "twistd.tac")

    async def test_the_same_with_the_package_installed_from_a_wheel(self) -> None:
        tac = Path(shutil.copy(CHECKOUT / "twistd.tac", temporary()))
        await self.check(installed() / "python", tac)

    async def check(self, python: Path, tac: Path) -> None:
        shell, web = self.start(python, "-ny", tac)
        self.assertIn(f"brender {__version__.rpartition('.')[0]}".encode(), await self.ask(shell, b""))
        self.assertTrue((await self.ask(web, b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n")).startswith(b"HTTP/1."))
        self.process.signalProcess("TERM")
        self.assertEqual(await self.program.ended, signal.SIGTERM)  # twistd shuts down, and then ends as it was told
        self.assertIn("Server Shut Down.", self.program.printed.decode())
        self.assertNotIn("Traceback", self.program.printed.decode())

    def start(self, python: Path, *arguments: str | Path) -> tuple[int, int]:
        """Starts `twistd` with settings and a state of its own; the ports of its shell and its web."""
        folder = Path(self.mktemp()).absolute()
        folder.mkdir(parents=True)
        shell, workers, web = free_ports(3)
        ports = {"shell": shell, "workers": workers, "web": web}
        lines = [f'{name} = "tcp:{port}:interface=127.0.0.1"\n' for name, port in ports.items()]
        (folder / "farm.toml").write_text("[server]\n" + "".join(lines))
        ours = {"BRENDER_CONFIG": str(folder / "farm.toml"), "BRENDER_STATE": str(folder / "state")}
        self.program = Program()
        command = [str(python), "-c", TWISTD, *map(str, arguments)]
        self.process = reactor.spawnProcess(
            self.program, str(python), command, env={**os.environ, "PYTHONPATH": "", **ours}, path=str(folder))
        self.addCleanup(self.end)
        return shell, web

    def end(self) -> Deferred[int | None] | None:
        if self.program.is_over:
            return None
        self.process.signalProcess("KILL")
        return self.program.ended

    async def ask(self, port: int, question: bytes) -> bytes:
        """The first answer on a port, as soon as somebody listens there."""
        while not self.program.is_over:
            try:
                endpoint = clientFromString(reactor, f"tcp:127.0.0.1:{port}")
                answer: Answer = await connectProtocol(endpoint, Answer(question))
            except ConnectError:
                await deferLater(reactor, 0.05)
            else:
                return await answer.came
        raise self.failureException(f"The server ended:\n{self.program.printed.decode()}")
