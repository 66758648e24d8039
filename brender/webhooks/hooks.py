"""The queue in front of each receiver, and the loop that empties it.

How does this work?  A `Hook` notes every event that its receiver wants, of each thing that one shows; that is all the
farm ever waits for.  Of a job or a client only the newest waits, as each shows the whole of it; when more than
`MOST_WAITING` things wait they are all dropped, and a `reset` in their place tells the receiver to ask for everything
anew.  One is delivered at a time, in the order of their numbers.  One that is not taken is tried again after each of
`WAITS`, and then it is a dead letter.  A stop of the server gives what waits `LAST` seconds, and one try; the rest are
dead letters.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol
from uuid import uuid4

import msgspec
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger

from brender.farm.interfaces import Event
from brender.verbs.following.hearing import FILTERED, Test
from brender.webhooks.dead_letters import DeadLetters
from brender.webhooks.posting import NotTaken
from brender.webhooks.signing import HEADER, signature

MOST_WAITING = 1000  # events
WAITS = (1.0, 5.0, 30.0, 120.0, 600.0)  # seconds before each further try
LAST = 5.0  # seconds for what waits when the server stops
DELIVERED, FAILED = "delivered", "failed"

Posting = Callable[[str, Mapping[str, str], bytes], Awaitable[None]]  # to an address; raises `NotTaken`


class Receiver(Protocol):
    """Who gets which events, as brender.toml says it."""

    @property
    def url(self) -> str: ...

    @property
    def secret(self) -> str: ...

    @property
    def kinds(self) -> Sequence[str]: ...

    @property
    def filter(self) -> str: ...


class Surroundings:
    """What all hooks share."""

    def __init__(self, post: Posting, clock: IReactorTime, epoch: Callable[[], float], dead: DeadLetters) -> None:
        self.post = post
        self.clock = clock
        self.epoch = epoch
        self.dead = dead
        self.tries = Counter({DELIVERED: 0, FAILED: 0})
        self.dead_letters = 0


class Hook:
    log = Logger()

    def __init__(self, name: str, receiver: Receiver, tests: Mapping[str, Test], around: Surroundings) -> None:
        self._name = name
        self._receiver = receiver
        self._tests = tests  # by kind: which things of it
        self._around = around
        self._waiting: dict[tuple[str, int], Event] = {}
        self._busy = False
        self._delivering: Deferred[None] = Deferred()
        self._resting: Deferred[None] | None = None
        self._failing = False  # the last try was not taken
        self._hurry = False  # the server stops
        self._over = False  # and will not wait any longer

    def __len__(self) -> int:
        return len(self._waiting)

    def hear(self, event: Event) -> None:
        if self._receiver.kinds and event.kind not in self._receiver.kinds:
            return
        if event.kind in FILTERED:
            for view in filter(self._tests.get(event.kind), event.data):
                self._note((event.kind, view.id), Event(event.number, event.kind, view))  # the newest is enough
        else:
            self._note((event.kind, event.number), event)

    def _note(self, key: tuple[str, int], event: Event) -> None:
        self._waiting.pop(key, None)
        self._waiting[key] = event
        if len(self._waiting) > MOST_WAITING:
            self.log.warn("{name} is too slow: what waits is dropped, and it gets a reset", name=self._name)
            self._waiting = {("reset", 0): Event(event.number, "reset", {"last_event": event.number})}
        if not self._busy:
            self._busy = True
            self._delivering = Deferred.fromCoroutine(self._deliver_all())
            self._delivering.addErrback(lambda failure: self.log.failure("{name} is broken", failure, name=self._name))

    async def stop(self) -> None:
        self._hurry = True
        if self._busy:
            late = self._around.clock.callLater(LAST, self._end)
            if self._resting is not None:
                self._resting.cancel()
            await self._delivering
            if late.active():
                late.cancel()

    def _end(self) -> None:
        self._over = True
        self._delivering.cancel()

    async def _deliver_all(self) -> None:
        try:
            while self._waiting and not self._over:
                await self._deliver(self._waiting.pop(next(iter(self._waiting))))
        finally:
            self._busy = False
        left, self._waiting = list(self._waiting.values()), {}
        if left:
            await self._give_up([Delivery(event) for event in left], "the server stopped")

    async def _deliver(self, event: Event) -> None:
        delivery, reason = Delivery(event), ""
        for wait in (0.0, *WAITS):
            if wait and not self._hurry:
                await self._rest(wait)
            delivery.tries += 1
            reason = await self._try(delivery)
            if not reason:
                return
            if self._hurry:
                break
        await self._give_up([delivery], reason)

    async def _rest(self, seconds: float) -> None:
        self._resting = deferLater(self._around.clock, seconds)
        try:
            await self._resting
        except CancelledError:
            pass  # the server stops: the last try is now
        finally:
            self._resting = None

    async def _try(self, delivery: "Delivery") -> str:
        """Why it was not taken; nothing when it was."""
        signed = signature(self._receiver.secret, int(self._around.epoch()), delivery.body)
        try:
            await self._around.post(self._receiver.url, {**delivery.headers, HEADER: signed}, delivery.body)
        except NotTaken as error:
            self._around.tries[FAILED] += 1
            if not self._failing:
                self.log.warn("{name} did not take an event: {reason}", name=self._name, reason=error)
            self._failing = True
            return str(error)
        self._around.tries[DELIVERED] += 1
        if self._failing:
            self.log.info("{name} takes events again", name=self._name)
        self._failing = False
        return ""

    async def _give_up(self, deliveries: "Sequence[Delivery]", reason: str) -> None:
        self._around.dead_letters += len(deliveries)
        self.log.error(
            "{name}: {what} given up ({reason}), kept in {path}",
            name=self._name,
            what=f"event {deliveries[0].event.number} is" if len(deliveries) == 1 else f"{len(deliveries)} events are",
            reason=reason,
            path=self._around.dead.path,
        )
        now = self._around.epoch()
        await self._around.dead.bury([each.letter(self._name, reason, now) for each in deliveries])


class Delivery:
    """One event on its way to one receiver; its id stays the same however often it is tried."""

    def __init__(self, event: Event) -> None:
        self.event = event
        self.id = uuid4().hex
        self.tries = 0
        said = {"delivery": self.id, "id": event.number, "event": event.kind, "data": event.data}
        self.body = msgspec.json.encode(said)

    @property
    def headers(self) -> dict[str, str]:
        return {
            "Content-Type": "application/json",
            "User-Agent": "brender",
            "Brender-Event": self.event.kind,
            "Brender-Delivery": self.id,
            "Brender-Try": str(self.tries),
        }

    def letter(self, hook: str, reason: str, now: float) -> dict[str, Any]:
        return {
            "time": now,
            "hook": hook,
            "event": self.event.number,
            "tries": self.tries,
            "reason": reason,
            "body": msgspec.Raw(self.body),
        }
