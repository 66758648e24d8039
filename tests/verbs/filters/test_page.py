"""docs/filters.md and the program tell the same: every filter on the page is one, or is refused as the page says."""

import json
import re
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

import brender.verbs.filters
from brender.verbs.filters import BadFilter, Language, Op, parse_mapping, pointing
from brender.verbs.filters.conditions import DEEPEST, LONGEST, MOST
from tests.verbs.filters.farm import BERLIN, CLIENTS, JOBS, NOW, read

PAGE = Path(__file__).resolve().parents[3] / "docs" / "filters.md"


class ThePage(SynchronousTestCase):
    def setUp(self) -> None:
        self.text = PAGE.read_text(encoding="utf-8")

    def rows(self, head: str) -> list[list[str]]:
        """The cells of the table with that head."""
        table = self.text.partition(f"\n| {head} |")[2].partition("\n\n")[0]
        return [re.split(r" \| ", row.strip("| ")) for row in table.splitlines()[2:]]

    def test_every_filter_of_the_tables_can_be_read(self) -> None:
        for head, language in (("filter of clients | chooses", CLIENTS), ("filter of jobs | chooses", JOBS)):
            rows = self.rows(head)
            self.assertGreater(len(rows), 7)
            for filter_, _ in rows:
                self.assertTrue(read(filter_.strip("`"), language))

    def test_every_value_of_the_table_can_be_read(self) -> None:
        attributes: dict[str, tuple[str, Language]] = {
            "texts": ("name", CLIENTS),
            "few values": ("status", CLIENTS),
            "whole numbers, numbers": ("slowness", CLIENTS),
            "memory": ("memory", CLIENTS),
            "seconds": ("idle_seconds", CLIENTS),
            "percentages": ("progress", JOBS),
            "shares": ("fail_share", JOBS),
            "times": ("ended", JOBS),
            "yes or no": ("wake", CLIENTS),
        }
        rows = self.rows("values | are written | ranges, with `=` and `!=`")
        self.assertEqual([row[0] for row in rows], list(attributes))
        for sort, *cells in rows:
            name, language = attributes[sort]
            for value in re.findall("`([^`]+)`", " ".join(cells)):
                self.assertTrue(read(f"{name}={value}", language), value)

    def test_what_the_page_says_is_refused_is_refused_so(self) -> None:
        for filter_, sentence in self.rows("filter of clients | is refused"):
            with self.assertRaises(BadFilter) as caught:
                read(filter_.strip("`"))
            self.assertEqual(str(caught.exception), sentence)

    def test_every_example_of_a_face_can_be_read(self) -> None:
        said = re.findall(r"(?m)^> \w+ (.+)$", self.text)
        said += re.findall(r"(?m)^\$ brender \w+ '(.+)'$", self.text)
        said += re.findall(r"'filter=(.+)'", self.text)
        self.assertEqual(len(said), 6)
        for text in said:
            self.assertTrue(read(text), text)
        objects = re.findall(r"(?m)^\{.+\}$", self.text)
        self.assertEqual(len(objects), 4)
        for text in objects:
            self.assertTrue(parse_mapping(json.loads(text), CLIENTS, now=NOW, zone=BERLIN), text)

    def test_the_caret_is_where_the_page_has_it(self) -> None:
        (block,) = [each for each in re.findall(r"(?s)```text\n(.+?)\n```", self.text) if "^" in each]
        text, _, sentence = block.split("\n")
        with self.assertRaises(BadFilter) as caught:
            read(text)
        self.assertEqual(
            f"{pointing(text, caught.exception.at)}\n{caught.exception}", f"{block[: -len(sentence) - 1]}\n{sentence}"
        )

    def test_operators_and_limits_are_all_there(self) -> None:
        told = re.findall(
            "`([^`]+)`", " ".join(row[0] for row in self.rows("operator | is true when the attribute | goes with"))
        )
        self.assertEqual(told, list(Op))
        for limit in (LONGEST, MOST, DEEPEST):
            self.assertIn(f"{limit:,} ", self.text)

    def test_every_module_has_its_row(self) -> None:
        told = re.findall("`([a-z]+)`", " ".join(row[0] for row in self.rows("module | does")))
        folder = Path(brender.verbs.filters.__file__).parent
        self.assertEqual(sorted(told), sorted(file.stem for file in folder.glob("*.py") if file.stem != "__init__"))
