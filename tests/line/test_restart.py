"""Workers that are started anew, or sent home, by whoever looks after the farm: real ones, with tasks that run."""

import signal
import sys
from typing import Any, ClassVar

import psutil

from tests.line.harness import FarmTestCase, WorkerProgram, template

TWISTD = "from twisted.scripts.twistd import run; run()"  # what the program `twistd` does


class SentAwayTests(FarmTestCase):
    workers: ClassVar = {}
    settings: ClassVar = {"lost_after": 20.0, "heartbeat": 1.0}
    count = 0

    def setUp(self) -> None:
        super().setUp()
        SentAwayTests.count += 1
        self.name = f"goer-{self.count}"  # a worker that never was here before

    def goer(self, **how: Any) -> WorkerProgram:
        worker = self.farm.worker(self.name, **how)
        self.addCleanup(worker.end)
        return worker

    def busy(self, tasks: str = "1-3") -> tuple[int, int]:
        """A job whose first task runs until `go` is there, and that task's process; each writes its number to `ran`."""
        wait = f"while [ ! -e {self.folder}/go ]; do sleep .05; done"
        script = f"echo $$ >> {self.folder}/pid; {wait}; echo $1 >> {self.folder}/ran"
        job = self.farm.submit(template(script, tasks=tasks))
        return job, self.pid_in("pid")

    def tell(self, action: str, **values: Any) -> None:
        client = self.farm.client(self.name)["id"]
        self.assertTrue(self.farm.api(f"clients/{client}/{action}", values)["changed"])

    def go(self) -> None:
        (self.folder / "go").touch()

    def greeted(self, worker: WorkerProgram) -> int:
        """How often it was welcomed."""
        return worker.log.count(f"({self.name}) of 127.0.0.1:")

    def assert_is_back(self, worker: WorkerProgram, nursery: int, client: int) -> None:
        """The program has begun anew in the place of the old one, and is the same client."""
        self.until(lambda: self.greeted(worker) == 2 and self.farm.online(self.name), "it does not come back")
        self.assertTrue(worker.running)
        self.assertNotEqual(worker.nursery.pid, nursery)
        self.assert_gone(nursery)
        self.assertEqual(worker.log.count("slots, Blender"), 2)  # it has looked at its machine twice
        self.assertEqual([self.farm.client(self.name)["id"], self.farm.client(self.name)["name"]], [client, self.name])

    def test_told_to_start_anew_it_finishes_what_runs_and_is_back_as_the_same_client(self) -> None:
        worker = self.goer()
        job, _ = self.busy()
        nursery, client = worker.nursery.pid, self.farm.client(self.name)["id"]
        self.tell("restart")
        self.until(lambda: "Asked to start anew" in worker.log, "it does not hear it")
        self.assertEqual([self.greeted(worker), self.written("ran")], [1, []])
        self.go()
        self.assert_is_back(worker, nursery, client)
        done = self.farm.wait(job)
        self.assertEqual(sorted(self.written("ran")), ["1", "2", "3"])
        self.assertEqual({order["attempt"] for order in done["orders"]}, {1})
        worker.signal(signal.SIGTERM)
        self.assertEqual(worker.ended(), 0)

    def test_told_to_start_anew_now_it_hands_back_what_runs(self) -> None:
        worker = self.goer()
        job, pid = self.busy()
        nursery, client = worker.nursery.pid, self.farm.client(self.name)["id"]
        self.tell("restart", now=True)
        self.assert_is_back(worker, nursery, client)
        self.assert_gone(pid)
        self.go()
        done = self.farm.wait(job)
        self.assertEqual((sorted(self.written("ran")), done["failed"]), (["1", "2", "3"], 0))
        self.assertEqual({order["attempt"] for order in done["orders"]}, {1})

    def test_ctrl_c_has_the_last_word(self) -> None:
        worker = self.goer()
        self.busy()
        self.tell("restart")
        self.until(lambda: "Asked to start anew" in worker.log, "it does not hear it")
        worker.signal(signal.SIGINT)
        self.until(lambda: "Finishing" in worker.log, "it does not say so")
        self.go()
        self.assertEqual((worker.ended(), self.greeted(worker)), (0, 1))

    def test_drained_it_finishes_what_runs_and_ends(self) -> None:
        worker = self.goer()
        job, pid = self.busy()
        self.tell("drain")
        self.until(lambda: "Asked to leave" in worker.log, "it does not hear it")
        self.assertTrue(psutil.pid_exists(pid))
        self.go()
        self.assertEqual(worker.ended(), 0)
        self.assert_gone(pid)
        self.until(lambda: self.farm.job(job)["active"] == 0, "the rest is not handed back")
        self.assertEqual((self.written("ran"), self.farm.job(job)["completed"]), (["1"], 1))

    def test_under_twistd_it_starts_anew_too(self) -> None:
        pidfile = self.folder / "twistd.pid"
        worker = self.under_twistd("--nodaemon", f"--pidfile={pidfile}")
        nursery, client = worker.nursery.pid, self.farm.client(self.name)["id"]
        job, _ = self.busy()
        self.tell("restart")
        self.go()
        self.assert_is_back(worker, nursery, client)
        self.assertEqual(pidfile.read_text().strip(), str(worker.pid))
        self.farm.wait(job)
        self.assertEqual(sorted(self.written("ran")), ["1", "2", "3"])

    def under_twistd(self, *how: str) -> WorkerProgram:
        state = self.folder / "state"
        server = f"127.0.0.1:{self.farm.worker_port}"
        options = ["--server", server, "--name", self.name, "--slots", "1", "--state", str(state)]
        config = self.folder / "brender.toml"
        config.write_text("[worker]\n")
        command = [sys.executable, "-c", TWISTD, *how, "brender-worker", *options, "--config", str(config)]
        state.mkdir()
        worker = WorkerProgram(self.name, state, command, self.folder / "twistd.log")
        self.farm.workers.append(worker)
        self.addCleanup(worker.end)
        self.until(lambda: self.farm.online(self.name), "it is not there")
        return worker

    def test_who_is_offline_hears_nothing(self) -> None:
        worker = self.goer()
        client = self.farm.client(self.name)["id"]
        worker.kill()
        self.until(lambda: not self.farm.online(self.name), "it is still shown as online")
        with self.assertRaises(AssertionError) as caught:
            self.farm.api(f"clients/{client}/restart", {})
        self.assertIn("is offline; its worker hears nothing.", str(caught.exception))
