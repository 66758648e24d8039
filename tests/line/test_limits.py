"""What ends a task before it ends by itself, and what of the machine it is given: a real server and a real worker."""

import os
import tempfile
from pathlib import Path
from typing import Any, ClassVar

from twisted.trial.unittest import SkipTest, TestCase

from tests.line.harness import Farm, FarmTestCase, step_of, template
from tests.line.test_frames import LONG, best_blender, scene

NOTIFY: dict[str, Any] = {"cancelation": {"mode": "NOTIFY_THEN_TERMINATE", "notifyPeriodInSeconds": 60}}
CGROUPS = Path("/sys/fs/cgroup")


class LimitTestCase(FarmTestCase):
    workers: ClassVar = {"alpha": 2}

    def failed(self, made: dict[str, Any], **settings: Any) -> str:
        """Why a job failed that has one try for its task."""
        job = self.farm.submit(made, settings={"tries": 1, **settings})
        return str(self.farm.wait(job, "failed")["reason"])


class TimeTests(LimitTestCase):
    def test_a_task_that_takes_too_long_has_failed_with_all_that_it_started(self) -> None:
        pids = self.folder / "pids"
        script = f"sleep 300 & setsid sleep 301 & echo $! $$ > {pids}; wait"
        said = self.failed(template(script), task_seconds=1)
        self.assertEqual(said, "It took longer than 1 s, the limit of its job.")
        self.assert_gone(*map(int, pids.read_text().split()))

    def test_it_has_failed_when_it_heeds_the_word_and_says_that_all_is_well(self) -> None:
        trap = "trap 'exit 0' TERM; sleep 30 & wait"
        self.assertIn("took longer than 1 s", self.failed(template(trap, **NOTIFY), task_seconds=1))

    def test_one_that_does_not_heed_it_is_ended_long_before_its_template_would_have_it(self) -> None:
        trap = "trap '' TERM; while :; do sleep 0.1; done"
        self.assertIn("took longer than 1 s", self.failed(template(trap, **NOTIFY), task_seconds=1))

    def test_the_time_out_of_an_action_stays_what_it_was(self) -> None:
        self.assertIn("runtime limit reached", self.failed(template("sleep 30", timeout=1), task_seconds=20))

    def test_the_limit_is_that_of_a_task_and_not_of_a_session(self) -> None:
        job = self.farm.submit(template("sleep 0.6", tasks="1-5", vcpus=2), settings={"task_seconds": 2.5})
        self.assertEqual(self.farm.wait(job)["completed"], 5)

    def entering(self, enter: str, leave: str = "true") -> dict[str, Any]:
        made = template()
        actions = {"onEnter": self.bash(enter), "onExit": self.bash(leave)}
        made["jobEnvironments"] = [{"name": "Env", "script": {"actions": actions}}]
        return made

    def bash(self, script: str) -> dict[str, Any]:
        return {"command": "bash", "args": ["-c", script]}

    def test_a_session_that_cannot_be_entered_in_time_has_failed(self) -> None:
        made = self.entering(f"echo $$ > {self.folder}/pid; sleep 300")
        said = self.failed(made, session_seconds=1)
        self.assertEqual(said, "Env: Entering the session took longer than 1 s, the limit of its job.")
        self.assert_gone(self.pid_in("pid"))

    def test_one_that_cannot_be_left_in_time_is_ended(self) -> None:
        made = self.entering("true", f"echo $$ > {self.folder}/pid; sleep 300")
        self.farm.wait(self.farm.submit(made, settings={"session_seconds": 1}))
        self.assert_gone(self.pid_in("pid"))
        self.until(lambda: not self.worker.sessions, "a session is left")


class QuietTests(LimitTestCase):
    def test_a_task_that_only_says_that_it_lives_has_hung(self) -> None:
        script = f"echo $$ > {self.folder}/pid; echo begun; while :; do echo still alive; sleep 0.1; done"
        said = self.failed(template(script), quiet_seconds=1)
        self.assertEqual(said, "It made no progress for 1 s and was taken for hung.")
        self.assert_gone(self.pid_in("pid"))

    def test_the_time_of_day_in_front_of_it_changes_nothing(self) -> None:
        script = "while :; do echo \"$(date '+%F %T,%3N') still alive\"; sleep 0.1; done"
        self.assertIn("no progress", self.failed(template(script), quiet_seconds=1))

    def test_once_there_was_a_percentage_nothing_else_counts(self) -> None:
        script = 'echo openjd_progress: 40; while :; do echo "line $((n++))"; echo openjd_progress: 40; sleep 0.1; done'
        self.assertIn("no progress", self.failed(template(script), quiet_seconds=1))

    def test_a_silent_task_without_such_a_limit_goes_on(self) -> None:
        self.farm.wait(self.farm.submit(template("sleep 2"), settings={"quiet_seconds": 60}))


