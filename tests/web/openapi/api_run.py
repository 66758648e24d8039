"""Schemathesis against a real server: `python -m tests.web.openapi.api_run --seconds 600` is `make test-api`.

How does this work?  A server and a worker are started with folders of their own, a few jobs are handed in, and
Schemathesis reads the document from the server and asks whatever it can think of, with all its checks.  Left out is
what never ends: the stream of events has tests of its own.  Arguments that are not known here are Schemathesis' own.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.error import URLError
from urllib.request import ProxyHandler, Request, build_opener

from brender.cli.ports import Ports, free_port
from brender.verbs.examples import TEMPLATE

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[2]
ENDLESS = ("events",)  # operations whose answers never end
PATIENCE = 60.0  # seconds for a server to be there


@contextmanager
def running(folder: Path, *words: str) -> Iterator[None]:
    """A program of brender's, ended afterwards."""
    with (folder / f"{words[0]}.log").open("wb") as log:
        command = [sys.executable, "-m", "brender", *words]
        environment = os.environ | {"PYTHONPATH": str(PROJECT)}
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, env=environment)
        try:
            yield
        finally:
            process.terminate()
            process.wait()


@contextmanager
def farm() -> Iterator[str]:
    """A farm with a worker and some jobs; gives the address of its web."""
    with TemporaryDirectory(prefix="brender-api-") as name, ExitStack() as stack:
        folder, ports = Path(name), Ports(free_port(0), free_port(0), free_port(0))
        settings = folder / "brender.toml"
        settings.write_text(ports.settings())
        web = f"http://127.0.0.1:{ports.web}"
        both = ("--config", str(settings), "--state")
        stack.enter_context(running(folder, "server", *both, str(folder / "state")))
        until(lambda: ask(f"{web}/api/v1/farm"))
        called = (f"127.0.0.1:{ports.workers}", "--name=attic")
        stack.enter_context(running(folder, "worker", *called, *both, str(folder / "worker")))
        until(lambda: ask(f"{web}/api/v1/farm")["online"])
        for number in range(6):
            ask(f"{web}/api/v1/jobs", {"template": TEMPLATE, "name": f"job {number}"})
        ask(f"{web}/api/v1/clients/1", {"pools": ["lighting"], "tags": ["quiet"]}, "PATCH")
        until(lambda: ask(f"{web}/api/v1/farm")["jobs"]["completed"])
        yield web


def until(there: Any) -> None:
    """Wait until it is so; what cannot be asked yet is not."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            if there():
                return
        except (URLError, ConnectionError):
            pass
        time.sleep(0.05)
    raise TimeoutError(f"The farm was not there within {PATIENCE:.0f} seconds.")


def ask(address: str, content: Any = None, method: str = "POST") -> Any:
    body = None if content is None else json.dumps(content).encode()
    headers = {"Content-Type": "application/json"}
    request = Request(address, body, headers, method="GET" if content is None else method)
    with build_opener(ProxyHandler({})).open(request, timeout=PATIENCE) as answer:
        return json.load(answer)


def run(web: str, words: Sequence[str]) -> int:
    """Run Schemathesis; gives its exit code."""
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        f"--config-file={HERE / 'schemathesis.toml'}",
        "run",
        f"{web}/api/v1/openapi.json",
        f"--url={web}",
        *(f"--exclude-operation-id={name}" for name in ENDLESS),
        "--checks=all",
        "--no-color",
        "--generation-database=none",
        *words,
    ]
    hooks = {"SCHEMATHESIS_HOOKS": "tests.web.openapi.api_hooks", "PYTHONPATH": str(PROJECT)}
    environment = os.environ | hooks | {"NO_PROXY": "127.0.0.1"}
    with TemporaryDirectory(prefix="brender-api-") as folder:
        return subprocess.run(command, env=environment, cwd=folder, check=False).returncode


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # such that what was started is ended
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--seconds", type=int, help="go on for so long; else until every phase has been once")
    chosen, others = parser.parse_known_args()
    budget = [] if chosen.seconds is None else [f"--max-time={chosen.seconds}"]
    with farm() as web:
        return run(web, [*budget, *others])


if __name__ == "__main__":
    sys.exit(main())
