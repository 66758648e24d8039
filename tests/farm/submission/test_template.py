"""Texts that are no template, texts that would like to be a very large one, and what YAML makes of the rest."""

import json
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import TestCase

from brender.farm.submission.plain import MOST_NODES
from brender.farm.submission.problems import Refused
from brender.farm.submission.template import MOST_BYTES, Document, read

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text("abc-_ .[]", max_size=5), children),
    max_leaves=20,
)  # fmt: skip


def refusal(text: object) -> str:
    try:
        read(text)  # type: ignore[arg-type]
    except Refused as refused:
        return str(refused)
    return ""


def problems(text: str | bytes) -> dict[str, str]:
    return {problem.at: problem.message for problem in read(text).problems}


class Reading(TestCase):
    def test_yaml_and_json_are_read_alike(self) -> None:
        expected = {"name": "a", "steps": [{"n": 1, "on": None}]}
        self.assertEqual(read('name: a\nsteps:\n- n: 1\n  "on": ~\n').content, expected)
        self.assertEqual(read(json.dumps(expected)).content, expected)
        self.assertEqual(read(json.dumps(expected).encode()).content, expected)
        self.assertEqual(read(expected).content, expected)

    def test_yaml_may_begin_with_a_brace(self) -> None:
        self.assertEqual(read("{name: a, steps: []}").content, {"name": "a", "steps": []})

    def test_a_byte_order_mark_is_not_part_of_the_text(self) -> None:
        self.assertEqual(read(b"\xef\xbb\xbfname: a").content, {"name": "a"})
        self.assertEqual(read('\ufeff{"name": "a"}').content, {"name": "a"})

    def test_anchors_aliases_and_merges_are_read(self) -> None:
        text = "x: &x {a: 1, b: [1, 2]}\ny: *x\nz: {<<: *x, b: 3}\n"
        self.assertEqual(
            read(text).content, {"x": {"a": 1, "b": [1, 2]}, "y": {"a": 1, "b": [1, 2]}, "z": {"a": 1, "b": 3}}
        )

    def test_what_an_alias_stands_for_is_copied(self) -> None:
        content = read("x: &x [1]\ny: *x\n").content
        content["x"].append(2)
        self.assertEqual(content["y"], [1])

    @given(st.dictionaries(st.text("abc", max_size=5), JSON, max_size=4))
    @settings(max_examples=150, deadline=None)
    def test_any_json_object_is_read_as_it_was_written(self, value: dict[str, object]) -> None:
        document = read(json.dumps(value))
        self.assertEqual(document, Document(value))

    @given(st.text(max_size=60) | st.binary(max_size=60))
    @settings(max_examples=300, deadline=None)
    def test_any_text_is_read_or_refused(self, text: str | bytes) -> None:
        said = refusal(text)
        self.assertTrue(not said or said.endswith("."), said)


class WhatYamlMakesOfIt(TestCase):
    def test_how_unquoted_scalars_were_written_is_kept(self) -> None:
        document = read("name: 010\nargs: [no, 012, 1e3, 12:30, ~, '7', \"on\"]\n")
        self.assertEqual(document.content, {"name": 8, "args": [False, 10, "1e3", 750, None, "7", "on"]})
        self.assertEqual(document.written, {"name": "010", "args[0]": "no", "args[1]": "012", "args[3]": "12:30"})

    def test_dates_are_refused_with_their_place(self) -> None:
        found = problems("a: {b: [2001-12-14]}\nc: 2001-12-14 10:00:00\n")
        self.assertEqual(found["a.b[0]"], "2001-12-14 is read as a date, which no template has; put it in quotes.")
        self.assertIn("read as a time", found["c"])

    def test_sets_and_binary_data_are_refused(self) -> None:
        self.assertIn("a set", problems("a: !!set {x, y}")["a"])
        self.assertIn("binary data", problems("a: !!binary aGVsbG8=")["a"])

    def test_the_name_of_a_field_is_text(self) -> None:
        self.assertEqual(problems("yes: 1\n3: 2"), {
            "True": "The name of a field is text; put it in quotes.",
            "3": "The name of a field is text; put it in quotes.",
        })  # fmt: skip

    def test_a_field_that_stands_twice_is_named_with_its_place(self) -> None:
        twice = "This field stands twice; keep one of them."
        self.assertEqual(problems("a: 1\nb: {c: 1, c: 2}\na: 3"), {"a": twice, "b.c": twice})
        self.assertEqual(problems('{"a": 1, "b": [{"c": 1, "c": 2}], "a": 3}'), {"a": twice, "b[0].c": twice})

    def test_what_is_no_number_is_refused_with_its_place(self) -> None:
        self.assertEqual(set(problems('{"a": NaN, "b": [1e400], "c": -Infinity}')), {"a", "b[0]", "c"})
        self.assertEqual(set(problems("a: .nan\nb: [.inf]")), {"a", "b[0]"})
        self.assertIn("-2^63", problems("a: 9223372036854775808")["a"])

    def test_nul_and_half_characters_are_refused_with_their_place(self) -> None:
        found = problems('{"a": "x\\u0000y", "b": "ab\\ud800"}')
        self.assertIn("Character 2 is U+0000", found["a"])
        self.assertIn("Character 3 is U+D800", found["b"])
        self.assertIn("U+0000", problems('a: "\\0"')["a"])


