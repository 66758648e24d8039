"""A server whose disk is full, broken or somebody else's for a while: it says so, loses nothing, and goes on by itself.

How does this work?  The server's state is on a small tmpfs of its own, or its process may write no file past some
size, or another program holds the database's lock.  Four tasks are at work meanwhile and end; each writes to a file
that the farm does not know.  A disk that is mounted anew as read-only is not among these cases: the kernel refuses
that while a database is open there, and a disk that breaks reads as the one whose files may not grow.
"""

import contextlib  # `suppress` would mean something to trial
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path
from threading import Thread

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.line.harness import CHECKOUT, Farm, Program, StandsBy, environment, template

SIZE = 3 << 20  # bytes of the small disk
TASKS = 4


class DiskTestCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir(parents=True)
        self.farm = Farm(self.folder, lost_after=30.0)
        self.state = self.folder / "server"
        self.state.mkdir()

    def start(self) -> int:
        """A server, a worker, and a job whose tasks run and wait for `end_tasks`; gives the job's number."""
        self.farm.start_server()
        self.addCleanup(self.farm.end)
        self.farm.worker("alpha", slots=TASKS)
        held = f"echo begun >> {self.folder}/begun; while [ ! -e {self.folder}/go ]; do sleep .05; done"
        job = self.farm.submit(template(f"{held}; echo $1 >> {self.folder}/ran", tasks=f"1-{TASKS}"))
        self.farm.until(lambda: len(self.lines("begun")) == TASKS, "the tasks have not begun")
        return job

    def lines(self, name: str) -> list[str]:
        path = self.folder / name
        return path.read_text().splitlines() if path.exists() else []

    def end_tasks(self) -> None:
        (self.folder / "go").touch()
        self.farm.until(lambda: len(self.lines("ran")) == TASKS, "the tasks have not ended")

    def alarm(self) -> str:
        return str(self.farm.api("farm")["stopping"])

    def alarmed(self, words: str) -> str:
        """Somebody hands in jobs until the server has noticed; what it says."""
        Thread(target=self.hand_in, daemon=True).start()  # the last one waits until the server can write
        said = self.farm.until(self.alarm, "the farm does not notice")
        self.assertRegex(said, words)
        return said

    def hand_in(self) -> None:
        with contextlib.suppress(Exception):  # refused, or the server has ended
            while True:
                self.farm.submit(template("true", name="one more"))

    def went_on(self, job: int) -> None:
        """Nothing is lost, nothing twice, and the database is whole."""
        self.farm.until(lambda: not self.alarm(), "the farm does not go on")
        done = self.farm.wait(job)
        self.assertEqual(done["completed"], TASKS)
        self.assertEqual(Counter(self.lines("ran")), Counter(str(number) for number in range(1, TASKS + 1)))
        new = self.farm.submit(template("true", tasks="1-3"))
        self.farm.wait(new)
        self.farm.stop_server()
        database = self.database()
        self.assertEqual(database.execute("pragma integrity_check").fetchall(), [("ok",)])
        found = database.execute("select state from jobs where id in (?, ?)", (job, new)).fetchall()
        self.assertEqual(found, [("completed",)] * 2)

    def database(self) -> sqlite3.Connection:
        database = sqlite3.connect(self.state / "brender.sqlite", isolation_level=None, timeout=30)
        self.addCleanup(database.close)
        return database

    @property
    def server(self) -> Program:
        assert self.farm.server is not None
        return self.farm.server


