"""Faces that programs call: the command and the Python client, in this process, at a real port of an example farm.

How does this work?  `serve` has the farm's web listen on loopback.  The farm is in the thread of the reactor, so the
command and the client are called in another one.
"""

import os
import tempfile
from collections.abc import Callable
from typing import Any, TypeVar

from click.testing import CliRunner
from twisted.internet import reactor as global_reactor
from twisted.internet.task import deferLater
from twisted.internet.tcp import Server
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from brender import __version__
from brender.cli import main
from brender.web.site import make_site
from tests.cli.case import Ran
from tests.fakes import SmallFarm

reactor: Any = global_reactor
Found = TypeVar("Found")


def serve(test: TestCase, farm: SmallFarm) -> str:
    """The address at which it answers until the test is over."""
    site = make_site(farm.service, __version__, clock=farm.clock, now=farm.now)
    port = reactor.listenTCP(0, site, interface="127.0.0.1")
    test.addCleanup(port.stopListening)
    test.addCleanup(nobody_is_connected)
    return f"http://127.0.0.1:{port.getHost().port}"


async def nobody_is_connected() -> None:
    """Whoever was refused before all of it came is let go a moment later; the test's own timeout ends what never is."""
    while any(isinstance(each, Server) for each in [*reactor.getReaders(), *reactor.getWriters()]):
        await deferLater(reactor, 0.01)


async def in_a_thread(work: Callable[[], Found]) -> Found:
    found: Found = await deferToThread(work)
    return found


async def brender(test: TestCase, url: str, *words: str) -> Ran:
    """What the command prints."""
    folder = tempfile.TemporaryDirectory(prefix="brender-test-")
    test.addCleanup(folder.cleanup)
    names = [name for name in os.environ if name.startswith("BRENDER_")]
    environment = {**dict.fromkeys(names), "BRENDER_SERVER": url, "XDG_CONFIG_HOME": folder.name}

    def run() -> Ran:
        result = CliRunner().invoke(main, words, env=environment, prog_name="brender")
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Ran(result.exit_code, result.stdout, result.stderr)

    return await in_a_thread(run)
