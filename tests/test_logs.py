"""Logs of orders in real files: every task can be cut out again, and nothing that is sent does harm."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from brender import logs as module
from brender.logs import OPEN_FILES, Logs

CHUNKS = st.lists(st.tuples(st.integers(0, 3), st.text(max_size=20)), max_size=20)


class WritingAndReading(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.logs = Logs(self.folder)

    def tearDown(self) -> None:
        self.logs.close()

    def test_a_log_that_nobody_wrote_is_empty(self) -> None:
        self.assertEqual((self.logs.read(1, 2), self.logs.read(1, 2, 3)), ("", ""))

    def test_what_was_written_can_be_read_at_once(self) -> None:
        self.logs.write(1, 2, 0, "Fra:1\n")
        self.assertEqual(self.logs.read(1, 2), "Fra:1\n")

    def test_a_task_is_cut_out_however_its_chunks_were_mixed(self) -> None:
        for task, text in [(0, "a"), (1, "b\n"), (0, "c"), (11, "d"), (1, "e")]:
            self.logs.write(1, 2, task, text)
        self.assertEqual([self.logs.read(1, 2, task) for task in (0, 1, 11, 2)], ["ac", "b\ne", "d", ""])
        self.assertEqual(self.logs.read(1, 2), "ab\ncde")

    @given(CHUNKS)
    def test_whatever_is_written_is_read_again_and_no_task_reads_anothers(self, chunks: list[tuple[int, str]]) -> None:
        logs = Logs(Path(self.mktemp()))
        for task, text in chunks:
            logs.write(1, 2, task, text)
        for task in range(4):
            wanted = "".join(text for each, text in chunks if each == task).replace("\x1e", "␞")
            self.assertEqual(logs.read(1, 2, task), wanted)
        logs.close()

    def test_half_a_character_that_no_file_can_hold_is_kept_readable(self) -> None:
        self.logs.write(1, 2, 0, "a\ud800b")
        self.assertEqual(self.logs.read(1, 2), "a\\ud800b")

    def test_a_text_that_looks_like_a_section_begins_none(self) -> None:
        self.logs.write(1, 2, 0, "\x1etask 5\nmine\n")
        self.assertEqual((self.logs.read(1, 2, 5), self.logs.read(1, 2, 0)), ("", "␞task 5\nmine\n"))

    def test_the_log_goes_on_after_its_order_was_ended_or_the_server_started_again(self) -> None:
        self.logs.write(1, 2, 0, "a\n")
        self.logs.end(2)
        self.logs.write(1, 2, 0, "b\n")
        self.logs.close()
        self.logs = Logs(self.folder)
        self.logs.write(1, 2, 0, "c\n")
        self.assertEqual(self.logs.read(1, 2, 0), "a\nb\nc\n")

    def test_one_that_was_cut_off_in_the_middle_of_a_section_can_be_read(self) -> None:
        path = self.logs.path(1, 2)
        path.parent.mkdir(parents=True)
        for torn in (b"\x1etask 0\nkept\n\x1etask ", b"\x1etask 0\nkept\n\x1eta", b"\x1etask 0\nkept\n\xf0\x9f"):
            path.write_bytes(torn)
            self.assertTrue(self.logs.read(1, 2, 0).startswith("kept\n"), torn)

    def test_orders_have_a_file_each_named_by_numbers(self) -> None:
        self.logs.write(1, 2, 0, "a")
        self.logs.write(1, 3, 0, "b")
        self.logs.write(4, 5, 0, "c")
        found = {str(path.relative_to(self.folder)) for path in self.folder.rglob("*.log")}
        self.assertEqual(found, {"1/2.log", "1/3.log", "4/5.log"})


class Limits(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.logs = Logs(self.folder)
        self.addCleanup(self.logs.close)

    def test_a_log_without_end_is_cut_and_says_so_once(self) -> None:
        self.patch(module, "MOST", 2**20)
        for _ in range(40):
            self.logs.write(1, 2, 0, "x" * 100_000)
        text = self.logs.read(1, 2, 0)
        self.assertTrue(text.endswith("x\n[This log is longer than 1 MB; the rest was not kept.]\n"))
        self.assertEqual(text.count("[This log"), 1)
        self.assertLess(self.logs.path(1, 2).stat().st_size, 2**20 + 100_000 + 200)

    def test_it_stays_cut_when_it_is_opened_again(self) -> None:
        self.patch(module, "MOST", 2**10)
        self.logs.write(1, 2, 0, "x" * 2**11)
        self.logs.end(2)
        self.logs.write(1, 2, 0, "more")
        self.assertNotIn("more", self.logs.read(1, 2))

    def test_so_many_files_are_open_and_no_more_while_every_log_is_whole(self) -> None:
        orders = range(OPEN_FILES * 2)
        for part in ("a", "b"):
            for order in orders:
                self.logs.write(1, order, 0, part)
        self.assertEqual(len(self.logs._files), OPEN_FILES)
        self.assertEqual({self.logs.read(1, order, 0) for order in orders}, {"ab"})

    def test_a_log_that_cannot_be_written_is_told_once_and_hurts_nobody(self) -> None:
        told: list[str] = []
        self.patch(Logs, "log", Teller(told))
        self.folder.mkdir()
        (self.folder / "1").write_text("I am a file.")
        for _ in range(3):
            self.logs.write(1, 2, 0, "a")
        self.logs.write(3, 4, 0, "b")
        self.assertEqual(
            ([text[:38] for text in told], self.logs.read(1, 2)), (["The log of order 2 cannot be written a"], "")
        )
        self.assertEqual(self.logs.read(3, 4), "b")

    def test_a_full_disk_costs_the_log_alone(self) -> None:
        told: list[str] = []
        self.patch(Logs, "log", Teller(told))
        self.logs.path(1, 2).parent.mkdir(parents=True)
        self.logs.path(1, 2).symlink_to("/dev/full")
        for _ in range(20):
            self.logs.write(1, 2, 0, "x" * 10_000)
        self.logs.end(2)
        self.assertEqual(len(told), 1)
        self.assertIn("No space left", told[0])


class Teller:
    """A log that keeps its sentences."""

    def __init__(self, told: list[str]) -> None:
        self._told = told

    def error(self, text: str, **values: object) -> None:
        self._told.append(text.format(**values))
