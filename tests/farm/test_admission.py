"""Whether settings can be: what depends on the farm, each problem with a sentence; and warnings."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from brender.farm.admission import problems_of_client, problems_of_farm, problems_of_job, problems_of_name, warnings
from brender.farm.settings import ClientSettings, FarmSettings, JobSettings, read
from tests.doubles import Rules, Stage

GIB = 2**30


class Problems(SynchronousTestCase):
    def setUp(self) -> None:
        self.rules = Rules(limits={"arnold": {"count": 2}})

    def of(self, number: int, **settings: Any) -> list[str]:
        found = problems_of_job(self.rules.farm, number, read(JobSettings, settings))
        return [str(problem) for problem in found]

    def chain(self, length: int) -> None:
        """Job 1, job 2 after it, job 3 after that."""
        for number in range(1, length + 1):
            self.rules.job(Stage(tasks=2), after=[{"job": number - 1}] if number > 1 else [])

    def test_what_can_be_has_none(self) -> None:
        self.chain(1)
        every = {"hours": "22:00-06:00", "zone": "Asia/Tokyo", "limits": {"arnold": 2}, "after": [{"job": 1}]}
        self.assertEqual(self.of(2, **every), [])
        self.assertEqual(self.of(2, after=[{"job": 1, "frames": [-1, 1], "step": "A"}]), [])

    def test_it_cannot_come_after_itself(self) -> None:
        self.chain(1)
        self.assertEqual(self.of(1, after=[{"job": 1}]), ["after[0]: Job 1 cannot come after itself."])
        self.assertEqual(self.of(9, after=[{"job": 9}]), ["after[0]: Job 9 cannot come after itself."])

    def test_it_cannot_come_after_one_that_is_not_there(self) -> None:
        for number in (7, 0, -1):
            told = [f"after[0]: There is no job {number} to come after."]
            self.assertEqual(self.of(1, after=[{"job": number}]), told)

    def test_a_circle_is_told_with_its_members(self) -> None:
        self.chain(4)
        told = {
            2: "job 2 comes after this one",
            3: "job 3 comes after job 2, and that after this one",
            4: "job 4 comes after job 3, and that after job 2, and that after this one",
        }
        for last, way in told.items():
            said = f"after[0]: Job 1 cannot come after job {last}: {way}."
            self.assertEqual(self.of(1, after=[{"job": last}]), [said])
        self.assertEqual(len(self.of(2, after=[{"job": 1}, {"job": 4, "frames": [0, 0]}])), 1)

    def test_frames_from_the_wrong_end(self) -> None:
        self.chain(1)
        said = self.of(2, after=[{"job": 1, "frames": [1, -1]}])
        self.assertEqual(said, ["after[0].frames: The frames go from 1 to -1; write [-1, 1]."])

    def test_a_step_of_the_other_job_that_is_not_there(self) -> None:
        self.chain(1)
        (said,) = self.of(2, after=[{"job": 1, "frames": [0, 0], "step": "Nope"}])
        self.assertIn("Nope", said)
        self.assertIn("A", said)

    def test_a_name_in_place_of_the_templates_is_as_long_as_that_may_be(self) -> None:
        """SUB-01, SUB-02"""
        for name in ("", "n" * 128, "名" * 128, "test/show", "../../x", "🐱", "a b", "C:\\x", "con", "-rf", "<b>x</b>"):
            self.assertEqual(list(problems_of_name(name)), [], name)
        for letter in "né名":
            (problem,) = problems_of_name(letter * 129)
            self.assertEqual(str(problem), "name: At most 128 characters can stand here; this has 129.")

    def test_limits(self) -> None:
        (unknown,) = self.of(1, limits={"nuke": 1})
        self.assertEqual(unknown, 'limits.nuke: There is no limit "nuke"; this farm has arnold.')
        (many,) = self.of(1, limits={"arnold": 3})
        self.assertEqual(many, "limits.arnold: A task would take 3 of arnold; this farm has 2.")

    def test_hours_and_zones(self) -> None:
        self.assertEqual(len(self.of(1, hours="10:00-10:00", zone="Europe/Atlantis")), 2)
        for settings in ({"sleeps": "22-06"}, {"zone": "Nowhere"}):
            (problem,) = problems_of_client(read(ClientSettings, settings))
            self.assertEqual(problem.at, next(iter(settings)))
        (problem,) = problems_of_farm(read(FarmSettings, {"zone": "Nowhere"}))
        self.assertEqual(problem.at, "zone")

    def test_whatever_letters_they_are_written_with(self) -> None:
        self.assertEqual(len(self.of(1, hours="ſat 10:00-11:00")), 1)

    def test_everything_that_is_wrong_is_told_at_once(self) -> None:
        self.assertEqual(len(self.of(1, hours="x", zone="y", limits={"z": 1}, after=[{"job": 1}, {"job": 8}])), 5)


class Warnings(SynchronousTestCase):
    def setUp(self) -> None:
        self.rules = Rules()

    def of(self, *stages: Stage, **settings: Any) -> list[str]:
        return list(warnings(self.rules.farm, self.rules.job(*stages, **settings)))

    def test_there_are_none_on_a_farm_that_has_never_had_a_client(self) -> None:
        self.assertEqual(self.of(Stage(vcpus=999), pool="lighting"), [])

    def test_a_step_that_no_client_can_run_is_named_with_what_comes_nearest(self) -> None:
        self.rules.client(4, memory=16 * GIB)
        told = 'No client of this farm can run step "Big": it needs 64 GB of memory; the largest online client is '
        self.assertEqual(self.of(Stage("Small"), Stage("Big", memory=64)), [f"{told}render-01 with 16 GB."])

    def test_a_pool_that_nobody_is_in(self) -> None:
        self.rules.client()
        self.assertEqual(self.of(Stage(), pool="lighting"), ["No client is in pool lighting."])

    def test_a_client_that_is_away_counts(self) -> None:
        self.rules.farm.leave(self.rules.client(8), self.rules.now)
        self.assertEqual(self.of(Stage(vcpus=8)), [])
