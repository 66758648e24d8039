"""Logs of orders in real files: every task can be cut out again, and nothing that is sent does harm."""

import gzip
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet import reactor as global_reactor
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SynchronousTestCase, TestCase

from brender.logs.files import Part, pack
from brender.logs.order_logs import OPEN_FILES, Kept, Logs

reactor: Any = global_reactor
CHUNKS = st.lists(st.tuples(st.integers(0, 3), st.text(max_size=20)), max_size=20)
DAY = 86_400.0


class Case(SynchronousTestCase):
    limit = 64 * 2**20

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.logs = self.made()

    def made(self, **how: Any) -> Logs:
        logs = Logs(self.folder, **{"limit": self.limit, **how})
        self.addCleanup(logs.close)
        return logs

    def found(self) -> set[str]:
        return {str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file()}


class WritingAndReading(Case):
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

    @given(CHUNKS, st.sets(st.integers(0, 20)))
    def test_whatever_is_written_is_read_again_and_no_task_reads_anothers(
        self, chunks: list[tuple[int, str]], ends: set[int]
    ) -> None:
        """However often the order is said to be over meanwhile."""
        logs = Logs(Path(self.mktemp()))
        for place, (task, text) in enumerate(chunks):
            logs.write(1, 2, task, text)
            if place in ends:
                logs.end(2)
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
        self.logs = self.made()
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
        self.assertEqual(self.found(), {"1/2.log", "1/3.log", "4/5.log"})


class Limits(Case):
    limit = 4000

    def lines(self, count: int, task: int = 0) -> None:
        for number in range(count):
            self.logs.write(1, 2, task, f"line {number:05}\n")

    def test_of_a_log_without_end_the_beginning_and_the_end_are_kept_and_it_says_how_much_is_not(self) -> None:
        self.lines(10_000)
        for _ in range(2):
            text = self.logs.read(1, 2, 0)
            self.assertTrue(text.startswith("line 00000\nline 00001\n"))
            self.assertTrue(text.endswith("line 09998\nline 09999\n"))
            self.assertEqual(text.count("are left out"), 1)
            self.assertLess(len(text), self.limit + 200)
            self.logs.end(2)
            self.assertEqual(self.found(), {"1/2.log.gz"})

    def test_what_is_said_to_be_left_out_and_what_is_there_make_the_whole(self) -> None:
        self.lines(10_000)
        before, _, after = self.logs.read(1, 2, 0).partition("\n[Here ")
        number, _, rest = after.partition(" bytes are left out: of a long log the beginning and the end are kept.]\n")
        marks = 110_000 // 1000  # a few bytes for each segment, which begins with its task's mark
        whole = len(before) + int(number.replace(",", "")) + len(rest)
        self.assertTrue(110_000 <= whole <= 110_000 + 10 * marks, whole)

    def test_it_goes_on_where_it_was_when_it_is_opened_again(self) -> None:
        self.lines(2000)
        self.logs.close()
        self.logs = self.made()
        self.logs.write(1, 2, 7, "the last words\n")
        text = self.logs.read(1, 2)
        self.assertTrue(text.endswith("line 01999\nthe last words\n"), text[-60:])
        self.assertEqual((self.logs.read(1, 2, 7), text.count("left out")), ("the last words\n", 1))

    def test_so_many_files_are_open_and_no_more_while_every_log_is_whole(self) -> None:
        orders = range(OPEN_FILES * 2)
        for part in ("a", "b"):
            for order in orders:
                self.logs.write(1, order, 0, part)
        self.assertEqual(len(self.logs._open), OPEN_FILES)
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


class FullDisks(Case):
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


