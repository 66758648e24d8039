"""How tasks end: by themselves, by a time limit, by a cancel, and with whoever runs them.  Nothing is left of them."""

import os
import signal
from pathlib import Path
from typing import Any, ClassVar

import psutil

from brender.worker import processes
from tests.line.harness import FarmTestCase, template

NOTIFY: dict[str, Any] = {"cancelation": {"mode": "NOTIFY_THEN_TERMINATE", "notifyPeriodInSeconds": 20}}


class ReasonTests(FarmTestCase):
    """Why a task failed, in the words that people see."""

    workers: ClassVar = {"alpha": 2}

    def reason(self, script: str, **how: Any) -> str:
        return str(self.farm.wait(self.farm.submit(template(script, **how)), "failed")["reason"])

    def test_exit_codes_and_signals_are_named(self) -> None:
        self.assertEqual(self.reason("exit 1"), "Exit code 1.")
        self.assertEqual(self.reason("echo no camera; exit 255"), "Exit code 255. Its last line: no camera")
        self.assertEqual(self.reason("kill -SEGV $$"), "Ended by SIGSEGV.")
        self.assertIn("Ended by SIGKILL (often because the machine ran out of memory).", self.reason("kill -9 $$"))

    def test_a_program_that_is_not_there_is_named(self) -> None:
        made = template()
        made["steps"][0]["script"]["actions"]["onRun"] = {"command": "/nonexistent/x"}
        reason = self.farm.wait(self.farm.submit(made), "failed")["reason"]
        self.assertIn("Exit code 127: a program was not found.", reason)
        self.assertIn("/nonexistent/x", reason)

    def test_only_the_exit_code_decides(self) -> None:
        self.farm.run(template("echo something bad >&2; exit 256"))
        self.farm.run(template("echo openjd_fail: boom; exit 0"))
        self.assertEqual(self.reason("echo openjd_fail: boom; exit 1"), "boom")

    def test_a_time_limit_is_a_failure_whatever_the_exit_code(self) -> None:
        self.assertIn("runtime limit reached", self.reason("sleep 30", timeout=1))
        trap = "trap 'exit 0' TERM; sleep 30 & wait"
        self.assertIn("runtime limit reached", self.reason(trap, timeout=1, **NOTIFY))

    def test_what_a_task_that_ran_too_long_has_started_is_ended(self) -> None:
        pids = self.folder / "pids"
        self.reason(f"sleep 300 & setsid sleep 301 & echo $! >> {pids}; wait", timeout=1)
        self.assertEqual(len(self.written("pids")), 3)
        self.assert_gone(*map(int, self.written("pids")))

    def test_a_task_that_ends_while_a_child_keeps_its_output_open_is_completed(self) -> None:
        job = self.farm.run(template("sleep 30 & echo done; exit 0"))
        log = self.farm.log(job["id"])
        self.assertIn("\ndone\n", log)
        self.assertIn("still has its output open", log)

    def test_without_a_time_limit_a_silent_task_goes_on(self) -> None:
        job = self.farm.submit(
            template(f"echo $$ > {self.folder}/pid; while [ ! -e {self.folder}/go ]; do sleep .1; done")
        )
        self.pid_in("pid")
        self.until(lambda: self.farm.job(job)["active"] == 1, "it does not run")
        (self.folder / "go").touch()
        self.farm.wait(job)


