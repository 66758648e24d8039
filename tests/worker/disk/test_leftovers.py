"""What a worker that was killed has left behind, found by those that come after it."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from brender.worker import processes
from brender.worker.disk import leftovers
from tests.line.harness import until

CHECKOUT = Path(__file__).resolve().parents[2]

FAR_AWAY = """
import os
os.setsid()
os.closerange(0, 3)
if os.fork() == 0:
    os.execvp("sleep", ["sleep", "300"])
"""
CLEARS = """
import sys
from pathlib import Path
from brender.worker.disk import leftovers
leftovers.clear(Path(sys.argv[1]))
"""


class LeftoversTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.scratch = Path(self.mktemp()).absolute()
        self.scratch.mkdir(parents=True)
        self.nursery = Path(tempfile.mkdtemp(prefix="brender-"))
        self.addCleanup(shutil.rmtree, self.nursery, ignore_errors=True)

    def left(self, scratch: Path, nursery: Path) -> int:
        """A process that is nobody's child, in a session of its own, with all its streams closed."""
        before = set(leftovers.named(leftovers.names(scratch, nursery)))
        environment = os.environ | leftovers.names(scratch, nursery)
        subprocess.run([sys.executable, "-c", FAR_AWAY], env=environment, check=True)

        def found() -> list[int]:
            """It, and for a moment the process that has started it."""
            return sorted(leftovers.named(leftovers.names(scratch, nursery)) - before)

        pid = until(lambda: found() if len(found()) == 1 else [], "it is not found")[0]
        self.addCleanup(processes.end, {pid})
        return pid

    def test_processes_are_found_wherever_they_have_gone_to_and_those_of_others_are_left_alone(self) -> None:
        mine, more = self.left(self.scratch, self.nursery), self.left(self.scratch, self.nursery)
        other = self.left(self.scratch / "other", self.nursery)
        self.assertEqual(leftovers.clear(self.scratch), 2)
        self.assertEqual([processes.alive(pid) for pid in (mine, more, other)], [False, False, True])

    def test_of_two_nurseries_only_the_one_that_died_is_cleared(self) -> None:
        sessions = self.scratch / leftovers.SESSIONS
        for name in ("12-1", "12-2", "123-1"):
            (sessions / name / "inside").mkdir(parents=True)
        dead, alive = self.left(self.scratch, self.nursery), self.left(self.scratch, Path("another"))
        self.assertEqual(leftovers.clear_nursery(self.scratch, self.nursery, 12), 1)
        self.assertEqual([processes.alive(pid) for pid in (dead, alive)], [False, True])
        self.assertEqual([path.name for path in sessions.iterdir()], ["123-1"])

    def test_a_worker_that_somebody_starts_in_a_task_does_not_end_itself(self) -> None:
        environment = os.environ | leftovers.names(self.scratch, self.nursery)
        shell = ["sh", "-c", '"$0" -c "$1" "$2"; exit 7', sys.executable, CLEARS, str(self.scratch)]
        done = subprocess.run(shell, env=environment, cwd=CHECKOUT, check=False)
        self.assertEqual(done.returncode, 7)

    def test_folders_of_sessions_and_sockets_go_and_nothing_else_does(self) -> None:
        (self.scratch / leftovers.SESSIONS / "1-1").mkdir(parents=True)
        (self.scratch / "blenders.json").touch()
        (self.nursery / "nursery").touch()
        leftovers.remember_socket(self.scratch, self.nursery)
        leftovers.clear(self.scratch)
        self.assertEqual([path.name for path in self.scratch.iterdir()], ["blenders.json"])
        self.assertFalse(self.nursery.exists())

    def test_a_link_that_leads_elsewhere_takes_nothing_with_it(self) -> None:
        precious = self.scratch / "precious"
        precious.mkdir()
        (precious / "nursery").touch()
        (self.nursery / "something else").touch()
        leftovers.remember_socket(self.scratch, precious)
        leftovers.remember_socket(self.scratch, self.nursery)
        leftovers.clear(self.scratch)
        self.assertTrue((precious / "nursery").exists())
        self.assertTrue((self.nursery / "something else").exists())
        self.assertEqual([path.name for path in self.scratch.iterdir()], ["precious"])