class Links(Case):
    """What leads out of the logs' folder is neither read nor changed, whoever has put it there."""

    def setUp(self) -> None:
        super().setUp()
        self.elsewhere = Path(self.mktemp()).absolute()
        self.elsewhere.mkdir()
        for name in ("2.log", "2.log.2000", "3.log"):
            (self.elsewhere / name).write_bytes(b"\x1etask 0\nsecret\n")
        (self.elsewhere / "4.log.gz").write_bytes(gzip.compress(b"\x1etask 0\nsecret\n"))
        self.folder.mkdir()

    def read(self, job: int) -> set[str]:
        """All that can be had of these orders in any way."""
        got = set[str]()
        for order in (2, 3, 4):
            page = self.successResultOf(self.logs.page(job, order, 0, 100))
            got |= {self.logs.read(job, order), self.logs.read(job, order, 0), page.text if page else ""}
            got.add(str(self.successResultOf(self.logs.reading(job, order, end=100))))
        return got

    def test_a_folder_that_is_one_is_not_followed(self) -> None:
        (self.folder / "9").symlink_to(self.elsewhere)
        self.assertEqual(self.read(9), {""})

    def test_nor_is_a_file(self) -> None:
        (self.folder / "9").mkdir()
        for path in self.elsewhere.iterdir():
            (self.folder / "9" / path.name).symlink_to(path)
        self.assertEqual(self.read(9), {""})

    def test_nor_a_pipe_opened(self) -> None:
        (self.folder / "9").mkdir()
        os.mkfifo(self.folder / "9" / "2.log")
        self.assertEqual(self.read(9), {""})

    def test_all_logs_may_lie_on_another_disk(self) -> None:
        self.folder.rmdir()
        self.elsewhere.rename(self.elsewhere.with_name("9"))
        self.folder.symlink_to(self.elsewhere.parent)
        self.assertEqual(self.logs.read(9, 3), "secret\n")

    def test_what_is_there_stays_as_it_is(self) -> None:
        before = {path.name: path.read_bytes() for path in self.elsewhere.iterdir()}
        (self.folder / "9").symlink_to(self.elsewhere)
        (self.folder / "8").mkdir()
        (self.folder / "8" / "5.log").symlink_to(self.elsewhere / "3.log")
        pack(Part(self.logs.path(8, 5)))
        self.assertEqual(self.found(), {"8/5.log"})
        told: list[str] = []
        self.patch(Logs, "log", Teller(told))
        self.logs.write(9, 3, 0, "more\n")
        self.logs.end(3)
        tidying = self.logs.tidy((), 10, Kept(seconds=1.0, size=1), 10**10)
        self.successResultOf(Deferred.fromCoroutine(tidying))
        pack(Part(self.logs.path(9, 2)))
        self.assertEqual({path.name: path.read_bytes() for path in self.elsewhere.iterdir()}, before)
        said = f"The log of order 3 cannot be written and is not kept: {self.folder / '9'} is a link"
        self.assertEqual(told, [said])
        self.successResultOf(self.logs.remove(9))
        self.assertEqual(list(self.folder.iterdir()), [])
        self.assertEqual({path.name: path.read_bytes() for path in self.elsewhere.iterdir()}, before)


