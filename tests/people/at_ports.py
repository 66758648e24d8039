"""What a test has listen at a port of this machine, with the limits on strangers in front, as the server has it."""

# mypy: disable-error-code="no-untyped-call"

from typing import Any

from twisted.internet import reactor as global_reactor
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from brender.config.settings import StrangerSettings
from brender.ports.strangers import Strangers
from brender.web.http.forwarded import Proxies
from tests.fakes import SmallFarm

reactor: Any = global_reactor


class Listening:
    """One port, until the test is over; nobody is there any more then."""

    def __init__(self, test: TestCase, farm: SmallFarm, factory: Any) -> None:
        self._strangers = Strangers(StrangerSettings(), farm.clock, Proxies().know)
        self._port = reactor.listenTCP(0, self._strangers.at(factory), interface="127.0.0.1")
        self.number = int(self._port.getHost().port)
        test.addCleanup(self._stop)

    async def _stop(self) -> None:
        await self._port.stopListening()
        while self._strangers.figures[0]:
            await deferLater(reactor, 0)
