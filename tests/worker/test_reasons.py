"""Why a task failed, in one sentence."""

from openjd.sessions import ActionState, ActionStatus
from twisted.trial.unittest import SynchronousTestCase

from brender.worker.reasons import ended_with, reason_of


def failed(**status: object) -> ActionStatus:
    return ActionStatus(**{"state": ActionState.FAILED, **status})  # type: ignore[arg-type]


class ReasonTests(SynchronousTestCase):
    def test_what_the_task_says_comes_first(self) -> None:
        self.assertEqual(reason_of(failed(fail_message="no camera", exit_code=1), "last"), "no camera")

    def test_the_last_line_says_why_where_nothing_better_does(self) -> None:
        self.assertEqual(reason_of(failed(exit_code=1), "no camera"), "Exit code 1. Its last line: no camera")
        self.assertEqual(reason_of(failed(exit_code=1), ""), "Exit code 1.")

    def test_a_time_limit_is_named_whatever_else_there_is(self) -> None:
        status = ActionStatus(state=ActionState.TIMEOUT, exit_code=0, fail_message="stopped")
        self.assertIn("runtime limit reached", reason_of(status, "last"))

    def test_ends_are_named(self) -> None:
        for code, sentence in {
            None: "It could not be started.",
            1: "Exit code 1.",
            127: "Exit code 127: a program was not found.",
            128: "Exit code 128.",
            134: "Ended by SIGABRT.",
            139: "Ended by SIGSEGV.",
            255: "Exit code 255.",
            -9: "Ended by SIGKILL (often because the machine ran out of memory).",
            -11: "Ended by SIGSEGV.",
            -200: "Exit code -200.",
        }.items():
            self.assertEqual(ended_with(code), sentence)
