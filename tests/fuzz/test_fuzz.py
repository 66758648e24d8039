"""A short run of every target, by a fixed seed; `make fuzz` is the long one."""

import importlib.util
import subprocess
import sys

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.fuzz.__main__ import CHECKOUT, NO_ATHERIS
from tests.fuzz.seeds import SEEDS

RUNS = 1000  # inputs
SEED = 8


class ShortRuns(SynchronousTestCase):
    def test_a_few_thousand_inputs_break_nothing(self) -> None:
        if importlib.util.find_spec("atheris") is None:
            raise SkipTest(NO_ATHERIS)
        command = [sys.executable, "-m", "tests.fuzz", "--fresh", "--runs", str(RUNS), "--seed", str(SEED)]
        ran = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, errors="replace", check=False)
        self.assertEqual(ran.returncode, 0, ran.stderr[-5000:] + ran.stdout[-1000:])
        self.assertEqual(ran.stderr.count(f"Done {RUNS} runs"), len(SEEDS))


class WithoutAtheris(SynchronousTestCase):
    def test_whoever_asked_for_a_run_is_told_that_there_was_none(self) -> None:
        without = "import importlib.util, sys; importlib.util.find_spec = lambda name: None"
        asked = "import tests.fuzz.__main__ as fuzz; sys.argv = ['fuzz']; sys.exit(fuzz.main())"
        command = [sys.executable, "-c", f"{without}; {asked}"]
        ran = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
        self.assertEqual((ran.returncode, ran.stdout, ran.stderr), (1, "", f"{NO_ATHERIS}\n"))