class RuleTests(LimitTestCase):
    def test_a_line_that_means_an_error_fails_a_task_that_says_that_all_is_well(self) -> None:
        said = self.failed(template("echo rendering; echo 'CUDA error: illegal address'; exit 0"))
        self.assertEqual(said, "GPU driver error: CUDA error: illegal address")

    def test_it_ends_a_task_that_would_go_on(self) -> None:
        script = f"echo $$ > {self.folder}/pid; echo one; echo two; echo OptiX error; setsid sleep 300"
        said = self.failed(template(script, **NOTIFY))
        self.assertEqual(said, "GPU driver error: OptiX error")
        self.assert_gone(self.pid_in("pid"))

    def test_a_line_in_pieces_is_one_line(self) -> None:
        script = "printf 'CUD'; sleep 0.3; printf 'A err'; sleep 0.3; printf 'or: 7\\n'; sleep 300"
        self.assertEqual(self.failed(template(script)), "GPU driver error: CUDA error: 7")

    def test_the_end_of_a_line_that_never_ends_counts(self) -> None:
        self.assertIn("CUDA error", self.failed(template("printf 'CUDA error'")))

    def test_a_missing_licence_uses_up_no_try(self) -> None:
        job = self.farm.submit(template("echo failed to check out a license; exit 1"), settings={"tries": 1})
        self.until(lambda: self.farm.job(job)["orders"], "nothing was ordered")
        order = self.until(lambda: self.farm.job(job)["orders"][0]["reason"] and self.farm.job(job)["orders"][0], "?")
        self.assertEqual(order["reason"], "no licence: failed to check out a license")
        self.assertEqual((self.farm.job(job)["state"], self.farm.job(job)["failed"]), ("active", 0))

    def test_an_environment_that_misses_its_licence_uses_up_none_either(self) -> None:
        made = template()
        enter = {"command": "bash", "args": ["-c", "echo cannot work: failed to acquire licence; exit 1"]}
        made["jobEnvironments"] = [{"name": "Env", "script": {"actions": {"onEnter": enter}}}]
        job = self.farm.submit(made, settings={"tries": 1})
        self.until(lambda: self.farm.job(job)["orders"] and self.farm.job(job)["orders"][0]["reason"], "it goes on")
        self.assertEqual((self.farm.job(job)["state"], self.farm.job(job)["failed"]), ("active", 0))


class MemoryTests(LimitTestCase):
    def test_a_program_that_gets_no_more_memory_has_failed_for_that(self) -> None:
        script = "ulimit -v 300000; python3 -c 'filled = bytearray(400_000_000)'"
        job = self.farm.submit(template(script, vcpus=2))
        reason = self.farm.wait(job, "failed")["reason"]
        self.assertIn("It was killed for memory on alpha, and no client has more.", reason)
        self.assertRegex(reason, r"Its memory ran out: it had used ([\d.]+ MB|next to nothing)\. It said: MemoryError")
        self.assertEqual(len(self.farm.job(job)["orders"]), 1)  # no use trying it on the same machine again

    def test_so_has_one_that_the_system_kills_for_memory(self) -> None:
        group = memory_group(200 * 2**20)
        self.addCleanup(self.until, lambda: leave(group), "the group is still in use")
        alloc = "filled = bytearray(400_000_000)"
        said = self.failed(template(f"echo $$ > {group}/cgroup.procs; python3 -c '{alloc}'"))
        self.assertRegex(said, r"Killed by the system for want of memory: it had used (1[5-9]|20|21)\d\.\d MB\.")

    def test_one_that_somebody_kills_has_failed_like_any_other(self) -> None:
        job = self.farm.submit(template(f"[ -e {self.folder}/go ] || {{ touch {self.folder}/go; kill -9 $$; }}"))
        first, second = self.farm.wait(job)["orders"]
        self.assertIn("Ended by SIGKILL", first["reason"])
        self.assertIn("the machine did not report that its memory ran out", first["reason"])
        self.assertEqual(second["attempt"], 2)


