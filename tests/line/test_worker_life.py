"""The life of a worker: killed in every part, cut off, orphaned, with a wrong clock; and what is never lost by it.

The cases of other people's farms that are tested here are named where they are (WRK-..); `docs/worker.md` lists all.
"""

import os
import signal
import sys
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import psutil

from brender.worker.disk import leftovers
from tests.line.cable import Cable
from tests.line.harness import FarmTestCase, WorkerProgram, free_ports, template


class WorkerTestCase(FarmTestCase):
    """Each test starts its own workers.  Tasks write their number to `ran`, and those in `hold` wait for `go`."""

    workers: ClassVar = {}
    settings: ClassVar = {"lost_after": 20.0, "heartbeat": 1.0}
    count = 0

    def start(self, name: str = "", **how: Any) -> WorkerProgram:
        WorkerTestCase.count += 1
        worker = self.farm.worker(name or f"life-{self.count}", **how)
        self.addCleanup(worker.end)
        return worker

    def again(self, worker: WorkerProgram, **how: Any) -> WorkerProgram:
        """The same worker, after its end."""
        return self.start(worker.name, state=worker.state, **how)

    def cable(self) -> Cable:
        cable = Cable(self.farm.worker_port)
        self.addCleanup(cable.end)
        return cable

    def job(self, tasks: str, hold: str = "", **how: Any) -> int:
        wait = f"while [ ! -e {self.folder}/go ] && [ ! -e {self.folder}/go-$1 ]; do sleep .05; done"
        held = f'case " {hold} " in *" $1 "*) echo $$ > {self.folder}/pid-$1; {wait};; esac'
        return self.farm.submit(template(f"{held}; echo $1 >> {self.folder}/ran", tasks=tasks, **how))

    def go(self, task: str = "") -> None:
        """All that are held, or one of them."""
        (self.folder / (f"go-{task}" if task else "go")).touch()

    def ran(self) -> Counter[str]:
        return Counter(self.written("ran"))

    def kept(self, worker: WorkerProgram) -> bytes:
        """The results on a worker's disk."""
        return (worker.state / "worker" / "results").read_bytes()


class KilledBeforeTheAcknowledgementTests(WorkerTestCase):
    """A result is on the worker's disk before anybody hears of it: a task that is done stays done."""

    settings: ClassVar = {"lost_after": 60.0, "heartbeat": 10.0}

    def test_what_the_server_never_heard_is_told_by_the_next_start_and_not_run_again(self) -> None:
        cable = self.cable()
        worker = self.start(port=cable.port)
        job = self.job("1-2", hold="1")
        self.pid_in("pid-1")
        cable.lose_up()
        self.go()
        self.until(lambda: self.kept(worker).count(b'"completed"') == 2, "the results are not on its disk")
        self.assertEqual(self.farm.job(job)["completed"], 0)
        worker.kill()
        self.again(worker)
        done = self.farm.wait(job)
        self.assertEqual(self.ran(), {"1": 1, "2": 1})
        self.assertEqual(sum(order["completed"] for order in done["orders"]), 2)
        self.until(lambda: not self.kept(worker), "they are kept though they are safe")

    def test_what_the_server_has_counted_is_told_again_and_not_counted_twice(self) -> None:
        cable = self.cable()
        worker = self.start(port=cable.port)
        job = self.job("1-2", hold="1 2")
        self.pid_in("pid-1")
        cable.lose_down()
        self.go("1")
        self.until(lambda: self.farm.job(job)["completed"], "the server does not hear of it")
        self.assertIn(b'"completed"', self.kept(worker))
        worker.kill()
        for line in cable.lines:
            line.server.close()
        self.again(worker)
        self.until(lambda: not self.kept(worker), "they are kept though they are safe")
        self.go()
        done = self.farm.wait(job)
        self.assertEqual(self.ran(), {"1": 1, "2": 1})
        self.assertEqual(sum(order["completed"] for order in done["orders"]), 2)

    def test_results_for_another_farm_change_nothing(self) -> None:
        worker = self.start()
        worker.kill()
        line = '{"type":"result","order":%d,"task":0,"outcome":"failed","message":"not ours"}\n'
        (worker.state / "worker" / "results").write_text("".join(line % number for number in range(1, 2000)))
        self.again(worker)
        self.until(lambda: not self.kept(worker), "they are kept though nobody waits for them")
        done = self.farm.wait(self.job("1-20"))
        self.assertEqual((done["completed"], done["failed"]), (20, 0))

    def test_a_worker_that_is_stopped_by_force_leaves_no_failures_behind(self) -> None:
        worker = self.start()
        job = self.job("1", hold="1")
        pid = self.pid_in("pid-1")
        assert self.farm.server is not None
        for words in ("Finishing", ""):
            worker.signal(signal.SIGTERM)
            self.until(lambda: words in worker.log, "it does not say so")  # noqa: B023
        worker.signal(signal.SIGTERM)
        self.assertEqual(worker.ended(), 0)
        self.assert_gone(pid)
        self.go()
        self.again(worker)
        done = self.farm.wait(job)
        self.assertEqual({order["attempt"] for order in done["orders"]}, {1})


