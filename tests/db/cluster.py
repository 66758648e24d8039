"""A real PostgreSQL server for tests: made when the first of them asks for a database, ended with this process.

How does this work?  Its programs are looked for on PATH and where Debian puts them.  It lives in a folder of its own
and listens on its socket there and on a port of loopback; it syncs to the disk as a farm's does.  As PostgreSQL
refuses to be root's, it runs as another user when the tests are root's.  Every test gets a database of its own.
"""

import atexit
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from contextlib import closing
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from twisted.trial.unittest import SkipTest, SynchronousTestCase

from brender.worker.processes import end_with_parent
from tests.line.harness import Program, free_ports, until

DEBIAN = Path("/usr/lib/postgresql")
USER = "brender"
SETTINGS = {"shared_buffers": "32MB", "max_connections": "40", "log_min_messages": "fatal"}
SCHEMAS = "SELECT nspname FROM pg_namespace WHERE nspname = 'public' OR nspname LIKE 'brender%'"
numbers = count(1)


class Cluster:
    """One server, which can be ended and started again."""

    def __init__(self, programs: Path) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="brender-postgresql-"))
        atexit.register(shutil.rmtree, self.folder, ignore_errors=True)
        (self.port,) = free_ports(1)
        self._programs = programs
        self._empty: list[str] = []
        self._who: dict[str, Any] = {}
        if os.geteuid() == 0:
            somebody = pwd.getpwnam("nobody")
            os.chown(self.folder, somebody.pw_uid, -1)
            self._who = {"user": somebody.pw_uid, "group": somebody.pw_gid, "extra_groups": []}
        made = [str(programs / "initdb"), "--pgdata", str(self.folder / "data"), "--username", USER, "--auth", "trust"]
        made += ["--encoding", "UTF8", "--locale", "C", "--no-sync"]
        subprocess.run(made, check=True, cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, **self._who)
        self.start()
        atexit.register(self.stop)

    def start(self) -> None:
        command = [str(self._programs / "postgres"), "-D", str(self.folder / "data"), "-p", str(self.port)]
        command += ["-h", "127.0.0.1", "-k", str(self.folder)]
        for setting in SETTINGS.items():
            command += ["-c", "=".join(setting)]
        how: dict[str, Any] = {"cwd": self.folder, "preexec_fn": lambda: end_with_parent(signal.SIGQUIT)}
        self.program = Program(command, self.folder / "log", **how, **self._who)
        until(self._answers, f"PostgreSQL does not answer: {self.program.log}")

    def stop(self) -> None:
        """At once; what was committed is there again after the next start."""
        if self.program.running:
            self.program.signal(signal.SIGINT)
            self.program.ended()

    def _answers(self) -> bool:
        try:
            self.ask("SELECT 1")
        except psycopg.OperationalError:
            if not self.program.running:
                raise AssertionError(f"PostgreSQL has ended: {self.program.log}") from None
            return False
        return True

    def url(self, name: str) -> str:
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{name}"

    def ask(self, statement: str, url: str = "") -> list[tuple[Any, ...]]:
        """What the server says, or nothing, to somebody who belongs to no farm."""
        with closing(psycopg.connect(url or self.url("postgres"), autocommit=True)) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def database(self, test: SynchronousTestCase) -> str:
        """The address of an empty database, for this test alone."""
        url = self._empty.pop() if self._empty else self.made()
        test.addCleanup(self._clear, url)
        return url

    def made(self, how: str = "") -> str:
        name = f"farm_{next(numbers)}"
        self.ask(f"CREATE DATABASE {name} {how}")
        return self.url(name)

    def _clear(self, url: str) -> None:
        """What is quicker than to make a new one."""
        self.cut(url)
        for (schema,) in self.ask(SCHEMAS, url):
            self.ask(f"DROP SCHEMA {schema} CASCADE", url)
        self.ask("CREATE SCHEMA public", url)
        self._empty.append(url)

    def cut(self, url: str) -> None:
        """End all connections of a database."""
        name = url.rpartition("/")[2]
        self.ask(f"SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '{name}'")


@cache
def cluster() -> Cluster:
    """The server of this process; the test is skipped where there is no PostgreSQL."""
    programs = find()
    if programs is None:
        raise SkipTest("PostgreSQL is not installed here; on Debian and Ubuntu: sudo apt-get install postgresql.")
    return Cluster(programs)


def find() -> Path | None:
    """The folder of PostgreSQL's programs."""
    if there := list(DEBIAN.glob("*/bin/initdb")):
        return max(there, key=lambda path: float(path.parts[-3])).parent  # the newest
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None
