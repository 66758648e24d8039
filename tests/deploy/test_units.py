"""The units for systemd: systemd understands them, and brender what they say to it."""

import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import ClassVar

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.deploy.front import DEPLOY
from tests.line.harness import CHECKOUT, environment

PROGRAM = "/opt/brender/.venv/bin/brender"
SETTINGS = "/etc/brender/brender.toml"


class Units(SynchronousTestCase):
    names: ClassVar = ("brender-server.service", "brender-worker.service")

    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir(parents=True)

    def said(self, unit: str, key: str) -> str:
        """The value of the only line with this key."""
        (value,) = [
            line.partition("=")[2] for line in (DEPLOY / unit).read_text().splitlines() if line.startswith(f"{key}=")
        ]
        return value

    def brender(self, unit: str, settings: str, *more: str) -> "subprocess.CompletedProcess[str]":
        """What the unit starts, with other settings."""
        (self.folder / "brender.toml").write_text(settings)
        program, *words = shlex.split(self.said(unit, "ExecStart"))
        self.assertEqual(program, PROGRAM)
        words = [word.replace(SETTINGS, str(self.folder / "brender.toml")) for word in words]
        command = [sys.executable, "-m", "brender", *words, *more]
        return subprocess.run(command, cwd=CHECKOUT, env=environment(), capture_output=True, text=True, check=False)

    def test_systemd_finds_nothing_wrong(self) -> None:
        verify = shutil.which("systemd-analyze")
        if verify is None:
            raise SkipTest("There is no systemd on this machine to read the units.")
        for unit in self.names:
            (self.folder / unit).write_text((DEPLOY / unit).read_text().replace(PROGRAM, str(shutil.which("true"))))
            done = subprocess.run([verify, "verify", self.folder / unit], capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))

    def test_what_they_start_keeps_its_state_in_the_folder_that_systemd_makes(self) -> None:
        for unit in self.names:
            done = self.brender(unit, "", "--show-config")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(f"state     /var/lib/{self.said(unit, 'StateDirectory')} (--state)", done.stdout)

    def test_wrong_settings_end_with_the_code_after_which_there_is_no_other_start(self) -> None:
        for unit in self.names:
            done = self.brender(unit, "[sever]\n")
            self.assertEqual(str(done.returncode), self.said(unit, "RestartPreventExitStatus"), done.stderr)
            self.assertIn("did you mean [server]?", done.stderr)
