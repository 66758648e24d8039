"""How much memory was used, measured on real processes, and what a task says when it had too little."""

import os
import subprocess
import sys
from pathlib import Path

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from brender.worker import processes
from brender.worker.session import memory
from brender.worker.session.memory import Peak, below, held_below, says_so, shown
from tests.line.harness import until

CHECKOUT = Path(__file__).resolve().parents[2]
MB = 10**6
HOLDS = "import sys, time; held = b'x' * int(sys.argv[1]); print('there', flush=True); time.sleep(300)"


class PeakTestCase(SynchronousTestCase):
    def hold(self, size: int, *, shell: bool = False) -> subprocess.Popen[bytes]:
        """A process that holds so many bytes; or a shell that has started one."""
        command = [sys.executable, "-I", "-S", "-c", HOLDS, str(size)]
        words = ["sh", "-c", '"$@"; true', "sh", *command] if shell else command
        process = subprocess.Popen(words, stdout=subprocess.PIPE, preexec_fn=processes.end_with_parent)  # noqa: PLW1509
        self.addCleanup(self.end, process)
        assert process.stdout
        self.assertEqual(process.stdout.readline(), b"there\n")
        return process

    def end(self, process: subprocess.Popen[bytes]) -> None:
        processes.end({process.pid, *processes.descendants(process.pid)})
        process.wait()
        if process.stdout:
            process.stdout.close()

    def between(self, size: int, least: int, most: int) -> None:
        self.assertTrue(least * MB < size < most * MB, f"{size / MB:.0f} MB")


class PeakTests(PeakTestCase):
    def test_all_processes_below_are_added_up(self) -> None:
        before = held_below(os.getpid())
        self.hold(100 * MB)
        self.hold(50 * MB, shell=True)
        self.between(held_below(os.getpid()) - before, 150, 220)

    def test_the_most_that_was_seen_counts(self) -> None:
        clock = Clock()
        peak = Peak(clock.seconds)
        others = held_below(os.getpid())
        process = self.hold(100 * MB)
        peak.look()
        self.end(process)
        clock.advance(1e6)
        peak.look()
        self.between(peak.bytes - others, 80, 250)

    def test_every_task_begins_anew(self) -> None:
        clock = Clock()
        peak = Peak(clock.seconds)
        self.end(self.hold(300 * MB))
        peak.begin()
        others = held_below(os.getpid())
        peak.look()
        self.assertLess(peak.bytes - others, 200 * MB)

    def test_it_is_looked_now_and_then(self) -> None:
        clock = Clock()
        peak = Peak(clock.seconds)
        peak.look()
        before = peak.bytes  # what others hold that this process has started
        self.hold(100 * MB)
        peak.look()
        self.assertLess(peak.bytes - before, 80 * MB)
        clock.advance(1)
        peak.look()
        self.assertGreater(peak.bytes - before, 80 * MB)

    def test_what_nobody_saw_the_kernel_tells_when_it_has_ended(self) -> None:
        """In a process of its own: what this one has waited for is remembered for good."""
        program = (
            "import subprocess, sys; from brender.worker.session.memory import Peak; peak = Peak(lambda: 0.0); "
            "subprocess.run([sys.executable, '-c', 'held = bytearray(300_000_000)']); print(peak.bytes); "
            "peak.begin(); subprocess.run(['true']); print(peak.bytes)"
        )
        command = [sys.executable, "-c", program]
        printed = subprocess.run(command, capture_output=True, check=True, text=True, cwd=CHECKOUT).stdout
        first, second = map(int, printed.split())
        self.between(first, 300, 400)
        self.assertEqual(second, 0)

    def test_where_the_kernel_does_not_list_children_they_are_found_all_the_same(self) -> None:
        process = self.hold(MB, shell=True)
        quick = set(below(process.pid))
        self.patch(os.path, "exists", lambda path: False)
        self.assertEqual(set(below(process.pid)), quick)
        self.assertEqual(len(quick), 1)


class KilledTests(SynchronousTestCase):
    """Whether somebody was killed for memory: by the kernel's counter, or by how much was left."""

    def killed(self, before: int | None, after: int | None, scarce: bool = False) -> str:
        counts = [before, after]
        self.patch(memory, "oom_kills", lambda: counts.pop(0))
        self.patch(memory, "scarce", lambda: scarce)
        peak = Peak(lambda: 0.0)
        peak.begin()
        peak.look()
        return peak.killed()

    def test_the_kernel_has_counted_one_more(self) -> None:
        self.assertEqual(self.killed(3, 4), "yes")

    def test_it_has_not(self) -> None:
        self.assertEqual(self.killed(3, 3), "no")

    def test_it_has_not_but_there_was_next_to_none_left(self) -> None:
        self.assertEqual(self.killed(3, 3, scarce=True), "probably")

    def test_it_does_not_tell(self) -> None:
        self.assertEqual(self.killed(None, None), "probably")

    def test_who_was_killed_before_this_task_is_not_counted(self) -> None:
        counts, clock = [3, 4, 4, 5, 5], Clock()
        self.patch(memory, "oom_kills", lambda: counts.pop(0))
        self.patch(memory, "scarce", lambda: False)
        peak = Peak(clock.seconds)
        peak.begin()
        self.assertEqual(peak.killed(), "yes")
        peak.begin()
        self.assertEqual(peak.killed(), "no")
        clock.advance(60)  # meanwhile another was, of something else
        peak.begin()
        self.assertEqual(peak.killed(), "no")


class WordTests(SynchronousTestCase):
    def test_programs_say_that_memory_ran_out(self) -> None:
        for line in (
            "terminate called after throwing an instance of 'std::bad_alloc'",
            "MemoryError",
            "Malloc returns null: len=318767104 in Cycles Alloc, total 627759064",
            "Calloc returns null: len=16 in foo, total 7",
            "fork: Cannot allocate memory",
            "fatal: Out of memory, malloc failed",
        ):
            self.assertEqual(says_so(["one", line, "three"]), line)

    def test_a_card_that_is_full_is_something_else(self) -> None:
        for line in ("Out of memory in CUDA queue enqueue", "OptiX: out of memory", "GPU memory: out of memory"):
            self.assertEqual(says_so([line]), "")

    def test_others_do_not(self) -> None:
        self.assertEqual(says_so(["Mem:26.4M (Peak 27.1M)", "memory: 5 GB", "MyMemoryErrors"]), "")

    def test_sizes_are_shown_for_people(self) -> None:
        said = [shown(size) for size in (0, 2048, 5 * 2**20, 3328599654)]
        self.assertEqual(said, ["next to nothing", "2 kB", "5.0 MB", "3.1 GB"])


class WaitTests(PeakTestCase):
    def test_a_process_that_ends_meanwhile_counts_for_nothing(self) -> None:
        process = self.hold(MB)
        process.kill()
        until(lambda: not processes.alive(process.pid), "it lives")
        self.assertGreaterEqual(held_below(os.getpid()), 0)
