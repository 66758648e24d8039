"""The workers that are connected: a link for each, what is said over it, and who is missed.

How does this work?  One machine has one connection: `makes_way` decides when a second one greets with the
same identity; the first one is asked whether it is still there.  Whoever goes while it holds orders is expected
back for `lost_after` seconds, then `lose` is called.  `say` tells workers what follows from changes that are
committed: acknowledge, cancel, stop, forget, give, recall, in that order; for `SHARE` of a turn of the reactor, and
then in the next one, as a hundred workers may have to be told at once.  Whoever cannot be told is let go: when it
connects anew it hears all of it.  `hold_back` stops reading from all of them while the database is behind.
"""

from collections import deque
from collections.abc import Callable, Iterator
from typing import ParamSpec

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger

from brender.farm.changes import Changes
from brender.farm.client import RuntimeClient
from brender.farm.farm import Farm
from brender.farm.interfaces import Link

SHARE = 0.003  # seconds of a turn of the reactor
ASKED, ASK_EVERY = 4, 0.5  # how often a worker is asked whether it is there, and the seconds for each answer

Told = ParamSpec("Told")


class Connections:
    log = Logger()

    def __init__(
        self, farm: Farm, clock: IReactorTime, lost_after: float, lose: Callable[[RuntimeClient], None]
    ) -> None:
        self._farm = farm
        self._clock = clock
        self._lost_after = lost_after
        self._lose = lose
        self._links: dict[int, Link] = {}
        self._runs: dict[int, str] = {}  # client -> the process of its worker
        self._lost: dict[int, IDelayedCall] = {}
        self._held_back = False
        self._unsaid: deque[tuple[Iterator[None], Deferred[None]]] = deque()
        self._saying = False  # or will be, in the next turn

    # --- who is there

    async def makes_way(self, client: RuntimeClient, run: str, link: Link) -> bool:
        """One machine, one connection: the same process may replace its own, another one only what does not answer."""
        while (old := self._links.get(client.id)) is not None:
            if self._runs[client.id] == run:
                old.refuse("The same worker has connected anew.")
                return True
            if await self._answers(client.id, old):
                link.refuse(
                    f"A worker with the identity of {client.name} is connected already. If this is another machine, "
                    "its state folder was copied: delete the file worker-id in it."
                )
                return False
            if self._links.get(client.id) is old:
                old.refuse("It has not answered, and was started anew.")
                return True
        return True

    async def _answers(self, client: int, link: Link) -> bool:
        """Whether a worker says anything when it is asked to.  While we do not listen the silence is ours.

        To be asked again ends a connection whose other end is gone, even one that is not read.
        """
        words, asked = link.words, 0
        while asked < ASKED:
            link.ask()
            await deferLater(self._clock, ASK_EVERY)
            if self._links.get(client) is not link:
                return False
            asked += not self._held_back
        return link.words > words

    def connect(self, client: RuntimeClient, run: str, link: Link) -> None:
        self._links[client.id], self._runs[client.id] = link, run
        self._unexpect(client.id)

    def welcome(self, client: RuntimeClient, drop: list[int]) -> None:
        link = self._links[client.id]
        link.welcome(client, drop)
        if self._held_back:
            link.hold(True)

    def disconnect(self, client: int, link: Link) -> bool:
        """False when a newer connection has taken its place."""
        if self._links.get(client) is not link:
            return False
        del self._links[client]
        return True

    def cut(self, client: int, reason: str) -> bool:
        """It is not let in any more, nor waited for; whether it was there."""
        self._unexpect(client)
        link = self._links.pop(client, None)
        if link:
            link.refuse(reason, again=False)
        return link is not None

    def expect(self, client: RuntimeClient) -> None:
        """It is gone; if it does not come back in time, what it holds is made ready again."""
        self._unexpect(client.id)
        self._lost[client.id] = self._clock.callLater(self._lost_after, self._miss, client)

    def _unexpect(self, client: int) -> None:
        call = self._lost.pop(client, None)
        if call and call.active():
            call.cancel()

    def forget(self, client: int) -> None:
        """It is not a client any more."""
        self._unexpect(client)
        self._runs.pop(client, None)

    def _miss(self, client: RuntimeClient) -> None:
        del self._lost[client.id]
        self._lose(client)

    def farewell(self, reason: str) -> None:
        """The server stops."""
        for link in self._links.values():
            link.farewell(reason)
        self._links.clear()
        for client in list(self._lost):
            self._unexpect(client)

    # --- what is said

    def say(self, changes: Changes) -> Deferred[None]:
        """What workers are to know of changes that are committed; fires when they are told."""
        told: Deferred[None] = Deferred()
        self._unsaid.append((self._words(changes), told))
        if not self._saying:
            self._say_some()
        return told

    def _say_some(self) -> None:
        until = self._clock.seconds() + SHARE
        self._saying = True
        while self._unsaid and self._clock.seconds() < until:
            words, told = self._unsaid[0]
            try:
                next(words)
            except StopIteration:
                self._unsaid.popleft()
                told.callback(None)
            except Exception:
                self._unsaid.popleft()
                told.errback()
        self._saying = bool(self._unsaid)
        if self._saying:
            self._clock.callLater(0, self._say_some)

    def _words(self, changes: Changes) -> Iterator[None]:
        """Says one thing after another; who is connected, and what of it still counts, is seen when it is its turn."""
        yield from self._acknowledge(changes)
        yield from self._say_what_ends(changes)
        yield from self._say_unneeded(changes)
        for job in (*changes.ended, *changes.revised):
            for each in list(self._links.values()):
                self._tell(each, each.forget, job.id)
                yield
        for order in changes.issued:
            link = self._links.get(order.client)
            if link and order.open and order.id in self._farm.orders:
                self._tell(link, link.give, order, self._farm.step_of(order))
                yield
        for order in changes.recalled:  # it may have been issued just before
            if link := self._links.get(order.client):
                self._tell(link, link.recall, order.id)
                yield

    def _tell(self, link: Link, word: Callable[Told, None], *what: Told.args, **more: Told.kwargs) -> None:
        """One word for one worker; that it cannot be told is no reason to leave the others waiting."""
        try:
            word(*what, **more)
        except Exception:
            self.log.failure("A worker could not be told what was committed, and has to connect anew")
            link.refuse("The server could not tell this worker what there is to do.")

    def _acknowledge(self, changes: Changes) -> Iterator[None]:
        results: dict[int, list[tuple[int, int]]] = {}
        for client, order, task in changes.settled:
            results.setdefault(client, []).append((order, task))
        for client, settled in results.items():
            if link := self._links.get(client):
                self._tell(link, link.acknowledge, settled)
                yield

    def _say_what_ends(self, changes: Changes) -> Iterator[None]:
        for order in changes.canceled:
            if link := self._links.get(order.client):
                self._tell(link, link.cancel, order.id)
                yield
        for order, tasks in changes.stopped:
            if link := self._links.get(order.client):
                self._tell(link, link.stop, order.id, tasks)
                yield

    def _say_unneeded(self, changes: Changes) -> Iterator[None]:
        for client in changes.unneeded:
            link = self._links.get(client.id)
            if link and client.settings.off_seconds and not client.orders:
                self._tell(link, link.power_off, client.settings.off_seconds)
                yield

    def send_away(self, client: int, *, again: bool, now: bool) -> bool:
        """False when its worker cannot be told."""
        link = self._links.get(client)
        return link is not None and link.send_away(again=again, now=now)

    def hold_back(self, behind: bool) -> None:
        """Do not read from workers while the database is behind."""
        if behind != self._held_back:
            self._held_back = behind
            for link in self._links.values():
                link.hold(behind)
