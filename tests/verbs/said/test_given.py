"""What is said besides which things are meant: plain data into a struct, or the sentence for what does not fit."""

from typing import Any

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from brender.verbs.said.given import read
from brender.verbs.said.unfit import Unfit
from brender.verbs.verb import Nothing


class Shape(msgspec.Struct):
    name: str
    priority: int = 50
    frames: list[int] = []
    values: Any = None


class Read(SynchronousTestCase):
    def refused(self, value: Any, sentence: str, at: str) -> None:
        with self.assertRaisesRegex(Unfit, sentence) as caught:
            read(value, Shape)
        self.assertEqual(caught.exception.at, at)

    def test_what_fits_is_given_its_shape(self) -> None:
        self.assertEqual(read({"name": "shot"}, Shape), Shape("shot", 50))

    def test_a_whole_number_may_be_written_with_a_point(self) -> None:
        self.assertEqual(repr(read({"name": "shot", "priority": 7.0}, Shape)), repr(Shape("shot", 7)))
        self.assertEqual(repr(read({"name": "shot", "frames": [1.0, 2]}, Shape)), repr(Shape("shot", frames=[1, 2])))
        self.assertEqual(repr(read({"name": "x", "priority": 7.0, "values": 1.0}, Shape).values), "1.0")

    def test_an_unknown_field_is_named_with_the_one_that_was_meant(self) -> None:
        self.refused({"name": "x", "priorty": 1}, "did you mean priority", "priorty")
        self.refused({"name": "x", "zzz": 1}, "there are name, priority, frames and values", "zzz")

    def test_a_wrong_type_and_a_missing_field_are_named(self) -> None:
        self.refused({"name": "x", "priority": "high"}, "^priority: write a whole number.$", "priority")
        self.refused({"name": "x", "priority": 1.5}, "^priority: write a whole number.$", "priority")
        self.refused({}, '"name" is missing', "name")

    def test_what_is_no_object_is_refused(self) -> None:
        self.refused([1], "should be a JSON object with name, priority, frames and values", "")
        with self.assertRaisesRegex(Unfit, "^The body should be a JSON object.$"):
            read("all", Nothing)

    def test_numbers_are_texts_where_texts_are_all_there_is(self) -> None:
        self.assertEqual(read({"name": "shot", "priority": "7"}, Shape, texts=True), Shape("shot", 7))
        with self.assertRaisesRegex(Unfit, "^priority: write a whole number.$"):
            read({"name": "shot", "priority": "seven"}, Shape, texts=True)
