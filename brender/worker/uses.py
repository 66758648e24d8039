"""The sessions that a worker has, and the room that there is for more.

How does this work?  `find` gives an order a session: one of its step that is free, a new one, or one that is all but
free.  A session takes room (`stock`) from its opening until its process has ended; when an order needs the room, idle
ones are closed, the oldest first (`_make_room`).  One without work is kept for a while, as the next order may be for it
(`rest`).  The agent says which room is kept for others: for orders that move or wait.
"""

from collections.abc import Iterable, Iterator

from twisted.internet.interfaces import IReactorTime

from brender.farm.settings import Rule
from brender.worker.held import Held, Nursery, Told, Use, Work
from brender.worker.machine.stock import Need, Stock

AHEAD = 1  # tasks that a session is told besides the one that it runs


class Uses:
    def __init__(self, agent: Told, stock: Stock, nursery: Nursery, clock: IReactorTime, idle_for: float) -> None:
        self.rules: list[Rule] = []
        self._agent = agent
        self._stock = stock
        self._nursery = nursery
        self._clock = clock
        self._idle_for = idle_for
        self._all: list[Use] = []
        self._silenced = False  # the connection is full: sessions wait

    def __iter__(self) -> Iterator[Use]:
        return iter(list(self._all))

    def __bool__(self) -> bool:
        return bool(self._all)

    # --- a session for an order

    def fits(self, need: Need, kept: Iterable[Need]) -> bool:
        """Whether there is room beside what is taken, and kept for others."""
        return self._stock.fits(need, [*kept, *(use.need for use in self._all if use.busy)])

    def find(self, held: Held, moving: list[Need], waiting: list[Need]) -> Use | None:
        """A session for an order, if there is one beside what is kept for those that move or wait."""
        mine = [use for use in self._all if (use.work, use.step) == (held.work, held.order.step) and not use.over]
        if self.fits(held.need, [*moving, *waiting]):
            free = next((use for use in mine if not use.orders), None)
            return free or self._open(held) if self._make_room(held.need, free) else None
        behind = [use for use in mine if use.orders and use.left <= AHEAD and use.need.covers(held.need)]
        return min(behind, key=lambda use: use.left, default=None) if not waiting else None

    def _open(self, held: Held) -> Use:
        cards = self._stock.cards(held.need, (use.cards for use in self._all))
        use = Use(self._agent, held.work, held.order.step, held.need, cards)
        self._all.append(use)
        use.session = self._nursery.open(held.work.told, use, self.rules)
        if self._silenced:
            use.session.hold(True)
        return use

    def _make_room(self, need: Need, mine: Use | None) -> bool:
        """Whether other sessions leave so much; if not, idle ones are closed, the oldest first."""
        others = [use for use in self._all if use is not mine]
        staying = [use for use in others if not use.over]
        for use in list(staying):
            if self._stock.fits(need, (each.need for each in staying)):
                break
            if not use.busy:
                staying.remove(use)
                self.close(use)
        return self._stock.fits(need, (use.need for use in others))

    # --- what becomes of a session

    def of(self, work: Work) -> list[Use]:
        return [use for use in self._all if use.work is work]

    def hold(self, wait: bool) -> None:
        """Sessions have to wait before they say more; or may go on."""
        self._silenced = wait
        for use in self._all:
            if use.session:
                use.session.hold(wait)

    def rest(self, use: Use, leaving: bool) -> None:
        """Nothing to do for a session, it may be: then it is kept for a while."""
        if use.busy:
            return
        if not use.work.current or leaving:
            self.close(use)
        elif use.idle is None:
            use.idle = self._clock.callLater(self._idle_for, self.close, use)

    def close(self, use: Use) -> None:
        self.end(use)
        if use.session:
            use.session.close()

    def close_all(self) -> None:
        for use in self:
            if not use.over:
                self.close(use)

    def end(self, use: Use) -> None:
        """It takes no more tasks."""
        use.wake()
        use.over = True

    def gone(self, use: Use) -> None:
        """Its process has ended: there is room again."""
        self.end(use)
        if use in self._all:
            self._all.remove(use)
