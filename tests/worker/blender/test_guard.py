"""Blender ends when it should, whatever ends first; a dead one fails its frame only."""

import os
import re
import signal
import subprocess
import sys
from datetime import timedelta

from openjd.sessions import ActionState

from brender.worker.blender.whole import is_whole
from tests.worker.blender.harness import PROGRAMS, BlenderTestCase, Farm
from tests.worker.blender.processes import alive, blender_of, busy, guard_of, until

ONE_SESSION = """
import sys
from pathlib import Path
from tests.worker.blender.harness import Farm
farm = Farm(Path(sys.argv[1]), {"Scene": sys.argv[2]})
print(farm.enter().text, flush=True)
farm.render(1)
"""


class Deaths(BlenderTestCase):
    def slow(self, scene: str = "slow") -> tuple[Farm, int, int]:
        """A farm whose Blender is in the middle of a frame; its process, and where its log begins."""
        farm = self.farm(scene)
        blender = blender_of(farm.enter().text)
        begin = farm.start(1)
        until(lambda: any("Sample" in line for line in farm.heard.lines[begin:]), "Blender tells of a sample")
        return farm, blender, begin

    def assert_clean(self, blender: int) -> None:
        self.assertFalse(alive(blender))
        self.assertEqual(list(self.folder.rglob("out/**/*")), [])

    def visible(self) -> list[str]:
        """The names of frames that are there, whole or not."""
        return [path for path in self.written() if not path.startswith(".")]

    def goes_on(self, farm: Farm, before: int) -> None:
        """The next task starts another Blender by itself, and it renders."""
        begin = farm.start(2)
        until(lambda: any("Sample" in line for line in farm.heard.lines[begin:]), "another Blender renders")
        after = blender_of("\n".join(farm.heard.lines[begin:]))
        self.assertNotEqual(before, after)
        farm.session.cancel_action()
        farm.finish(begin)
        self.assertFalse(alive(after))

    def test_progress_is_told_while_it_renders(self) -> None:
        farm, _, begin = self.slow()
        told = [line for line in farm.heard.lines[begin:] if line.startswith("openjd_progress: ")]
        self.assertTrue(told)
        self.assertTrue(all(0 <= float(line.split()[1]) <= 100 for line in told))
        farm.session.cancel_action()
        farm.finish(begin)

    def test_a_blender_that_is_killed_fails_its_task_and_the_next_one_gets_another(self) -> None:
        farm, blender, begin = self.slow()
        os.kill(blender, signal.SIGKILL)
        ended = farm.finish(begin)
        self.assertEqual(ended.state, ActionState.FAILED)
        self.assertRegex(ended.reason, r"^Blender was ended from outside \(SIGKILL\).* \(in frame 1\)$")
        self.assert_clean(blender)
        self.goes_on(farm, blender)

    def test_a_placeholder_of_one_that_is_killed_has_no_frames_name_and_the_frame_is_rendered_again(self) -> None:
        """BLD-07"""
        farm, blender, begin = self.slow("slow_placeholders")
        self.assertEqual(self.visible(), [])
        os.kill(blender, signal.SIGKILL)
        self.assertEqual(farm.finish(begin).state, ActionState.FAILED)
        self.assert_clean(blender)
        again = self.rendered(self.entered("slow_placeholders", Samples="1"), 1)
        self.assertIn(f"brender_output: {self.folder}/out/f_0001.png", again.text)
        self.assertTrue(is_whole(self.folder / "out" / "f_0001.png"))

    def test_canceling_ends_blender_before_the_action_ends(self) -> None:
        farm, blender, begin = self.slow()
        farm.session.cancel_action()
        ended = farm.finish(begin)
        self.assertEqual(ended.state, ActionState.CANCELED)
        self.assert_clean(blender)
        self.goes_on(farm, blender)

    def test_a_client_that_is_killed_outright_ends_blender_too(self) -> None:
        farm, blender, begin = self.slow()
        farm.session.cancel_action(time_limit=timedelta(0))
        farm.finish(begin)
        until(lambda: not alive(blender), "Blender ends after its client was killed")
        self.goes_on(farm, blender)

    def test_a_guard_that_is_killed_takes_blender_with_it_and_the_next_task_has_new_ones(self) -> None:
        farm, blender, begin = self.slow()
        os.kill(guard_of(blender), signal.SIGKILL)
        ended = farm.finish(begin)
        self.assertFalse(ended.ok)
        self.assertIn("watches over Blender has gone", ended.reason)
        until(lambda: not alive(blender), "Blender ends after its guard was killed")
        self.goes_on(farm, blender)
        self.assertEqual(list(self.folder.glob("out/.brender-*")), [])

    def test_nothing_outlives_a_session_whose_process_is_killed(self) -> None:
        words = [str(self.folder), str(self.scene("slow"))]
        root = PROGRAMS.rpartition("/brender/")[0]
        session = subprocess.Popen(
            [sys.executable, "-c", ONE_SESSION, *words],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": root},
        )
        assert session.stdout is not None
        self.addCleanup(session.stdout.close)
        opened = next((line for line in session.stdout if "Opened " in line), "The session said nothing.")
        blender = blender_of(opened)
        guard = guard_of(blender)
        until(lambda: busy(blender), "Blender renders")
        session.kill()
        session.wait()
        until(lambda: not alive(guard) and not alive(blender), "guard and Blender end after their session")
        self.assertEqual(list(self.folder.glob("out/.brender-*")), [])

    def test_a_session_whose_folder_goes_takes_them_with_it(self) -> None:
        farm = self.farm("plain")
        blender = blender_of(farm.enter().text)
        farm._entered.clear()  # nobody runs onExit
        farm.session.cleanup()
        until(lambda: not alive(blender), "Blender ends after the session's folder has gone")

    def test_leaving_while_it_renders_is_not_possible_but_canceling_the_start_is(self) -> None:
        farm = self.farm("slow")
        environment = farm._step("Render").stepEnvironments[0]
        farm._turn.clear()
        farm._entered.append(farm.session.enter_environment(environment=environment))
        farm.session.cancel_action()
        self.assertEqual(farm._wait(0).state, ActionState.CANCELED)


