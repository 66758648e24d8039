"""Workers and servers that are killed, stopped and started again: nothing is lost, and nothing is counted twice."""

from collections import Counter
from typing import Any, ClassVar

import psutil

from tests.line.harness import FarmTestCase, WorkerProgram, go_on, stop, template


class OutageTestCase(FarmTestCase):
    """Tasks write their number to `ran` when they are done; those in `hold` wait for `go` or `go-NUMBER`."""

    def job(self, tasks: str, hold: str = "", seconds: float = 0.02) -> dict[str, Any]:
        wait = f"while [ ! -e {self.folder}/go -a ! -e {self.folder}/go-$1 ]; do sleep .05; done"
        held = f'case " {hold} " in *" $1 "*) echo $$ > {self.folder}/pid-$1; {wait};; esac'
        return template(f"{held}; sleep {seconds}; echo $1 >> {self.folder}/ran", tasks=tasks)

    def go(self, task: str = "") -> None:
        (self.folder / (f"go-{task}" if task else "go")).touch()

    def ran(self) -> Counter[str]:
        return Counter(self.written("ran"))

    def assert_each_once(self, count: int) -> None:
        self.assertEqual(self.ran(), Counter({str(n): 1 for n in range(1, count + 1)}))


class LostWorkerTests(OutageTestCase):
    workers: ClassVar = {"alpha": 2, "beta": 2}
    settings: ClassVar = {"lost_after": 1.0, "heartbeat": 0.5}

    def holder(self, task: str) -> WorkerProgram:
        """The worker that runs this task."""
        pid = self.pid_in(f"pid-{task}")
        return next(each for each in self.farm.workers if each.running and each.has(pid))

    def assert_completed_once(self, job: int, tasks: int) -> dict[str, Any]:
        """All are completed, and no two orders say so of the same one."""
        self.assertEqual(self.farm.wait(job)["completed"], tasks)
        self.until(lambda: all(order["ended"] for order in self.farm.job(job)["orders"]), "an order has no end")
        done = self.farm.job(job)
        self.assertEqual(sum(order["completed"] for order in done["orders"]), tasks)
        return done

    def test_tasks_of_a_worker_that_is_killed_are_run_by_the_other_one(self) -> None:
        job = self.farm.submit(self.job("1-40", hold="7"))
        worker = self.holder("7")
        worker.kill()
        self.go()
        done = self.assert_completed_once(job, 40)
        self.assertEqual(set(self.ran()), {str(n) for n in range(1, 41)})
        self.assertEqual({order["attempt"] for order in done["orders"]}, {1})  # its death was not the tasks' fault

    def test_a_worker_that_is_killed_and_comes_back_at_once_gets_its_tasks_again(self) -> None:
        self.farm.api("clients?filter=beta", {"status": "disabled"}, "PATCH")
        self.addCleanup(self.farm.api, "clients?filter=beta", {"status": "enabled"}, "PATCH")
        for _ in range(3):
            job = self.farm.submit(self.job("1-6", hold="3"))
            worker = self.holder("3")
            pid = self.pid_in("pid-3")
            worker.kill()
            self.farm.worker(worker.name, 2)
            self.assert_gone(pid)
            self.go()
            self.assert_completed_once(job, 6)
            for path in self.folder.iterdir():
                path.unlink()

    def test_a_canceled_task_of_a_worker_that_was_killed_is_no_more_shown(self) -> None:
        self.farm.api("clients?filter=beta", {"status": "disabled"}, "PATCH")
        self.addCleanup(self.farm.api, "clients?filter=beta", {"status": "enabled"}, "PATCH")
        job = self.farm.submit(self.job("1", hold="1"))
        worker = self.holder("1")
        worker.kill()
        self.farm.worker(worker.name, 2, wait=False)
        self.farm.cancel(job)
        self.farm.wait(job, "canceled")
        self.until(lambda: self.farm.online(worker.name) and not self.farm.client(worker.name)["used"], "still busy")

    def test_a_worker_that_was_stopped_for_too_long_is_replaced_and_comes_back(self) -> None:
        for _ in range(2):
            job = self.farm.submit(self.job("1-4", hold="2"))
            worker = self.holder("2")
            pid = self.pid_in("pid-2")
            stop(worker)
            try:
                self.until(lambda: not self.farm.online(worker.name), "its silence is not noticed")  # noqa: B023
                self.go()
                self.assert_completed_once(job, 4)
            finally:
                go_on(worker)
            self.until(lambda: self.farm.online(worker.name), "it does not come back")  # noqa: B023
            self.assert_gone(pid)  # its own try goes on until it hears that nobody waits for it
            self.farm.run(template(tasks="1-8"))
            for path in self.folder.iterdir():
                path.unlink()

    def test_a_worker_that_joins_later_gets_what_waits_behind_a_long_task(self) -> None:
        self.farm.api("clients?filter=beta", {"status": "disabled"}, "PATCH")
        self.addCleanup(self.farm.api, "clients?filter=beta", {"status": "enabled"}, "PATCH")
        job = self.farm.submit({**self.job("1-3", hold="1 2"), "name": "long"})
        self.pid_in("pid-1")
        self.pid_in("pid-2")
        self.until(lambda: len(self.farm.running("alpha")) == 2, "it is not told what has begun")
        self.assertEqual(self.farm.job(job)["active"], 3)  # the third waits on alpha
        self.farm.api("clients?filter=beta", {"status": "enabled"}, "PATCH")
        self.until(lambda: self.written("ran") == ["3"], "the third task does not go to the other worker")
        self.go()
        done = self.farm.wait(job)
        self.assertEqual({order["client"] for order in done["orders"] if order["completed"]}, {"alpha", "beta"})
        self.assert_each_once(3)


