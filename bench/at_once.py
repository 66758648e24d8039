"""A thousand clients disabled by one line: how long that takes, in how many commits, told by how many events.

How does this work?  A real server has 1,000 clients in its database.  `render-*` is disabled and enabled again by
turns, as a person does it at the shell, as a line of JSON on the same port, and over HTTP; the time counts from the
line sent to the last byte of the answer, which comes after the commit.  Meanwhile a program follows the event stream:
it counts the events of clients, and the clients that these show.  The commits are those that the server has counted by
the time of the answer, the usual and the most of all times: a tenth of a second after a change it writes what is left
before it announces it, which counts too where the answer, or the look at the count, took as long as that.
"""

import json
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from threading import Thread
from time import perf_counter
from typing import Any
from urllib.request import Request, urlopen

from bench.figures import Figure, figure
from brender.db.engine import engine_of
from brender.db.models import ClientRow
from brender.db.opening import take_farm
from brender.db.rows import client_row
from brender.farm.client import RuntimeClient
from tests.doubles import machine
from tests.line.harness import PATIENCE, Farm

CLIENTS = 1_000
TIMES = 10  # disabled, and enabled again
FILTER = "name~render-*"
PROMPT = b"\r\n> "
COMMITS = re.compile(r"brender_database_commit_seconds_count ([0-9.]+)")

Do = Callable[[str], None]  # `disable` or `enable`, and its answer read


def at_once(folder: Path) -> list[Figure]:
    (folder / "server").mkdir(parents=True)
    fill(folder / "server" / "brender.sqlite")
    figures: list[Figure] = []
    with Farm(folder) as farm, following(farm) as reader:
        for way, opened in {"shell": shell, "json": json_lines, "http": http}.items():
            with opened(farm) as do:
                figures += measured(way, do, farm, reader)
    return figures


def fill(where: Path) -> None:
    engine = engine_of(where)
    take_farm(engine)
    engine.database.connect(reuse_if_open=True)
    clients = (RuntimeClient(number, machine(number, 4)) for number in range(1, CLIENTS + 1))
    with engine.database.atomic():
        names = [field.column_name for field in ClientRow._meta.sorted_fields]
        engine.put(ClientRow._meta.table_name, names, map(client_row, clients))
    engine.let_go()


def measured(way: str, do: Do, farm: Farm, reader: "Reader") -> list[Figure]:
    events, commits, took = reader.events, list[float](), list[float]()
    for _ in range(TIMES):
        for verb, status in (("disable", "disabled"), ("enable", "enabled")):
            before, began = commits_of(farm), perf_counter()
            do(verb)
            took.append(perf_counter() - began)
            commits.append(commits_of(farm) - before)
            farm.until(lambda status=status: reader.all_are(status), f"the reader does not hear {verb}")  # type: ignore[misc]
    return [
        figure(f"at_once_ms {way}", 1000 * median(took), "ms", "<= 100"),
        figure(f"at_once_commits {way}", median(commits), "", "<= 1"),
        figure(f"at_once_commits_max {way}", max(commits), ""),
        figure(f"at_once_events {way}", (reader.events - events) / len(took), "", "<= 1"),
    ]


def commits_of(farm: Farm) -> float:
    with urlopen(f"http://127.0.0.1:{farm.web_port}/metrics", timeout=PATIENCE) as answer:
        found = COMMITS.search(answer.read().decode())
    assert found
    return float(found[1])


# --- the ways


@contextmanager
def shell(farm: Farm) -> Iterator[Do]:
    with socket.create_connection(("127.0.0.1", farm.shell_port), timeout=PATIENCE) as line:

        def do(verb: str) -> None:
            line.sendall(f"{verb} client {FILTER}\n".encode())
            assert b"1,000" in until_prompt(line)

        until_prompt(line)
        yield do


def until_prompt(line: socket.socket) -> bytes:
    said = b""
    while not said.endswith(PROMPT):
        said += line.recv(1 << 16)
    return said


@contextmanager
def json_lines(farm: Farm) -> Iterator[Do]:
    address = ("127.0.0.1", farm.shell_port)
    with socket.create_connection(address, PATIENCE) as line, line.makefile("rwb") as file:

        def do(verb: str) -> None:
            file.write(json.dumps({"item": "client", "action": verb, "filters": FILTER}).encode() + b"\n")
            file.flush()
            assert json.loads(file.readline())["changed"] == CLIENTS

        yield do


@contextmanager
def http(farm: Farm) -> Iterator[Do]:
    def do(verb: str) -> None:
        address = f"http://127.0.0.1:{farm.web_port}/api/v1/clients/{verb}?filter={FILTER}"
        request = Request(address, b"{}", {"Content-Type": "application/json"}, method="POST")
        with urlopen(request, timeout=PATIENCE) as answer:
            assert json.load(answer)["changed"] == CLIENTS

    yield do


# --- who follows


class Reader:
    """What somebody who follows the clients has heard."""

    def __init__(self) -> None:
        self.events = 0
        self._status: dict[int, str] = {}

    def hear(self, clients: list[dict[str, Any]]) -> None:
        self._status |= {client["id"]: client["status"] for client in clients}
        self.events += 1

    def all_are(self, status: str) -> bool:
        return list(self._status.values()).count(status) == CLIENTS


@contextmanager
def following(farm: Farm) -> Iterator[Reader]:
    reader = Reader()
    stream = urlopen(f"http://127.0.0.1:{farm.web_port}/api/v1/events?kind=client", timeout=PATIENCE)

    def follow() -> None:
        for line in stream:
            if line.startswith(b"data: "):
                reader.hear(json.loads(line.removeprefix(b"data: ")))

    thread = Thread(target=follow, daemon=True)  # it ends with the server's last byte
    thread.start()
    try:
        yield reader
    finally:
        stream.fp.raw._sock.shutdown(socket.SHUT_RDWR)
        thread.join()
