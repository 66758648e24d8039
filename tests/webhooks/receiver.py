"""Somebody who receives webhooks: a real HTTP server on loopback that answers as a test says.

How does this work?  `Receiver.answers` are the statuses of its next answers, after which it takes everything; `HANG`
is one that never comes.  It notes what it gets.  `Hooks` puts real `Webhooks` in front of it, with a clock that only
moves when it is told to: what is sent is really sent, what is waited for is not.  `until` waits for a condition.
"""

# What is inherited from twisted.web has no types there.
# mypy: allow-untyped-calls

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from twisted.internet import reactor as global_reactor
from twisted.internet.defer import maybeDeferred
from twisted.internet.task import Clock, deferLater
from twisted.trial.unittest import TestCase
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Site

from brender.config.settings import WebhookSettings
from brender.events import Events
from brender.farm.farm import Farm
from brender.verbs.following.watching import for_views
from brender.webhooks import DeadLetters, Post, Surroundings, Webhooks
from brender.webhooks.hooks import Posting

reactor: Any = global_reactor
HANG = 0
SECRET = "a secret of the farm's own"
NOON = 1_700_000_000.0


class Got(NamedTuple):
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Receiver(Resource):
    isLeaf = True

    def __init__(self, test: TestCase, port: int = 0) -> None:
        super().__init__()
        self.got: list[Got] = []
        self.answers: list[int] = []
        self.hanging: list[Any] = []
        site = Site(self)
        self._port = reactor.listenTCP(port, site, interface="127.0.0.1")
        test.addCleanup(self.close)

    @property
    def number(self) -> int:
        return int(self._port.getHost().port)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.number}/farm?from=brender"

    def render_POST(self, request: Any) -> Any:
        headers = {name.decode(): values[0].decode() for name, values in request.requestHeaders.getAllRawHeaders()}
        self.got.append(Got(headers, request.content.read()))
        status = self.answers.pop(0) if self.answers else 204
        if status == HANG:
            self.hanging.append(request)
            return NOT_DONE_YET
        request.setResponseCode(status)
        request.setHeader(b"Location", b"/elsewhere")
        return b"" if status == 204 else b"said at length " * 10_000

    async def close(self) -> None:
        for request in self.hanging:
            request.transport.abortConnection()
        self.hanging.clear()
        await maybeDeferred(self._port.stopListening)


class Hooks:
    """Webhooks for these receivers, and the events that they hear."""

    def __init__(self, test: TestCase, *receivers: WebhookSettings, post: Posting | None = None) -> None:
        self.clock = Clock()
        self.clock.advance(NOON)
        self.events = Events(100)
        folder = Path(test.mktemp())
        folder.mkdir()
        self.dead = DeadLetters(folder, self._now)
        around = Surroundings(post or Post(reactor, self.clock), self.clock, self.clock.seconds, self.dead)
        self.hooks = Webhooks(receivers, for_views(Farm(), self.clock.seconds), around)
        self.hooks.start(self.events.subscribe)

    @staticmethod
    async def _now(call: Callable[..., Any], *given: Any) -> Any:
        return call(*given)

    def publish(self, number: int = 1, kind: str = "farm", data: Any = None) -> None:
        for _ in range(number):
            self.events.publish(kind, data or {"state": "working", "reason": ""})

    @property
    def results(self) -> dict[str, int]:
        return {**self.hooks.tries, "dead": self.hooks.dead_letters}

    def letters(self) -> list[Any]:
        if not self.dead.path.exists():
            return []
        return [json.loads(line) for line in self.dead.path.read_text().splitlines()]

    async def wait_and_go_on(self) -> None:
        """The hook rests after a failure: let that be over."""
        await until(lambda: bool(self.clock.getDelayedCalls()) and not self.hooks_are_sending())
        self.clock.advance(max(call.getTime() for call in self.clock.getDelayedCalls()) - self.clock.seconds())

    def hooks_are_sending(self) -> bool:
        return any(hook._busy and hook._resting is None for hook in self.hooks._hooks)


def settings(url: str, **others: Any) -> WebhookSettings:
    return WebhookSettings(url=url, secret=SECRET, **others)


async def until(true: Callable[[], bool]) -> None:
    """Let the reactor turn until it is so; the test's own time-out ends what never is."""
    while not true():
        await deferLater(reactor, 0.005)