class Crashes(BlenderTestCase):
    def test_two_frames_crash_and_the_others_are_fine(self) -> None:
        farm = self.entered("crashes")
        ended = {frame: farm.render(frame) for frame in (2, 3, 4, 5)}
        self.assertEqual([frame for frame, each in ended.items() if each.ok], [2, 5])
        self.assertEqual(ended[3].reason, "Blender crashed (SIGSEGV); its last line was: about to fall (in frame 3)")
        self.assertIn("about to fall", ended[3].lines)
        self.assertEqual(self.written(), ["f_0002.png", "f_0005.png"])

    def test_leftovers_of_dead_processes_are_swept_away(self) -> None:
        farm = self.farm("plain")
        farm.enter()
        hidden = next((self.folder / "out").glob(".brender-*"))
        dead = hidden.with_name(re.sub(r"-\d+$", "-4194305", hidden.name))  # beyond the largest id there is
        (dead / "1-1-0").mkdir(parents=True)
        other = hidden.with_name(".brender-0123abcd-1")
        other.mkdir()
        self.farm("plain").enter()
        self.assertFalse(dead.exists())
        self.assertTrue(other.exists())  # of another machine, and young
        self.assertTrue(hidden.exists())  # of one that lives


class Recycling(BlenderTestCase):
    def test_after_many_frames_a_fresh_blender_is_ready_for_the_next(self) -> None:
        farm = self.farm("plain")
        log = farm.enter(BRENDER_BLENDER_FRAMES="2").text
        for frame in (1, 2, 3):
            log += self.rendered(farm, frame).text
        self.assertEqual(log.count("Starting Blender"), 2)
        self.assertEqual(log.count("Blender was started afresh after 2 frames."), 1)
        self.assertEqual(self.written(), ["f_0001.png", "f_0002.png", "f_0003.png"])


class Requests(BlenderTestCase):
    def ask(self, farm: Farm, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", "-S", f"{PROGRAMS}/ask.py", *words]
        return subprocess.run(
            command, cwd=farm.session.working_directory, capture_output=True, text=True, check=False, timeout=60
        )

    def test_what_is_no_request_is_answered_with_those_there_are(self) -> None:
        farm = self.entered("plain")
        for words in (["dance"], ["render", "x"], ["render"]):
            ended = self.ask(farm, *words)
            self.assertEqual(ended.returncode, 2)
            self.assertIn("is not a request; there are load, render FRAME, quit", ended.stdout)

    def test_a_million_lines_and_a_long_one_and_some_that_look_like_statistics_do_no_harm(self) -> None:
        """LOG-02, LOG-04: of what a scene's script prints nothing is lost but empty lines."""
        ended = self.ask(self.entered("chatters"), "render", "1")
        self.assertEqual(ended.returncode, 0, ended.stdout[-1000:])
        lines = ended.stdout.splitlines()
        self.assertEqual([line for line in lines if line.isdigit()], [str(number) for number in range(1_000_000)])
        self.assertEqual([line for line in lines if not line.strip()], [" "])
        long = "".join(line for line in lines if line and set(line) <= {"x", "é"})
        self.assertEqual((len(long), long.count("é")), (3_100_001, 100_000))
        self.assertIn(f"brender_output: {self.folder}/out/f_0001.png", lines)
        told = [line for line in lines if line.startswith("openjd_progress: ")]
        self.assertEqual([line for line in told if not 0 <= float(line.split()[1]) <= 100], [])

    def test_a_second_client_waits_for_its_turn(self) -> None:
        farm = self.entered("plain")
        command = [sys.executable, "-I", "-S", f"{PROGRAMS}/ask.py", "render"]
        folder = farm.session.working_directory
        asking = [subprocess.Popen([*command, str(frame)], cwd=folder, stdout=subprocess.DEVNULL) for frame in (1, 2)]
        self.assertEqual([client.wait(60) for client in asking], [0, 0])
        self.assertEqual(self.written(), ["f_0001.png", "f_0002.png"])

    def test_without_a_session_there_is_nothing_to_ask(self) -> None:
        command = [sys.executable, "-I", "-S", f"{PROGRAMS}/ask.py", "render", "1"]
        ended = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        self.assertEqual(ended.returncode, 1)
        self.assertIn("openjd_fail: This session has not entered the environment", ended.stdout)