class Packing(Case):
    def test_an_order_that_is_over_has_a_small_file_that_any_gunzip_reads(self) -> None:
        self.logs.write(1, 2, 0, "Fra:1 Mem:12M\n" * 10_000)
        self.logs.end(2)
        self.assertEqual(self.found(), {"1/2.log.gz"})
        self.assertLess(self.logs.path(1, 2).with_suffix(".log.gz").stat().st_size, 2000)
        with gzip.open(self.logs.path(1, 2).with_suffix(".log.gz")) as file:
            self.assertEqual(file.read(), b"\x1etask 0\n" + b"Fra:1 Mem:12M\n" * 10_000)

    def test_an_order_that_wrote_nothing_makes_no_file(self) -> None:
        self.logs.end(2)
        self.assertEqual(self.found(), set())

    def test_what_comes_after_the_end_is_added(self) -> None:
        for word in ("a\n", "b\n", "c\n"):
            self.logs.write(1, 2, 0, word)
            self.logs.end(2)
        self.assertEqual(self.found(), {"1/2.log.gz", "1/2-1.log.gz", "1/2-2.log.gz"})
        self.assertEqual((self.logs.read(1, 2), self.logs.read(1, 2, 0)), ("a\nb\nc\n", "a\nb\nc\n"))

    def test_a_server_that_was_killed_between_packing_and_removing_has_every_line_once(self) -> None:
        self.logs.write(1, 2, 0, "a\nb\n")
        self.logs.close()
        plain = self.logs.path(1, 2).read_bytes()
        pack(Part(self.logs.path(1, 2)))
        self.logs.path(1, 2).write_bytes(plain)  # it was not removed yet
        self.assertEqual(self.logs.read(1, 2), "a\nb\n")
        pack(Part(self.logs.path(1, 2)))
        self.assertEqual((self.found(), self.logs.read(1, 2)), ({"1/2.log.gz"}, "a\nb\n"))

    def test_a_log_that_is_written_while_it_is_packed_is_left_for_another_time(self) -> None:
        packing: list[Callable[[], Any]] = []

        def later(call: Callable[..., Any], *given: Any) -> Deferred[Any]:
            packing.append(lambda: call(*given))
            return Deferred()

        logs = self.made(later=later)
        logs.write(1, 2, 0, "a\n")
        logs.end(2)
        logs.write(1, 2, 0, "b\n")
        packing.pop()()
        self.assertEqual((logs.read(1, 2), self.found()), ("a\nb\n", {"1/2.log"}))
        logs.end(2)
        packing.pop()()
        self.assertEqual((logs.read(1, 2), self.found()), ("a\nb\n", {"1/2.log.gz"}))

    def test_one_that_is_damaged_says_so_after_what_can_be_read(self) -> None:
        self.logs.write(1, 2, 0, "".join(f"{os.urandom(20).hex()}\n" for _ in range(20_000)))
        self.logs.end(2)
        packed = self.logs.path(1, 2).with_suffix(".log.gz")
        os.truncate(packed, packed.stat().st_size // 2)
        text = self.logs.read(1, 2)
        self.assertGreater(len(text), 1000)
        self.assertTrue(text.endswith("[The rest of this log is damaged and cannot be read.]\n"), text[-80:])


class TheEnd(Case):
    limit = 40_000

    def end(self, most: int) -> str:
        return str(self.successResultOf(self.logs.reading(1, 2, end=most)))

    def test_the_end_of_a_log_is_the_same_as_of_the_whole_in_every_kind_of_file(self) -> None:
        for count in (0, 1, 50, 1500, 5000, 9000):
            for number in range(count):
                self.logs.write(1, 2, number // 100, f"line {number}\n")
            for packed in (False, True):
                whole = self.logs.read(1, 2)
                for most in (1, 300, 15_000, 10**6):
                    found = self.end(most)
                    self.assertTrue(whole.endswith(found), (count, packed, most))
                    self.assertGreaterEqual(len(found), min(most, len(whole)), (count, packed, most))
                self.logs.end(2)
            (self.folder / "1" / "2.log.gz").unlink(missing_ok=True)

    def test_of_a_long_one_that_is_still_written_no_more_is_read_than_is_needed(self) -> None:
        for number in range(1500):
            self.logs.write(1, 2, 0, f"line {number}\n")
        self.assertLess(len(self.end(100)), 300)


class Tidying(Case):
    def aged(self, job: int, days: float, size: int = 1000) -> None:
        """A log of a job, written so long ago; its order has the job's number."""
        self.logs.write(job, job, 0, os.urandom(size // 2).hex())
        self.logs.end(job)
        for path in (*self.logs.folder(job).iterdir(), self.logs.folder(job)):
            os.utime(path, (self.now - days * DAY, self.now - days * DAY))

    now = 1_700_000_000.0

    def tidy(self, *held: int, last: int = 10**6, **kept: Any) -> set[str]:
        tidying = self.logs.tidy(held, last, Kept(**kept), self.now)
        self.successResultOf(Deferred.fromCoroutine(tidying))
        return {each.name for each in self.folder.iterdir()} if self.folder.exists() else set()

    def test_where_there_are_none_nothing_is_done(self) -> None:
        self.assertEqual(self.tidy(seconds=1.0), set())

    def test_the_logs_of_jobs_that_are_too_old_go(self) -> None:
        for job, days in ((1, 100), (2, 91), (3, 89), (4, 0)):
            self.aged(job, days)
        self.assertEqual(self.tidy(), {"1", "2", "3", "4"})
        self.assertEqual(self.tidy(seconds=90 * DAY), {"3", "4"})

    def test_of_too_much_the_oldest_jobs_go(self) -> None:
        for job, days in ((1, 3), (2, 9), (3, 5), (4, 1)):
            self.aged(job, days, size=10_000)
        self.assertEqual(self.tidy(size=16_000), {"1", "4"})

    def test_a_job_of_which_something_runs_keeps_all(self) -> None:
        for job in (1, 2, 3):
            self.aged(job, 100)
        self.assertEqual(self.tidy(2, last=2, seconds=DAY, size=1), {"2", "3"})

    def test_what_a_server_that_was_killed_has_left_is_packed(self) -> None:
        for order in (5, 6, 7):
            self.logs.write(1, order, 0, f"{order}\n")
        self.logs.close()
        self.logs = self.made()
        self.tidy(6, last=6)
        self.assertEqual(self.found(), {"1/5.log.gz", "1/6.log", "1/7.log"})
        self.assertEqual([self.logs.read(1, order) for order in (5, 6, 7)], ["5\n", "6\n", "7\n"])

    def test_a_folder_that_was_being_removed_goes_at_last(self) -> None:
        (self.folder / "4.gone").mkdir(parents=True)
        (self.folder / "4.gone" / "1.log.gz").write_bytes(b"")
        self.assertEqual(self.tidy(), set())

    def test_files_of_others_stay(self) -> None:
        self.folder.mkdir()
        (self.folder / "README").write_text("mine")
        self.assertEqual(self.tidy(seconds=1.0, size=1), {"README"})


class InAnotherThread(TestCase):
    async def test_reading_while_logs_are_written_and_packed_never_sees_a_line_twice_or_not_at_all(self) -> None:
        logs = Logs(Path(self.mktemp()), later=deferToThread)
        self.addCleanup(logs.close)
        for number in range(300):
            logs.write(1, 2, number, f"{number}\n")
            if number % 3 == 0:
                logs.end(2)
            text = await logs.reading(1, 2)
            self.assertEqual(text, "".join(f"{each}\n" for each in range(number + 1)))

    async def test_what_is_done_at_once_gives_the_same(self) -> None:
        logs = Logs(Path(self.mktemp()), later=maybeDeferred)
        logs.write(1, 2, 3, "a")
        self.assertEqual((await logs.reading(1, 2), await logs.reading(1, 2, 4)), ("a", ""))
        logs.close()


class Teller:
    """A log that keeps its sentences."""

    def __init__(self, told: list[str]) -> None:
        self._told = told

    def error(self, text: str, **values: object) -> None:
        self._told.append(text.format(**values))
