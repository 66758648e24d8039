"""Values of job parameters: what is accepted, what is kept of them, what is refused and where."""

from typing import Any

from twisted.trial.unittest import TestCase

from brender.farm.submission.planning import plan
from tests.farm.submission.documents import frames, job, over, problems


def parameter(kind: str, name: str = "P", **fields: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, **fields}


def template(*definitions: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return job(parameterDefinitions=list(definitions), **fields)


def kept(definition: dict[str, Any], value: Any, **fields: Any) -> Any:
    return plan(template(definition, **fields), {"P": value}).values["P"]


def said(definition: dict[str, Any], *value: Any, **fields: Any) -> str:
    """What is wrong with the value of P, or with its absence."""
    return problems(template(definition, **fields), {"P": value[0]} if value else {}).get("parameterValues.P", "")


class Values(TestCase):
    def test_text_stays_the_text_it_is(self) -> None:
        for text in ("007", "", "line\nafter line\r\n\ttab", " 5 ", "no", "1e-3", "名前 🐱", "{{Param.P}}"):
            self.assertEqual(kept(parameter("STRING"), text), text)

    def test_a_number_is_not_taken_for_text(self) -> None:
        self.assertIn('put it in quotes, such as "7"', said(parameter("STRING"), 7))
        for value in (True, 1.5, ["x"], None, {"a": 1}):
            self.assertIn("This is text", said(parameter("STRING"), value))
            self.assertIn("This is text", said(parameter("PATH"), value))

    def test_whole_numbers_are_kept_as_text_without_blanks_around_it(self) -> None:
        for value, text in (("10", "10"), (10, "10"), (" 5", "5"), ("-10", "-10"), ("9223372036854775807",) * 2):
            self.assertEqual(kept(parameter("INT"), value), text)

    def test_what_is_no_whole_number_of_64_bits_is_refused(self) -> None:
        for value in ("1.0", 1.0, True, "", "1_0", "0x10", "\N{FULLWIDTH DIGIT ONE}", None, [1], "9" * 5000):
            self.assertIn("is no whole number", said(parameter("INT"), value), value)
        self.assertIn("2^63", said(parameter("INT"), "1180591620717411303424"))
        self.assertIn("2^63", said(parameter("INT"), "9223372036854775808"))
        self.assertIn("2^63", said(parameter("INT"), 2**70))

    def test_fractions_keep_the_way_they_were_written(self) -> None:
        for value, text in (("1e-3", "1e-3"), (0.1, "0.1"), (3, "3"), (" 2.50", "2.50")):
            self.assertEqual(kept(parameter("FLOAT"), value), text)
        for value in ("nan", "Infinity", "1e5000", "x", "", True, "1_0", "\N{FULLWIDTH DIGIT ONE}"):
            self.assertIn("is no number", said(parameter("FLOAT"), value), value)
        self.assertIn("no number", said(parameter("FLOAT"), float("inf")))

    def test_defaults_and_bounds_may_be_zero_or_below(self) -> None:
        self.assertEqual(plan(template(parameter("INT", default=0)), {}).values, {"P": "0"})
        self.assertEqual(plan(template(parameter("INT", default=-5)), {}).values, {"P": "-5"})
        self.assertEqual(kept(parameter("INT", minValue=-10), "-10"), "-10")
        self.assertEqual(said(parameter("INT", minValue=-10), "-11"), "Value (-11) must be at least -10.")
        self.assertEqual(said(parameter("INT", minValue=0), "-1"), "Value (-1) must be at least 0.")
        self.assertEqual(said(parameter("INT", maxValue=0), "1"), "Value (1) must be at most 0.")
        self.assertEqual(said(parameter("FLOAT", minValue=0), "-0.5"), "Value (-0.5) must be at least 0.")

    def test_a_bool_is_no_whole_number_for_a_default_either(self) -> None:
        found = problems(template(parameter("INT", default=True)))
        self.assertIn("A whole number is needed", found["parameterDefinitions[0].default"])

    def test_allowed_values_are_told(self) -> None:
        definition = parameter("STRING", allowedValues=["PNG", "EXR"], default="PNG")
        self.assertEqual(said(definition, "GIF"), '"GIF" is not allowed; allowed are PNG and EXR.')

    def test_a_control_of_the_user_interface_is_optional(self) -> None:
        for kind, default in (("INT", 1), ("STRING", "a"), ("PATH", "a"), ("FLOAT", 1.5)):
            self.assertEqual(problems(template(parameter(kind, default=default, userInterface={"label": "x"}))), {})

    def test_missing_and_unknown_parameters_are_named(self) -> None:
        self.assertIn("needs a value", said(parameter("INT")))
        found = problems(template(parameter("INT", default=1)), {"p": 1})
        self.assertEqual(found["parameterValues.p"], "There is no such parameter; the template has P.")
        found = problems(template(parameter("STRING", "Frames", default="1")), {"Frame": "1"})
        self.assertIn("Did you mean Frames?", found["parameterValues.Frame"])
        many = template(*(parameter("INT", f"Number{number}", default=1) for number in range(13)))
        found = problems(many, {"Numbr7": 1})
        self.assertEqual(found["parameterValues.Numbr7"], "There is no such parameter. Did you mean Number7?")
        found = problems(job(), {"P": 1})
        self.assertEqual(found["parameterValues.P"], "There is no such parameter; the template has none.")

    def test_no_value_has_what_a_program_cannot_be_given(self) -> None:
        self.assertIn("U+0000", said(parameter("STRING"), "a\0"))
        self.assertIn("half of a pair", said(parameter("PATH"), "a\udfff"))

    def test_every_wrong_value_is_told(self) -> None:
        definitions = [parameter("INT", "A"), parameter("FLOAT", "B"), parameter("STRING", "C")]
        found = problems(template(*definitions), {"A": "x", "B": "y", "D": 1})
        self.assertEqual(
            set(found), {"parameterValues.A", "parameterValues.B", "parameterValues.C", "parameterValues.D"}
        )

    def test_wrong_values_are_told_beside_what_is_wrong_with_the_template(self) -> None:
        found = problems(template(parameter("INT"), name=""), {"P": "x"})
        self.assertEqual(set(found), {"name", "parameterValues.P"})


class ExpressionTypes(TestCase):
    def kept(self, kind: str, value: Any) -> Any:
        return kept(parameter(kind), value, extensions=["EXPR"])

    def said(self, kind: str, value: Any) -> str:
        return said(parameter(kind), value, extensions=["EXPR"])

    def test_values_are_kept_as_what_they_are(self) -> None:
        self.assertIs(self.kept("BOOL", "yes"), True)
        self.assertIs(self.kept("BOOL", False), False)
        self.assertEqual(self.kept("LIST[INT]", "[1, 2]"), [1, 2])
        self.assertEqual(self.kept("LIST[STRING]", ["007", ""]), ["007", ""])
        self.assertEqual(self.kept("LIST[LIST[INT]]", [[1], [2, 3]]), [[1], [2, 3]])
        self.assertEqual(self.kept("RANGE_EXPR", "1-10:2"), "1-10:2")

    def test_wrong_values_are_refused_at_their_place(self) -> None:
        self.assertIn("not a valid boolean", self.said("BOOL", "maybe"))
        self.assertIn("not valid JSON", self.said("LIST[INT]", "[1"))
        self.assertIn("must be integers", self.said("LIST[INT]", [1.5]))
        self.assertIn("write 1-10:2.", self.said("RANGE_EXPR", "1-10x2"))
        self.assertIn("U+0000", problems(
            template(parameter("LIST[STRING]"), extensions=["EXPR"]), {"P": ["a", "\0"]}
        )["parameterValues.P[1]"])  # fmt: skip

    def test_a_list_can_be_a_range(self) -> None:
        made = job(over(frames("{{Param.P}}")), parameterDefinitions=[parameter("LIST[INT]")], extensions=["EXPR"])
        self.assertEqual(plan(made, {"P": [3, 1, 1]}).steps[0].tasks, 3)

    def test_a_list_of_nothing_is_no_range(self) -> None:
        made = job(over(frames("{{Param.P}}")), parameterDefinitions=[parameter("LIST[INT]")], extensions=["EXPR"])
        self.assertTrue(problems(made, {"P": []}))


class Paths(TestCase):
    def default(self, path: str, folder: str = "/tdir", **fields: Any) -> Any:
        return plan(template(parameter("PATH", default=path), **fields), {}, folder=folder).values["P"]

    def refused(self, path: str, folder: str = "/tdir") -> str:
        return problems(template(parameter("PATH", default=path)), folder=folder)["parameterDefinitions[0].default"]

    def test_relative_defaults_are_joined_to_the_template_s_folder(self) -> None:
        self.assertEqual(self.default("scene.blend"), "/tdir/scene.blend")
        self.assertEqual(self.default("sub/../scene.blend"), "/tdir/scene.blend")
        self.assertEqual(self.default("scene.blend", "D:\\jobs"), "D:\\jobs\\scene.blend")
        self.assertEqual(self.default(""), "")

    def test_without_a_folder_defaults_stay_as_they_are(self) -> None:
        self.assertEqual(self.default("sub/../scene.blend", ""), "sub/../scene.blend")
        self.assertEqual(self.default("", ""), "")

    def test_defaults_do_not_leave_the_folder_whether_there_is_one_or_not(self) -> None:
        for folder in ("/tdir", "", "D:\\jobs"):
            for path in ("../x", "a/../../x", "..", "..\\x", "a\\..\\..\\x"):
                self.assertIn("leaves the template's folder", self.refused(path, folder))
            for path in ("/x/y", "C:\\x", "C:x", "\\\\host\\share\\x", "\\x"):
                self.assertIn("absolute path", self.refused(path, folder))

    def test_values_belong_to_whoever_submits_and_are_left_alone(self) -> None:
        for path in ("../x", "/x/y", "C:\\x", "./a//b/", "with blank.blend", "", "s3://bucket/x"):
            found = plan(template(parameter("PATH", default="a")), {"P": path}, folder="/tdir")
            self.assertEqual(found.values["P"], path)

    def test_lists_of_paths_are_looked_at_too(self) -> None:
        inside = template(parameter("LIST[PATH]", default=["a", "b/c"]), extensions=["EXPR"])
        self.assertEqual(plan(inside, {}, folder="/tdir").values["P"], ["/tdir/a", "/tdir/b/c"])
        outside = template(parameter("LIST[PATH]", default=["a", "../c"]), extensions=["EXPR"])
        self.assertIn("leaves", problems(outside)["parameterDefinitions[0].default"])

    def test_uris_are_kept_where_expressions_know_them(self) -> None:
        self.assertEqual(self.default("s3://bucket/x", extensions=["EXPR"]), "s3://bucket/x")

    def test_kinds_of_objects_are_accepted_as_they_are_declared(self) -> None:
        for kind in ("FILE", "DIRECTORY"):
            self.assertEqual(kept(parameter("PATH", objectType=kind), "/cache"), "/cache")