class ServerTests(OutageTestCase):
    workers: ClassVar = {"alpha": 2, "beta": 1}
    settings: ClassVar = {"lost_after": 10.0, "heartbeat": 1.0}

    def everybody(self) -> bool:
        return all(self.farm.online(name) for name in self.workers)

    def restart(self, kill: bool) -> None:
        self.farm.kill_server() if kill else self.farm.stop_server()
        self.farm.start_server()

    def test_a_server_that_is_killed_in_mid_job_takes_up_where_it_was(self) -> None:
        job = self.farm.submit(self.job("1-80", hold="20 21"))
        pid = self.pid_in("pid-20")
        self.restart(kill=True)
        self.until(self.everybody, "the workers do not come back")
        self.assertTrue(psutil.pid_exists(pid))  # it ran on
        self.go()
        done = self.farm.wait(job)
        self.assertEqual(done["completed"], 80)
        self.assert_each_once(80)

    def test_a_server_that_is_killed_again_and_again_loses_nothing(self) -> None:
        job = self.farm.submit(self.job("1-150", seconds=0.03))
        for count in (20, 60, 100):
            self.until(lambda: len(self.written("ran")) >= count, "it does not go on")  # noqa: B023
            self.restart(kill=True)
        done = self.farm.wait(job)
        self.assertEqual(done["completed"], 150)
        self.assert_each_once(150)

    def test_tasks_that_were_canceled_stay_so_and_what_runs_of_them_is_ended(self) -> None:
        job = self.farm.submit(self.job("1-80", hold="20 30 40 50 60 70"))
        pid = self.pid_in("pid-20")
        self.assertEqual(self.farm.api(f"jobs/{job}/tasks/cancel?filter=frame=20,78-80", {})["changed"], 4)
        self.restart(kill=True)
        self.until(self.everybody, "the workers do not come back")
        self.assert_gone(pid)
        self.go()
        done = self.farm.wait(job, "canceled")
        self.assertEqual((done["completed"], done["canceled"]), (76, 4))
        self.farm.api(f"jobs/{job}/tasks/retry?filter=frame=78", {})
        self.assertEqual(self.farm.wait(job, "canceled")["completed"], 77)

    def test_a_server_that_is_stopped_and_started_goes_on(self) -> None:
        job = self.farm.submit(self.job("1-30", hold="5"))
        self.pid_in("pid-5")
        self.restart(kill=False)
        self.until(self.everybody, "the workers do not come back")
        self.go()
        self.farm.wait(job)
        self.assert_each_once(30)

    def test_what_ended_while_the_server_was_away_is_told_when_it_is_back(self) -> None:
        job = self.farm.submit(self.job("1-3", hold="1 2 3"))
        for task in "123":
            self.pid_in(f"pid-{task}")
        self.farm.kill_server()
        self.go()
        self.until(lambda: len(self.written("ran")) == 3, "they do not go on")
        self.farm.start_server()
        done = self.farm.wait(job)
        self.assert_each_once(3)
        self.assertEqual(sum(order["completed"] for order in done["orders"]), 3)

    def test_what_was_printed_while_the_server_was_away_is_in_the_log(self) -> None:
        script = (
            f"echo before; echo $$ > {self.folder}/pid; while [ ! -e {self.folder}/go ]; do sleep .05; done; echo after"
        )
        job = self.farm.submit(template(script))
        self.pid_in("pid")
        self.until(lambda: "\nbefore\n" in self.farm.log(job), "no log")
        self.farm.kill_server()
        self.go()
        self.until(lambda: not psutil.pid_exists(self.pid_in("pid")), "it does not go on")
        self.farm.start_server()
        self.farm.wait(job)
        self.assertIn("\nafter\n", self.farm.log(job))

    def test_finished_jobs_stay_finished(self) -> None:
        first = self.farm.run(self.job("1-10"))["id"]
        self.restart(kill=True)
        self.until(self.everybody, "the workers do not come back")
        self.assertEqual(self.farm.job(first)["completed"], 10)
        self.farm.run(template())
        self.assert_each_once(10)

    def test_a_job_that_is_canceled_while_its_worker_is_away_is_ended_when_it_is_back(self) -> None:
        job = self.farm.submit(self.job("1", hold="1"))
        pid = self.pid_in("pid-1")
        worker = next(each for each in self.farm.workers if each.has(pid))
        stop(worker)
        try:
            self.until(lambda: not self.farm.online(worker.name), "its silence is not noticed")
            self.farm.cancel(job)
        finally:
            go_on(worker)
        self.assert_gone(pid)


