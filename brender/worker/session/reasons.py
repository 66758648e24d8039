"""Why a task failed, in one sentence.

How does this work?  What the task itself says (`openjd_fail`) comes first; else its end is named (a
signal, an exit code, a time limit, a program that is not there) together with the last line that it
printed, which is where most programs say why.  `want_of_memory` tells whether it failed for that, as others than
this machine may have more: because it says so, or because it was killed and there is reason to believe so.
"""

import signal
from collections.abc import Sequence

from openjd.sessions import ActionState, ActionStatus

from brender.protocols.messages import Cause
from brender.worker.session.memory import Peak, says_so, shown

HINTS = {signal.SIGKILL: " (often because the machine ran out of memory)"}
NAMED = {int(number): number for number in signal.Signals}
NOT_FOUND = 127  # the shell's exit code, and openjd-sessions', for a program that is not there
KILLED = (-signal.SIGKILL, 128 + signal.SIGKILL)  # itself, or what a shell ran for it
KILLED_FOR_IT = {"yes": "Killed by the system for want of memory", "probably": "Killed, probably for memory"}


def failure_of(status: ActionStatus, lines: Sequence[str], peak: Peak) -> tuple[str, Cause]:
    """Why an action has failed, and what kind of a reason that is; `lines` are the last ones that it printed."""
    if reason := want_of_memory(status, lines, peak):
        return reason, "memory"
    reason = reason_of(status, lines[-1] if lines else "")
    if status.exit_code in KILLED and not status.fail_message:
        reason += f" It had used {shown(peak.bytes)}; the machine did not report that its memory ran out."
    return reason, ""


def reason_of(status: ActionStatus, last_line: str) -> str:
    if status.state is ActionState.TIMEOUT:
        return "It ran longer than its time limit and was ended: runtime limit reached."
    if status.fail_message:
        return status.fail_message
    return ended_with(status.exit_code) + (f" Its last line: {last_line}" if last_line else "")


def ended_with(code: int | None) -> str:
    if code is None:
        return "It could not be started."
    if code == NOT_FOUND:
        return "Exit code 127: a program was not found."
    if code < 0 or code > 128:
        number = -code if code < 0 else code - 128
        if number in NAMED:
            return f"Ended by {NAMED[number].name}{HINTS.get(NAMED[number], '')}."
    return f"Exit code {code}."


def want_of_memory(status: ActionStatus, lines: Sequence[str], peak: Peak) -> str:
    """Why it failed, when it was for want of memory; empty when it was not."""
    if status.state is ActionState.TIMEOUT:
        return ""
    said = status.fail_message or ""
    how = peak.killed() if was_killed(status) else "no"
    if how != "no":
        return f"{KILLED_FOR_IT[how]}: it had used {shown(peak.bytes)}.{f' {said}' if said else ''}"
    if line := says_so([*lines, said]):
        return f"Its memory ran out: it had used {shown(peak.bytes)}. It said: {line}"
    return ""


def was_killed(status: ActionStatus) -> bool:
    """With SIGKILL; or something that it watches over was, and it says so."""
    return status.exit_code in KILLED or "(SIGKILL)" in (status.fail_message or "")
