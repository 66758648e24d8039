"""Ranges read as openjd-model reads them, and refused in sentences that give the right spelling."""

import re
from itertools import chain, islice

from hypothesis import example, given, settings
from hypothesis import strategies as st
from openjd.model import IntRangeExpr
from twisted.trial.unittest import TestCase

from brender.farm.submission import ranges
from brender.farm.submission.ranges import BadRange, parse

# What people type, often enough well-formed, often enough not.
NUMBERS = st.integers(-12, 30).map(str)
BLANKS = st.sampled_from(["", "", " ", "\t", "\n"])
PIECES = st.tuples(
    BLANKS, NUMBERS, st.sampled_from(["", "-", " - ", "--", ":", "x"]), NUMBERS, st.sampled_from(["", ":", ":-"]),
    st.sampled_from(["", "1", "2", "3", "0"]), BLANKS,
).map("".join)  # fmt: skip
TEXTS = st.lists(PIECES | NUMBERS, min_size=1, max_size=5).map(",".join) | st.text("0123456789-:, x\n", max_size=12)


MOST = 10_000  # values that are compared: twelve digits may stand for more than fit in memory


def values(text: str) -> list[int]:
    return list(islice(parse(text), MOST))


def refusal(text: str) -> str:
    try:
        parse(text)
    except BadRange as error:
        return str(error)
    return ""


def reference(text: str) -> list[int] | None:
    try:
        return list(islice(IntRangeExpr.from_str(text), MOST))
    except ValueError:
        return None


class Reading(TestCase):
    def test_the_specifications_table_is_read(self) -> None:
        table = {
            "1 - 5": [1, 2, 3, 4, 5],
            "-1 - 1": [-1, 0, 1],
            "1-5:2": [1, 3, 5],
            "10-15:2,1-5": [1, 2, 3, 4, 5, 10, 12, 14],
            "1-10:4": [1, 5, 9],
            "1-10:3": [1, 4, 7, 10],
            "5-5": [5],
            "5-5:7": [5],
            "1-10:20": [1],
            "007": [7],
            "-0": [0],
        }
        self.assertEqual({text: values(text) for text in table}, table)

    def test_a_piece_may_begin_where_the_steps_of_the_one_before_have_ended(self) -> None:
        self.assertEqual(values("1-10:4,10-15"), [1, 5, 9, 10, 11, 12, 13, 14, 15])

    def test_a_descending_piece_keeps_its_order_and_the_pieces_are_sorted(self) -> None:
        self.assertEqual(values("10-1:-3"), [10, 7, 4, 1])
        self.assertEqual(values("20,10,1"), [1, 10, 20])
        self.assertEqual(values("5-1:-1,10"), [5, 4, 3, 2, 1, 10])
        self.assertEqual(values("5--5:-5"), [5, 0, -5])

    def test_negative_frames_are_frames(self) -> None:
        table = {
            "-5--1": [-5, -4, -3, -2, -1],
            "-3-3": [-3, -2, -1, 0, 1, 2, 3],
            "-3--3": [-3],
            "-10--1:3": [-10, -7, -4, -1],
            "-1--10:-3": [-1, -4, -7, -10],
            "-5": [-5],
            "- 5": [-5],
        }
        self.assertEqual({text: values(text) for text in table}, table)

    def test_blanks_tabs_and_line_ends_stand_between_what_counts(self) -> None:
        self.assertEqual(values("  1 - 3 "), [1, 2, 3])
        self.assertEqual(values("\t1-3"), [1, 2, 3])
        self.assertEqual(values("1-3 , 7"), [1, 2, 3, 7])
        self.assertEqual(values("1-3\n"), [1, 2, 3])
        self.assertEqual(values("1-3\r\n"), [1, 2, 3])
        self.assertEqual(values("1-3,\n7"), [1, 2, 3, 7])

    def test_single_frames_and_ranges_mix(self) -> None:
        self.assertEqual(len(values("2,4,10-20,25,26")), 15)
        self.assertEqual(values("7,12-14,95"), [7, 12, 13, 14, 95])

    def test_a_hundred_million_frames_are_never_listed(self) -> None:
        expression = parse("1-100000000")
        self.assertEqual(len(expression), 100_000_000)
        self.assertEqual(ranges.pieces(expression), (range(1, 100_000_001),))

    @given(TEXTS)
    @example("0-9999999999")
    @settings(max_examples=600, deadline=None)
    def test_what_openjd_model_accepts_and_refuses_is_accepted_and_refused(self, text: str) -> None:
        expected = reference(text)
        self.assertEqual(values(text) if not refusal(text) else None, expected)
        if expected is not None:
            self.assertEqual(list(islice(chain.from_iterable(ranges.pieces(parse(text))), MOST)), expected)

    @given(st.text(max_size=20))
    @settings(max_examples=300, deadline=None)
    def test_any_text_is_read_or_refused_with_a_sentence(self, text: str) -> None:
        said = refusal(text)
        self.assertTrue(not said or said.endswith("."), said)

    @given(TEXTS)
    @settings(max_examples=300, deadline=None)
    def test_every_spelling_that_is_suggested_can_be_read(self, text: str) -> None:
        for suggestion in re.findall(r"write ([-0-9:, ]+?)(?:,? or (?:[-0-9:]+) to run downwards)?\.$", refusal(text)):
            self.assertEqual(refusal(suggestion), "", suggestion)


