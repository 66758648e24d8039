"""Rules for lines: what they find, and that looking for words first never makes them miss anything."""

import re

from hypothesis import example, given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from brender.farm.failures.log_rules import RULES
from brender.farm.settings import Rule
from brender.worker.session.rules import Rules, words_of

PATTERNS = [
    *(rule.pattern for rule in RULES),
    *(r"a|bcd", r"(?:abc)?d", r"[ab]+c", r"(?i)É+rror", r"(abc){2,}", r"(?!no)yes", r"^abc$", r"(?s)a.c", r"(abc|)d"),
]


def named(name: str, pattern: str) -> Rule:
    return Rule(name, pattern, "fail")


class FindTests(SynchronousTestCase):
    def found(self, text: str, *rules: Rule) -> tuple[str, str] | None:
        found = Rules(rules or RULES).find(text)
        return (found[0].name, found[1]) if found else None

    def test_the_first_line_that_means_something_is_found(self) -> None:
        text = "Fra:1\n  Error: CUDA error at line 5  \nno space left\nNo space left on device"
        self.assertEqual(self.found(text), ("GPU driver error", "Error: CUDA error at line 5"))

    def test_of_two_rules_for_a_line_the_first_counts(self) -> None:
        rules = [named("one", "b+"), named("two", "a")]
        self.assertEqual(self.found("x\nabb", *rules), ("one", "abb"))

    def test_lines_that_mean_nothing_are_many(self) -> None:
        text = "\n".join(("CUDA device 0: no errors", "license server is up", "2 errors in metal", "device found", ""))
        self.assertIsNone(self.found(text))

    def test_what_comes_with_brender_is_found(self) -> None:
        for line, name in {
            "CUDA: 3.1 MB free, out of memory": "out of GPU memory",
            "Illegal address in CUDA queue copy": "GPU error",
            "OPTIX ERROR: launch": "GPU driver error",
            "write: No space left on device": "disk full",
            "ERROR: Failed to check out a license": "no licence",
            "the licence server does not respond": "licence server away",
        }.items():
            self.assertEqual(self.found(f"before\n{line}\nafter"), (name, line))

    def test_the_beginning_of_a_line_is_its_own(self) -> None:
        self.assertEqual(self.found("abc\nbcd", named("one", "^b")), ("one", "bcd"))
        self.assertIsNone(self.found("abc\nbcd", named("one", "c.b")))

    def test_a_pattern_that_this_python_cannot_read_is_left_out(self) -> None:
        self.assertEqual(self.found("abc", named("bad", "("), named("good", "b")), ("good", "abc"))

    def test_without_rules_nothing_is_found(self) -> None:
        self.assertIsNone(Rules().find("CUDA error"))


class WordTests(SynchronousTestCase):
    """The private parts of `re` that words come from: when Python changes them, this says so before a farm is slow."""

    def test_words_of_what_comes_with_brender_are_known(self) -> None:
        for rule in RULES:
            self.assertTrue(words_of(rule.pattern), rule.name)

    def test_what_is_needed_is_told_and_nothing_else(self) -> None:
        for pattern, words in {
            "(?i)Out of( GPU)? Memory": [{" memory"}, {"out of"}],
            "error: (disk|network) gone": [{"error: "}, {"network", "disk"}, {" gone"}],
            "(one|two|x)": [],
            "(abc)?": [],
            "(abc)+": [{"abc"}],
            "(?=abc)": [],
            "[abc]def": [{"def"}],
        }.items():
            self.assertEqual(sorted(map(sorted, words_of(pattern))), sorted(map(sorted, words)), pattern)

    @settings(max_examples=300)
    @given(pattern=st.sampled_from(PATTERNS), data=st.data())
    def test_whatever_a_pattern_matches_has_its_words(self, pattern: str, data: st.DataObject) -> None:
        text = data.draw(st.from_regex(pattern)).replace("\n", "")
        if re.search(pattern, text):
            self.assertTrue(Rules([named("one", pattern)]).find(text), text)

    @given(st.text())
    @example("ſtraße K")
    def test_letters_of_every_kind_are_found_without_regard_to_case(self, text: str) -> None:
        line = text.replace("\n", "")
        pattern = f"(?i){re.escape(line)}"
        if re.search(pattern, line.upper()):
            self.assertTrue(Rules([named("one", pattern)]).find(line.upper()))
