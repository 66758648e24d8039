"""Parts of a log: whoever puts them together has the log, live, packed, and with its middle left out."""

import random
import re
from itertools import pairwise
from pathlib import Path

from twisted.trial.unittest import TestCase

from brender.farm.interfaces import LogPage
from brender.logs.order_logs import Logs
from brender.logs.pages import whole_characters, whole_marks


class Pages(TestCase):
    def setUp(self) -> None:
        self.logs = self.opened()

    def opened(self, limit: int = 2**20) -> Logs:
        logs = Logs(Path(self.mktemp()), limit)
        self.addCleanup(logs.close)
        return logs

    def write(self, text: str, task: int = 0) -> None:
        self.logs.write(1, 7, task, text)

    async def page(self, begin: int = 0, length: int = 2**16, *patterns: str) -> LogPage:
        found = await self.logs.page(1, 7, begin, length, [re.compile(each) for each in patterns])
        assert found is not None
        return found

    async def through(self, length: int, begin: int = 0) -> list[LogPage]:
        """Page by page to its end."""
        found = [await self.page(begin, length)]
        while found[-1].end < found[-1].size:
            found.append(await self.page(found[-1].end, length))
            self.assertGreater(found[-1].end, found[-2].end)
        return found

    async def test_an_order_that_has_said_nothing_has_none(self) -> None:
        self.assertIsNone(await self.logs.page(1, 7, 0, 100))

    async def test_pages_are_whole_lines_and_together_the_log(self) -> None:
        text = "".join(f"line {number} with ünïcödé\n" for number in range(500))
        self.write(text)
        pages = await self.through(1000)
        self.assertEqual("".join(page.text for page in pages), text)
        self.assertTrue(all(page.text.endswith("\n") for page in pages))
        self.assertGreater(len(pages), 10)
        self.assertEqual([page.begin for page in pages[1:]], [page.end for page in pages[:-1]])

    async def test_sections_of_tasks_are_joined_without_their_marks(self) -> None:
        for task in range(60):
            self.write(f"task {task}\n", task)
        for length in (13, 14, 40, 2**16):
            self.assertEqual("".join(page.text for page in await self.through(length)), self.logs.read(1, 7))

    async def test_who_follows_hears_what_came_since_and_nothing_twice(self) -> None:
        self.write("one\n")
        first = await self.page()
        self.assertEqual(((await self.page(first.end)).text, first.size), ("", first.end))
        self.write("tw")
        second = await self.page(first.end)
        self.write("o\n")
        third = await self.page(second.end)
        self.assertEqual((first.text, second.text, third.text), ("one\n", "tw", "o\n"))

    async def test_places_stay_when_the_log_is_packed(self) -> None:
        self.write("".join(f"line {number}\n" for number in range(300)))
        before = await self.through(500)
        self.logs.end(7)
        self.assertFalse((self.logs.folder(1) / "7.log").exists())
        self.assertEqual(await self.through(500), before)
        self.write("it goes on\n")  # in another part
        self.assertEqual((await self.page(before[-1].end)).text, "it goes on\n")

    async def test_places_stay_when_the_middle_is_left_out_and_that_is_passed_over(self) -> None:
        self.logs = self.opened(limit=40_000)
        for number in range(9000):
            self.write(f"line {number}\n")
        live = await self.through(5000)
        text = "".join(page.text for page in live)
        self.assertTrue(text.startswith("line 0\nline 1\n") and text.endswith("line 8999\n"))
        self.assertLess(len(text), 41_000)
        gaps = [one for one, other in pairwise(live) if one.end < other.begin]
        self.assertEqual(len(gaps), 1)
        middle = await self.page(gaps[0].end + 10, 100)
        self.assertEqual(middle.begin, live[live.index(gaps[0]) + 1].begin)
        self.logs.end(7)
        packed = await self.through(5000)
        self.assertEqual("".join(page.text for page in packed), text)
        self.assertEqual((packed[-1].size, packed[-1].end), (live[-1].size, live[-1].end))

    async def test_from_the_end_it_begins_with_a_whole_line(self) -> None:
        self.write("".join(f"line {number}\n" for number in range(100)))
        page = await self.page(-20)
        self.assertEqual((page.text, page.end), ("line 98\nline 99\n", page.size))
        self.assertEqual((await self.page(-(10**9))).text[:7], "line 0\n")

    async def test_a_line_that_is_longer_than_a_page_comes_in_parts_of_whole_characters(self) -> None:
        text = "€" * 4000 + "\n"
        self.write(text)
        pages = await self.through(1000)
        self.assertEqual("".join(page.text for page in pages), text)
        self.assertNotIn("\N{REPLACEMENT CHARACTER}", pages[0].text)

    async def test_past_its_end_there_is_nothing(self) -> None:
        self.write("one\n")
        page = await self.page(10**12)
        self.assertEqual((page.text, page.end), ("", page.size))

    async def test_the_first_error_is_where_a_page_begins_with_it(self) -> None:
        self.write("fine\n" * 40_000)
        self.assertIsNone((await self.page(0, 10, "No space", "Error")).error)
        self.write("Error: no camera\nNo space left\n", task=1)
        for _ in range(2):
            error = (await self.page(0, 10, "No space", "Error")).error
            assert error is not None
            self.assertEqual((await self.page(error, 17)).text, "Error: no camera\n")
            self.logs.end(7)


class Cuts(TestCase):
    def test_no_character_is_cut(self) -> None:
        chance = random.Random(3)
        text = "".join(chance.choices(["a", "é", "€", "𝄞"], k=200)).encode()
        for cut in range(len(text) + 1):
            whole = whole_characters(text[:cut])
            whole.decode()
            self.assertLess(cut - len(whole), 4)

    def test_bytes_that_are_no_characters_are_not_waited_for(self) -> None:
        self.assertEqual(whole_characters(b"\x80" * 9), b"\x80" * 9)

    def test_a_mark_is_not_cut(self) -> None:
        self.assertEqual(whole_marks(b"line\n\x1eta"), 5)
        self.assertEqual(whole_marks(b"line\n\x1etask 3\nmore"), 17)
