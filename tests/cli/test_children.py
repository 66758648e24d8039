"""Processes that a command starts end with it: in order, by force, and when it fails half way."""

import socket
import sys
import tempfile
from pathlib import Path

import psutil
from twisted.trial.unittest import SynchronousTestCase

from brender.cli import children
from brender.cli.children import Child, Children
from brender.cli.ports import Ports, free_port
from brender.client.errors import Failed
from brender.config.reading import read

WAITS = "import time; print('ready', flush=True); time.sleep(600)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + WAITS
WITH_CHILD = f"""
import subprocess, sys
below = subprocess.Popen([sys.executable, "-c", {STUBBORN!r}], stdout=subprocess.DEVNULL)
print(below.pid, flush=True)
below.wait()
"""


def there(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


class ChildrenCase(SynchronousTestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="brender-test-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.patch(children, "PATIENCE", 0.5)

    def start(self, all_of_them: Children, program: str) -> Child:
        child = all_of_them.start("helper", [sys.executable, "-c", program], self.folder / "helper.log")
        while child.process.poll() is None and "\n" not in child.log.read_text():
            pass
        return child


class Ending(ChildrenCase):
    def test_children_end_with_the_block(self) -> None:
        with Children() as started:
            one, two = self.start(started, WAITS), self.start(started, WAITS)
        self.assertEqual((one.process.returncode, two.process.returncode), (-15, -15))

    def test_children_end_when_the_block_fails(self) -> None:
        with self.assertRaises(KeyboardInterrupt), Children() as started:
            child = self.start(started, WAITS)
            raise KeyboardInterrupt
        self.assertEqual(child.process.returncode, -15)

    def test_who_does_not_listen_is_killed(self) -> None:
        with Children() as started:
            child = self.start(started, STUBBORN)
        self.assertEqual(child.process.returncode, -9)

    def test_what_a_child_has_started_ends_too(self) -> None:
        with Children() as started:
            child = self.start(started, WITH_CHILD)
            pid = int(child.log.read_text())
        self.assertEqual(child.process.returncode, -15)
        while there(pid):
            pass  # killed, and on its way out

    def test_a_child_that_ends_by_itself_is_told_with_its_last_lines(self) -> None:
        program = "import sys; print('\\n'.join(f'line {n}' for n in range(50))); sys.exit(3)"
        with Children() as started:
            child = self.start(started, program)
            child.process.wait()
            with self.assertRaises(Failed) as caught:
                started.check()
        lines = str(caught.exception).splitlines()
        self.assertIn("The helper has ended by itself (exit code 3).", lines[0])
        self.assertEqual((len(lines), lines[-1]), (16, "line 49"))


class FreePorts(SynchronousTestCase):
    def test_a_port_that_is_taken_is_replaced_by_another(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            self.assertNotEqual(free_port(port), port)
        self.assertEqual(free_port(port), port)

    def test_settings_with_ports_are_settings_that_the_server_reads(self) -> None:
        with tempfile.TemporaryDirectory(prefix="brender-test-") as folder:
            path = Path(folder) / "brender.toml"
            path.write_text(Ports(7, 8, 9).settings())
            server = read(path).server
        self.assertEqual(
            (server.shell, server.workers, server.web),
            ("tcp:7:interface=127.0.0.1", "tcp:8:interface=127.0.0.1", "tcp:9:interface=127.0.0.1"),
        )
