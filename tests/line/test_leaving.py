"""How a worker leaves: asked once, twice or three times, and whatever its streams and its server are."""

import os
import signal
import subprocess
from collections.abc import Callable
from typing import Any, ClassVar

import psutil

from tests.line.harness import Farm, FarmTestCase, WorkerProgram, free_ports, go_on, stop, template


class LeavingTests(FarmTestCase):
    workers: ClassVar = {}
    settings: ClassVar = {"lost_after": 20.0, "heartbeat": 1.0}
    count = 0

    def setUp(self) -> None:
        super().setUp()
        LeavingTests.count += 1
        self.name = f"leaver-{self.count}"  # a worker that never was here before

    def leaver(self, slots: int = 1) -> WorkerProgram:
        worker = self.farm.worker(self.name, slots)
        self.addCleanup(worker.end)
        return worker

    def busy(self, worker: WorkerProgram, tasks: str = "1-4") -> tuple[int, int]:
        """A job whose first task runs until `go` is there, and that task's process; each writes its number to `ran`."""
        wait = f"while [ ! -e {self.folder}/go ]; do sleep .05; done"
        script = f"echo $$ >> {self.folder}/pid; {wait}; echo $1 >> {self.folder}/ran"
        job = self.farm.submit(template(script, tasks=tasks))
        return job, self.pid_in("pid")

    def go(self) -> None:
        (self.folder / "go").touch()

    def assert_left(self, worker: WorkerProgram, pid: int = 0) -> None:
        self.assertEqual(worker.ended(), 0)
        if pid:
            self.assert_gone(pid)
        self.until(lambda: not self.farm.online(self.name), "it is still shown as online")

    def test_asked_once_it_finishes_what_runs_and_hands_back_the_rest(self) -> None:
        self.asked_once(signal.SIGINT)

    def test_kill_asks_like_ctrl_c(self) -> None:
        self.asked_once(signal.SIGTERM)

    def asked_once(self, number: int) -> None:
        worker = self.leaver()
        job, pid = self.busy(worker)
        worker.signal(number)
        self.until(lambda: "Finishing" in worker.log, "it does not say so")
        self.assertTrue(psutil.pid_exists(pid))
        self.go()
        self.assert_left(worker, pid)
        self.assertEqual(self.written("ran"), ["1"])
        self.until(lambda: self.farm.job(job)["active"] == 0, "the rest is not handed back")
        self.assertEqual(self.farm.job(job)["completed"], 1)

    def test_asked_twice_it_hands_back_what_runs_and_leaves_at_once(self) -> None:
        worker = self.leaver()
        job, pid = self.busy(worker)
        worker.signal(signal.SIGINT)
        self.until(lambda: "Finishing" in worker.log, "it does not say so")
        worker.signal(signal.SIGINT)
        self.assert_left(worker, pid)
        self.until(lambda: self.farm.job(job)["active"] == 0, "nothing is handed back")
        self.assertEqual((self.farm.job(job)["failed"], self.written("ran")), (0, []))
        self.go()
        self.leaver()
        done = self.farm.wait(job)
        self.assertEqual(sorted(self.written("ran")), ["1", "2", "3", "4"])
        self.assertEqual({order["attempt"] for order in done["orders"]}, {1})

    def test_asked_twice_it_does_not_wait_for_a_task_that_would_take_its_time(self) -> None:
        worker = self.leaver()
        how: dict[str, Any] = {"cancelation": {"mode": "NOTIFY_THEN_TERMINATE", "notifyPeriodInSeconds": 600}}
        script = f"trap '' TERM; echo $$ > {self.folder}/pid; while :; do sleep .1; done"
        self.farm.submit(template(script, **how))
        pid = self.pid_in("pid")
        worker.signal(signal.SIGINT)
        self.until(lambda: "Finishing" in worker.log, "it does not say so")
        worker.signal(signal.SIGINT)
        self.assert_left(worker, pid)

    def test_environments_are_left_before_the_worker_leaves(self) -> None:
        worker = self.leaver()
        made = template()
        actions = {name: {"command": "bash", "args": ["-c", f"sleep .3; echo {name} >> {self.folder}/out"]}
                   for name in ("onEnter", "onExit")}  # fmt: skip
        made["jobEnvironments"] = [{"name": "Env", "script": {"actions": actions}}]
        self.farm.run(made)
        worker.signal(signal.SIGTERM)
        self.assert_left(worker)
        self.assertEqual(self.written("out"), ["onEnter", "onExit"])

    def test_idle_it_leaves_at_once_and_leaves_nothing(self) -> None:
        worker = self.leaver()
        self.farm.run(template())
        nursery = worker.nursery.pid
        worker.signal(signal.SIGTERM)
        self.assert_left(worker, nursery)
        self.assertEqual(sorted(path.name for path in (worker.state / "worker").iterdir()), ["blenders.json"])

    def test_a_server_that_is_away_is_not_waited_for_long(self) -> None:
        with Farm(self.folder / "farm") as farm:
            worker = farm.worker("a")
            script = f"echo $$ > {self.folder}/pid; while [ ! -e {self.folder}/go ]; do sleep .05; done"
            farm.submit(template(script))
            self.pid_in("pid")
            farm.kill_server()
            worker.signal(signal.SIGTERM)
            self.go()
            self.assertEqual(worker.ended(), 0)

    def test_a_server_that_does_not_read_is_not_waited_for_long(self) -> None:
        with Farm(self.folder / "farm", heartbeat=60.0) as farm:
            worker = farm.worker("a")
            farm.submit(template(f"echo $$ > {self.folder}/pid; yes"))
            pid = self.pid_in("pid")
            assert farm.server is not None
            server = psutil.Process(farm.server.pid)
            stop(server)
            try:
                worker.signal(signal.SIGTERM)
                self.until(lambda: "Finishing" in worker.log, "it does not say so")
                worker.signal(signal.SIGTERM)
                self.assertEqual(worker.ended(), 0)
                self.assert_gone(pid)
            finally:
                go_on(server)


