"""What pytest needs to run trial's test cases: one reactor, waited for in one way, and a place for their files.

How does this work?  trial's `TestCase` runs the reactor until its test is over.  Under pytest the reactor
is running already: pytest-twisted keeps it in a greenlet, and `blockon` is its way to wait.  So a test
case waits with that.  `test_runners.py` proves for both runners that tests wait, pass and fail.
trial runs in a folder of its own, where `mktemp` makes its folders; pytest runs in the checkout, so `mktemp`
gives out folders of pytest's there.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.trial.unittest import SynchronousTestCase, TestCase


def wait(case: TestCase, done: Deferred[None]) -> None:
    import pytest_twisted  # noqa: PLC0415 (only where the plugin is loaded)
    from twisted.internet import reactor  # noqa: PLC0415

    # Go on from a call of the reactor's own: trial turns the reactor at the end of a test, and inside a call
    # from a thread that would make this call a second time.
    done.addBoth(lambda result: deferLater(reactor, 0, lambda: result))
    pytest_twisted.blockon(done)


def pytest_configure(config: pytest.Config) -> None:
    if config.pluginmanager.hasplugin("twisted"):
        TestCase._wait = wait  # type: ignore[assignment, method-assign]


@pytest.fixture(scope="session", autouse=True)
def temporary_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    base = tmp_path_factory.mktemp("trial")

    def mktemp(case: SynchronousTestCase) -> str:
        return str(Path(tempfile.mkdtemp(dir=base)) / "temp")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SynchronousTestCase, "mktemp", mktemp)
        yield