class AwayTests(OutageTestCase):
    workers: ClassVar = {"alpha": 1}
    settings: ClassVar = {"lost_after": 1.0, "heartbeat": 0.5}

    def test_a_server_that_is_back_before_its_worker_gives_the_tasks_to_others(self) -> None:
        job = self.farm.submit(self.job("1-3", hold="1"))
        pid = self.pid_in("pid-1")
        worker = self.worker
        stop(worker)
        try:
            self.farm.kill_server()
            self.farm.start_server()
            self.until(lambda: self.farm.job(job)["active"] == 0, "its tasks are not made ready")
            self.farm.worker("gamma", 1)
            self.until(lambda: self.written("pid-1") not in ([], [str(pid)]), "nobody takes them")
            self.go()
            done = self.farm.wait(job)
        finally:
            go_on(worker)
        self.assertEqual((done["completed"], done["failed"]), (3, 0))
        self.assert_gone(pid)
        self.until(lambda: self.farm.online("alpha"), "it does not come back")
        self.farm.run(template(tasks="1-4"))


class ManyJobsTests(FarmTestCase):
    workers: ClassVar = {"alpha": 1, "beta": 1, "gamma": 1, "delta": 1}

    def test_the_end_of_the_last_two_tasks_is_the_end_of_the_job_every_time(self) -> None:
        jobs = [self.farm.submit(template(tasks="1-20")) for _ in range(200)]
        for job in jobs:
            done = self.farm.wait(job)
            self.assertEqual((done["state"], done["completed"]), ("completed", 20))
            last = max(order["ended"] for order in self.farm.api(f"jobs/{job}/orders?limit=100")["data"])
            self.assertEqual(done["ended"], last)

    def test_a_job_that_is_canceled_while_it_runs_is_no_harm_to_the_next(self) -> None:
        for _ in range(5):
            job = self.farm.submit(template("sleep 100", tasks="1-50"))
            self.until(lambda: self.farm.job(job)["active"], "it does not run")  # noqa: B023
            self.farm.cancel(job)
        self.farm.run(template(tasks="1-20"))
        self.farm.clear()
        self.until(lambda: not any(each.descendants("sleep") for each in self.farm.workers), "a task is left")