class StartingTests(FarmTestCase):
    """WRK-11 and WRK-16: signals in the first second, and streams of every kind."""

    workers: ClassVar = {}

    def test_asked_in_its_first_second_it_leaves(self) -> None:
        lines: list[Callable[[WorkerProgram], object]] = [
            lambda _: None,  # perhaps before there is anybody to hear it
            lambda worker: self.until(lambda: worker.state.joinpath("worker.lock").exists(), "it does not start"),
            lambda worker: self.until(lambda: "slots" in worker.log, "it does not look at its machine"),
        ]
        for number, wait in enumerate(lines):
            worker = self.farm.worker(f"early-{number}", wait=False)
            self.addCleanup(worker.end)
            wait(worker)
            worker.signal(signal.SIGTERM)
            self.assertIn(worker.ended(), {0, -signal.SIGTERM})

    def test_asked_while_a_program_is_asked_for_its_version_it_leaves(self) -> None:
        slow = self.folder / "blender"
        slow.write_text("#!/bin/sh\nsleep 60\n")
        slow.chmod(0o755)
        worker = self.farm.worker("slow", wait=False, settings={"blenders": [str(slow)]})
        self.addCleanup(worker.end)
        child = self.until(
            lambda: [each for each in psutil.Process(worker.pid).children() if "blender" in str(each.cmdline())], "x"
        )
        worker.signal(signal.SIGTERM)
        self.assertEqual(worker.ended(10), 0)
        for each in child:
            each.kill()

    def test_with_an_unreachable_server_it_leaves(self) -> None:
        worker = self.farm.worker("lonely", wait=False, port=free_ports(1)[0])
        self.addCleanup(worker.end)
        self.until(lambda: "No server at 127.0.0.1:" in worker.log, "it does not say that there is no server")
        worker.signal(signal.SIGTERM)
        self.assertEqual(worker.ended(10), 0)

    def test_it_works_with_every_kind_of_standard_input(self) -> None:
        with open(os.devnull, "rb") as nothing:
            for number, stdin in enumerate((nothing, subprocess.DEVNULL, subprocess.PIPE)):
                self.assert_works(self.farm.worker(f"in-{number}", stdin=stdin))

    def test_it_works_with_its_standard_streams_closed(self) -> None:
        self.assert_works(self.farm.worker("closed", preexec_fn=lambda: os.closerange(0, 3)))

    def test_it_works_when_nobody_reads_what_it_prints(self) -> None:
        reads, writes = os.pipe()
        self.addCleanup(os.close, reads)
        os.set_blocking(writes, False)
        try:
            while True:
                os.write(writes, b"x" * 65536)
        except BlockingIOError:
            os.set_blocking(writes, True)
        worker = self.farm.worker("full", stdout=writes, stderr=writes)
        os.close(writes)
        self.assert_works(worker)

    def test_it_works_when_the_reader_of_what_it_prints_is_gone(self) -> None:
        reads, writes = os.pipe()
        worker = self.farm.worker("broken", stdout=writes, stderr=writes)
        os.close(writes)
        os.close(reads)
        self.assert_works(worker)

    def assert_works(self, worker: WorkerProgram) -> None:
        self.addCleanup(worker.end)
        self.farm.run(template(tasks="1-3"))
        worker.signal(signal.SIGTERM)
        self.assertEqual(worker.ended(), 0)