class CancelTests(FarmTestCase):
    workers: ClassVar = {"alpha": 2}

    def start(self, script: str, **how: Any) -> int:
        """A job whose task has written its process id to `pid`."""
        job = self.farm.submit(template(f"echo $$ > {self.folder}/pid; {script}", **how))
        self.pid_in("pid")
        return job

    def cancel(self, job: int) -> None:
        self.farm.cancel(job)
        self.farm.wait(job, "canceled")

    def test_the_whole_process_tree_is_ended(self) -> None:
        far = f"setsid bash -c 'setsid sleep 302 & echo $! > {self.folder}/far; sleep 303'"
        job = self.start(f"sleep 300 & echo $! > {self.folder}/near; {far} & wait")
        pids = [self.pid_in(name) for name in ("pid", "near", "far")]
        self.cancel(job)
        self.assert_gone(*pids)

    def test_a_task_that_wants_to_be_told_gets_its_time(self) -> None:
        trap = f"trap 'echo told >> {self.folder}/out; sleep 1; echo ready >> {self.folder}/out; exit 0' TERM"
        job = self.start(f"{trap}; sleep 300 & wait", **NOTIFY)
        self.cancel(job)
        self.until(lambda: self.written("out") == ["told", "ready"], "it did not get its time")
        self.assert_gone(self.pid_in("pid"))

    def test_a_task_that_does_not_want_to_be_told_is_ended_at_once(self) -> None:
        job = self.start(f"trap 'echo told >> {self.folder}/out' TERM; while :; do sleep .1; done")
        self.cancel(job)
        self.assert_gone(self.pid_in("pid"))
        self.assertEqual(self.written("out"), [])

    def test_a_task_that_does_not_heed_the_word_is_ended_when_its_time_is_over(self) -> None:
        short = {"cancelation": {"mode": "NOTIFY_THEN_TERMINATE", "notifyPeriodInSeconds": 1}}
        job = self.start("trap '' TERM; while :; do sleep .1; done", **short)
        self.cancel(job)
        self.assert_gone(self.pid_in("pid"))

    def test_the_worker_takes_the_next_job(self) -> None:
        worker = self.worker.pid
        self.cancel(self.start("sleep 300"))
        self.farm.run(template(tasks="1-4"))
        self.assertEqual(self.worker.pid, worker)

    def test_an_environment_that_is_being_entered_is_ended_too(self) -> None:
        enter = {"command": "bash", "args": ["-c", f"echo $$ > {self.folder}/pid; sleep 300"]}
        made = template()
        made["jobEnvironments"] = [{"name": "Env", "script": {"actions": {"onEnter": enter}}}]
        job = self.farm.submit(made)
        pid = self.pid_in("pid")
        self.cancel(job)
        self.assert_gone(pid)
        self.until(lambda: not self.worker.sessions, "a session is left")

    def test_a_service_of_an_environment_outlives_a_task_that_is_stopped_and_ends_with_the_session(self) -> None:
        enter = f"setsid sleep 304 >/dev/null 2>&1 & echo $! > {self.folder}/service"
        made = template(f"[ $1 = 2 ] || {{ echo $$ > {self.folder}/pid; sleep 1000; }}", tasks="1-2", timeout=1)
        made["jobEnvironments"] = [
            {"name": "Env", "script": {"actions": {"onEnter": {"command": "bash", "args": ["-c", enter]}}}}
        ]
        job = self.farm.submit(made)
        service, task = self.pid_in("service"), self.pid_in("pid")
        self.assert_gone(task)
        self.assertTrue(processes.alive(service))
        self.farm.wait(job, "failed")
        self.assert_gone(service)


class CancelTaskTests(FarmTestCase):
    """Some tasks of a job, while the others go on."""

    workers: ClassVar = {"alpha": 2}

    def start(self, tasks: str, holds: int) -> int:
        """A job of which one task goes on for ever, once its process id is in `pid`; the others are quick."""
        script = f"[ $1 = {holds} ] && {{ echo $$ > {self.folder}/pid; sleep 300; }}; echo $1 >> {self.folder}/ran"
        job = self.farm.submit(template(script, tasks=tasks))
        self.pid_in("pid")
        return job

    def cancel(self, job: int, which: str) -> dict[str, Any]:
        found: dict[str, Any] = self.farm.api(f"jobs/{job}/tasks/cancel?filter={which}", {})
        return found

    def test_one_that_runs_is_ended_and_its_job_ends_without_it(self) -> None:
        job = self.start("1-3", holds=2)
        self.until(lambda: self.farm.job(job)["completed"] == 2, "the others do not go on")
        self.assertEqual(self.cancel(job, "frame=1-3")["changed"], 1)
        self.assert_gone(self.pid_in("pid"))
        done = self.farm.wait(job, "canceled")
        self.assertEqual((done["completed"], done["canceled"], done["failed"]), (2, 1, 0))
        self.assertEqual(sorted(self.written("ran")), ["1", "3"])
        self.assertEqual(
            self.farm.api(f"jobs/{job}/why")["why"], f"Job {job} is canceled: 1 of its 3 tasks was canceled."
        )

    def test_the_others_of_its_order_go_on_where_they_are(self) -> None:
        last = 200
        job = self.start(f"1-{last}", holds=100)
        task = self.farm.api(f"jobs/{job}/tasks?filter=frame=100")["data"][0]
        self.until(
            lambda: self.farm.api(f"jobs/{job}/tasks?filter=state=active")["matched"] < 64, "the others do not run"
        )
        self.cancel(job, f"frame=100,{last}")
        self.assert_gone(self.pid_in("pid"))
        done = self.farm.wait(job, "canceled")
        order = next(each for each in done["orders"] if each["id"] == task["order"])
        self.assertGreater(order["count"], 1)
        self.assertEqual(order["completed"], order["count"] - 1 - (order["first"] + order["count"] == last))
        self.assertEqual(sorted(map(int, self.written("ran"))), [frame for frame in range(1, last) if frame != 100])

    def test_asked_for_again_it_runs_when_it_is_gone(self) -> None:
        job = self.start("1-2", holds=1)
        first = self.pid_in("pid")
        self.cancel(job, "frame=1")
        (self.folder / "pid").unlink()
        self.farm.api(f"jobs/{job}/tasks/retry?filter=all", {})
        self.assertNotEqual(self.pid_in("pid"), first)
        self.assert_gone(first)
        self.cancel(job, "frame=1")
        self.farm.wait(job, "canceled")


