"""The farm that the faces are tried on: the real service on doubles, new after so many inputs.

How does this work?  `Stage.farm` is two machines, three jobs and what is known of them.  Inputs change it, as they
should, and so that none of them meets a farm that has grown for an hour it is made anew after `FRESH` of them.  `done`
sees work through to its end by moving the farm's own clock.
"""

from collections.abc import Callable, Coroutine
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from tests.fakes import SmallFarm
from tests.web.fakes import Web

FRESH = 2000  # inputs
TURNS = 200  # of the clock, that work may take


class Stage:
    def __init__(self) -> None:
        self._used = FRESH
        self._ends: list[tuple[Callable[..., object], tuple[Any, ...]]] = []
        self._farm: SmallFarm | None = None
        self._web: Web | None = None

    def addCleanup(self, call: Callable[..., object], *arguments: Any) -> None:
        """As a test has it."""
        self._ends.append((call, arguments))

    def farm(self) -> SmallFarm:
        self._used += 1
        if self._farm is None or self._used > FRESH:
            self._used, self._farm, self._web = 0, self._new(), None
        return self._farm

    def web(self) -> Web:
        farm = self.farm()
        if self._web is None:
            self._web = Web(self, farm)  # type: ignore[arg-type]
        return self._web

    def _new(self) -> SmallFarm:
        while self._ends:
            call, arguments = self._ends.pop()
            call(*arguments)
        farm = SmallFarm(self)  # type: ignore[arg-type]  # of a test it wants no more than this
        done(farm, populated(farm))
        return farm


async def populated(farm: SmallFarm) -> None:
    first = await farm.client("render-01", slots=2)
    await farm.client("render-02")
    await farm.job(tries=1)
    farm.finish(first, "failed", "no memory")
    await farm.service.pause((await farm.job(name="shot_020")).id)
    await farm.job(values={"Frames": "1-3"}, name="shot_030", owner="ada")


def done(farm: SmallFarm, work: Coroutine[Any, Any, Any]) -> Any:
    """What came of it; None when it waits for something that the clock does not bring.  Raises what it raised."""
    came: list[Any] = []
    Deferred.fromCoroutine(work).addBoth(came.append)
    for _ in range(TURNS):
        if came:
            break
        farm.clock.advance(0.01)
    if came and isinstance(came[0], Failure):
        came[0].raiseException()
    return came[0] if came else None