class ShareTests(TestCase):
    """What is handed out: graphics cards, amounts of the studio's own, chunks."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()
        self.farm = Farm(self.folder)
        self.addCleanup(self.farm.end)
        self.farm.start_server()

    def worker(self, slots: int, **settings: Any) -> None:
        """One with two cards, as far as their driver's program says."""
        programs = self.folder / "bin"
        programs.mkdir()
        driver = programs / "nvidia-smi"
        driver.write_text("#!/bin/sh\necho '0, GPU-a, NVIDIA T4, 16384'\necho '1, GPU-b, NVIDIA T4, 15000'\n")
        driver.chmod(0o755)
        known = {key: value for key, value in os.environ.items() if not key.startswith("BRENDER_")}
        found = {"PATH": f"{programs}:{known['PATH']}", "TZ": "Europe/Amsterdam"}
        self.farm.worker("alpha", slots, env={**known, **found}, settings=settings)

    def step(self, script: str, name: str = "A", tasks: str = "1", vcpus: int = 1, **amounts: float) -> dict[str, Any]:
        made = step_of(script, name=name, tasks=tasks, vcpus=vcpus)
        asked = [{"name": f"amount.{name.replace('_', '.')}", "min": least} for name, least in amounts.items()]
        made.setdefault("hostRequirements", {"amounts": []})["amounts"] += asked
        if not made["hostRequirements"]["amounts"]:
            del made["hostRequirements"]
        return made

    def done(self, *steps: dict[str, Any], **more: Any) -> dict[str, Any]:
        made = {"specificationVersion": "jobtemplate-2023-09", "name": "job", "steps": list(steps), **more}
        return self.farm.wait(self.farm.submit(made))

    def written(self, name: str) -> list[str]:
        return sorted((self.folder / name).read_text().split())

    def test_cards_are_given_one_by_one_and_the_task_sees_which(self) -> None:
        self.worker(4)
        both = f"touch {self.folder}/$1; while [ ! -e {self.folder}/1 ] || [ ! -e {self.folder}/2 ]; do sleep 0.1; done"
        names = ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "ONEAPI_DEVICE_SELECTOR",
                 "BRENDER_GPUS")  # fmt: skip
        said = "/".join(f"${{{name}-unset}}" for name in names)
        self.done(
            self.step(f"{both}; echo {said} >> {self.folder}/one", "One", "1-2", worker_gpu=1),
            self.step(f"echo {said} >> {self.folder}/two", "Two", worker_gpu=2),
            self.step(f"echo {said} >> {self.folder}/none", "None"),
            self.step(f"echo {said} >> {self.folder}/whole", "Whole", vcpus=0),
        )
        self.assertEqual(self.written("one"), ["0/0/0/level_zero:0/0", "1/0/1/level_zero:1/1"])
        self.assertEqual(self.written("two"), ["0,1/0,1/0,1/level_zero:0,1/0,1"])
        self.assertEqual(self.written("none"), ["-1/-1/-1/*:cpu/"])
        self.assertEqual(self.written("whole"), ["unset/unset/unset/unset/unset"])

    def test_a_card_has_one_task_at_a_time(self) -> None:
        self.worker(4)
        alone = f"mkdir {self.folder}/card-$BRENDER_GPUS && sleep 0.2 && rmdir {self.folder}/card-$BRENDER_GPUS"
        job = self.done(self.step(alone, tasks="1-8", worker_gpu=1))
        self.assertEqual([order["attempt"] for order in job["orders"]], [1] * len(job["orders"]))

    def test_amounts_of_the_studios_own_are_counted(self) -> None:
        self.worker(3, **{'amounts."amount.tape"': 1.0})
        alone = f"mkdir {self.folder}/tape && sleep 0.2 && rmdir {self.folder}/tape"
        job = self.done(self.step(alone, tasks="1-6", tape=1))
        self.assertEqual({order["attempt"] for order in job["orders"]}, {1})

    def test_other_values_are_for_tasks_that_have_not_begun(self) -> None:
        self.worker(1)
        wait = f"[ $1 = 1 ] && touch {self.folder}/begun && while [ ! -e {self.folder}/go ]; do sleep 0.1; done"
        step = step_of(f"{wait}; echo $1={{{{Param.Look}}}} >> {self.folder}/looks", tasks="1-3")
        look = {"name": "Look", "type": "STRING", "default": "old"}
        made = {"specificationVersion": "jobtemplate-2023-09", "name": "job", "steps": [step]}
        job = self.farm.submit({**made, "parameterDefinitions": [look]})
        self.farm.until((self.folder / "begun").exists, "it does not begin")
        self.farm.api(f"jobs/{job}/revise", {"values": {"Look": "new"}})
        (self.folder / "go").touch()
        self.farm.wait(job)
        self.assertEqual(self.written("looks"), ["1=old", "2=new", "3=new"])

    def test_frames_are_put_together_as_they_are_given_out(self) -> None:
        self.worker(1)
        chunks = {"defaultTaskCount": 5, "targetRuntimeSeconds": 60, "rangeConstraint": "CONTIGUOUS"}
        frames = {"name": "Frame", "type": "CHUNK[INT]", "range": "1-12", "chunks": chunks}
        made = step_of(f"echo $1 >> {self.folder}/frames")
        made["script"]["actions"]["onRun"]["args"].append("{{Task.Param.Frame}}")
        made["parameterSpace"] = {"taskParameterDefinitions": [frames]}
        job = self.done(made, extensions=["TASK_CHUNKING"])
        self.assertEqual(job["completed"], 12)
        runs = self.written("frames")
        self.assertIn("1-5", runs)
        self.assertLess(len(runs), 6)


