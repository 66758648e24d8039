"""Schemathesis finds nothing: a short run of `make test-api`, the same each time, on a real server with a worker."""

import subprocess
import sys
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

PROJECT = Path(__file__).resolve().parents[3]
SHORT = ("--seed=1", "--phases=examples,coverage", "--warnings=off")


class Interface(SynchronousTestCase):
    if "pytest" not in sys.modules:
        skip = "pytest runs it, and once is enough: it takes a minute."

    def test_every_answer_is_one_that_the_document_tells_of(self) -> None:
        command = [sys.executable, "-m", "tests.web.openapi.api_run", *SHORT]
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("No issues found", done.stdout)
