"""A farm that may have few descriptors, with a crowd of strangers at all its ports: it goes on, and does not spin.

How does this work?  The server is started with a limit of descriptors that the crowd would exhaust, once from its
start, so that it knows, and once set while it runs, so that the system itself refuses: then it is the accepting that
must not spin.  Meanwhile a worker runs a job to its end, and pages are asked for.
"""

import contextlib
import resource
import socket
import sys
from collections.abc import Callable

import psutil
from twisted.trial.unittest import SynchronousTestCase

from tests.line.harness import PATIENCE, Farm, Program, template, until

DESCRIPTORS = 400
CROWD = 250  # at each port


class Poor(Farm):
    """The server may have so many descriptors, and no more."""

    def start_server(self, wait: bool = True) -> Program:
        limited = ["sh", "-c", f'ulimit -n {DESCRIPTORS} && exec "$@"', "sh"]
        command = [*limited, sys.executable, "-m", "brender", "server", "--config", str(self.config), "--state"]
        self.server = Program([*command, str(self.folder / "server")], self.folder / "server.log")
        self.until(self._answers, "the server does not answer")
        return self.server


class Crowds(SynchronousTestCase):
    def crowd(self, farm: Farm, number: int = CROWD) -> Callable[[], int]:
        """Silent connections at every port; gives what counts those that are still open."""
        wires = []
        for _ in range(number):
            for port in (farm.shell_port, farm.worker_port, farm.web_port):
                wire = socket.socket()
                self.addCleanup(wire.close)
                wire.settimeout(PATIENCE)
                with contextlib.suppress(OSError):  # there is no room
                    wire.connect(("127.0.0.1", port))
                    wires.append(wire)
        for wire in wires:
            wire.setblocking(False)
        return lambda: sum(is_open(wire) for wire in wires)

    def works(self, farm: Farm) -> None:
        """A job is handed in, run and shown."""
        job = farm.until(lambda: self.handed_in(farm), "no job is taken")
        self.assertEqual(farm.wait(job)["state"], "completed")
        with socket.create_connection(("127.0.0.1", farm.shell_port), PATIENCE) as wire:
            wire.sendall(b"farm\r\n")
            until(lambda: b"commit" in wire.recv(65_536), "the shell does not answer")

    def handed_in(self, farm: Farm) -> int:
        """Whoever comes while the crowd is still being let in may be sent away with it, and comes again."""
        with contextlib.suppress(OSError):
            return farm.submit(template())
        return 0

    def test_a_server_that_may_have_few_descriptors_goes_on_while_a_crowd_comes(self) -> None:
        farm = Poor()
        self.addCleanup(farm.end)
        server = farm.start_server()
        farm.worker()
        still_open = self.crowd(farm)
        farm.until(lambda: still_open() < DESCRIPTORS, "the crowd stays")
        self.works(farm)
        self.assertLess(psutil.Process(server.pid).num_fds(), DESCRIPTORS)
        self.assertNotIn("EMFILE", server.log)
        self.assertIn("connections of strangers", server.log)

    def test_when_the_system_has_no_descriptor_left_the_server_does_not_spin(self) -> None:
        farm = Farm()
        self.addCleanup(farm.end)
        server = farm.start_server()
        farm.worker()
        used = psutil.Process(server.pid).num_fds()
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (used + 30, DESCRIPTORS))
        still_open = self.crowd(farm)
        farm.until(lambda: still_open() <= 100, "the crowd stays")
        self.assertIn("EMFILE", server.log)
        self.assertLess(server.log.count("\n"), 5 * 3 * CROWD)  # three lines for each connection, and no more
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
        self.works(farm)


def is_open(wire: socket.socket) -> bool:
    try:
        return bool(wire.recv(65_536)) and is_open(wire)
    except BlockingIOError:
        return True
    except OSError:
        return False
