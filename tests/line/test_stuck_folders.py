"""A task leaves what nobody may delete, root not either: its session's folder stays, and that is all that it costs.

How does this work?  The task takes the right to be deleted from a file of its own (`chattr +i`), as another user's file
or a mounted disk does.  Only root may do that, and not on every file system: elsewhere there is nothing to try.
"""

import subprocess
from pathlib import Path
from typing import Any, ClassVar

from twisted.trial.unittest import SkipTest

from tests.line.harness import FarmTestCase, template

FIXED = 'pwd >> "{folder}/where"; echo mine > fixed; chattr +i fixed'


def chattr(*words: str | Path) -> bool:
    try:
        return subprocess.run(["chattr", *words], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


class StuckFolderTests(FarmTestCase):
    """PATH-16"""

    workers: ClassVar = {}

    def setUp(self) -> None:
        super().setUp()
        probe = self.farm.folder / "probe"
        probe.touch()
        if not chattr("+i", probe):
            raise SkipTest("Files can only be made immutable by root, and not on every file system.")
        chattr("-i", probe)
        self.worker_of_test = self.farm.worker("alpha", slots=1, settings={"idle_sessions": 0.1})
        self.addCleanup(chattr, "-R", "-i", self.sessions)
        self.addCleanup(self.worker_of_test.end)

    @property
    def sessions(self) -> Path:
        return self.worker_of_test.state / "worker" / "sessions"

    def left(self) -> Path:
        """The folder of the session in which a task has run, below that of all sessions."""
        (where,) = self.written("where")
        return self.sessions / Path(where).relative_to(self.sessions).parts[0]

    def result(self, job: int) -> tuple[Any, ...]:
        found = self.farm.job(job)
        return found["state"], found["completed"], found["failed"], found["reason"]

    def test_the_task_stays_completed_and_the_log_tells_of_the_folder(self) -> None:
        job = self.farm.submit(template(FIXED.format(folder=self.folder)))
        self.farm.wait(job)
        left = self.left()
        said = f"{left} could not be removed: something in it is not this worker's to delete."
        self.until(lambda: said in self.worker_of_test.log, "nobody is told")
        self.assertEqual([path.read_text() for path in left.rglob("fixed")], ["mine\n"])
        self.assertEqual(self.result(job), ("completed", 1, 0, ""))
        self.assertEqual({order["attempt"] for order in self.farm.job(job)["orders"]}, {1})
        self.assertEqual(self.result(self.farm.run(template(tasks="1-3"))["id"])[:3], ("completed", 3, 0))
        self.worker_of_test.end()
        self.assertEqual((self.worker_of_test.process.returncode, left.exists()), (0, True))
        self.assertEqual(self.result(job), ("completed", 1, 0, ""))
