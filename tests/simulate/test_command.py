"""`brender simulate`: a table for people, JSON for programs, and a sentence when the file is wrong."""

import json

from tests.cli.case import CommandCase

SMALL = """
name = "small"
[[clients]]
number = 2
[[users]]
owner = "ada"
jobs = 2
[[users.kinds]]
steps = [{tasks = 10, seconds = 30}]
"""


class Simulating(CommandCase):
    async def test_a_table_for_people(self) -> None:
        ran = await self.brender("simulate", str(self.file("farm.toml", SMALL)))
        self.assertEqual((ran.code, ran.err), (0, ""))
        rows = {what: told.strip() for what, told in (line.strip().split("  ", 1) for line in ran.out.splitlines())}
        self.assertEqual(rows["farm"], "small: 2 clients, seed 1")
        self.assertEqual(rows["tasks"], "20 submitted, 20 completed")
        self.assertIn("times the lower bound of 300 s", rows["makespan"])

    async def test_json_for_programs_and_the_same_for_the_same_seed(self) -> None:
        path = str(self.file("farm.toml", SMALL))
        first, again = [(await self.brender("simulate", path, "--json", "--seed", "7")).json for _ in range(2)]
        self.assertEqual((first["seed"], first["tasks"]["completed"]), (7, 20))
        self.assertAlmostEqual(first["makespan"]["bound"], 300.0)
        for found in (first, again):
            del found["cost"]["microseconds"]
        self.assertEqual(first, again)

    async def test_it_ends_after_as_many_days_as_are_asked_for(self) -> None:
        path = str(self.file("farm.toml", SMALL))
        ran = await self.brender("simulate", path, "--json", "--days", "0.001")
        self.assertEqual(ran.json["jobs"]["unfinished"], 2)
        self.assertLessEqual(ran.json["days"], 0.001)

    async def test_a_mistake_in_the_file_is_said_in_one_sentence_and_ends_with_2(self) -> None:
        path = str(self.file("farm.toml", SMALL.replace("jobs = 2", "")))
        ran = await self.brender("simulate", path)
        self.assertEqual((ran.code, ran.out), (2, ""))
        self.assertEqual(
            ran.err, f"{path}: users[0]: Set one of jobs, every and keeps; it says when this user hands in jobs.\n"
        )
        missing = await self.brender("simulate", "absent.toml", "--json")
        self.assertEqual(missing.code, 2)
        self.assertEqual(json.loads(missing.out)["error"]["message"],
                         "absent.toml cannot be read: No such file or directory.")  # fmt: skip
