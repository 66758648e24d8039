"""Results on disk: read again after a kill, forgotten when acknowledged, not lost to a full or a torn disk."""

import signal
import subprocess
import sys
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from brender.protocols import messages as say
from brender.protocols.codec import encode
from brender.worker.disk.journal import COMPACT_AT, Journal

CHECKOUT = Path(__file__).resolve().parents[2]

KEEPS_THREE = """
import os, signal, sys
from pathlib import Path
from brender.protocols.messages import Result
from brender.worker.disk.journal import Journal
journal = Journal(Path(sys.argv[1]))
for task in range(3):
    journal.keep(Result(7, task, "completed"))
os.kill(os.getpid(), signal.SIGKILL)
"""

FILLS = """
import resource, signal, sys
from pathlib import Path
from brender.protocols.messages import Result
from brender.worker.disk.journal import Journal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # as a full disk: the write says so
journal = Journal(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (500, resource.RLIM_INFINITY))
for task in range(100):
    journal.keep(Result(7, task, "completed"))
print(len(Journal(Path(sys.argv[1])).waiting))  # whole lines only
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
journal.keep(Result(7, 100, "completed"))
"""


def result(task: int, message: str = "") -> say.Result:
    return say.Result(7, task, "failed" if message else "completed", message, 0.5)


class JournalTests(SynchronousTestCase):
    def setUp(self) -> None:
        folder = Path(self.mktemp())
        folder.mkdir(parents=True)
        self.path = folder / "results"

    def open(self) -> Journal:
        journal = Journal(self.path)
        self.addCleanup(journal.close)
        return journal

    def program(self, text: str) -> "subprocess.CompletedProcess[bytes]":
        command = [sys.executable, "-c", text, str(self.path.absolute())]
        return subprocess.run(command, cwd=CHECKOUT, stdout=subprocess.PIPE, check=False)

    def test_what_was_kept_is_read_by_the_next_one_as_it_was(self) -> None:
        first = self.open()
        kept = [result(0), result(1, 'No camera in "shot\n1".'), say.Result(8, 1, "failed", "", 1.5, "memory", 2**31)]
        for each in kept:
            first.keep(each)
        self.assertEqual(list(self.open().waiting.values()), kept)

    def test_what_was_kept_outlives_a_kill(self) -> None:
        self.assertEqual(self.program(KEEPS_THREE).returncode, -signal.SIGKILL)
        self.assertEqual(list(self.open().waiting), [(7, 0), (7, 1), (7, 2)])

    def test_what_is_acknowledged_is_forgotten(self) -> None:
        journal = self.open()
        journal.keep(result(0))
        journal.keep(result(1))
        journal.forget([(7, 0), (7, 1), (9, 9)])
        self.assertEqual(self.path.read_bytes(), b"")
        self.assertEqual(self.open().waiting, {})

    def test_some_that_are_acknowledged_leave_the_others(self) -> None:
        journal = self.open()
        for task in range(3):
            journal.keep(result(task))
        journal.forget([(7, 1)])
        self.assertEqual(list(journal.waiting), [(7, 0), (7, 2)])
        self.assertLessEqual({(7, 0), (7, 2)}, set(self.open().waiting))

    def test_a_line_that_was_not_written_to_its_end_is_left_out_and_spoils_nothing_after_it(self) -> None:
        self.path.write_bytes(encode(result(0)) + encode(result(1))[:20])
        journal = self.open()
        self.assertEqual(list(journal.waiting), [(7, 0)])
        journal.keep(result(2))
        self.assertEqual(list(self.open().waiting), [(7, 0), (7, 2)])

    def test_lines_that_are_no_results_are_left_out(self) -> None:
        self.path.write_bytes(b'\xff\xfe\n{"type":"beat","load":1}\n\0\0\0\n' + encode(result(3)) + b"[]\n")
        self.assertEqual(list(self.open().waiting), [(7, 3)])

    def test_a_file_that_never_becomes_empty_is_written_anew_before_it_grows(self) -> None:
        journal = self.open()
        lines = 3 * COMPACT_AT // len(encode(result(0)))
        for task in range(lines):
            journal.keep(result(task))
            journal.forget([(7, task - 1)])
        self.assertLess(self.path.stat().st_size, 1.1 * COMPACT_AT)
        self.assertIn((7, lines - 1), self.open().waiting)

    def test_on_a_full_disk_nothing_is_lost_and_all_is_written_when_there_is_room(self) -> None:
        done = self.program(FILLS)
        self.assertEqual(done.returncode, 0)
        self.assertGreater(int(done.stdout), 3)
        self.assertLess(int(done.stdout), 10)
        self.assertEqual(len(self.open().waiting), 101)
        self.assertEqual(sorted(path.name for path in self.path.parent.iterdir()), ["results"])

    def test_when_nothing_waits_no_file_is_left(self) -> None:
        journal = Journal(self.path)
        journal.keep(result(0))
        journal.forget([(7, 0)])
        journal.close()
        self.assertFalse(self.path.exists())

    def test_what_still_waits_is_left(self) -> None:
        journal = Journal(self.path)
        journal.keep(result(0))
        journal.close()
        self.assertTrue(self.path.exists())
