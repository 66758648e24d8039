"""Folders of sessions whose tasks have failed: real sessions in a real nursery, and the agent's look at them."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet.defer import maybeDeferred
from twisted.internet.task import Clock
from twisted.logger import capturedLogs, formatEvent
from twisted.trial.unittest import SynchronousTestCase

from brender.worker.disk import kept
from brender.worker.disk.kept import DAY, LOOK_EVERY, Evidence, Shelf
from brender.worker.session import words
from tests.line.harness import until
from tests.worker.nest import Nest, Talk, job

NOW = 1_700_000_000.0


class KeptCase(SynchronousTestCase):
    keep = True

    def setUp(self) -> None:
        self.nest = Nest(self, self.keep)
        self.place = self.nest.folder / "kept"

    def open(self, script: str, **how: Any) -> Talk:
        made = job(script, **how)
        made["steps"][0]["script"]["embeddedFiles"] = [
            {"name": "Number", "type": "TEXT", "filename": "number.txt", "data": "{{Task.Param.N}}"}
        ]
        talk = self.nest.talk(self)
        talk.open(made)
        return talk

    def close(self, talk: Talk) -> None:
        talk.say(words.Close())
        talk.silence()
        until(lambda: not list(self.nest.scratch.glob("*")), "a session's folder is left")

    def one(self) -> Path:
        (folder,) = until(lambda: list(self.place.glob("*")), "nothing is kept")
        return Path(folder)


class KeepingTests(KeptCase):
    def test_a_session_in_which_a_task_failed_leaves_its_folder_with_the_reason_and_the_tasks_own_files(self) -> None:
        talk = self.open("echo half > frame.png; [ {{Task.Param.N}} != 2 ]")
        for number in (1, 2, 3):
            talk.run(number, order=7, N=str(number))
            talk.hear(words.Ended)
        self.close(talk)
        folder = self.one()
        self.assertRegex(folder.name, r"^job-12-\d+-1$")
        lines = (folder / "about.txt").read_text().splitlines()
        self.assertEqual(lines, ["job 12 (job), step A", "order 7, task 2: Exit code 1."])
        self.assertEqual((folder / "order-7-task-2" / "number.txt").read_text(), "2")
        self.assertEqual([path.read_text() for path in folder.glob("*/frame.png")], ["half\n"])
        self.assertIn(f"will be kept on this machine: {folder}\n", talk.log)

    def test_one_in_which_nothing_failed_is_removed(self) -> None:
        talk = self.open("true")
        talk.run(1, N="1")
        talk.hear(words.Ended)
        self.close(talk)
        self.assertFalse(self.place.exists())

    def test_a_task_that_was_stopped_has_not_failed(self) -> None:
        talk = self.open("sleep 300")
        talk.run(1, N="1")
        talk.hear(words.Started)
        talk.say(words.Stop(1, 1))
        talk.hear(words.Ended)
        self.close(talk)
        self.assertFalse(self.place.exists())

    def test_one_that_could_not_be_entered_is_kept(self) -> None:
        talk = self.open("true", environments=[("exit 3", "true")])
        talk.hear(words.Broken)
        talk.silence()
        self.assertIn("E0: Exit code 3.", (self.one() / "about.txt").read_text())

    def test_one_whose_process_was_killed_is_kept(self) -> None:
        talk = self.open("sleep 300")
        talk.run(1, N="1")
        talk.hear(words.Started)
        self.nest.sessions[0].kill()
        talk.silence()
        self.assertIn("The session's process was killed.", (self.one() / "about.txt").read_text())
        until(lambda: not list(self.nest.scratch.glob("*")), "a session's folder is left")

    def test_what_failed_before_the_worker_ended_is_kept_and_the_rest_is_not(self) -> None:
        talk, other = self.open("exit 3"), self.open("sleep 300")
        talk.run(1, N="1")
        talk.hear(words.Ended)
        other.run(2, N="2")
        other.hear(words.Started)
        self.nest.end()
        self.assertIn("order 1, task 1: Exit code 3.", (self.one() / "about.txt").read_text())
        self.assertFalse(self.nest.scratch.exists())


class NotKeepingTests(KeptCase):
    keep = False

    def test_nothing_is_kept_and_nothing_is_said_of_it(self) -> None:
        talk = self.open("exit 3")
        talk.run(1, N="1")
        talk.hear(words.Ended)
        other = self.open("sleep 300")
        other.run(2, N="2")
        other.hear(words.Started)
        for session in self.nest.sessions:
            session.kill()
        until(lambda: not list(self.nest.scratch.glob("*")), "a session's folder is left")
        self.assertFalse(self.place.exists())
        self.assertNotIn("kept", talk.log)


class StuckTests(SynchronousTestCase):
    """Folders of sessions that cannot be removed."""

    def setUp(self) -> None:
        self.sessions = Path(self.mktemp())
        for name in ("4-1", "4-2"):
            (self.sessions / name).mkdir(parents=True)
        remove = shutil.rmtree
        stuck = {self.sessions, self.sessions / "4-2"}
        self.patch(shutil, "rmtree", lambda path, **how: None if path in stuck else remove(path, **how))

    def told(self, do: Callable[[], object]) -> list[str | None]:
        with capturedLogs() as captured:
            do()
        return [formatEvent(event) for event in captured]

    def test_the_log_names_each(self) -> None:
        told = self.told(lambda: kept.put_all_away(self.sessions))
        self.assertEqual([path.name for path in self.sessions.iterdir()], ["4-2"])
        said = f"{self.sessions / '4-2'} could not be removed: something in it is not this worker's to delete."
        self.assertEqual(told, [said])

    def test_a_session_leaves_that_to_the_nursery(self) -> None:
        folder = self.sessions / "4-2"
        self.assertEqual(self.told(Evidence(folder, folder, wanted=False).leave), [])
        self.assertEqual(len(self.told(lambda: kept.put_away(folder, killed=True))), 1)


class ShelfTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.place = Path(self.mktemp()) / "kept"
        self.clock = Clock()
        self.now = NOW

    def shelf(self, most: int, days: float = 14.0) -> Shelf:
        made = Shelf(self.place, most, days, self.clock, lambda: self.now, maybeDeferred)
        self.addCleanup(made.stop)
        return made

    def put(self, name: str, age: float = 0.0) -> None:
        folder = self.place / name
        folder.mkdir(parents=True)
        (folder / kept.ABOUT).write_text("job 1 (film), step A\norder 1, task 2: Exit code 3.\n")
        os.utime(folder, (self.now - age, self.now - age))

    def names(self) -> set[str]:
        return {path.name for path in self.place.glob("*")}

    def test_the_oldest_go_when_there_are_too_many(self) -> None:
        for number in range(4):
            self.put(f"job-1-1-{number}", age=number)
        self.shelf(2).start()
        self.assertEqual(self.names(), {"job-1-1-0", "job-1-1-1"})

    def test_what_comes_later_is_looked_at_then(self) -> None:
        self.shelf(1).start()
        self.put("one", age=10.0)
        self.put("two")
        self.clock.advance(LOOK_EVERY)
        self.assertEqual(self.names(), {"two"})

    def test_what_is_too_old_goes(self) -> None:
        self.put("old", age=2 * DAY)
        self.put("new", age=0.5 * DAY)
        shelf = self.shelf(9, days=1.0)
        shelf.start()
        self.assertEqual(self.names(), {"new"})
        self.now += DAY
        self.clock.advance(LOOK_EVERY)
        self.assertFalse(self.place.exists())

    def test_without_a_limit_of_days_they_stay(self) -> None:
        self.put("old", age=5000 * DAY)
        self.shelf(1, days=0.0).start()
        self.assertEqual(self.names(), {"old"})

    def test_a_worker_that_keeps_none_removes_what_was_kept_and_looks_no_more(self) -> None:
        self.put("one")
        self.shelf(0).start()
        self.assertFalse(self.place.exists())
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_when_the_disk_is_full_all_of_them_go(self) -> None:
        self.put("one")
        shelf = self.shelf(9)
        shelf.start()
        shelf.drop()
        self.assertFalse(self.place.exists())

    def test_one_that_cannot_be_removed_is_told_once_and_takes_nobodys_place(self) -> None:
        remove = shutil.rmtree

        def all_but_the_stuck(path: Path, **how: Any) -> None:
            if path.name != "stuck":
                return remove(path, **how)
            (path / kept.ABOUT).unlink(missing_ok=True)  # which makes the folder newer
            return None

        self.patch(shutil, "rmtree", all_but_the_stuck)
        for age, name in enumerate(("one", "two", "stuck")):
            self.put(name, age=age)
        with capturedLogs() as captured:
            self.shelf(2).start()
            self.clock.advance(LOOK_EVERY)
            self.clock.advance(LOOK_EVERY)
        self.assertEqual(self.names(), {"one", "two", "stuck"})
        told = [formatEvent(event) or "" for event in captured]
        self.assertEqual(sum(f"{self.place / 'stuck'} could not be removed" in text for text in told), 1, told)
        self.assertFalse([text for text in told if "No longer kept" in text])

    def test_a_folder_of_which_nothing_is_known_counts_too(self) -> None:
        (self.place / "strange").mkdir(parents=True)
        os.utime(self.place / "strange", (0, 0))
        self.shelf(9).start()
        self.assertFalse(self.place.exists())
