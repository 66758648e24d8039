"""Why a task failed, in one sentence.

How does this work?  What the task itself says (`openjd_fail`) comes first; else its end is named (a
signal, an exit code, a time limit, a program that is not there) together with the last line that it
printed, which is where most programs say why.
"""

import signal

from openjd.sessions import ActionState, ActionStatus

HINTS = {signal.SIGKILL: " (often because the machine ran out of memory)"}
NAMED = {int(number): number for number in signal.Signals}
NOT_FOUND = 127  # the shell's exit code, and openjd-sessions', for a program that is not there


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
