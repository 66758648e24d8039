"""Why a task failed, in one sentence."""

from openjd.sessions import ActionState, ActionStatus
from twisted.trial.unittest import SynchronousTestCase

from brender.worker.session import memory
from brender.worker.session.memory import Peak
from brender.worker.session.reasons import ended_with, failure_of, reason_of


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


class CauseTests(SynchronousTestCase):
    """Memory is blamed where it was at fault, and nowhere else."""

    def cause(self, killed: str = "no", lines: tuple[str, ...] = (), **status: object) -> tuple[str, str]:
        told: dict[str, list[int | None]] = {"no": [1, 1], "yes": [1, 2], "probably": [None, None]}
        counts = told[killed]
        self.patch(memory, "oom_kills", lambda: counts.pop(0))
        return failure_of(failed(**status), lines, Peak(lambda: 0.0))

    def test_a_kill_that_the_system_counts_is_for_memory(self) -> None:
        for code in (-9, 137):
            said = "Killed by the system for want of memory: it had used next to nothing."
            self.assertEqual(self.cause("yes", exit_code=code), (said, "memory"))

    def test_so_is_one_of_which_nobody_knows(self) -> None:
        reason, cause = self.cause("probably", exit_code=-9)
        self.assertEqual((reason.partition(":")[0], cause), ("Killed, probably for memory", "memory"))

    def test_one_that_the_system_did_not_count_is_somebody_elses(self) -> None:
        reason, cause = self.cause("no", exit_code=-9)
        self.assertIn("Ended by SIGKILL", reason)
        self.assertIn("the machine did not report that its memory ran out", reason)
        self.assertEqual(cause, "")

    def test_one_of_the_last_lines_may_say_so(self) -> None:
        lines = ("what():  std::bad_alloc", "Aborted (core dumped)")
        reason, cause = self.cause(lines=lines, exit_code=134)
        self.assertEqual((reason, cause), (
            "Its memory ran out: it had used next to nothing. It said: what():  std::bad_alloc", "memory",
        ))  # fmt: skip

    def test_blender_says_it_by_its_guard(self) -> None:
        said = "Blender crashed (SIGSEGV); its last line was: Malloc returns null: len=32712 in mempool chunk"
        self.assertEqual(self.cause(fail_message=said, exit_code=1)[1], "memory")
        said = "The machine ran out of memory and the system ended Blender (SIGKILL)."
        reason, cause = self.cause("yes", fail_message=said, exit_code=1)
        self.assertEqual((reason.endswith(said), cause), (True, "memory"))

    def test_four_ends_have_four_reasons(self) -> None:
        ends = [
            self.cause(exit_code=-11),
            self.cause("yes", exit_code=-9),
            self.cause(fail_message="The graphics card ran out of memory: Out of memory in CUDA", exit_code=1),
            self.cause(exit_code=1),
        ]
        self.assertEqual(len({reason for reason, _ in ends}), 4)
        self.assertEqual([cause for _, cause in ends], ["", "memory", "", ""])

    def test_a_time_limit_is_no_want_of_memory(self) -> None:
        self.assertEqual(self.cause("yes", state=ActionState.TIMEOUT, exit_code=-9)[1], "")
