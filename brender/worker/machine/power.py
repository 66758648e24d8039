"""Switching the machine off when the server says that nobody needs it.

How does this work?  The server only asks.  `Switch` looks whether anything is against it: work that has come
meanwhile, somebody who uses the machine, or that no command is named (`power_off` in [worker] of brender.toml), and
says so (`Stays`).  Else it says that it leaves, takes nothing more, and runs the command.  That may switch the machine
off, or put it to sleep: then the worker is still there when it wakes.  If the machine is on `LATE` seconds after,
or the command fails, the worker says that too and works on.
"""

import subprocess
from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from brender.protocols import messages as say
from brender.worker.agent import Agent
from brender.worker.machine.presence import Seen

LATE = 120.0  # seconds that a machine takes to go off, at most
WITHIN = 60.0  # ... and that the command may take
NO_COMMAND = "no power_off is named in [worker] of its brender.toml, such as power_off = 'systemctl poweroff'"

InThread = Callable[..., Deferred[str]]


class Switch:
    log = Logger()

    def __init__(
        self,
        command: str,
        agent: Agent,
        look: "Callable[[], Deferred[Seen]]",
        in_thread: InThread,
        clock: IReactorTime,
    ) -> None:
        self._command = command
        self._agent = agent
        self._look = look
        self._in_thread = in_thread
        self._clock = clock

    def unneeded(self, seconds: float) -> None:
        """Nobody needs the machine; it may go off if nobody has used it for so long."""
        asked = Deferred.fromCoroutine(self._switch_off(seconds))
        asked.addErrback(lambda failure: self._stay(f"it could not be: {failure.getErrorMessage()}"))

    async def _switch_off(self, seconds: float) -> None:
        if reason := self._hindrance(*await self._look(), seconds):
            return self._stay(reason)
        self.log.info("Nobody needs this machine: {command}", command=self._command)
        self._agent.switching_off = True
        self._agent.tell(say.Leaving(off=True))
        if problem := await self._in_thread(run, self._command):
            return self._stay(problem)
        self._clock.callLater(LATE, self._late)
        return None

    def _late(self) -> None:
        """Unless it has slept, and greeted again: then the server knows."""
        if self._agent.switching_off:
            self._stay("its power_off has run, and yet it is still on")

    def _hindrance(self, idle: float | None, held: bool, seconds: float) -> str:
        """Why it may not be switched off; "" when it may."""
        agent = self._agent
        if not self._command:
            return NO_COMMAND
        if idle is None:
            return "it cannot tell whether somebody uses it"
        if held or idle < seconds:
            return "somebody there holds it" if held else f"somebody used it {idle:.0f} s ago"
        return "it has work" if agent.held or agent.leaving or agent.unacknowledged else ""

    def _stay(self, reason: str) -> None:
        self.log.info("This machine is not switched off: {reason}", reason=reason)
        self._agent.switching_off = False
        self._agent.tell(say.Stays(reason))


def run(command: str) -> str:
    """Run what switches the machine off; gives what went wrong, as part of a sentence."""
    try:
        ended = subprocess.run(
            command, shell=True, capture_output=True, text=True, timeout=WITHIN, stdin=subprocess.DEVNULL, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"its power_off failed: {error}"
    if ended.returncode:
        said = (ended.stderr or ended.stdout).strip().splitlines()
        return f"its power_off ended with {ended.returncode}{': ' + said[-1] if said else ''}"
    return ""
