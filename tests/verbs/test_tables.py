"""Tables that fit, text that cannot move a terminal's cursor, amounts for people."""

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from twisted.trial.unittest import TestCase

from brender.verbs.tables import (
    Column,
    age,
    amount,
    count,
    cut,
    duration,
    padded,
    percent,
    table,
    visible,
)

COLUMNS = (Column("id", right=True), Column("name", gives=True), Column("note"))


class Tables(TestCase):
    def test_numbers_stand_by_their_last_digit_and_text_by_its_first(self) -> None:
        text = table(COLUMNS, [("1", "attic", "x"), ("12", "render-01", "yy")])
        self.assertEqual(text, " id  name       note\n  1  attic      x\n 12  render-01  yy")

    def test_a_column_in_which_nothing_stands_is_left_out(self) -> None:
        self.assertEqual(table(COLUMNS, [("1", "attic", ""), ("2", "b", "")]), " id  name\n  1  attic\n  2  b")

    def test_what_is_too_wide_is_cut_where_it_may(self) -> None:
        text = table(COLUMNS, [("1", "a" * 100, "note")], width=30)
        self.assertEqual(text.splitlines()[1], f"  1  {'a' * 18}…  note")
        self.assertEqual(len(text.splitlines()[1]), 30)

    def test_wide_characters_take_two_cells(self) -> None:
        lines = table(COLUMNS, [("1", "名前", "x"), ("2", "abcd", "x")]).splitlines()
        self.assertEqual(lines[1], "  1  名前  x")
        self.assertEqual(lines[2], "  2  abcd  x")

    @given(st.lists(st.tuples(st.text(), st.text(), st.text()), min_size=1, max_size=5), st.integers(20, 120))
    def test_no_line_is_ever_wider_than_allowed(self, rows: list[tuple[str, str, str]], width: int) -> None:
        lines = table(COLUMNS, rows, width).split("\n")
        self.assertEqual(len(lines), len(rows) + 1)
        self.assertLessEqual(max(map(cell_len, lines)), width)

    @given(st.text(), st.integers(1, 40))
    def test_a_padded_cell_has_its_width(self, text: str, width: int) -> None:
        self.assertEqual(cell_len(padded(visible(text), width)), width)

    def test_a_wide_character_is_not_halved(self) -> None:
        self.assertEqual(cut("名前名前", 4), "名…")
        self.assertEqual(cut("名前名前", 5), "名前…")
        self.assertEqual(cut("名前", 4), "名前")


class Visible(TestCase):
    def test_control_characters_are_shown_as_signs(self) -> None:
        self.assertEqual(visible("a\x1b[31mb\r\n\x7f\0"), "a␛[31mb␍␊␡␀")

    def test_what_turns_or_hides_text_is_shown_as_its_number(self) -> None:
        self.assertEqual(visible("a\u202eb\u200bc\x9bd\u2028"), "a\\u202eb\\u200bc\\u009bd\\u2028")

    def test_half_a_surrogate_can_be_sent(self) -> None:
        self.assertEqual(visible("\ud800").encode(), b"\\ud800")

    def test_words_of_all_languages_stay_as_they_are(self) -> None:
        for text in ("plain", "Zoë", "名前", "مشهد", "e\u0301", "👩\u200d🚀"):
            self.assertEqual(visible(text), text)

    @given(st.text())
    def test_nothing_that_moves_a_cursor_is_left(self, text: str) -> None:
        self.assertFalse([char for char in visible(text) if ord(char) < 32 or 0x7F <= ord(char) < 0xA0])


class Amounts(TestCase):
    def test_durations(self) -> None:
        said = {0: "0.0 s", 0.44: "0.4 s", 9.96: "10 s", 59: "59 s", 89: "89 s", 90: "2 min", 300: "5 min"}
        said |= {5399: "90 min", 7200: "2 h", 86400: "24 h", 3 * 86400: "3 d", -5: "0.0 s"}
        self.assertEqual({seconds: duration(seconds) for seconds in said}, said)

    def test_ages_have_no_tenths(self) -> None:
        self.assertEqual([age(0.7), age(9.99), age(45.2), age(-1)], ["0 s", "9 s", "45 s", "0 s"])

    def test_memory(self) -> None:
        said = {0: "0 B", 1023: "1023 B", 4096: "4 kB", 900 << 20: "900 MB", 32 << 30: "32 GB", 2 << 40: "2 TB"}
        self.assertEqual({size: amount(size) for size in said}, said)

    def test_all_is_only_said_of_all(self) -> None:
        self.assertEqual([percent(0), percent(96.6), percent(99.99), percent(100)], ["0 %", "97 %", "99 %", "100 %"])

    def test_one_is_not_many(self) -> None:
        self.assertEqual([count(0, "client"), count(1, "client"), count(1_000_000, "task")],
                         ["0 clients", "1 client", "1,000,000 tasks"])  # fmt: skip