class BlenderTests(TestCase):
    """Blender stays open: what ends a frame ends it, and the next one has another."""

    def setUp(self) -> None:
        best_blender()
        self.folder = Path(self.mktemp()).absolute()
        self.farm = Farm(self.folder)
        self.addCleanup(self.farm.end)
        (self.folder / "scene.blend").write_bytes(scene())
        self.farm.start_server()
        self.worker = self.farm.worker("one")

    def submit(self, settings: dict[str, Any] | None = None, **values: Any) -> int:
        values = {"Scene": str(self.folder / "scene.blend"), "Frames": "1-3", "Video": "none",
                  "Output": f"{self.folder}/out/frame_####", **values}  # fmt: skip
        return self.farm.submit("blender", values, settings={"tries": 1, **(settings or {})})

    def nothing_is_left(self) -> bool:
        return not any((self.folder / "out").iterdir()) and not self.worker.descendants("blender")

    def begun(self, job: int) -> None:
        self.farm.until(lambda: self.farm.running("one") and (self.folder / "out").exists(), "it does not begin", LONG)
        self.farm.until(lambda: any((self.folder / "out").glob(".*/*")), "no frame is begun", LONG)

    def test_a_frame_that_is_canceled_leaves_nothing_behind(self) -> None:
        job = self.submit(Samples=100_000)
        self.begun(job)
        self.farm.cancel(job)
        self.farm.until(self.nothing_is_left, "something is left")

    def test_neither_does_one_that_takes_too_long_and_the_next_one_is_rendered(self) -> None:
        job = self.submit({"task_seconds": 4}, Samples=100_000, Frames="1-2")
        done = self.farm.wait(job, "failed", within=LONG)
        self.assertEqual(done["reason"], "It took longer than 4 s, the limit of its job.")
        self.assertEqual(done["failed"], 2)
        self.farm.until(self.nothing_is_left, "something is left")
        self.farm.wait(self.submit(Samples=1), within=LONG)


def memory_group(limit: int) -> Path:
    """A control group whose processes may have so much memory together."""
    for base, name in ((CGROUPS / "memory", "memory.limit_in_bytes"), (CGROUPS, "memory.max")):
        try:
            group = Path(tempfile.mkdtemp(prefix="brender-test-", dir=base))
            (group / name).write_text(str(limit))
        except OSError:
            continue
        return group
    raise SkipTest("No control group can be made here; as root they can.")


def leave(group: Path) -> bool:
    try:
        group.rmdir()
    except OSError:
        return not group.exists()
    return True
