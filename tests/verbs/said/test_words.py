"""Splitting what was typed, and finding what was meant."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import TestCase

from brender.verbs.said.words import BadWords, did_you_mean, listed, nearest, split


class Splitting(TestCase):
    def test_white_space_parts_words_and_quotes_keep_them_together(self) -> None:
        self.assertEqual(split("  submit\tx.yaml  Name='a b' \"c  d\" "), ["submit", "x.yaml", "Name=a b", "c  d"])

    def test_backslashes_and_hashes_are_characters_like_any_other(self) -> None:
        self.assertEqual(split(r"Scene=C:\shots\a.blend #1"), ["Scene=C:\\shots\\a.blend", "#1"])

    def test_an_open_quote_is_named(self) -> None:
        with self.assertRaisesRegex(BadWords, "never closed"):
            split("name=Bob's")

    @given(st.text())
    def test_any_line_gives_words_or_a_sentence(self, line: str) -> None:
        try:
            words = split(line)
        except BadWords as refused:
            self.assertTrue(str(refused).endswith("."))
        else:
            self.assertEqual(len(words) == 0, not line.strip(" \t\r\n"))


class Meaning(TestCase):
    def test_the_nearest_word_is_found_whatever_its_case(self) -> None:
        self.assertEqual(nearest("STAUS", ["id", "status", "name"]), "status")
        self.assertIsNone(nearest("xyz", ["id", "status", "name"]))

    def test_a_sentence_ends_with_the_word_or_with_all_there_are(self) -> None:
        self.assertEqual(did_you_mean("nam", ["id", "name"]), "; did you mean name?")
        self.assertEqual(did_you_mean("xyz", ["id", "name", "status"]), "; there are id, name and status.")

    def test_words_are_listed_as_in_a_sentence(self) -> None:
        self.assertEqual([listed("a"), listed("ab"), listed("abc")], ["a", "a and b", "a, b and c"])
