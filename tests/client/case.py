"""A test of the client: a real web on loopback, and a farm behind it on which every example can be done."""

from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet import reactor as global_reactor
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from brender import __version__
from brender.client import AsyncFarm, Farm
from brender.web.site import make_site
from tests.verbs.example_farm import ExampleFarm

reactor: Any = global_reactor
Found = TypeVar("Found")


class ClientCase(TestCase):
    timeout = 60

    async def serve(self) -> ExampleFarm:
        """A new farm, at a new address."""
        made = await ExampleFarm.made(self)
        self.site = make_site(made.service, __version__, clock=made.clock, now=made.now)
        port = reactor.listenTCP(0, self.site, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        self.url = f"http://127.0.0.1:{port.getHost().port}"
        self.farm, self.other = Farm(self.url), AsyncFarm(self.url)
        return made

    async def asked(self, work: Callable[[], Found]) -> Found:
        """What a program gets, in a thread: the farm is in this one."""
        found: Found = await deferToThread(work)
        return found

    async def until(self, condition: Callable[[], bool]) -> None:
        """Ask again until it is so; the test's own timeout ends what never is."""
        while not condition():
            await deferLater(reactor, 0.01)
