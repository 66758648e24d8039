"""The nursery: forks sessions, and tidies up after those that cannot do so themselves."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
from twisted.trial.unittest import SynchronousTestCase

from brender.worker.session import words
from tests.line.harness import until
from tests.worker.nest import CHECKOUT, Nest, Talk, descriptors, job, there

REMOVES_NOTHING = """
import shutil, sys
from brender.worker.session.nursery import main
shutil.rmtree = lambda path, **how: None
main(*sys.argv[1:])
"""


class NurseryTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.nest = Nest(self)

    def busy(self) -> tuple[Talk, list[int]]:
        """A session with a task that has children of every kind, and their ids."""
        talk = self.nest.talk(self)
        folder = self.nest.folder
        (folder / "far").unlink(missing_ok=True)
        talk.open(job(f"setsid sleep 311 & sleep 312 & echo $$ $! $(pgrep -P $$ -d ' ') > {folder}/far.new; "
                      f"mv {folder}/far.new {folder}/far; wait"))  # fmt: skip
        talk.run(1, N="1")
        pids = until(lambda: (folder / "far").exists() and (folder / "far").read_text().split(), "it does not run")
        return talk, [int(pid) for pid in pids or []]

    def test_every_connection_is_a_session_in_a_process_of_its_own(self) -> None:
        talks = [self.nest.talk(self) for _ in range(3)]
        for talk in talks:
            talk.open(job("true"))
            talk.hear(words.Opened)
        self.assertEqual(len(self.nest.sessions), 3)
        for talk in talks:
            talk.say(words.Close())
            talk.silence()
        until(lambda: not self.nest.sessions, "a session is left")

    def test_what_a_killed_session_leaves_behind_is_ended_at_once(self) -> None:
        talk, pids = self.busy()
        self.nest.sessions[0].kill()
        talk.silence()
        until(lambda: not there(*pids), "a process is left", within=5.0)
        until(lambda: not list(self.nest.scratch.glob("*")), "a folder is left")

    def test_another_session_is_not_touched_by_that(self) -> None:
        _, first = self.busy()
        killed = self.nest.sessions[0]
        other, _ = self.busy()
        killed.kill()
        until(lambda: not there(*first), "a process is left")
        other.say(words.Stop(1, 1))
        self.assertEqual(other.hear(words.Ended).outcome, "canceled")

    def test_when_the_agent_is_gone_nothing_is_left(self) -> None:
        _, pids = self.busy()
        sessions = [each.pid for each in self.nest.sessions]
        self.nest.end()
        self.assertFalse(there(*pids, *sessions))
        self.assertFalse(self.nest.scratch.exists())
        self.assertFalse(self.nest.path.parent.exists())

    def test_when_it_is_killed_its_sessions_end_with_all_that_they_started(self) -> None:
        _, pids = self.busy()
        sessions = [each.pid for each in self.nest.sessions]
        self.nest.process.kill()
        until(lambda: not there(*pids, *sessions), "something is left", within=5.0)

    def test_ctrl_c_is_the_agents_to_handle(self) -> None:
        os.kill(self.nest.process.pid, signal.SIGINT)
        talk = self.nest.talk(self)
        talk.open(job("true"))
        talk.hear(words.Opened)

    def test_many_sessions_leave_no_descriptor_and_no_zombie(self) -> None:
        before = descriptors(self.nest.process.pid)
        for _ in range(30):
            talk = self.nest.talk(self)
            talk.open(job("true"))
            talk.hear(words.Opened)
            talk.connection.close()
        until(lambda: not psutil.Process(self.nest.process.pid).children(), "a zombie is left")
        until(lambda: descriptors(self.nest.process.pid) == before, "a descriptor is left")

    def test_its_socket_is_for_nobody_else(self) -> None:
        self.assertEqual(self.nest.scratch.exists(), False)
        talk = self.nest.talk(self)
        talk.open(job("stat -c %a .. . "))
        talk.run(1, N="1")
        talk.hear(words.Ended)
        self.assertIn("\n700\n700\n", talk.log)

    def test_it_tells_the_workers_log_what_could_not_be_removed(self) -> None:
        sockets, sessions = (self.nest.folder / name for name in ("left", "sessions"))
        for folder in (sockets, sessions / "7-1"):
            folder.mkdir(parents=True)
        command = [sys.executable, "-c", REMOVES_NOTHING, str(sockets / "nursery"), str(sessions)]
        done = subprocess.run(command, input="", capture_output=True, text=True, cwd=CHECKOUT, check=True)
        told = [line for line in done.stderr.splitlines() if "could not be removed" in line]
        self.assertEqual([Path(line.split()[2]) for line in told], [sockets, sessions / "7-1"], done.stderr)
