"""Both runners really run our tests: they wait for a Deferred, and a test that fails is a failure.

How does this work?  `Waiting` is run by whichever runner runs this file.  `BothRunners` writes a small
suite with one passing and several failing tests into a folder, with our conftest.py beside it, gives it to
pytest and to trial, and reads what each says.  A runner that does not await would call every one of them passed.
"""

import shutil
import sys
from pathlib import Path
from typing import NamedTuple

from twisted.internet import reactor
from twisted.internet.task import deferLater
from twisted.internet.utils import getProcessOutputAndValue
from twisted.trial.unittest import TestCase

HERE = Path(__file__).parent

SUITE = '''
from hypothesis import given, strategies as st
from twisted.internet import reactor
from twisted.internet.defer import fail
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase


class Suite(TestCase):
    async def test_passes_after_a_wait(self):
        self.assertEqual(await deferLater(reactor, 0.01, lambda: 7), 7)

    async def test_fails_after_a_wait(self):
        await deferLater(reactor, 0.01, lambda: None)
        self.fail("after a wait")

    async def test_fails_at_once(self):
        self.fail("at once")

    async def test_fails_with_a_deferred(self):
        await fail(ValueError("with a Deferred"))

    def test_fails_by_returning_a_deferred(self):
        return deferLater(reactor, 0.01, lambda: self.fail("by returning"))

    async def test_fails_by_leaving_a_call_behind(self):
        reactor.callLater(60, lambda: None)

    @given(st.integers())
    def test_fails_for_some_example(self, number):
        self.assertLess(number, 1000)

    def tearDown(self):
        return deferLater(reactor, 0, lambda: None)
'''


class Waiting(TestCase):
    async def test_a_test_waits_for_the_real_reactor(self) -> None:
        order = ["before"]
        await deferLater(reactor, 0.01, order.append, "after")
        self.assertEqual(order, ["before", "after"])

    async def test_a_test_can_wait_more_than_once(self) -> None:
        for _ in range(3):
            self.assertEqual(await deferLater(reactor, 0, lambda: "here"), "here")


class Run(NamedTuple):
    code: int
    said: str


class BothRunners(TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).resolve()
        package = self.folder / "small"
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        (self.folder / "pytest.ini").write_text("[pytest]\n")  # else pytest looks for one further up
        shutil.copy(HERE / "conftest.py", package)
        (package / "test_suite.py").write_text(SUITE)

    async def run_with(self, *command: str) -> Run:
        out, err, code = await getProcessOutputAndValue(
            sys.executable, ["-m", *command], path=str(self.folder), env=None)
        return Run(code, (out + err).decode())

    async def test_pytest_passes_one_and_fails_all_others(self) -> None:
        run = await self.run_with("pytest", "-q", "-p", "no:cacheprovider", "small")
        self.assertEqual(run.code, 1, run.said)
        self.assertIn("6 failed, 1 passed", run.said)

    async def test_trial_passes_one_and_fails_all_others(self) -> None:
        run = await self.run_with("twisted.trial", "--reporter=text", "small")
        self.assertEqual(run.code, 1, run.said)
        self.assertRegex(run.said, r"FAILED \(failures=\d, errors=\d, successes=1\)")
        counts = [int(word) for word in run.said.rpartition("FAILED (")[2].replace(",", "=").split("=")[1:4:2]]
        self.assertEqual(sum(counts), 6, run.said)