class NothingLeftTests(WorkerTestCase):
    """Whichever processes of a worker are killed at once, what its tasks have started is ended (FAIL-07)."""

    def busy(self, worker: WorkerProgram) -> tuple[int, list[int]]:
        """A job whose task has a child far away: a session of its own, nobody's child, all streams closed."""
        far = "import os; os.setsid(); os.closerange(0, 3); os.fork() or os.execvp('sleep', ['sleep', '300'])"
        script = (
            f"echo $1 >> {self.folder}/began; [ -e {self.folder}/go ] && exit; "
            f'{sys.executable} -c "{far}"; echo $$ > {self.folder}/pid; while :; do sleep .1; done'
        )
        job = self.farm.submit(template(script, tasks="1"))
        task = self.pid_in("pid")
        names = {leftovers.WORKER: os.path.realpath(worker.state / "worker")}

        def sleeping() -> list[int]:
            return [pid for pid in leftovers.named(names) if "300" in command_of(pid)]

        (far_away,) = self.until(sleeping, "the child is not there")
        return job, [task, far_away]

    def killed(self, *parts: str) -> None:
        worker = self.start()
        job, pids = self.busy(worker)
        nursery = worker.nursery
        (session,) = worker.sessions
        known = {"agent": worker.pid, "nursery": nursery.pid, "session": session.pid}
        for pid in known.values():
            os.kill(pid, signal.SIGSTOP)  # so that none of them can do anything about the others' end
        for part in parts:
            os.kill(known[part], signal.SIGKILL)
        for part in known.keys() - set(parts):
            os.kill(known[part], signal.SIGCONT)
        self.go()
        if "agent" in parts:
            worker.process.wait()
            self.again(worker)
        self.assert_gone(*pids, *(known[part] for part in parts))
        self.farm.wait(job)
        self.until(lambda: not self.strange_folders(), "a session's folder is left")

    def strange_folders(self) -> list[Path]:
        """Of sessions of other nurseries than the one that there is."""
        sessions = self.worker.state / "worker" / "sessions"
        return [path for path in sessions.glob("*-*") if path.name.split("-")[0] != str(self.worker.nursery.pid)]

    def test_the_agent(self) -> None:
        self.killed("agent")

    def test_the_nursery(self) -> None:
        self.killed("nursery")

    def test_the_session(self) -> None:
        self.killed("session")

    def test_the_agent_and_the_nursery(self) -> None:
        self.killed("agent", "nursery")

    def test_the_nursery_and_the_session(self) -> None:
        self.killed("nursery", "session")

    def test_the_agent_and_the_session(self) -> None:
        self.killed("agent", "session")

    def test_all_three(self) -> None:
        self.killed("agent", "nursery", "session")
        self.assertIn("of a worker here that was killed", self.worker.log)


def command_of(pid: int) -> list[str]:
    try:
        return psutil.Process(pid).cmdline()
    except psutil.Error:
        return []


class StartTests(WorkerTestCase):
    def test_a_nursery_that_is_killed_while_the_worker_starts_is_followed_by_another(self) -> None:
        worker = self.start(wait=False)
        first = self.until(lambda: nurseries(worker), "it starts no nursery")[0]
        first.kill()
        self.until(lambda: self.farm.online(worker.name), "it is not there")
        self.farm.run(template(tasks="1-2"))
        self.assertNotEqual(worker.nursery.pid, first.pid)


def nurseries(worker: WorkerProgram) -> list[psutil.Process]:
    return [each for each in worker.descendants() if "brender.worker.session.nursery" in " ".join(command_of(each.pid))]


