"""What the farm does, in figures, again and again: for whoever looks at it, and as events.

How does this work?  Once `start` has been called, a sample is taken every ten seconds, and every two seconds the
figures are announced as an event `figures`, if they are not what they were.  To count costs time on a farm of ten
thousand clients: figures that took long are good for so much longer (`RARELY`), so that however many ask it is never
more than a fiftieth of the time.
"""

import time
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from brender.farm.farm import Farm
from brender.farm.views.figures import EVERY, FarmFigures, Pulse, Series, figures

ANNOUNCED_EVERY = 2.0  # seconds
QUICK = 0.005  # seconds of work that nobody minds
RARELY = 50  # times as long as it took, it is not done again
KIND = "figures"


class FarmPulse:
    log = Logger()

    def __init__(
        self,
        farm: Farm,
        clock: IReactorTime,
        now: Callable[[], float],
        publish: Callable[[str, Any], None],
        work: Callable[[], float] = time.thread_time,
    ) -> None:
        self._farm = farm
        self._clock = clock
        self._now = now
        self._publish = publish
        self._work = work  # seconds that this thread has worked
        self._pulse = Pulse()
        self._found: FarmFigures | None = None
        self._good_until = 0.0
        self._announced: FarmFigures | None = None
        self._calls: list[LoopingCall] = []

    def start(self) -> None:
        """When the farm is loaded."""
        self._farm.failures.recall(self._farm.jobs.values(), self._now())
        for seconds, call in ((EVERY, self._sample), (ANNOUNCED_EVERY, self._announce)):
            looping = LoopingCall(call)
            looping.clock = self._clock
            looping.start(seconds).addErrback(self._failed)
            self._calls.append(looping)

    def stop(self) -> None:
        for call in self._calls:
            if call.running:
                call.stop()

    def shift(self, by: float) -> None:
        """The clock was set."""
        self._pulse.shift(by)

    @property
    def figures(self) -> FarmFigures:
        """As they are now, or were a moment ago where to count them takes long."""
        if self._found is None or self._clock.seconds() >= self._good_until:
            began = self._work()
            self._found = figures(self._farm, self._pulse, self._now())
            took = self._work() - began
            self._good_until = self._clock.seconds() + (took * RARELY if took > QUICK else 0.0)
        return self._found

    @property
    def series(self) -> Series:
        return self._pulse.series

    # --- inside

    def _sample(self) -> None:
        self._pulse.note(self._farm, self._now())

    def _announce(self) -> None:
        found = self.figures
        if found != self._announced:
            self._announced = found
            self._publish(KIND, found)

    def _failed(self, failure: Failure) -> None:
        self.log.failure("The figures of the farm are announced no more", failure)
