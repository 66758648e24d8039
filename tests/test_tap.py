"""A whole server in a process of its own: what it says, and how it ends, when it cannot start."""

import json
import os
import re
import signal
import socket
import sys
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

from twisted.internet import reactor as global_reactor
from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessDone
from twisted.internet.protocol import ProcessProtocol
from twisted.internet.threads import deferToThread
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase

from tests.db.databases import rows

reactor: Any = global_reactor
PROGRAM = "import sys; from brender import tap; sys.exit(tap.run(sys.argv[1], sys.argv[2]))"
SETTINGS = """
[server]
shell = "tcp:{shell}:interface=127.0.0.1"
workers = "{workers}"
web = "tcp:0:interface=127.0.0.1"
"""


class Server(ProcessProtocol):
    """A server that is running, and what it writes to its standard error."""

    def __init__(self) -> None:
        self.said = ""
        self.ended: Deferred[int] = Deferred()
        self._ready: list[Deferred[None]] = []

    def errReceived(self, data: bytes) -> None:
        self.said += data.decode()
        if "is ready" in self.said or "cannot" in self.said:
            ready, self._ready = self._ready, []
            for done in ready:
                done.callback(None)

    def processEnded(self, reason: Failure) -> None:
        self.ended.callback(0 if reason.check(ProcessDone) else getattr(reason.value, "exitCode", None) or -1)

    async def ready(self) -> None:
        self._ready.append(Deferred())
        await self._ready[-1]

    @property
    def problem(self) -> str:
        """The sentence for the person who started it."""
        (line,) = [line for line in self.said.splitlines() if line.startswith("brender: ")]
        return line


class AServer(TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir()
        self.state = self.folder / "state"

    def start(self, shell: int = 0, workers: str = "tcp:0:interface=127.0.0.1", settings: str = SETTINGS) -> Server:
        path = self.folder / "brender.toml"
        path.write_text(settings.format(shell=shell, workers=workers))
        server = Server()
        command = [sys.executable, "-c", PROGRAM, str(path), str(self.state)]
        environment = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[1])}
        process = reactor.spawnProcess(server, command[0], command, environment)

        async def end() -> None:
            if not server.ended.called:
                process.signalProcess("KILL")
                await server.ended

        self.addCleanup(end)
        return server

    def taken(self) -> int:
        """A port that somebody else uses."""
        somebody = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(somebody.close)
        return int(somebody.getsockname()[1])

    async def test_a_port_in_use_is_told_in_a_sentence_with_the_way_out(self) -> None:
        port = self.taken()
        server = self.start(shell=port)
        self.assertEqual(await server.ended, 1)
        self.assertRegex(
            server.problem,
            rf"^brender: The shell port cannot be opened: {port} is in use or not allowed \(.*\)\. Stop what uses it, "
            r'or set another one in brender\.toml: \[server\] shell = "tcp:7000:interface=127\.0\.0\.1"\.$',
        )

    async def test_something_that_is_no_endpoint_is_told_too(self) -> None:
        server = self.start(workers="6001 please")
        self.assertEqual(await server.ended, 1)
        self.assertRegex(
            server.problem, '^brender: The workers port "6001 please" is not an endpoint: .*workers = "tcp:'
        )

    async def test_a_state_folder_that_cannot_be_written_is_wrong_use(self) -> None:
        self.state.write_text("I am a file.")
        server = self.start()
        self.assertEqual(await server.ended, 2)
        self.assertRegex(server.problem, "cannot be opened: .* is not a folder. Choose a folder .* --state")

    async def test_a_mistake_in_the_settings_is_wrong_use(self) -> None:
        server = self.start(settings="[server]\nweb = 8080")
        self.assertEqual(await server.ended, 2)
        self.assertRegex(server.problem, "in line 2: web has to be text in quotes, not a whole number")

    async def test_the_farm_goes_by_the_settings_of_the_file(self) -> None:
        server = self.start(settings=f"{SETTINGS}[farm.limits]\narnold.count = 4\n")
        await server.ready()
        port = re.search(r"web on IPv4Address.*port=(\d+)", server.said)
        assert port is not None
        body = json.dumps({"template": "blender", "settings": {"limits": {"arnold": 5}}}).encode()
        asked = Request(f"http://127.0.0.1:{port[1]}/api/v1/jobs", body, {"Content-Type": "application/json"})
        with self.assertRaises(HTTPError) as caught:
            await deferToThread(build_opener(ProxyHandler({})).open, asked)
        problems = json.loads(caught.exception.read())["problems"]
        self.assertIn({"at": "limits.arnold", "message": "A task would take 5 of arnold; this farm has 4."}, problems)

    async def test_a_mistake_in_what_the_farm_goes_by_is_wrong_use(self) -> None:
        server = self.start(settings="[farm]\nzone = 'Mars'")
        self.assertEqual(await server.ended, 2)
        self.assertRegex(server.problem, 'in line 2: There is no time zone "Mars"')

    async def test_it_ends_in_order_when_it_is_told_to_and_a_second_one_is_refused_meanwhile(self) -> None:
        server = self.start()
        await server.ready()
        self.assertNotIn("brender: ", server.said)
        second = self.start()
        self.assertEqual(await second.ended, 2)
        self.assertIn("Another server (process", second.problem)
        assert server.transport is not None
        server.transport.signalProcess(signal.SIGTERM)
        self.assertEqual(await server.ended, 0)
        self.assertEqual(rows(self.state / "brender.sqlite", "select count(*) from jobs"), [(0,)])
