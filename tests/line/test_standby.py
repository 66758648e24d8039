"""A standby: two real servers on one real PostgreSQL; one is killed, stopped or cut off, and the other goes on.

How does this work?  Each server has its own folder and ports; the worker knows both addresses, and the tasks append
their frame to a file that the farm knows nothing of.
"""

import json
import shutil
import signal
import socket
import tempfile
from collections.abc import Mapping
from http.client import HTTPConnection
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.db.cluster import cluster
from tests.db.databases import rows
from tests.line.harness import PATIENCE, Farm, Program, until

FRAMES = 200
SOON_CUT_OFF = "?options=-c%20idle_session_timeout%3D10s%20-c%20idle_in_transaction_session_timeout%3D10s"
NOTE = ["-c", "sleep 0.02; echo {{Task.Param.Frame}} >> {{Param.File}}"]
TEMPLATE = {
    "specificationVersion": "jobtemplate-2023-09",
    "name": "noted",
    "parameterDefinitions": [{"name": "File", "type": "PATH"}],
    "steps": [
        {
            "name": "Note",
            "parameterSpace": {"taskParameterDefinitions": [{"name": "Frame", "type": "INT", "range": f"1-{FRAMES}"}]},
            "script": {"actions": {"onRun": {"command": "sh", "args": NOTE}}},
        }
    ],
}


