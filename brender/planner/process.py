"""One process that plans, as the server has it: a question at a time, and the end of whatever takes too long.

How does this work?  `PlanningProcess` is Twisted's side of `child`.  It counts as ready when it has said so; `ask`
sends a question and gives the answer.  Its own alarm ends it in time; should that fail, it is killed a moment later.
When it ends before it has answered, the question is answered with why.  Of what it says, only structs of ours are
built (`Answers`).
"""

import pickle
import signal
from collections.abc import Callable
from io import BytesIO
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessDone
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.protocol import ProcessProtocol
from twisted.logger import Logger
from twisted.python.failure import Failure

from brender.farm.submission.problems import WHOLE, Problem, Refused
from brender.planner.child import DONE, LENGTH, READY, REFUSED

MOST_ANSWER = 64 << 20  # bytes
LATE = 2.0  # seconds after its own alarm
START_WITHIN = 60.0  # seconds


class Answers(pickle.Unpickler):
    """Builds nothing but what plans are made of."""

    PLAIN = frozenset({"range", "set", "frozenset", "bytearray", "complex"})

    def find_class(self, module: str, name: str) -> Any:
        if (module == "builtins" and name in self.PLAIN) or (module == "msgspec._core" and name == "rebuild"):
            return super().find_class(module, name)
        found = super().find_class(module, name) if module.startswith("brender.farm.") else None
        if isinstance(found, type):
            return found
        raise pickle.UnpicklingError(f"{module}.{name} is no part of a plan")


class PlanningProcess(ProcessProtocol):
    log = Logger()
    transport: Any

    def __init__(self, clock: IReactorTime, seconds: float, free: Callable[["PlanningProcess"], None]) -> None:
        self._clock = clock
        self._seconds = seconds
        self._free = free  # it can be asked now, or never more
        self._data = bytearray()
        self._asked: Deferred[Any] | None = None
        self._late: IDelayedCall | None = clock.callLater(START_WITHIN, self.kill)
        self._too_late = False
        self.ready = False
        self.over = False
        self.ended: Deferred[None] = Deferred()

    @property
    def idle(self) -> bool:
        return self.ready and not self.over and self._asked is None

    def ask(self, name: str, given: tuple[Any, ...]) -> Deferred[Any]:
        question = pickle.dumps((name, self._seconds, given), pickle.HIGHEST_PROTOCOL)
        answer: Deferred[Any] = Deferred()
        self._asked = answer
        self._late = self._clock.callLater(self._seconds + LATE, self._end_late)
        self.transport.write(LENGTH.pack(len(question)) + question)
        return answer

    def _end_late(self) -> None:
        self._too_late = True
        self.kill()

    def kill(self) -> None:
        if not self.over and self.transport.pid:
            self.transport.signalProcess("KILL")

    def close(self) -> None:
        """It ends when it has nothing more to hear."""
        if self._asked is not None or not self.ready:
            self.kill()
        elif not self.over:
            self.transport.closeStdin()

    # --- what Twisted calls

    def outReceived(self, data: bytes) -> None:
        self._data += data
        if len(self._data) > MOST_ANSWER:
            self.kill()
        elif len(self._data) >= LENGTH.size:
            (length,) = LENGTH.unpack_from(self._data)
            if len(self._data) >= LENGTH.size + length:
                answer = bytes(self._data[LENGTH.size : LENGTH.size + length])
                del self._data[: LENGTH.size + length]
                self._heard(answer)

    def processEnded(self, reason: Failure) -> None:
        self.over = True
        self._in_time()
        asked, self._asked = self._asked, None
        if asked:
            asked.errback(self._why(reason))
        elif not self.ready or not reason.check(ProcessDone):
            self.log.warn("A process for templates has ended: {reason}", reason=reason.getErrorMessage())
        self._free(self)
        self.ended.callback(None)

    # --- inside

    def _heard(self, data: bytes) -> None:
        try:
            kind, answer = Answers(BytesIO(data)).load()
        except Exception:
            self.log.failure("A process for templates said something strange")
            self.kill()
            return
        self._in_time()
        if kind == READY:
            self.ready = True
        else:
            self._answered(kind, answer)
        self._free(self)

    def _answered(self, kind: str, answer: Any) -> None:
        asked, self._asked = self._asked, None
        if asked is None:
            return
        if kind == DONE:
            asked.callback(answer)
        else:
            asked.errback(Refused(answer) if kind == REFUSED else too_large())

    def _in_time(self) -> None:
        late, self._late = self._late, None
        if late and late.active():
            late.cancel()

    def _why(self, reason: Failure) -> Refused:
        """It has ended with a question open."""
        if self._too_late or getattr(reason.value, "signal", None) == signal.SIGALRM:
            said = f"This takes longer than {self._seconds:g} s to work out"
            return Refused([Problem(WHOLE, f"{said}; have fewer steps, or simpler expressions.")])
        self.log.warn("A process for templates has ended: {reason}", reason=reason.getErrorMessage())
        return too_large()


def too_large() -> Refused:
    return Refused([Problem(WHOLE, "This needs more memory to work out than a template may use; make it smaller.")])
