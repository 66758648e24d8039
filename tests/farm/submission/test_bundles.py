"""Values as the file of a job bundle has them."""

from twisted.trial.unittest import SynchronousTestCase

from brender.farm.submission.bundles import values_of
from brender.farm.submission.problems import Refused

YAML = """
parameterValues:
- name: Frames
  value: 1-10
- {name: Samples, value: 32}
- {name: "deadline:priority", value: 70}
"""


class Values(SynchronousTestCase):
    def test_an_object_and_both_kinds_of_text_are_the_same(self) -> None:
        as_json = '{"parameterValues": [{"name": "Frames", "value": "1-10"}, {"name": "Samples", "value": 32}]}'
        listed = {"parameterValues": [{"name": "Frames", "value": "1-10"}, {"name": "Samples", "value": 32}]}
        for given in (YAML, as_json, listed):
            self.assertEqual(values_of(given), {"Frames": "1-10", "Samples": 32})

    def test_values_by_name_stay_as_they_are(self) -> None:
        self.assertEqual(values_of({"Frames": "007"}), {"Frames": "007"})
        self.assertEqual(values_of("Frames: 1-10\n"), {"Frames": "1-10"})

    def test_a_parameter_may_be_called_as_the_field_is(self) -> None:
        self.assertEqual(values_of({"parameterValues": "x"}), {"parameterValues": "x"})
        self.assertEqual(values_of({"parameterValues": [1], "Other": "x"})["Other"], "x")

    def test_an_empty_file_has_no_values(self) -> None:
        self.assertEqual(values_of("\n"), {})

    def test_what_is_wrong_has_its_place(self) -> None:
        given = {"parameterValues": [{"name": "A"}, "x", {"name": "B", "value": 1}, {"name": "B", "value": 2}]}
        with self.assertRaises(Refused) as caught:
            values_of(given)
        places = [problem.at for problem in caught.exception.problems]
        self.assertEqual(places, ["parameterValues[0]", "parameterValues[1]", "parameterValues[3]"])

    def test_numbers_that_yaml_makes_others_of_are_refused(self) -> None:
        listed = YAML.replace("32", "12:30")
        for text, at in (("Frames: 012\nEnd: 7\n", "Frames"), (listed, "parameterValues[1].value")):
            with self.assertRaises(Refused, msg=text) as caught:
                values_of(text)
            ((place, said),) = [(problem.at, problem.message) for problem in caught.exception.problems]
            self.assertEqual(place, at)
            self.assertRegex(said, "^(012 is the number 10|12:30 is the number 750) to YAML; write ")

    def test_a_text_that_cannot_be_read_says_where(self) -> None:
        for text in ("a: [", "{", "- 1", "a: 1\na: 2"):
            with self.assertRaises(Refused, msg=text) as caught:
                values_of(text)
            self.assertTrue(caught.exception.problems[0].message)
