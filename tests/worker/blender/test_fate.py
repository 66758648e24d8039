"""Every way to end has its own sentence; memory is blamed only where it was at fault."""

import signal

from twisted.trial.unittest import TestCase

from brender.worker.blender.fate import sentence


class Fate(TestCase):
    def test_four_ends_have_four_reasons(self) -> None:
        self.assertEqual(
            sentence(int(signal.SIGSEGV), ["Fra:1", "Writing: /tmp/x.crash.txt", ""], False),
            "Blender crashed (SIGSEGV); its last line was: Fra:1",
        )
        self.assertEqual(
            sentence(int(signal.SIGKILL), [], False),
            "Blender was ended from outside (SIGKILL); the machine did not report that its memory ran out.",
        )
        self.assertEqual(
            sentence(1 << 8, ["Out of memory in CUDA queue enqueue", "bye"], False),
            "The graphics card ran out of memory: Out of memory in CUDA queue enqueue",
        )
        self.assertEqual(sentence(1 << 8, [], False), "Blender ended by itself with exit code 1 without a word.")

    def test_the_systems_own_kill_for_memory(self) -> None:
        self.assertIn("ran out of memory and the system ended", sentence(int(signal.SIGKILL), [], True))

    def test_no_display(self) -> None:
        said = sentence(int(signal.SIGABRT), ["Unable to open a display", "Aborted"], False)
        self.assertIn("Blender crashed (SIGABRT): this engine needs a display library (EGL, packages libegl1 ", said)

    def test_a_line_about_egl_that_does_no_harm_is_not_the_reason(self) -> None:
        said = sentence(int(signal.SIGABRT), ["EGL Error (0x3009): EGL_BAD_MATCH", "terminate called"], False)
        self.assertEqual(said, "Blender crashed (SIGABRT); its last line was: terminate called")

    def test_what_blender_says_behind_an_error_in_a_script_is_not_the_reason(self) -> None:
        lines = ["RuntimeError: broken", "", "Error: script failed, file: '/keeper.py', exiting.", "Blender quit"]
        self.assertEqual(
            sentence(1 << 8, lines, False),
            "Blender ended by itself with exit code 1; its last line was: RuntimeError: broken",
        )

    def test_an_abort_for_another_reason_is_a_crash(self) -> None:
        self.assertIn("Blender crashed (SIGABRT)", sentence(int(signal.SIGABRT), ["terminate called"], False))

    def test_with_a_core_dump(self) -> None:
        self.assertIn("Blender crashed (SIGSEGV)", sentence(int(signal.SIGSEGV) | 0x80, [], False))