class KeptFoldersTests(WorkerTestCase):
    """The folders of sessions with failed tasks, for somebody who wants to see why (WRK-20)."""

    def one_fails(self, number: int) -> None:
        script = f"echo {number} > half-a-frame; exit 3"
        job = self.farm.submit(template(script, name=f"number {number}"), settings={"tries": 1})
        self.farm.wait(job, "failed")
        self.assertRegex(self.farm.log(job), rf"The folder of this session will be kept on this machine: .*/job-{job}-")

    def half_frames(self, kept: Path) -> list[str]:
        return sorted(path.read_text().strip() for path in kept.glob("*/*/half-a-frame"))

    def test_the_newest_are_kept_and_listed_until_a_start_without_the_option(self) -> None:
        worker = self.start(settings={"keep_folders": 2, "idle_sessions": 0.1})
        kept = worker.state / "worker" / "kept"
        for number in range(3):
            self.one_fails(number)
        self.until(lambda: self.half_frames(kept) == ["1", "2"], "it does not keep the newest two")
        self.until(lambda: worker.log.count("Kept in") >= 2, "it does not list them")
        self.assertIn("(number 2), step Work; order", worker.log)
        self.farm.run(template())
        self.until(lambda: not list((worker.state / "worker" / "sessions").glob("*")), "another folder is left")
        worker.end()
        worker.printed.unlink()
        again = self.again(worker, options=["--keep-folders", "2"])
        self.until(lambda: again.log.count("Kept in") == 2, "it does not list them when it starts")
        again.end()
        self.again(worker)
        self.until(lambda: not kept.exists(), "it keeps what it was not asked to")


class OrphanedTests(WorkerTestCase):
    def test_without_a_server_it_goes_on_for_so_long_and_then_ends_what_runs(self) -> None:
        worker = self.start(slots=2, settings={"orphaned_after": 2.0})
        job = self.job("1-4", hold="1 2 3 4")
        pids = [self.pid_in("pid-1"), self.pid_in("pid-2")]
        self.farm.kill_server()
        self.assert_gone(*pids)
        self.until(lambda: "what runs is ended" in worker.log, "it does not say so")
        self.go()
        self.farm.start_server()
        done = self.farm.wait(job)
        self.assertEqual(self.ran(), {str(n): 1 for n in range(1, 5)})
        self.assertEqual({order["attempt"] for order in done["orders"]}, {1})  # it was not the tasks' fault
        self.assertTrue(worker.running)


class AddressTests(WorkerTestCase):
    def test_of_two_addresses_the_one_that_answers_is_used(self) -> None:
        nobody = free_ports(1)[0]
        worker = self.start(port=f"{nobody},127.0.0.1:{self.farm.worker_port}")
        self.until(lambda: f"of 127.0.0.1:{self.farm.worker_port}" in worker.log, "it does not say which one")
        self.farm.run(template(tasks="1-3"))

    def test_when_one_goes_the_other_is_called(self) -> None:
        first, second = self.cable(), self.cable()
        worker = self.start(port=f"{first.port},127.0.0.1:{second.port}")
        self.assertEqual((len(first.lines), len(second.lines)), (1, 0))
        job = self.job("1-2", hold="1")
        pid = self.pid_in("pid-1")
        first.end()
        self.until(lambda: second.lines and self.farm.online(worker.name), "it does not call the other one")
        self.assertTrue(psutil.pid_exists(pid))
        self.go()
        self.farm.wait(job)
        self.assertEqual(self.ran(), {"1": 1, "2": 1})


class CutTests(WorkerTestCase):
    settings: ClassVar = {"lost_after": 20.0, "heartbeat": 0.3}

    def test_after_a_cut_the_new_connection_takes_the_place_of_the_one_that_the_server_still_holds(self) -> None:
        """WRK-01, twenty times."""
        cable = self.cable()
        worker = self.start(port=cable.port)
        job = self.job("1", hold="1")
        pid = self.pid_in("pid-1")
        for number in range(1, 21):
            self.until(lambda: worker.log.count("Client ") >= number, "it is not welcomed")  # noqa: B023
            cable.lose_down()
        self.until(lambda: worker.log.count("Client ") > 20, "it is not welcomed")
        self.assertTrue(self.farm.online(worker.name))
        self.assertTrue(psutil.pid_exists(pid))
        self.go()
        done = self.farm.wait(job)
        self.assertEqual(self.ran(), {"1": 1})
        self.assertEqual(len(done["orders"]), 1)
        self.assertNotIn("refuses this worker", worker.log)

    def test_three_workers_behind_one_address_are_three_clients(self) -> None:
        """WRK-19."""
        cable = self.cable()
        workers = [self.start(port=cable.port) for _ in range(3)]
        job = self.job("1-3", hold="1 2 3")
        pids = [self.pid_in(f"pid-{task}") for task in "123"]
        self.assertEqual(len({self.farm.client(worker.name)["id"] for worker in workers}), 3)
        for worker in workers:
            (running,) = self.farm.until(partial(self.farm.running, worker.name), "it is not told what has begun")
            self.assertTrue(worker.has(pids[running["task"]]))  # what was meant for it went to it
        self.go()
        self.farm.wait(job)