class KilledTests(FarmTestCase):
    """What happens when a part of a worker is killed with SIGKILL."""

    workers: ClassVar = {"alpha": 2}

    def start(self, tasks: str = "1") -> tuple[int, list[int]]:
        """A job whose first task has children of every kind, and their ids.  When `go` is there, tasks end at once."""
        out = self.folder
        script = (
            f"[ -e {out}/go ] && exit; setsid sleep 305 & echo $! > {out}/far; sleep 306 & echo $$ > {out}/pid; wait"
        )
        job = self.farm.submit(template(script, tasks=tasks))
        pids = [self.pid_in("pid"), self.pid_in("far")]
        (out / "go").touch()
        return job, pids

    def test_of_a_worker_that_is_killed_nothing_is_left(self) -> None:
        job, pids = self.start()
        worker = self.worker
        everything = [each.pid for each in psutil.Process(worker.pid).children(recursive=True)]
        self.assertTrue(set(pids) < set(everything))
        worker.kill()
        self.assert_gone(*everything)
        self.until(lambda: not (worker.state / "worker" / "sessions").exists(), "a session's folder is left")
        self.farm.worker(worker.name, 2)
        self.farm.wait(job)

    def test_when_a_session_is_killed_its_task_fails_with_a_reason_and_the_next_one_runs(self) -> None:
        job, pids = self.start()
        (session,) = self.worker.sessions
        session.kill()
        done = self.farm.wait(job)  # its second try
        first = done["orders"][0]
        self.assertIn("The session's process ended unexpectedly", first["reason"])
        self.assert_gone(*pids)
        self.until(lambda: not self.folders(), "a session's folder is left")

    def folders(self) -> list[Path]:
        """Of sessions that are no more."""
        left = list((self.worker.state / "worker" / "sessions").iterdir())
        return left if not self.worker.sessions else []

    def test_a_session_that_is_asked_to_end_takes_everything_with_it(self) -> None:
        job, pids = self.start()
        (session,) = self.worker.sessions
        session.terminate()
        self.farm.wait(job)
        self.assert_gone(*pids)

    def test_when_the_nursery_is_killed_its_sessions_end_and_another_one_is_started(self) -> None:
        job, pids = self.start()
        nursery = self.worker.nursery.pid
        sessions = [each.pid for each in self.worker.sessions]
        os.kill(nursery, signal.SIGKILL)
        self.farm.wait(job)
        self.assert_gone(*pids, *sessions)
        self.assertNotEqual(self.worker.nursery.pid, nursery)

    def test_when_the_nursery_is_killed_while_idle_nothing_is_noticed(self) -> None:
        self.farm.run(template())
        self.until(lambda: not self.worker.sessions, "a session is left")
        os.kill(self.worker.nursery.pid, signal.SIGKILL)
        job = self.farm.run(template(tasks="1-3"))
        self.assertEqual([each["attempt"] for each in job["orders"]], [1, 1, 1])

    def test_what_completed_tasks_leave_behind_is_ended_with_the_session(self) -> None:
        out = self.folder
        left = f"setsid sleep 307 >/dev/null 2>&1 & echo $! >> {out}/left"
        self.farm.run(template(left, tasks="1-3"))
        self.assert_gone(*map(int, self.written("left")))
        self.until(lambda: not self.worker.sessions, "a session is left")
        self.until(lambda: not self.folders(), "a session's folder is left")

    def test_zombies_do_not_pile_up_in_a_session(self) -> None:
        out = self.folder
        orphan = "(setsid true &)"
        last = f"[ $1 -lt 30 ] || {{ echo $PPID > {out}/session; while [ ! -e {out}/go ]; do sleep .1; done; }}"
        job = self.farm.submit(template(f"{orphan}; {last}", tasks="1-30", vcpus=2))
        session = psutil.Process(self.pid_in("session"))
        zombies = [each for each in session.children() if each.status() == psutil.STATUS_ZOMBIE]
        self.assertLess(len(zombies), 10)
        (out / "go").touch()
        self.farm.wait(job)

    def test_files_that_may_not_be_deleted_are_deleted_and_a_link_out_is_not_followed(self) -> None:
        (self.folder / "precious").write_text("kept")
        work = f"mkdir -p a/b; touch a/b/c; chmod 0 a/b; touch d; chmod 400 d; ln -s {self.folder} link"
        self.farm.run(template(work))
        self.until(lambda: not self.worker.sessions, "a session is left")
        self.until(lambda: not self.folders(), "a session's folder is left")
        self.assertEqual((self.folder / "precious").read_text(), "kept")
