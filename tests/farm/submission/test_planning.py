"""From a template and values to a plan, and back from the database to the same plan."""

import json
import tracemalloc
from typing import Any

import yaml
from twisted.trial.unittest import TestCase

from brender.farm.submission.planning import Plan, Refused, plan, replan
from tests.farm.submission.documents import all_tasks, frames, job, over, problems, step

FRAMES = {"name": "Frames", "type": "STRING", "default": "1-3"}
RENDER = job(over(frames("{{Param.Frames}}")), parameterDefinitions=[FRAMES])


def stored(made: Plan) -> Plan:
    """The plan of the same job when it comes back from the database."""
    template, values = json.loads(json.dumps([made.template, made.values]))
    return replan(template, values)


class Names(TestCase):
    def test_any_name_that_openjd_allows_is_kept_verbatim(self) -> None:
        for name in ("test/show", "../../x", "🐱", "a b", "C:\\x", "con", "-rf", "<b>x</b>"):
            for text in (job(name=name), json.dumps(job(name=name)), yaml.safe_dump(job(name=name))):
                self.assertEqual(plan(text, {}).name, name)
            self.assertEqual(plan(job(step(name)), {}).steps[0].name, name)

    def test_a_name_has_128_characters_however_many_bytes_they_are(self) -> None:
        for length in (1, 46, 47, 64, 127, 128):
            self.assertEqual(plan(job(name="n" * length), {}).name, "n" * length)
        for name in ("é" * 128, "名" * 128):
            self.assertEqual(plan(job(name=name), {}).name, name)
        self.assertEqual(problems(job(name="n" * 129))["name"], "At most 128 characters can stand here; this has 129.")

    def test_a_name_is_as_long_as_its_values_make_it(self) -> None:
        named = job(name="{{Param.P}}", parameterDefinitions=[{"name": "P", "type": "STRING"}])
        self.assertEqual(plan(named, {"P": "n" * 128}).name, "n" * 128)
        self.assertIn("At most 128", problems(named, {"P": "n" * 129})["name"])

    def test_a_name_has_no_control_characters(self) -> None:
        self.assertEqual(
            problems(job(name="a\nb"))["name"], "Character 2 is U+000A, a control character, which cannot stand here."
        )


class Ranges(TestCase):
    def test_frames_come_from_the_value_of_a_parameter(self) -> None:
        self.assertEqual([task["Frame"] for task in all_tasks(plan(RENDER, {}))], ["1", "2", "3"])
        self.assertEqual(plan(RENDER, {"Frames": " 1-3 "}).steps[0].tasks, 3)

    def test_the_same_job_again_with_other_frames_has_just_those(self) -> None:
        first = plan(RENDER, {"Frames": "1-100"})
        again = plan(first.template, {**first.values, "Frames": "7,12-14,95"})
        self.assertEqual([task["Frame"] for task in all_tasks(again)], ["7", "12", "13", "14", "95"])

    def test_a_bad_value_is_told_at_the_parameter_that_it_was_given_for(self) -> None:
        wrong = {
            "1-10x2": "write 1-10:2.",
            "1,1": "1 stands twice",
            "": "The range is empty",
            "1\N{EN DASH}3": "U+2013 EN DASH",
            "1-3\N{NO-BREAK SPACE}": "U+00A0 NO-BREAK SPACE",
            "1-9223372036854775809": "too large",
        }
        for value, said in wrong.items():
            found = problems(RENDER, {"Frames": value})
            self.assertEqual(list(found), ["parameterValues.Frames"])
            self.assertIn(said, found["parameterValues.Frames"])

    def test_a_bad_default_is_told_at_the_default(self) -> None:
        found = problems(RENDER | {"parameterDefinitions": [FRAMES | {"default": "10-1"}]})
        self.assertIn("write 10-1:-1.", found["parameterDefinitions[0].default"])

    def test_a_range_of_several_parameters_is_told_where_it_stands(self) -> None:
        ends = [{"name": name, "type": "INT"} for name in ("First", "Last")]
        shot = job(over(frames("{{Param.First}}-{{ Param.Last }}")), parameterDefinitions=ends)
        self.assertEqual(plan(shot, {"First": "-5", "Last": 5}).steps[0].tasks, 11)
        found = problems(shot, {"First": 5, "Last": 1})
        self.assertIn("write 5-1:-1.", found["steps[0].parameterSpace.taskParameterDefinitions[0].range"])

    def test_a_value_cannot_smuggle_another_variable_in(self) -> None:
        found = problems(RENDER, {"Frames": "{{Param.Frames}}"})
        self.assertIn("is not a range", found["parameterValues.Frames"])


