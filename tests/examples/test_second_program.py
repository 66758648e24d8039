"""The program that was written from docs/api.md alone."""

import subprocess
import sys
from typing import ClassVar

from tests.examples.programs import EXAMPLES
from tests.line.harness import PATIENCE, FarmTestCase, environment

PROGRAM = EXAMPLES / "second_program.py"


class SecondProgram(FarmTestCase):
    workers: ClassVar = {"alpha": 1}

    def test_it_hands_in_follows_shows_the_log_and_has_it_tried_again(self) -> None:
        command = [sys.executable, "-I", "-S", str(PROGRAM), f"http://127.0.0.1:{self.farm.web_port}/"]
        done = subprocess.run(
            command, env=environment(), capture_output=True, text=True, timeout=4 * PATIENCE, check=False
        )
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        (job,) = self.farm.api("jobs")["data"]
        first, second = done.stdout.split(f"Job {job['id']} is ")[1:]
        self.assertRegex(first, r"^failed\. Its log ends with:\n(.*\n)*no licence\n")
        self.assertRegex(second, r"^completed\. Its log ends with:\n(.*\n)*a licence\n")
        self.assertEqual((job["name"], job["state"]), ("second program", "completed"))

    def test_it_has_forty_lines_and_needs_nothing_but_python(self) -> None:
        lines = PROGRAM.read_text().splitlines()
        self.assertLessEqual(len(lines), 40)
        self.assertLessEqual(max(map(len, lines)), 120)
        wanted = {line.split()[1] for line in lines if line.startswith(("import ", "from "))}
        self.assertTrue({name.partition(".")[0] for name in wanted} <= sys.stdlib_module_names, wanted)
