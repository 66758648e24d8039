"""Names of jobs, as odd and as long as they may be: shown as they were given, and part of no path."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

from tests.line.harness import FarmTestCase, template

MOST = 128  # characters, whatever bytes they take
ODD = ("test/show", "../../x", "🐱", "a b", "C:\\x", "con", "-rf", "<b>x</b>")
LONG = (*("n" * length for length in (1, 46, 47, 64, 127, MOST)), "é" * MOST, "名" * MOST)
PARTS = {"test", "show", "test_show", "test-show", "x", "n", "con", *ODD}  # of a name, as they might be in a path
MARKS = ("🐱", "a b", "C:", "<b>", "nnnn", "éé", "名")  # wherever they stand in one
BY_PARAMETER = [{"name": "Name", "type": "STRING"}]


class NameTests(FarmTestCase):
    """SUB-01, SUB-02"""

    workers: ClassVar = {"alpha": 2, "beta": 2}

    def test_every_legal_name_is_shown_as_it_is_runs_and_is_part_of_no_path(self) -> None:
        jobs = {self.submit(name): name for name in (*ODD, *LONG)}
        seen = set[str]()
        for job, name in jobs.items():
            self.assertEqual(self.farm.wait(job)["name"], name)
            log = self.farm.log(job)
            self.assertIn(f"\nhere is {name}\n", log)
            seen.update(line for line in log.splitlines() if line.startswith("./"))
        listed = self.farm.api(f"jobs?filter=id={min(jobs)}-{max(jobs)}")["data"]
        self.assertEqual({job["id"]: job["name"] for job in listed}, jobs)
        self.assertTrue(any("/worker/sessions/" in path for path in seen), "no task has seen where it runs")
        self.assertEqual(named(seen) + named(self.on_disk()), [])

    def test_a_name_of_one_character_more_is_refused_with_how_many_there_may_be(self) -> None:
        for letter in "né名":
            name = letter * (MOST + 1)
            by_value = {"template": template(name="{{Param.Name}}") | {"parameterDefinitions": BY_PARAMETER}}
            in_place = {"template": template(), "name": name}
            for wanted in ({"template": template(name=name)}, {**by_value, "values": {"Name": name}}, in_place):
                with self.assertRaises(AssertionError) as caught:
                    self.farm.api("jobs", wanted)
                self.assertIn("answers 422", str(caught.exception))
                self.assertIn(f"At most {MOST} characters can stand here; this has {MOST + 1}.", str(caught.exception))

    def submit(self, name: str) -> int:
        """Its task says what is on the disk while it runs."""
        made: dict[str, Any] = template(f'cd "{self.farm.folder}"; echo "here is $1"; find . 2> /dev/null; true')
        made |= {"name": name, "parameterDefinitions": BY_PARAMETER}
        made["steps"][0]["script"]["actions"]["onRun"]["args"].append("{{Param.Name}}")
        return self.farm.submit(made, {"Name": name})

    def on_disk(self) -> list[str]:
        return [str(path.relative_to(self.farm.folder)) for path in self.farm.folder.rglob("*")]


def named(paths: Iterable[str]) -> list[str]:
    """The paths in which something of a name stands."""
    return [path for path in paths if PARTS.intersection(Path(path).parts) or any(mark in path for mark in MARKS)]
