"""The worker's log, with readers of every kind."""

import os
import subprocess
import sys
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from brender.worker import printing
from brender.worker.printing import Printer
from tests.line.harness import until

CHECKOUT = Path(__file__).resolve().parents[2]


class PrinterTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.reads, self.writes = os.pipe()
        self.addCleanup(os.close, self.reads)
        self.printer = Printer(self.writes)

    def read(self) -> str:
        return os.read(self.reads, 2**20).decode()

    def test_what_is_written_is_there_after_close(self) -> None:
        self.printer.write("one\n")
        self.printer.write("é \udce9\n")
        self.printer.flush()
        self.printer.close()
        self.assertEqual(self.read(), "one\né \\udce9\n")

    def test_nobody_who_reads_is_nobody_who_is_waited_for(self) -> None:
        for n in range(3 * printing.MOST):
            self.printer.write(f"{n} {'x' * 200}\n")
        self.printer.close(within=0.1)

    def test_it_says_how_much_was_left_out(self) -> None:
        while not self.printer._left_out:
            self.printer.write("x" * 200 + "\n")
        text = ""
        while "lines were left out" not in text:
            text += self.read()
            self.printer.write("again\n")

    def test_a_reader_that_is_gone_is_no_matter(self) -> None:
        reads, writes = os.pipe()
        printer = Printer(writes)
        os.close(reads)
        for _ in range(10):
            printer.write("x\n")
        printer.close()
        until(lambda: not printer._thread.is_alive(), "it goes on writing")


class StreamsTests(SynchronousTestCase):
    def test_closed_streams_are_opened_and_open_ones_are_left_alone(self) -> None:
        program = (
            "import os; os.close(0); os.close(2); "
            "from brender.worker.printing import open_streams; open_streams(); "
            "print(*(os.readlink(f'/proc/self/fd/{n}') for n in (0, 2)), os.open('/dev/null', 0))"
        )
        done = subprocess.run([sys.executable, "-c", program], cwd=CHECKOUT, stdout=subprocess.PIPE, check=True)
        self.assertEqual(done.stdout, b"/dev/null /dev/null 3\n")