class Limits(TestCase):
    def test_more_tasks_than_the_farm_takes_are_refused_with_the_limit(self) -> None:
        for values in ("1-100000000", "1-10000001"):
            said = problems(RENDER, {"Frames": values})["steps[0].parameterSpace"]
            self.assertIn("this farm takes at most 10,000,000 a step", said)
        self.assertEqual(plan(RENDER, {"Frames": "1-10000000"}).steps[0].tasks, 10_000_000)
        self.assertIn("at most 2 a step", problems(RENDER, limit=2)["steps[0].parameterSpace"])

    def test_products_are_multiplied_before_anything_is_listed(self) -> None:
        huge = job(over(*(frames("1-1000000", f"p{index}") for index in range(16))))
        self.assertIn("1,000,000,000,000,000", problems(huge)["steps[0].parameterSpace"])

    def test_a_job_of_many_full_steps_is_refused(self) -> None:
        steps = [over(frames("1-10"), name=f"s{index}") for index in range(11)]
        self.assertEqual(len(plan(job(*steps[:10]), {}, limit=10).steps), 10)
        self.assertIn("110 tasks", problems(job(*steps), limit=10)["steps"])

    def test_ten_million_tasks_cost_the_memory_of_a_few(self) -> None:
        plan(RENDER, {})
        tracemalloc.start()
        try:
            made = plan(RENDER, {"Frames": "1-10000000"})
            self.assertEqual(made.steps[0].parameters(9_999_999), {"Frame": "10000000"})
            self.assertTrue(problems(RENDER, {"Frames": "1-100000000"}))
            self.assertLess(tracemalloc.get_traced_memory()[1], 1_000_000)
        finally:
            tracemalloc.stop()


class Stored(TestCase):
    def test_a_job_that_comes_back_from_the_database_has_the_same_plan(self) -> None:
        definitions: list[dict[str, Any]] = [
            FRAMES,
            {"name": "Text", "type": "STRING"},
            {"name": "Shot", "type": "STRING"},
            {"name": "Empty", "type": "STRING"},
            {"name": "Count", "type": "INT"},
            {"name": "Size", "type": "FLOAT"},
            {"name": "Scene", "type": "PATH"},
            {"name": "Out", "type": "PATH", "default": "renders"},
            {"name": "Layers", "type": "LIST[STRING]"},
            {"name": "Draft", "type": "BOOL", "default": False},
        ]
        values = {
            "Text": "two\nlines", "Shot": "007", "Empty": "", "Count": "10", "Size": "1e-3",
            "Scene": "/a b/c d.blend", "Layers": ["010", "no"],
        }  # fmt: skip
        wide = {
            "amounts": [{"name": "amount.worker.vcpu", "min": 2}],
            "attributes": [{"name": "attr.worker.os.family", "anyOf": ["linux"]}],
        }
        template = job(
            over(frames("{{Param.Frames}}"), frames("1,2", "Eye"), combination="Eye * Frame")
            | {"hostRequirements": wide},
            step("Video", dependencies=[{"dependsOn": "A"}]),
            name="{{Param.Shot}}",
            parameterDefinitions=definitions,
            extensions=["EXPR"],
        )
        made = plan(yaml.safe_dump(template), values, folder="/tdir")
        self.assertEqual(made.values, {
            "Frames": "1-3", "Out": "/tdir/renders", "Draft": False, **values
        })  # fmt: skip
        self.assertEqual(stored(made), made)
        self.assertEqual(all_tasks(stored(made)), all_tasks(made))

    def test_a_job_that_is_submitted_again_as_it_was_exported_is_the_same(self) -> None:
        made = plan(RENDER, {"Frames": "007"})
        self.assertEqual(plan(json.dumps(made.template), made.values), made)
        self.assertEqual(made.values, {"Frames": "007"})

    def test_the_plan_keeps_a_copy_of_the_template(self) -> None:
        template = job()
        made = plan(template, {})
        template["steps"].append(step("B"))
        self.assertEqual(len(made.template["steps"]), 1)

    def test_a_job_that_was_accepted_is_not_measured_again(self) -> None:
        made = plan(RENDER, {"Frames": "1-100"}, limit=100)
        self.assertEqual(replan(made.template, made.values).steps[0].tasks, 100)

    def test_a_template_that_can_no_longer_be_read_is_refused_not_lost_in_a_traceback(self) -> None:
        with self.assertRaises(Refused):
            replan({"specificationVersion": "jobtemplate-2023-09"}, {})


class Problems(TestCase):
    def test_all_of_them_are_told_in_a_few_lines(self) -> None:
        template = job(over(frames("1-")), step("B", dependencies=[{"dependsOn": "C"}]), name="")
        with self.assertRaises(Refused) as caught:
            plan(template, {"X": "1"})
        lines = str(caught.exception).splitlines()
        self.assertEqual(len(lines), len(caught.exception.problems))
        self.assertEqual({line.split(": ")[0] for line in lines}, {
            "name", "steps[0].parameterSpace.taskParameterDefinitions[0].range",
            "steps[1].dependencies[0].dependsOn", "parameterValues.X",
        })  # fmt: skip

    def test_thousands_of_them_are_told_as_a_hundred(self) -> None:
        wrong = job(*(step("", wrong=1) for _ in range(1000)))
        with self.assertRaises(Refused) as caught:
            plan(wrong, {})
        self.assertEqual(len(caught.exception.problems), 100)

    def test_every_supported_extension_is_accepted(self) -> None:
        for extension in ("TASK_CHUNKING", "REDACTED_ENV_VARS", "FEATURE_BUNDLE_1", "EXPR"):
            self.assertEqual(plan(job(extensions=[extension]), {}).extensions, (extension,))
        both = plan(job(extensions=["EXPR", "WRAP_ACTIONS"]), {})
        self.assertEqual(both.extensions, ("EXPR", "WRAP_ACTIONS"))

    def test_an_expression_that_would_never_end_is_refused(self) -> None:
        for name in ("{{ len([x for x in range(0, 100000000)]) }}", "{{ 'a' * 1000000000 }}"):
            self.assertIn("limit", problems(job(name=name, extensions=["EXPR"]))["name"])
