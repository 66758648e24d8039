"""Folders that are to be gone."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from twisted.logger import capturedLogs, formatEvent
from twisted.trial.unittest import SynchronousTestCase

from brender.worker.disk.folders import remove, remove_or_say

CHECKOUT = Path(__file__).resolve().parents[2]
MANY = 100_000  # names in a folder
A_FILE = 10_000  # of them for each file: to link is less work than to make, and to unlink is as much as to remove


def make_many(folder: Path) -> None:
    folder.mkdir()
    for first in range(0, MANY, A_FILE):
        file = folder / f"frame_{first:06}.png"
        file.touch()
        for number in range(first + 1, first + A_FILE):
            os.link(file, f"{folder}/frame_{number:06}.png")


class RemoveTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="brender-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.gone = self.folder / "gone"
        self.gone.mkdir(parents=True)

    def test_everything_in_it_goes(self) -> None:
        (self.gone / "a" / "b").mkdir(parents=True)
        (self.gone / "a" / "b" / "file").touch()
        self.assertTrue(remove(self.gone))
        self.assertFalse(self.gone.exists())

    def test_a_folder_that_is_not_there_is_gone(self) -> None:
        self.assertTrue(remove(self.folder / "never"))

    def test_a_link_is_not_followed(self) -> None:
        kept = self.folder / "kept"
        kept.mkdir()
        (kept / "file").touch()
        (self.gone / "link").symlink_to(kept)
        (self.gone / "root").symlink_to("/")
        self.assertTrue(remove(self.gone))
        self.assertTrue((kept / "file").exists())

    def test_of_a_link_that_has_taken_its_place_nothing_but_the_link_goes(self) -> None:
        kept = self.folder / "kept"
        (kept / "inside").mkdir(parents=True)
        (kept / "inside").chmod(0o510)
        self.gone.rmdir()
        self.gone.symlink_to(kept)
        self.assertTrue(remove(self.gone))
        self.assertFalse(self.gone.is_symlink())
        self.assertEqual((kept / "inside").stat().st_mode & 0o777, 0o510)

    def test_a_link_that_leads_nowhere_goes(self) -> None:
        self.gone.rmdir()
        self.gone.symlink_to(self.folder / "nowhere")
        self.assertTrue(remove(self.gone))
        self.assertFalse(self.gone.is_symlink())

    def test_rights_that_were_taken_away_are_no_obstacle(self) -> None:
        locked = self.gone / "a" / "locked"
        locked.mkdir(parents=True)
        (locked / "file").touch(0o400)
        locked.chmod(0)
        (self.gone / "a").chmod(0o500)
        self.remove_as_nobody()
        self.assertFalse(self.gone.exists())

    def test_whatever_a_task_leaves_goes_and_nothing_outside_is_touched(self) -> None:
        """PATH-16"""
        outside = self.folder / "outside"
        outside.mkdir(mode=0o750)
        (outside / "kept").write_text("mine")
        (outside / "kept").chmod(0o640)
        make_many(self.gone / "many")
        (self.gone / "readonly").touch(0o444)
        (self.gone / "file").symlink_to(outside / "kept")
        (self.gone / "closed").mkdir()
        for place in (self.gone, self.gone / "closed"):
            (place / "folder").symlink_to(outside)
            (place / "root").symlink_to("/")
        for name in ("many", "closed"):
            (self.gone / name).chmod(0)
        before = [place.stat() for place in (outside, outside / "kept")]
        self.remove_as_nobody()
        self.assertFalse(os.path.lexists(self.gone))
        self.assertEqual([place.stat() for place in (outside, outside / "kept")], before)
        self.assertEqual([path.name for path in outside.iterdir()], ["kept"])

    def test_the_log_names_a_folder_that_could_not_be_removed(self) -> None:
        self.assertEqual(self.said_of_removing(), [])
        self.gone.mkdir()
        self.patch(shutil, "rmtree", lambda *_, **__: None)
        said = f"{self.gone} could not be removed: something in it is not this worker's to delete."
        self.assertEqual(self.said_of_removing(), [said])

    def said_of_removing(self) -> list[str | None]:
        with capturedLogs() as captured:
            self.assertEqual(remove_or_say(self.gone), not self.gone.exists())
        return [formatEvent(event) for event in captured]

    def remove_as_nobody(self) -> None:
        """Root may do everything: let somebody do it who may not."""
        if os.geteuid():
            self.assertTrue(remove(self.gone))
            return
        program = (
            "import os, sys; from pathlib import Path; from brender.worker.disk.folders import remove; "
            "os.setgroups([]); os.setgid(65534); os.setuid(65534); sys.exit(not remove(Path(sys.argv[1])))"
        )
        subprocess.run(["chown", "-hR", "65534:65534", self.gone], check=True)
        os.chown(self.folder, 65534, 65534)
        done = subprocess.run([sys.executable, "-c", program, str(self.gone)], cwd=CHECKOUT, check=False)
        self.assertEqual(done.returncode, 0)