class Refusing(TestCase):
    def says(self, text: object, *parts: str) -> None:
        said = refusal(text)
        self.assertTrue(said, "it was accepted")
        for part in ("template: ", *parts):
            self.assertIn(part, said)

    def test_what_has_no_fields_is_no_template(self) -> None:
        for text in ("", "hello", "[1]", "null", "3", "# nothing\n"):
            self.says(text, "fields and values")

    def test_a_mistake_is_told_with_line_and_column(self) -> None:
        self.says('{"a": 1,,}', "Line 1, column 9")
        self.says("a: b: c", "Line 1, column 5")
        self.says("a:\n\tb: 1", "Line 2, column 1", "a tab")
        self.says("a: 1\n---\nb: 2", "Line 2")
        self.says("a: *b", "Line 1, column 4")
        self.says("a: \0", "control characters")
        self.says("a: 2001-13-14", "month")

    def test_text_that_is_not_utf_8_is_told_with_its_line(self) -> None:
        self.says(b"a: 1\nb: \xff", "Line 2: byte 9", "0xff", "UTF-8")
        self.says("a: 1".encode("utf-16"), "UTF-8")

    def test_tags_that_would_run_something_are_refused(self) -> None:
        self.says("a: !!python/object/apply:os.system ['touch x']", "could not determine a constructor")

    def test_a_small_text_cannot_stand_for_a_large_document(self) -> None:
        names = "abcdefghij"
        bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
            f"{name}: &{name} [{','.join([f'*{before}'] * 10)}]\n" for before, name in pairwise(names)
        )
        self.says(bomb, f"{MOST_NODES:,}")
        self.says("a: &a [*a]", "stands inside")
        self.says("a: &a {b: {<<: *a}}", "stands inside")
        self.says(f"a: &a '{'x' * 1_000_000}'\nb: [{'*a,' * 50}1]", "8 MB of text")

    def test_depth_is_bounded_whatever_it_is_made_of(self) -> None:
        self.says("a: " + "[" * 60 + "]" * 60, "50 levels")
        self.says("a: " + "{a: " * 60 + "1" + "}" * 60, "50 levels")
        self.says('{"a":' + "[" * 60 + "]" * 60 + "}", "50 levels")
        self.says('{"a":' + "[" * 50_000, "recursion")
        opening, closing = "[" * 40, "]" * 40
        chained = f"a0: &a0 {opening}1{closing}\n"
        chained += "".join(f"a{i}: &a{i} {opening}*a{i - 1}{closing}\n" for i in range(1, 20))
        self.says(chained, "50 levels")

    def test_size_and_number_of_nodes_are_bounded(self) -> None:
        self.says("a" * (MOST_BYTES + 1), "8 MB")
        self.says("a: [" + "1," * 200_000 + "]", f"{MOST_NODES:,}")
        self.says('{"a": [' + "1," * 200_000 + "1]}", f"{MOST_NODES:,}")
        self.says({"a": [1] * 200_000}, f"{MOST_NODES:,}")
        self.assertEqual(refusal('{"a": "' + "," * 300_000 + '"}'), "")

    def test_texts_that_are_costly_to_read_are_refused_before_they_are(self) -> None:
        self.says("a: 1" + ":1" * 1_000_000, "put it in quotes")  # base 60, at the square of its length
        self.says("a: !!int '1" + ":1" * 1_000_000 + "'", "put it in quotes")
        self.says("a: " + "9" * 5000, "put it in quotes")
        self.says('{"a": ' + "9" * 5000 + "}", "digits")
        self.says('{"a": "' + '\\"' * 2_000_000, "Unterminated")
