"""JSON from outside: what is read, and the sentence for everything that is not."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from brender.verbs.said.strict import parsed
from brender.verbs.said.unfit import Unfit

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=20,
)  # fmt: skip


class StrictJSON(SynchronousTestCase):
    def refused(self, content: bytes, sentence: str) -> Unfit:
        with self.assertRaisesRegex(Unfit, sentence) as caught:
            parsed(content)
        return caught.exception

    @given(VALUES)
    def test_whatever_json_can_say_is_read(self, value: Any) -> None:
        self.assertEqual(parsed(msgspec.json.encode(value)), value)

    @given(st.binary(max_size=40))
    def test_no_bytes_at_all_make_anything_but_a_value_or_a_refusal(self, content: bytes) -> None:
        try:
            parsed(content)
        except Unfit as unfit:
            self.assertTrue(str(unfit).endswith("."), unfit)

    def test_bytes_that_are_no_text_are_refused_with_their_place(self) -> None:
        self.refused(b'{"name": "\xff"}', "^The body is not UTF-8: byte 10")

    def test_what_ends_too_early_is_refused_with_its_place(self) -> None:
        self.assertEqual(self.refused(b'{"name":\n', "not JSON").at, "line 2 column 1")

    def test_what_holds_nothing_is_refused(self) -> None:
        self.refused(b" \n", "empty")

    def test_sentences_say_what_it_is_that_was_sent(self) -> None:
        with self.assertRaisesRegex(Unfit, "^The line is nested too deep; 64 levels are the most"):
            parsed(b"[" * 65 + b"]" * 65, "The line")

    def test_numbers_that_are_none_are_refused(self) -> None:
        self.refused(b"[NaN]", "NaN is no number")
        self.refused(b"[-Infinity]", "-Infinity is no number")
        self.refused(b"[1e400]", "larger than any number")
        self.refused(b"[" + b"9" * 100_000 + b"]", "100000 digits")

    def test_a_name_may_stand_once_in_an_object(self) -> None:
        self.assertEqual(self.refused(b'{"name": 1, "x": {"name": 2}, "name": 3}', "stands twice").at, "name")

    def test_half_a_surrogate_pair_is_refused_and_a_whole_one_read(self) -> None:
        self.refused(rb'["\ud800"]', "surrogate")
        self.refused(rb'{"\udfff": 1}', "surrogate")
        self.assertEqual(parsed(rb'["\ud83d\ude00"]'), ["😀"])

    def test_depth_has_a_limit_whatever_the_depth(self) -> None:
        self.assertEqual(parsed(b"[" * 63 + b"]" * 63)[0][0][0][0][0][0][0][0], parsed(b"[" * 55 + b"]" * 55))
        for depth in (65, 1000, 10_000, 200_000):
            self.refused(b"[" * depth + b"]" * depth, "nested too deep")
        self.refused(b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "nested too deep")
