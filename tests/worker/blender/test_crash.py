"""What Blender writes when it crashes is in the task's log, and nothing of it stays on the machine."""

import os
import shutil
import tempfile
from pathlib import Path

from twisted.trial.unittest import TestCase

from brender.worker.blender import crash
from brender.worker.blender.installed import Blender
from tests.worker.blender.harness import BlenderTestCase, Ended, Farm

FALLS = """#!/bin/sh
echo "$TMPDIR" > {folder}/where
echo Fra:1 Mem:1M
echo about to fall
{write}
kill -{signal} $$
"""
WRITE = """printf '# backtrace\\nopenjd_fail: not for you\\nlast step\\n' > "$TMPDIR/x.crash.txt\""""


class Told(BlenderTestCase):
    def fallen(self, signal: str = "SEGV", write: str = WRITE) -> Ended:
        """What is said of a Blender that does nothing but crash."""
        program = self.folder / "blender"
        program.write_text(FALLS.format(folder=self.folder, signal=signal, write=write))
        program.chmod(0o755)
        farm = Farm(self.folder, {"Scene": "/x.blend"}, blenders=[Blender("9.9.9", "program", str(program))])
        self.addCleanup(farm.close)
        ended = farm.enter()
        self.assertFalse(ended.ok)
        where = Path((self.folder / "where").read_text().strip())
        self.assertEqual(where.parent, farm.session.working_directory)
        self.assertFalse(where.exists())
        return ended

    def test_its_text_is_in_the_log_and_says_nothing_to_openjd(self) -> None:
        ended = self.fallen()
        self.assertEqual(ended.reason, "Blender crashed (SIGSEGV); its last line was: about to fall")
        self.assertIn(
            "Blender wrote x.crash.txt:\n  # backtrace\n  openjd_fail: not for you\n  last step\n", ended.text
        )

    def test_four_ends_have_four_reasons(self) -> None:
        """BLD-19"""
        card = "Out of memory in CUDA queue enqueue (integrator_init_from_camera)"
        last, memory = "its last line was: about to fall", "the machine did not report that its memory ran out."
        for signal, write, reason in (
            ("SEGV", ":", f"Blender crashed (SIGSEGV); {last}"),
            ("KILL", ":", f"Blender was ended from outside (SIGKILL); {memory}"),
            ("", f"echo '{card}'; echo bye; exit 1", f"The graphics card ran out of memory: {card}"),
            ("", "exit 1", f"Blender ended by itself with exit code 1; {last}"),
        ):
            self.assertEqual(self.fallen(signal, write).reason, reason)

    def test_without_a_text_nothing_is_added(self) -> None:
        self.assertNotIn("Blender wrote", self.fallen("ABRT", ":").text)

    def test_what_would_be_read_for_ever_is_not_read(self) -> None:
        write = 'mkfifo "$TMPDIR/x.crash.txt"; ln -s /dev/zero "$TMPDIR/y.crash.txt"; mkdir "$TMPDIR/z.crash.txt"'
        self.assertNotIn("Blender wrote", self.fallen(write=write).text)


class Bounds(TestCase):
    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def lines(self, data: bytes, name: str = "x.crash.txt") -> list[str]:
        (self.folder / name).write_bytes(data)
        return crash.lines(str(self.folder))

    def test_of_a_long_one_the_end_is_kept(self) -> None:
        for before in (b"a", b"a" * 10**6, "é".encode() * 10**6):
            said = self.lines(before + b"b" * 7990 + b"\nlast step")
            self.assertEqual(said[0], "Blender wrote x.crash.txt, its last 8000 characters:")
            self.assertEqual(said[1:], ["  " + "b" * 7990, "  last step"])

    def test_any_bytes_are_shown(self) -> None:
        self.assertEqual(self.lines(b"\xff\xfe"), ["Blender wrote x.crash.txt:", "  \ufffd\ufffd"])

    def test_an_empty_one_is_named(self) -> None:
        self.assertEqual(self.lines(b""), ["Blender wrote x.crash.txt:"])

    def test_of_several_the_newest_is_shown(self) -> None:
        self.lines(b"new")
        self.lines(b"old", "a.crash.txt")
        os.utime(self.folder / "a.crash.txt", (1, 1))
        self.assertEqual(self.lines(b"no crash", "z.txt"), ["Blender wrote x.crash.txt:", "  new"])

    def test_a_folder_that_has_gone_says_nothing(self) -> None:
        self.assertEqual(crash.lines(str(self.folder / "gone")), [])
