"""A whole farm whose workers run tasks as another account: `nobody`, which every machine has.

These tests run as root, with a Python that every account can use; else they are skipped.
"""

import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any, ClassVar
from unittest import SkipTest

import psutil
from PIL import Image
from twisted.trial.unittest import SynchronousTestCase

import brender
from brender.worker import processes
from brender.worker.session import accounts
from tests.line.harness import Farm, WorkerProgram, template
from tests.line.test_frames import FRAMES, LONG, best_blender, scene
from tests.line.test_sessions import Browser
from tests.worker.session.test_accounts import NOBODY, able

SYS_PTRACE = 19  # capabilities(7)
AGENT = 47_115  # a number that no account has
POWERS = ",".join(f"+{name.removeprefix('CAP_').lower()}" for name in accounts.POWERS)


class RunAs(SynchronousTestCase):
    settings: ClassVar[dict[str, Any]] = {}

    def setUp(self) -> None:
        able()
        self.account = accounts.account_of(NOBODY)
        needed = (Path(sys.executable), Path(os.__file__), Path(brender.__file__))
        if problem := accounts.tried(self.account, needed):
            raise SkipTest(problem)
        self.folder = Path(tempfile.mkdtemp(prefix="brender-run-as-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.folder.chmod(0o755)
        self.shared = self.folder / "shared"  # where tasks write
        self.shared.mkdir()
        self.shared.chmod(0o777)
        self.farm = Farm(self.folder / "farm", **self.settings)
        self.addCleanup(self.farm.end)
        self.farm.start_server()

    def worker(self, name: str = "alpha", run_as: str = NOBODY, **how: Any) -> WorkerProgram:
        settings = {"run_as": run_as, **how.pop("settings", {})}
        return self.farm.worker(name, 2, settings=settings, **how)

    def pid_in(self, name: str) -> int:
        file = self.shared / name
        return int(self.farm.until(lambda: file.exists() and file.read_text().strip(), f"nothing is in {name}"))


class Secrets(RunAs):
    settings: ClassVar = {"worker_tls": True}

    def found(self, **how: Any) -> str:
        """What a task prints that looks for the worker's secrets."""
        token = self.farm.api("invitations", {})["token"]
        where = f"{self.farm.worker_port},farm.invalid:6001"  # the second one is not asked while the first one answers
        self.started = self.farm.worker(options=["--join", token], port=where, **how)
        state = self.started.state
        script = f"id -un; cd {state}; cat security/worker.pem worker/results; ls security worker; true"
        return self.farm.log(self.farm.run(template(script))["id"])

    def test_a_task_reads_neither_the_key_nor_the_results(self) -> None:
        log = self.found(settings={"run_as": NOBODY})
        self.assertIn(f"\n{NOBODY}\n", log)
        self.assertNotIn("PRIVATE KEY", log)
        self.assertEqual(log.count("Permission denied"), 4, log)
        self.assertNotIn("Tasks run as the worker's own user", self.started.log)

    def test_without_run_as_it_reads_both_and_the_worker_says_so(self) -> None:
        log = self.found()
        self.assertEqual(self.started.log.count("Tasks run as the worker's own user"), 1)
        self.assertIn("PRIVATE KEY", log)
        self.assertNotIn("Permission denied", log)


class Everything(RunAs):
    """What works without it works with it."""

    def test_frames_and_a_video_are_the_accounts_and_are_shown(self) -> None:
        best_blender()
        (self.folder / "scene.blend").write_bytes(scene())
        self.worker()
        values = {"Scene": str(self.folder / "scene.blend"), "Frames": f"1-{FRAMES}",
                  "Output": f"{self.shared}/out/frame_####"}  # fmt: skip
        job = self.farm.wait(self.farm.submit("blender", values), within=LONG)
        frames = sorted((self.shared / "out").glob("frame_*.png"))
        self.assertEqual(len(frames), FRAMES)
        made = [*frames, self.shared / "out" / "video.mp4"]
        self.assertEqual({path.stat().st_uid for path in made}, {self.account.uid})
        self.farm.until(lambda: self.farm.job(job["id"])["picture"] > 0, "no picture of a frame was shown")
        starts = self.farm.log(job["id"], step="Render").count("Starting Blender")
        self.assertLessEqual(starts, 2, "Blender was not kept open")

    def test_a_frame_that_only_the_account_may_read_is_shown_and_one_that_it_may_not_is_not(self) -> None:
        for name, owner in (("own", self.account.uid), ("closed", 0)):
            path = self.shared / f"{name}.png"
            Image.new("RGB", (8, 8)).save(path)
            path.chmod(0o600)
            os.chown(path, owner, -1)
        self.worker()
        script = f"echo brender_output: {self.shared}/$([ $1 = 1 ] && echo closed || echo own).png"
        job = self.farm.run(template(script, tasks="1-2"))["id"]
        found = self.farm.until(lambda: self.farm.api(f"jobs/{job}/pictures")["data"], "no picture is there")
        self.assertEqual([each["task"] for each in found], ["Work:1"])

    def test_a_canceled_task_ends_with_its_children(self) -> None:
        self.worker()
        script = f"cd {self.shared}; setsid sleep 300 & echo $! > far; echo $$ > near; wait"
        job = self.farm.submit(template(script))
        pids = [self.pid_in("far"), self.pid_in("near")]
        self.assertEqual({psutil.Process(pid).uids().real for pid in pids}, {self.account.uid})
        self.farm.cancel(job)
        self.farm.until(lambda: not any(map(processes.alive, pids)), "something is left")

    def test_what_a_worker_leaves_that_was_killed_with_all_its_own_its_next_start_ends(self) -> None:
        if not accounts.powers() >> SYS_PTRACE & 1:
            raise SkipTest("Processes of others cannot be looked into here, so nothing finds what they are.")
        worker = self.worker()
        self.farm.submit(template(f"setsid sleep 300 & echo $! > {self.shared}/far; sleep 300"))
        far = self.pid_in("far")
        (session,) = worker.sessions
        nursery = worker.nursery
        for process in (worker, nursery, session):
            os.kill(process.pid, signal.SIGSTOP)
        for pid in (worker.pid, nursery.pid, session.pid):
            os.kill(pid, signal.SIGKILL)
        worker.process.wait()
        self.assertTrue(processes.alive(far))
        self.worker()
        self.farm.until(lambda: not processes.alive(far), "something is left")
        self.assertEqual(list((worker.state / "worker" / "sessions").glob(f"{nursery.pid}-*")), [])

    def test_folders_of_failed_tasks_are_kept_and_listed(self) -> None:
        worker = self.worker(settings={"keep_folders": 3, "idle_sessions": 0.1})
        job = self.farm.submit(template("echo half > frame.png; exit 3"))
        self.farm.wait(job, "failed")
        kept = worker.state / "worker" / "kept"
        self.farm.until(lambda: list(kept.glob("*/own/*/frame.png")), "nothing is kept")
        self.farm.until(lambda: "Kept in" in worker.log, "it is not listed")
        worker.end()
        self.worker()
        self.farm.until(lambda: not kept.exists(), "it is kept for ever")


class Owners(RunAs):
    def submitted(self, **how: Any) -> tuple[Browser, int]:
        self.farm.api("users", {"name": NOBODY, "role": "admin", "password": f"{NOBODY} has one"})
        browser = Browser(self.farm).log_in(NOBODY)
        body = {"template": template("id -un; sleep 0.1"), **how}
        reply = browser.ask("POST", "/api/v1/jobs", body)
        self.assertEqual(reply.status, 201, reply)
        return browser, int(reply.json["id"])

    def state(self, browser: Browser, job: int) -> dict[str, Any]:
        def ended() -> dict[str, Any] | None:
            found = browser.ask("GET", f"/api/v1/jobs/{job}").json
            return found if found["state"] in ("completed", "failed") else None

        return self.farm.until(ended, "it does not end") or {}

    def test_a_job_runs_as_whoever_has_logged_in_to_hand_it_in(self) -> None:
        self.worker(run_as="owner")
        browser, job = self.submitted()
        found = self.state(browser, job)
        self.assertEqual((found["state"], found["owner"]), ("completed", NOBODY), found["reason"])

    def test_who_is_no_user_of_the_farm_has_nothing_run_under_their_name(self) -> None:
        self.worker(run_as="owner")
        job = self.farm.submit(template(), owner=NOBODY)
        self.assertIn("is no user of the farm", self.farm.wait(job, "failed")["reason"])

    def test_a_job_whose_owner_has_no_account_here_is_run_where_it_can_be(self) -> None:
        self.worker(run_as="owner")
        self.farm.worker("beta")
        done = self.farm.run(template(tasks="1-4"))
        self.assertEqual({order["client"] for order in done["orders"] if order["completed"]}, {"beta"})


class WithoutRoot(RunAs):
    """A worker that is an account of its own, and has been given just what it needs."""

    def test_it_becomes_another_account_all_the_same_and_leaves_it_nothing(self) -> None:
        if not (setpriv := shutil.which("setpriv")):
            raise SkipTest("There is no setpriv on this machine.")
        state = self.folder / "state"
        state.mkdir()
        python = [setpriv, f"--reuid={AGENT}", f"--regid={AGENT}", "--clear-groups", f"--inh-caps={POWERS}",
                  f"--ambient-caps={POWERS}", sys.executable]  # fmt: skip
        worker = self.started(python, state)
        job = self.farm.run(template("cat /proc/self/status; echo half > frame.png; chmod 0 .."))["id"]
        log = self.farm.log(job)
        self.assertIn(f"Uid:\t{self.account.uid}\t{self.account.uid}", log)
        for kind in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            self.assertIn(f"{kind}:\t{0:016x}", log)
        stopped = self.farm.submit(template(f"setsid sleep 300 & echo $! > {self.shared}/far; wait"))
        far = self.pid_in("far")
        self.farm.cancel(stopped)
        self.farm.until(lambda: not processes.alive(far), "something is left")
        self.farm.until(lambda: not list((state / "worker" / "sessions").glob("*")), "a folder is left", LONG)
        self.assertEqual(psutil.Process(worker.pid).uids().real, AGENT)

    def started(self, python: list[str], state: Path) -> WorkerProgram:
        (state / "worker").mkdir()
        for folder in (state, state / "worker"):
            os.chown(folder, AGENT, AGENT)
        self.patch(sys, "executable", python[0])  # what the harness begins its command with
        program = [*python[1:], "-m", "brender"]
        return self.worker(state=state, program=program, settings={"idle_sessions": 0.1})


class Refusing(SynchronousTestCase):
    """A worker that could not do what it is to do does not start."""

    def setUp(self) -> None:
        self.farm = Farm()
        self.addCleanup(self.farm.end)

    def said(self, run_as: str, **how: Any) -> str:
        worker = self.farm.worker(settings={"run_as": run_as}, wait=False, **how)
        self.assertEqual(worker.ended(), 2, worker.log)
        return worker.log.strip()

    def test_it_says_why_and_how_to_mend_it(self) -> None:
        able()
        self.assertIn("has no account no-such-account", self.said("no-such-account"))
        self.assertIn("is root, and no task is run as root", self.said("root"))
        self.farm.folder.chmod(0o700)
        self.assertRegex(self.said(NOBODY), r"is closed to it, and .* is in there\. Open it \(chmod a\+x /")
        self.assertIn("Tasks cannot run as another account (run_as)", self.said("owner"))

    def test_who_may_not_become_somebody_else_is_told_what_is_missing(self) -> None:
        able()
        if not (setpriv := shutil.which("setpriv")):
            raise SkipTest("There is no setpriv on this machine.")
        program = ["--bounding-set=-setuid,-kill", sys.executable, "-m", "brender"]
        self.patch(sys, "executable", setpriv)  # what the harness begins its command with
        said = self.said(NOBODY, program=program)
        self.assertIn("it lacks CAP_KILL, CAP_SETUID. Start it as root, or have systemd give it what it needs", said)
