"""Patterns: the same as those of `fnmatch`, and never slow."""

from fnmatch import fnmatchcase

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from brender.verbs.filters import Pattern
from brender.verbs.filters.globs import SPECIAL, Piece, matcher, pattern_text, regular

ALPHABET = "ab-*?[]!^\\.|&"


class Matching(SynchronousTestCase):
    @given(st.text(ALPHABET, max_size=12), st.text(ALPHABET + "\n", max_size=10))
    def test_a_pattern_matches_what_fnmatch_says(self, pattern: str, text: str) -> None:
        self.assertEqual(matcher([Pattern(pattern)])(text), fnmatchcase(text, pattern), (pattern, text))

    @given(st.text("ab", max_size=12), st.text("ab*?", max_size=12))
    def test_stars_find_a_match_if_there_is_one(self, text: str, pattern: str) -> None:
        self.assertEqual(matcher([Pattern(pattern)])(text), fnmatchcase(text, pattern), (pattern, text))

    @given(st.lists(st.text("ab*?", max_size=6), min_size=1, max_size=4), st.text("ab", max_size=8))
    def test_of_several_patterns_one_is_enough(self, patterns: list[str], text: str) -> None:
        expected = any(fnmatchcase(text, pattern) for pattern in patterns)
        self.assertEqual(matcher(map(Pattern, patterns))(text), expected)

    @given(st.text())
    def test_a_text_in_quotes_matches_itself_alone(self, text: str) -> None:
        pattern = Pattern(pattern_text([Piece(text, quoted=True)]))
        self.assertTrue(matcher([pattern])(text.lower()))
        self.assertFalse(matcher([pattern])(text.lower() + "x"))

    def test_a_class_is_one_of_its_characters_or_any_other(self) -> None:
        for pattern, matched in {
            "[a-c]": "abc",
            "[!a-c]": "dxz-]",
            "[z-a]": "",
            "[!z-a]": "abcdxz-]",
            "[az-ax-]": "ax-",
            "[]-]": "-]",
            "[!]-]": "abcdxz",
        }.items():
            self.assertEqual("".join(filter(matcher([Pattern(pattern)]), "abcdxz-]")), matched, pattern)

    def test_case_does_not_matter(self) -> None:
        self.assertTrue(matcher([Pattern("Render-[A-C]*")])("render-b7"))

    def test_brackets_that_hold_more_than_a_name_can_are_no_class(self) -> None:
        for character in " \t()\"',=<>~":
            self.assertTrue(matcher([Pattern(f"[a{character}]*")])(f"[a{character}] b"), character)
            self.assertRegex(character, f"[{SPECIAL}]")
        self.assertTrue(matcher([Pattern(f"[{'a' * 101}]")])(f"[{'a' * 101}]"))
        self.assertTrue(matcher([Pattern(f"[{'a' * 99}b]")])("b"))


class NeverSlow(SynchronousTestCase):
    """With what other engines go back over again and again: these would not end before the farm does."""

    def test_stars_that_could_be_anywhere_are_placed_once(self) -> None:
        text = "a" * 3_000
        for pattern in ("*a" * 40 + "*b", "a*" * 40 + "b", "*?" * 40 + "b", "*[ab]*" * 40 + "b", "*aa?a" * 40 + "*b"):
            self.assertFalse(matcher([Pattern(pattern)])(text), pattern)
            self.assertTrue(matcher([Pattern(pattern)])(text + "b"), pattern)

    def test_no_part_of_an_expression_is_tried_twice(self) -> None:
        self.assertEqual(regular("a*b?*[!c]"), "a(?>.*?b.).*[^c]")
        self.assertEqual(regular("*"), ".*")
        self.assertEqual(regular("**a**"), "(?>.*?a).*")