class LostTests(WorkerTestCase):
    settings: ClassVar = {"lost_after": 1.0, "heartbeat": 0.5}

    def test_one_that_never_comes_back_is_offline_and_its_task_is_ready_again(self) -> None:
        """WRK-04."""
        worker = self.start()
        job = self.job("1", hold="1")
        self.pid_in("pid-1")
        worker.kill()
        self.until(lambda: self.farm.job(job)["active"] == 0, "its task is not made ready")
        client = self.farm.client(worker.name)
        self.assertEqual(client["connection"], "offline")
        why = self.farm.api(f"clients/{client['id']}/why")
        self.assertRegex(str(why), r"has been offline since \d\d:\d\d")

    def test_after_the_servers_start_a_dead_one_is_offline_at_first_sight_and_gets_nothing(self) -> None:
        """WRK-05."""
        worker = self.start()
        self.farm.run(template())
        worker.kill()
        self.farm.kill_server()
        self.farm.start_server()
        self.assertEqual(self.farm.client(worker.name)["connection"], "offline")
        job = self.job("1")
        self.assertEqual(self.farm.job(job)["orders"], [])


CLOCK = """
import time
real = time.time
def now():
    try:
        return real() + float(open({file!r}).read() or 0)
    except FileNotFoundError:
        return real()
time.time = now
from brender.cli import main
main()
"""


class ClockTests(WorkerTestCase):
    """The clock of the worker's machine is set by an hour: nothing is late, and nothing has been silent (FAIL-05)."""

    settings: ClassVar = {"lost_after": 2.0, "heartbeat": 0.5}

    def test_set_back_and_forth_it_goes_on(self) -> None:
        file, cable = self.folder / "clock", self.cable()
        worker = self.start(program=["-c", CLOCK.format(file=str(file))], port=cable.port)
        job = self.job("1-2", hold="1")
        pid = self.pid_in("pid-1")
        client = self.farm.client(worker.name)
        for seconds in (-3600, 3600, 0):
            file.with_suffix(".new").write_text(str(seconds))
            file.with_suffix(".new").rename(file)
            enough = cable.beats + 8
            self.until(lambda: cable.beats >= enough, "its heart does not beat")  # noqa: B023
        self.assertEqual(self.farm.client(worker.name)["since"], client["since"])  # it was never away
        self.assertTrue(psutil.pid_exists(pid))
        self.go()
        self.farm.wait(job)
        self.assertEqual(self.ran(), {"1": 1, "2": 1})


class AgainTests(WorkerTestCase):
    """Tasks are asked for again."""

    def test_a_task_that_is_asked_for_again_runs_nowhere_before_its_first_run_is_dead(self) -> None:
        """WRK-07: the first does not heed the word to end, and another worker is idle."""
        for name in ("one", "two"):
            self.start(name)
        script = (
            f"trap '' TERM; echo $$ >> {self.folder}/pids; [ -e {self.folder}/go ] && exit; while :; do sleep .1; done"
        )
        how: dict[str, Any] = {"cancelation": {"mode": "NOTIFY_THEN_TERMINATE", "notifyPeriodInSeconds": 3}}
        job = self.farm.submit(template(script, tasks="1", **how))
        first = self.pid_in("pids")
        self.go()
        self.assertEqual(self.farm.api(f"jobs/{job}/requeue", {"tasks": [0]})["again"], {})  # it has not ended
        self.farm.cancel(job)
        self.farm.api(f"jobs/{job}/retry", {})
        second = int(self.until(lambda: self.written("pids")[1:], "it does not run again")[0])
        self.assertFalse(psutil.pid_exists(first))
        done = self.farm.wait(job)
        self.assertNotEqual(first, second)
        self.assertEqual(done["completed"], 1)
        self.assertEqual(sum(order["completed"] for order in done["orders"]), 1)

    def test_only_the_chosen_ones_run_again(self) -> None:
        """FAIL-16."""
        self.start(slots=2)
        script = f"echo $1 >> {self.folder}/ran; [ $1 = 2 -a ! -e {self.folder}/go ] && exit 1; exit 0"
        job = self.farm.submit(template(script, tasks="1-4"), settings={"tries": 1, "fail_after": None})
        self.farm.wait(job, "failed")
        before = self.ran()
        self.go()
        self.farm.api(f"jobs/{job}/retry", {})  # what has failed
        self.assertEqual(self.farm.wait(job)["completed"], 4)
        self.assertEqual(self.ran() - before, {"2": 1})
        self.farm.api(f"jobs/{job}/requeue", {"tasks": [2]})  # one that is done
        self.until(lambda: (self.ran() - before)["3"] and self.farm.job(job)["state"] == "completed", "it does not run")
        self.assertEqual(self.ran() - before, {"2": 1, "3": 1})