class Refusing(TestCase):
    def says(self, text: str, *parts: str) -> None:
        said = refusal(text)
        self.assertTrue(said, f"{text!r} was accepted")
        for part in parts:
            self.assertIn(part, said)

    def test_overlapping_pieces_are_both_named(self) -> None:
        self.says("1-11:2,11", "1-11:2 overlaps 11")
        self.says("1-5,3-8", "1-5 overlaps 3-8", "write 1-8.")
        self.says("1-10:2,2-10:2", "1-10:2 overlaps 2-10:2", "write 1-10.")
        self.says("30,1-5,9,3-8", "1-5 overlaps 3-8")

    def test_a_frame_that_stands_twice_is_named(self) -> None:
        self.says("1,1,2", "1 stands twice", "write 1,2.")
        self.says("5,5,5", "5 stands twice", "write 5.")

    def test_the_syntax_of_other_farms_is_refused_with_ours(self) -> None:
        hints = {
            "10-1": "10-1:-1",
            "100-1": "100-1:-1",
            "1 - -1": "1--1:-1",
            "5 -- 1": "5--1:-1",
            "1-100x5": "1-100:5",
            "1:100:5": "1-100:5",
            "1-100step5": "1-100:5",
            "5 10 15": "5,10,15",
            "1 3": "1,3",
            "1-10:2;10": "1-10:2,10",
            "1..5": "1-5",
            "1 to 10": "1-10",
            "[1, 2, 3]": "1, 2, 3",
            "1,,2": "1,2",
        }
        for text, right in hints.items():
            self.says(text, f"write {right}.")

    def test_a_stranger_among_the_characters_is_named_with_its_position(self) -> None:
        self.says("1-10:2;10", '";" at character 7')
        self.says("1-100x5", '"x" at character 6')

    def test_look_alikes_are_named_by_code_point(self) -> None:
        table = {
            "1\N{EN DASH}3": "character 2 is U+2013 EN DASH",
            "\N{FULLWIDTH DIGIT ONE}-\N{FULLWIDTH DIGIT THREE}": "character 1 is U+FF11 FULLWIDTH DIGIT ONE",
            "1\N{MINUS SIGN}3": "character 2 is U+2212 MINUS SIGN",
            "1-3\N{NO-BREAK SPACE}": "character 4 is U+00A0 NO-BREAK SPACE",
            "1-3\N{ZERO WIDTH SPACE}": "character 4 is U+200B ZERO WIDTH SPACE",
        }
        for text, named in table.items():
            self.says(text, named, "write 1-3.")

    def test_a_step_against_the_direction_or_of_nothing_is_refused(self) -> None:
        self.says("1-10:-1", "upwards with a negative step", "write 1-10, or 10-1:-1")
        self.says("10-1:3", "write 10-1:-3.")
        for nothing in ("1-10:0", "1-10:-0"):
            self.says(nothing, "step of 0", "write 1-10.")
        self.says("10-1:0", "write 10-1:-1.")

    def test_the_old_trick_for_chunks_that_ends_before_it_begins_is_refused(self) -> None:
        self.says("10-9:10,10", "10-9:10 runs downwards")

    def test_what_stops_half_way_is_refused(self) -> None:
        self.says("", "empty")
        self.says(" \t\n", "empty")
        self.says("1-", '"1-" stops')
        self.says("1-5:", '"1-5:" stops')
        self.says("1-3,", "comma too many", "write 1-3.")
        for text in ("--5", "1-2-3", "1-3:1:2", "a", "-", ","):
            self.says(text)

    def test_numbers_beyond_64_bits_and_texts_without_end_are_refused_at_once(self) -> None:
        self.says("9223372036854775808", "too large")
        self.says("1-" + "9" * 5000, "too large")
        self.says("0" * 5000 + "1", "too large")
        self.says("-9223372036854775807-9223372036854775807", "names more than")
        self.says("1," * 40_000, "65,536 characters")
