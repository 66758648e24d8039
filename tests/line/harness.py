"""A whole farm for a test: a real server and real workers, as processes on this machine's loopback.

How does this work?  `Farm` keeps everything in one folder: the settings, the server's state, a state folder for
each worker, and what they print.  Programs are started as a person starts them (`python -m brender ...`), waited
for by asking them, and ended by their own id; a program whose test dies is ended by the kernel.  Nothing is decided
by timing: `until` asks again until something is so, and fails after `PATIENCE` seconds with the programs' last words.

    with Farm(folder) as farm:
        farm.worker("render-01", slots=2)
        job = farm.submit(template, {"Frames": "1-24"})
        farm.wait(job, "completed")
"""

import atexit
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from random import randrange
from time import monotonic, sleep
from typing import Any, ClassVar, Self, TypeVar
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import msgspec
import psutil
from twisted.trial.unittest import FailTest, SynchronousTestCase

from brender.worker import processes
from brender.worker.blender.find import KEPT, find_blenders

PATIENCE = 30.0  # seconds
LAST_WORDS = 3000  # characters of each program's log that a failure shows
CHECKOUT = Path(__file__).resolve().parents[2]

Found = TypeVar("Found")


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody listens on now.

    None of those that the system gives to connections by itself: one might be taken before it is listened on.
    """
    sockets: list[socket.socket] = []
    while len(sockets) < count:
        with suppress(OSError):
            sockets.append(socket.create_server(("127.0.0.1", randrange(10_000, 32_000))))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def until(condition: Callable[[], Found], what: str, within: float = PATIENCE) -> Found:
    """The first true answer of `condition`, asked again and again."""
    deadline = monotonic() + within
    while not (found := condition()):
        if monotonic() > deadline:
            raise AssertionError(f"Waited {within:g} s in vain: {what}.")
        sleep(0.02)
    return found


@cache
def known_blenders() -> Path:
    """A folder that knows this machine's Blenders, so that not every worker has to ask them."""
    folder = Path(tempfile.mkdtemp(prefix="brender-blenders-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    find_blenders((), os.environ.get("PATH", ""), folder)
    return folder


class Program:
    """One process that a test has started, and what it printed."""

    def __init__(self, command: Sequence[str], printed: Path, **how: Any) -> None:
        self.printed = printed
        settings: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stderr": subprocess.STDOUT, **how}
        with printed.open("ab") as file:
            settings.setdefault("stdout", file)
            how = {"cwd": CHECKOUT, "env": environment(), "preexec_fn": processes.end_with_parent}
            self.process = subprocess.Popen(command, **{**how, **settings})

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    @property
    def log(self) -> str:
        return self.printed.read_text("utf-8", "replace") if self.printed.exists() else ""

    @property
    def memory(self) -> int:
        """Bytes, of it and everything below it."""
        return sum(resident(each) for each in (psutil.Process(self.pid), *self.descendants()))

    def descendants(self, name: str = "") -> list[psutil.Process]:
        """All processes below it, or those of this name."""
        below = psutil.Process(self.pid).children(recursive=True)
        return [each for each in below if not name or name_of(each) == name]

    def has(self, pid: int) -> bool:
        """Whether that process is below it."""
        return any(each.pid == pid for each in self.descendants())

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def ended(self, within: float = PATIENCE) -> int:
        """Wait for its end; gives the exit code."""
        until(lambda: not self.running, f"process {self.pid} does not end", within)
        return self.process.returncode

    def kill(self) -> None:
        """As a crash does: at once, without a word."""
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        """In order, or else by force."""
        if self.running:
            self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()


class WorkerProgram(Program):
    def __init__(self, name: str, state: Path, command: Sequence[str], printed: Path, **how: Any) -> None:
        self.name = name
        self.state = state
        super().__init__(command, printed, **how)

    @property
    def nursery(self) -> psutil.Process:
        """The process from which its sessions are forked."""
        return next(each for each in psutil.Process(self.pid).children() if "nursery" in " ".join(each.cmdline()))

    @property
    def sessions(self) -> list[psutil.Process]:
        return self.nursery.children()


class StandsBy(AssertionError):
    """The server has no farm yet."""


class Farm:
    """A server, and the workers that a test starts.  `settings` are the server's, as in brender.toml."""

    def __init__(self, folder: Path | str | None = None, **settings: Any) -> None:
        self._temporary = folder is None
        self.folder = Path(folder or tempfile.mkdtemp(prefix="brender-farm-")).absolute()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.shell_port, self.worker_port, self.web_port = free_ports(3)
        self.server: Program | None = None
        self.workers: list[WorkerProgram] = []
        self.settings = {"lost_after": 2.0, "heartbeat": 1.0, **settings}
        self.config = self.folder / "brender.toml"
        self._write_settings()

    def __enter__(self) -> Self:
        self.start_server()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        for program in [*self.workers, *([self.server] if self.server else [])]:
            program.end()
        if self._temporary:
            shutil.rmtree(self.folder, ignore_errors=True)

    def last_words(self) -> str:
        programs = [*([self.server] if self.server else []), *self.workers]
        return "\n".join(f"--- {each.printed.name}\n{each.log[-LAST_WORDS:]}" for each in programs)

    # --- the server

    def start_server(self, wait: bool = True) -> Program:
        """Start it, again if need be, on the same state and ports."""
        command = [sys.executable, "-m", "brender", "server", "--config", str(self.config), "--state"]
        self.server = Program([*command, str(self.folder / "server")], self.folder / "server.log")
        if wait:
            self.until(self._answers, "the server does not answer")
        return self.server

    def kill_server(self) -> None:
        assert self.server is not None
        self.server.kill()

    def stop_server(self) -> None:
        assert self.server is not None
        self.server.end()

    def _answers(self) -> bool:
        assert self.server is not None
        if not self.server.running:
            raise AssertionError(f"The server has ended.\n{self.server.log[-LAST_WORDS:]}")
        try:
            return bool(self.api("farm"))
        except (URLError, StandsBy):
            return False

    def _write_settings(self) -> None:
        ports = {"shell": self.shell_port, "workers": self.worker_port, "web": self.web_port}
        where = {name: f"tcp:{port}:interface=127.0.0.1" for name, port in ports.items()}
        lines = [f"{key} = {json.dumps(value)}" for key, value in {**where, **self.settings}.items()]
        self.config.write_text("\n".join(["[server]", *lines]) + "\n")

    # --- workers

    def worker(self, name: str = "worker", slots: int = 1, wait: bool = True, **how: Any) -> WorkerProgram:
        """Start a worker, again if need be, with the same identity.

        `settings` are its part of brender.toml, `options` more of its command line; what else is given is handed to
        `Popen`.
        """
        state = Path(how.pop("state", self.folder / name))
        (state / "worker").mkdir(parents=True, exist_ok=True)
        if not (state / "worker" / KEPT).exists():
            shutil.copy(known_blenders() / KEPT, state / "worker")
        config = self.folder / f"{name}.toml"
        lines = [f"{key} = {json.dumps(value)}" for key, value in how.pop("settings", {}).items()]
        config.write_text("\n".join(["[worker]", *lines]) + "\n")
        port = how.pop("port", self.worker_port)
        command = [
            sys.executable,
            *how.pop("program", ["-m", "brender"]),
            "worker",
            f"127.0.0.1:{port}",
            "--name",
            name,
        ]
        command += ["--slots", str(slots), "--config", str(config), "--state", str(state), *how.pop("options", [])]
        made = WorkerProgram(name, state, command, self.folder / f"{name}.log", **how)
        self.workers = [each for each in self.workers if each.running or each.name != name] + [made]
        if wait:
            self.until(lambda: self.online(name), f"{name} is not there")
        return made

    def client(self, name: str) -> dict[str, Any]:
        """The newest client of this name; empty when there is none."""
        found = [client for client in self.api("clients.json")["data"] if client["name"] == name]
        return dict(found[-1]) if found else {}

    def online(self, name: str) -> bool:
        return bool(self.client(name).get("connection") == "online")

    # --- jobs

    def submit(self, template: str | Mapping[str, Any], values: Mapping[str, Any] | None = None, **how: Any) -> int:
        return int(self.api("jobs", {"template": template, "values": values or {}, **how})["id"])

    def job(self, job: int) -> dict[str, Any]:
        return dict(self.api(f"jobs/{job}"))

    def wait(self, job: int, *states: str, within: float = PATIENCE) -> dict[str, Any]:
        """The job, when it is in one of these states (by default: completed)."""
        wanted = states or ("completed",)
        finished = {"completed", "failed", "canceled"}

        def there() -> dict[str, Any] | None:
            found = self.job(job)
            if found["state"] in finished - set(wanted):
                raise AssertionError(f"Job {job} is {found['state']}: {found['reason']}\n{self.last_words()}")
            return found if found["state"] in wanted else None

        return self.until(there, f"job {job} is not {' or '.join(wanted)}", within) or {}

    def run(self, template: str | Mapping[str, Any], values: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Submit a job and wait until it is completed."""
        return self.wait(self.submit(template, values))

    def cancel(self, job: int) -> None:
        self.api(f"jobs/{job}/cancel", {})

    def log(self, job: int, **which: Any) -> str:
        query = "&".join(f"{key}={value}" for key, value in which.items())
        return self._ask(f"jobs/{job}/log?{query}", None, None).decode()

    def clear(self) -> None:
        """Cancel what is not finished, and wait until every worker is idle."""
        for job in self.api("jobs.json?filter=state=queued,active,paused")["data"]:
            self.cancel(job["id"])
        self.until(lambda: not any(each["used"] for each in self.api("clients.json")["data"]), "the farm stays busy")

    def running(self, name: str) -> list[dict[str, Any]]:
        """What a client runs."""
        return list(self.client(name).get("running", []))

    # --- asking

    def api(self, path: str, body: Any = None, method: str | None = None) -> Any:
        """What the JSON interface says at `path`, below /api/v1/."""
        return json.loads(self._ask(path, body, method))

    def _ask(self, path: str, body: Any, method: str | None) -> bytes:
        data = None if body is None else msgspec.json.encode(body)
        request = Request(f"http://127.0.0.1:{self.web_port}/api/v1/{path}", data=data, method=method)
        request.add_header("Content-Type", "application/json")
        try:
            with urlopen(request, timeout=PATIENCE) as answer:
                return bytes(answer.read())
        except HTTPError as error:
            said = error.read().decode()
            kind = StandsBy if error.code == 503 and '"standby"' in said else AssertionError
            raise kind(f"{path} answers {error.code}: {said}") from None

    def until(self, condition: Callable[[], Found], what: str, within: float = PATIENCE) -> Found:
        """As `until`, with the programs' last words when it was in vain."""
        try:
            return until(condition, what, within)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.last_words()}") from None


def environment() -> dict[str, str]:
    """A person's, without settings for another brender."""
    return {key: value for key, value in os.environ.items() if not key.startswith("BRENDER_")} | {
        "PYTHONUNBUFFERED": "1"
    }


def name_of(process: psutil.Process) -> str:
    try:
        return str(process.name())
    except psutil.NoSuchProcess:
        return ""


def resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def stop(process: psutil.Process | Program) -> None:
    os.kill(process.pid, signal.SIGSTOP)


def go_on(process: psutil.Process | Program) -> None:
    os.kill(process.pid, signal.SIGCONT)


class Failed(FailTest):
    """A failed assertion, with the last words of the farm that it was about."""

    def __init__(self, *said: object) -> None:
        farm = Shared.farm
        super().__init__("\n".join([*map(str, said), farm.last_words() if farm else ""]))


class Shared:
    """The farm of the test case that runs now; the next case's takes its place."""

    farm: Farm | None = None
    case: type | None = None

    @classmethod
    def of(cls, case: "type[FarmTestCase]") -> Farm:
        if cls.farm is None or cls.case is not case:
            cls.end()
            cls.farm, cls.case = case.made(), case
            cls.farm.start_server()
        for name, slots in case.workers.items():
            if not any(worker.name == name and worker.running for worker in cls.farm.workers):
                cls.farm.worker(name, slots)
        return cls.farm

    @classmethod
    def end(cls) -> None:
        if cls.farm:
            cls.farm.end()
        cls.farm = cls.case = None


atexit.register(Shared.end)


class FarmTestCase(SynchronousTestCase):
    """Its tests share one farm, which is idle when each begins."""

    failureException = Failed
    workers: ClassVar[dict[str, int]] = {"alpha": 2}  # name -> slots
    settings: ClassVar[dict[str, Any]] = {}

    @classmethod
    def made(cls) -> Farm:
        """The farm, whose server has not been started."""
        return Farm(**cls.settings)

    def setUp(self) -> None:
        self.farm = Shared.of(type(self))
        self.addCleanup(self.farm.clear)
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir(parents=True)

    @property
    def worker(self) -> WorkerProgram:
        """The first one."""
        return next(each for each in self.farm.workers if each.running)

    def written(self, name: str) -> list[str]:
        """The lines of a file that tasks write."""
        path = self.folder / name
        return path.read_text("utf-8").splitlines() if path.exists() else []

    def until(self, condition: Callable[[], Found], what: str, within: float = PATIENCE) -> Found:
        return self.farm.until(condition, what, within)

    def pid_in(self, name: str) -> int:
        """A process id that a task writes into a file, once it has."""
        return int(self.until(lambda: self.written(name), f"nothing is written to {name}")[0])

    def assert_gone(self, *pids: int) -> None:
        self.until(lambda: not any(processes.alive(pid) for pid in pids), f"{pids} are still there")


def template(script: str = "true", *, name: str = "job", tasks: str = "", **how: Any) -> dict[str, Any]:
    """A job of one step that runs a bash script with the task's number as $1; `how` is more of its action."""
    step = step_of(script, tasks=tasks, **how)
    return {"specificationVersion": "jobtemplate-2023-09", "name": name, "steps": [step]}


def step_of(script: str, *, name: str = "Work", tasks: str = "", vcpus: int = 1, **how: Any) -> dict[str, Any]:
    number = ["{{Task.Param.N}}"] if tasks else []
    action = {"command": "bash", "args": ["-c", script, "bash", *number], **how}
    step: dict[str, Any] = {"name": name, "script": {"actions": {"onRun": action}}}
    if vcpus:
        step["hostRequirements"] = {"amounts": [{"name": "amount.worker.vcpu", "min": vcpus}]}
    if tasks:
        step["parameterSpace"] = {"taskParameterDefinitions": [{"name": "N", "type": "INT", "range": tasks}]}
    return step
