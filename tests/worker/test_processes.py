"""Ending processes, children and grandchildren, in a process of its own that adopts what they leave."""

import subprocess
import sys
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from brender.worker import processes
from tests.line.harness import until

CHECKOUT = Path(__file__).resolve().parents[2]


class ProcessesTests(SynchronousTestCase):
    def python(self, program: str) -> str:
        """What a small program prints."""
        command = [
            sys.executable,
            "-c",
            f"import os, subprocess, time\nfrom brender.worker import processes\n{program}",
        ]
        done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=30, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_orphans_that_left_their_session_are_found_and_ended(self) -> None:
        said = self.python(
            """
processes.adopt_orphans()
shell = subprocess.Popen(["bash", "-c", "setsid bash -c 'sleep 320 & sleep 321' & sleep 322 & exit 0"])
shell.wait()
while len(processes.descendants()) < 4: time.sleep(0.01)
found = processes.descendants()
processes.end_descendants()
print(len(found), processes.descendants(), [pid for pid in found if processes.alive(pid)])
"""
        )
        self.assertEqual(said, "4 set() []\n")

    def test_what_is_spared_is_spared_with_all_below_it(self) -> None:
        said = self.python(
            """
processes.adopt_orphans()
kept = subprocess.Popen(["bash", "-c", "sleep 323 & wait"])
while len(processes.descendants()) < 2: time.sleep(0.01)
ended = subprocess.Popen(["sleep", "324"])
processes.end_descendants(frozenset({kept.pid}))
print(len(processes.descendants()), ended.wait())
processes.end_descendants()
"""
        )
        self.assertEqual(said, "2 -9\n")

    def test_zombies_are_buried(self) -> None:
        said = self.python(
            """
processes.adopt_orphans()
subprocess.run(["bash", "-c", "(sleep 0.05 &); (sleep 0.05 &)"])
ended = {}
while len(ended) < 2: ended |= processes.bury()
print(list(ended.values()), processes.bury())
"""
        )
        self.assertEqual(said, "[0, 0] {}\n")

    def test_a_process_ends_with_the_one_that_started_it(self) -> None:
        said = self.python(
            """
child = subprocess.Popen(["sleep", "325"], preexec_fn=processes.end_with_parent)
print(child.pid)
"""
        )
        until(lambda: not processes.alive(int(said)), "it goes on")

    def test_a_process_that_is_gone_is_no_matter(self) -> None:
        gone = subprocess.Popen(["true"])
        gone.wait()
        self.assertEqual(processes.end({gone.pid}), set())
        self.assertEqual(processes.descendants(gone.pid), set())
        self.assertFalse(processes.alive(gone.pid))