class TakingOver(SynchronousTestCase):
    def setUp(self) -> None:
        self.url = cluster().database(self)
        self.folder = Path(tempfile.mkdtemp(prefix="brender-standby-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.noted = self.folder / "noted"
        self.first = self.server("first")
        self.first.start_server()

    def server(self, name: str) -> Farm:
        made = Farm(self.folder / name, database=self.url, lost_after=30.0)  # a worker may notice late that it is alone
        self.addCleanup(made.end)
        return made

    def standby(self, name: str = "second", active: Farm | None = None) -> Farm:
        """A server that waits, as another one is active."""
        made = self.server(name)
        program = made.start_server(wait=False)
        made.until(lambda: "standby: " in program.log, "it does not wait")
        pid = program_of(active or self.first).pid
        self.assertRegex(program.log, rf"standby: postgresql://.* is held by brender \S+ {pid}; waits")
        return made

    def worker(self, second: Farm) -> None:
        """One that knows the addresses of both."""
        self.first.worker("alpha", 2, port=f"{self.first.worker_port},127.0.0.1:{second.worker_port}")

    def active(self, farm: Farm) -> None:
        farm.until(lambda: "is ready" in program_of(farm).log, "the standby does not take over")

    def frames(self) -> list[int]:
        return [int(line) for line in self.noted.read_text().split()] if self.noted.exists() else []

    def begin(self) -> int:
        job = self.first.submit(TEMPLATE, {"File": str(self.noted)})
        self.first.until(lambda: len(self.frames()) > 3, "no frame is done")
        return job

    def last_order(self) -> int:
        return int(rows(self.url, "select max(id) from orders")[0][0])

    def check(self, farm: Farm, job: int) -> None:
        """Every frame was done, and none twice."""
        farm.wait(job, within=90)
        self.assertEqual(sorted(self.frames()), list(range(1, FRAMES + 1)))

    def test_after_a_sigkill_the_second_gives_its_first_order_within_seconds(self) -> None:
        second = self.standby()
        self.worker(second)
        job = self.begin()
        self.first.kill_server()
        before = self.last_order()
        second.until(lambda: self.last_order() > before, "no order is given")
        self.active(second)
        self.check(second, job)
        self.assertEqual(rows(self.url, "select number from reign"), [(2,)])

    def test_after_an_end_in_order_it_takes_over_too_and_a_third_waits_for_it(self) -> None:
        second = self.standby()
        self.first.stop_server()
        self.active(second)
        third = self.standby("third", active=second)
        second.stop_server()
        self.active(third)
        self.assertEqual(rows(self.url, "select number from reign"), [(3,)])

    def test_one_that_hangs_loses_the_farm_and_writes_nothing_when_it_goes_on(self) -> None:
        self.first.stop_server()
        self.url += SOON_CUT_OFF
        self.first = self.server("first")
        self.first.start_server()
        second = self.standby()
        self.worker(second)
        job = self.begin()
        first = program_of(self.first)
        first.signal(signal.SIGSTOP)
        self.active(second)
        first.signal(signal.SIGCONT)
        self.assertEqual(first.ended(90), 1)
        self.assertRegex(first.log, r"(?m)^brender: Another server has taken over the farm in postgresql.* no more\.")
        self.check(second, job)

    def test_people_and_programs_are_told_whose_the_farm_is_until_it_is_there_in_the_same_place(self) -> None:
        second = self.standby()
        holder = rf"its farm is held by brender \S+ {program_of(self.first).pid}"
        listens = second.until(lambda: listening(second.web_port), "its web is not there")
        status, headers, body = asked(second, "/jobs/3", Accept="text/html,*/*")
        self.assertEqual((status, headers["Retry-After"], headers["Connection"]), (503, "2", "close"))
        self.assertRegex(body, holder)
        self.assertIn('<meta http-equiv="refresh" content="2">', body)
        for method, path in (("GET", "/api/v1/jobs"), ("POST", "/api/v1/jobs"), ("GET", "/nowhere")):
            status, headers, body = asked(second, path, method)
            self.assertEqual((status, headers["Retry-After"], json.loads(body)["code"]), (503, "2", "standby"))
            self.assertRegex(body, holder)
        self.assertEqual(asked(second, "/", Host="evil.example")[0], 421)
        self.assertRegex(said_by_shell(second), rf"^This server stands by: {holder}\. .*\r\n$")
        with self.assertRaises(ConnectionRefusedError):  # a worker goes on to the next address
            socket.create_connection(("127.0.0.1", second.worker_port))
        self.first.kill_server()
        self.active(second)
        self.assertEqual(listening(second.web_port), listens)
        self.assertEqual(asked(second, "/", Accept="text/html")[0], 200)
        self.assertTrue(second.api("farm"))
        with socket.create_connection(("127.0.0.1", second.shell_port)) as shell:
            self.assertIn(b"brender", shell.recv(4096))

    def test_one_with_the_ports_of_the_other_waits_too(self) -> None:
        second = self.server("second")
        second.shell_port, second.worker_port, second.web_port = (
            self.first.shell_port,
            self.first.worker_port,
            self.first.web_port,
        )
        second._write_settings()
        program = second.start_server(wait=False)
        second.until(lambda: program.log.count("port cannot be opened") == 2, "it does not say so")
        self.assertTrue(program.running)
        self.first.kill_server()
        self.active(second)
        self.assertTrue(second.api("farm"))

    def test_a_standby_that_is_told_to_stop_does_so(self) -> None:
        program = program_of(self.standby())
        program.signal(signal.SIGTERM)
        self.assertEqual(program.ended(), 0)
        self.assertNotRegex(program.log, "Unhandled|Traceback")

    def test_when_postgresql_is_started_again_the_first_goes_on_and_the_second_waits_on(self) -> None:
        second = self.standby()
        self.worker(second)
        job = self.begin()
        cluster().stop()
        until(lambda: "cannot be reached" in program_of(second).log, "the standby notices nothing")
        cluster().start()
        self.first.until(lambda: "can be written again" in program_of(self.first).log, "the first does not go on")
        self.check(self.first, job)
        self.assertEqual(rows(self.url, "select number from reign"), [(1,)])
        self.assertTrue(program_of(second).running)


def asked(farm: Farm, path: str, method: str = "GET", **headers: str) -> tuple[int, Mapping[str, str], str]:
    """Status, headers and body of an answer."""
    connection = HTTPConnection("127.0.0.1", farm.web_port, timeout=PATIENCE)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, dict(answer.headers), body


def said_by_shell(farm: Farm) -> str:
    """All that is said to somebody who comes, until the end."""
    with socket.create_connection(("127.0.0.1", farm.shell_port), timeout=PATIENCE) as shell:
        return b"".join(iter(lambda: shell.recv(4096), b"")).decode()


def listening(port: int) -> list[str]:
    """The kernel's number of the socket that listens at a port."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return [line[9] for line in lines if line[3] == "0A" and line[1].endswith(f":{port:04X}")]


def program_of(farm: Farm) -> Program:
    assert farm.server is not None
    return farm.server