class AFullDisk(DiskTestCase):
    def setUp(self) -> None:
        super().setUp()
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "brender-test", str(self.state)],
            capture_output=True,
            check=False,
        )
        if mounted.returncode:
            raise SkipTest("A small disk can only be mounted by root.")
        self.addCleanup(subprocess.run, ["umount", str(self.state)], check=True)

    def fill(self) -> None:
        with (self.state / "filling").open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))

    def free(self) -> None:
        (self.state / "filling").unlink()

    def test_every_face_says_so_and_results_that_come_meanwhile_are_stored_when_there_is_room_again(self) -> None:
        """DB-07: the disk fills while four tasks report, and is freed."""
        job = self.start()
        self.fill()
        said = self.alarmed("^The database .* cannot be written: its disk is full ")
        self.end_tasks()
        self.farm.until(lambda: not self.farm.running("alpha"), "the farm does not hear what workers say")
        self.assertEqual(self.alarm(), said)
        self.look_at_faces(said)
        self.free()
        self.went_on(job)

    def test_a_server_that_is_started_meanwhile_waits_for_room(self) -> None:
        job = self.start()
        self.end_tasks()
        self.farm.wait(job)
        self.farm.kill_server()
        self.fill()
        server = self.farm.start_server(wait=False)
        self.farm.until(lambda: "is held by a full disk; waits" in server.log, "it does not wait")
        self.free()
        self.farm.until(self.answers, "it does not go on by itself")
        self.went_on(job)

    def answers(self) -> bool:
        try:
            return bool(self.farm.api("farm"))
        except (OSError, StandsBy):
            return False

    def look_at_faces(self, said: str) -> None:
        with self.assertRaisesRegex(AssertionError, "answers 503: .*its disk is full .*nothing new is taken until it"):
            self.farm.submit(template("true"))
        with socket.create_connection(("127.0.0.1", self.farm.shell_port)) as shell, shell.makefile("rwb") as file:
            self.assertIn(said, file.readline().decode("utf-8", "replace"))  # after what is asked of a terminal
            file.write(b"farm\nquit\n")
            file.flush()
            self.assertIn(f"It takes nothing new: {said}.\r\n", file.read().decode())
        path = self.folder / "job.yaml"
        path.write_text("specificationVersion: jobtemplate-2023-09\nname: x\nsteps:\n- name: A\n"
                        "  script: {actions: {onRun: {command: 'true'}}}\n")  # fmt: skip
        command = [sys.executable, "-m", "brender", "submit", str(path)]
        where = environment() | {"BRENDER_SERVER": f"http://127.0.0.1:{self.farm.web_port}"}
        asked = subprocess.run(command, capture_output=True, text=True, cwd=CHECKOUT, env=where, check=False)
        self.assertEqual(asked.stderr.strip(), f"{said}; nothing new is taken until it can be.")
        self.assertEqual(asked.returncode, 1)

    def test_a_log_that_has_no_room_costs_its_text_and_no_result(self) -> None:
        self.start()
        self.end_tasks()
        large = self.farm.submit(template("head -c 6000000 /dev/zero | tr '\\0' x | fold -w 100", tasks="1-2"))
        self.farm.until(lambda: "log" in self.server.log and "No space left" in self.server.log, "nobody says so")
        self.farm.until(lambda: not self.farm.running("alpha"), "the tasks do not end")
        for path in (self.state / "logs").rglob("*.log*"):
            path.unlink()
        self.farm.until(lambda: not self.alarm(), "the farm does not go on")
        self.assertEqual(self.farm.wait(large)["completed"], 2)

    def test_the_end_of_the_server_is_not_held_up_and_workers_bring_again_what_it_could_not_write(self) -> None:
        job = self.start()
        self.fill()
        self.alarmed("its disk is full")
        self.end_tasks()
        self.server.signal(signal.SIGTERM)
        self.assertEqual(self.server.ended(within=60), 1)
        self.assertIn("The server has stopped before the database", self.server.log)
        self.free()
        self.farm.start_server()
        self.went_on(job)


class ADiskThatBreaks(DiskTestCase):
    def limit(self, most: int) -> None:
        """No file of the server may be written beyond so many bytes."""
        _, hard = resource.prlimit(self.server.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.server.pid, resource.RLIMIT_FSIZE, (most, hard))

    def test_results_that_come_meanwhile_are_stored_when_it_works_again(self) -> None:
        job = self.start()
        self.limit(0)
        self.alarmed("cannot be written: its disk cannot be read or written ")
        self.end_tasks()
        self.farm.until(lambda: not self.farm.running("alpha"), "the farm does not hear what workers say")
        self.limit(resource.RLIM_INFINITY)
        self.went_on(job)


class ALockedDatabase(DiskTestCase):
    def test_results_that_come_meanwhile_are_stored_when_it_is_free_again(self) -> None:
        """DB-02: another program has `BEGIN EXCLUSIVE`, for as long as it likes."""
        job = self.start()
        somebody = self.database()
        somebody.execute("begin exclusive")
        self.end_tasks()
        self.farm.until(lambda: "another program has locked it" in self.alarm(), "the farm does not notice")
        self.farm.until(lambda: not self.farm.running("alpha"), "the farm does not hear what workers say")
        somebody.execute("rollback")
        self.went_on(job)

    def test_a_stop_meanwhile_ends_within_its_time(self) -> None:
        job = self.start()
        somebody = self.database()
        somebody.execute("begin exclusive")
        self.end_tasks()
        self.farm.until(lambda: "another program has locked it" in self.alarm(), "the farm does not notice")
        self.server.signal(signal.SIGTERM)
        self.assertEqual(self.server.ended(within=60), 1)
        somebody.execute("rollback")
        self.farm.start_server()
        self.went_on(job)
