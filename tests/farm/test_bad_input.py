"""Bad input: what people read, word for word, in the rules, from the web and in the shell.

How does this work?  `FRAMES` and `SETTINGS` have what somebody might write, and the whole sentence that says what is
wrong with it and how to mend it.  The rules, the web (`tests/web/test_bad_input.py`) and the shell
(`tests/protocols/test_bad_input.py`) are asked all of them.
"""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from brender.farm.admission import problems_of_client, problems_of_farm, problems_of_job, warnings
from brender.farm.scheduling.why import why_job
from brender.farm.settings import ClientSettings, FarmSettings, JobSettings, Settings, read
from brender.farm.submission.problems import Problem, Refused
from tests.doubles import Rules, Stage
from tests.farm.submission import documents

GIB = 2**30
FRAMES = {
    "10-1": "10-1 runs downwards, which needs a negative step; write 10-1:-1.",
    "-1--5": "-1--5 runs downwards, which needs a negative step; write -1--5:-1.",
    "10-1:3": "10-1:3 runs downwards, which needs a negative step; write 10-1:-3.",
    "1-10:-1": "1-10:-1 runs upwards with a negative step; write 1-10, or 10-1:-1 to run downwards.",
    "1-10:0": "1-10:0 has a step of 0 and would never end; write 1-10.",
    "1-5,3-8": "1-5 overlaps 3-8: pieces of a range may not reach into each other; write 1-8.",
    "1-10:2,2-10:2": "1-10:2 overlaps 2-10:2: pieces of a range may not reach into each other; write 1-10.",
    "1,1,2": "1 stands twice in the range; write 1,2.",
    "1-100x5": '"1-100x5" is not a range: "x" at character 6 has no meaning in one; write 1-100:5.',
    "1-": '"1-" stops where a number should follow.',
}
PRIORITY = "A priority is a whole number from 0 to 100."
COUNT = "Write a whole number that is at least 1."
SETTINGS: tuple[tuple[dict[str, Any], str, str], ...] = (  # of job 3 of 4: job 2 comes after it, and job 1 after that
    ({"priority": 101}, "priority", PRIORITY),
    ({"priority": -1}, "priority", PRIORITY),
    ({"limits": {"arnold": 0}}, "limits.arnold", COUNT),
    ({"limits": {"arnold": 3}}, "limits.arnold", "A task would take 3 of arnold; this farm has 2."),
    ({"limits": {"nuke": 1}}, "limits.nuke", 'There is no limit "nuke"; this farm has arnold.'),
    ({"hours": "10:00-10:00"}, "hours", '"10:00-10:00" ends when it begins; the whole day is 00:00-24:00.'),
    ({"hours": "25:00-26:00"}, "hours", '"25:00" is no time of day; they go from 00:00 to 24:00.'),
    ({"zone": "Europe/Atlantis"}, "zone",
     'There is no time zone "Europe/Atlantis"; write one such as Europe/Amsterdam.'),
    ({"after": [{"job": 3}]}, "after[0]", "Job 3 cannot come after itself."),
    ({"after": [{"job": 9}]}, "after[0]", "There is no job 9 to come after."),
    ({"after": [{"job": 2}]}, "after[0]", "Job 3 cannot come after job 2: job 2 comes after this one."),
    ({"after": [{"job": 1}]}, "after[0]",
     "Job 3 cannot come after job 1: job 1 comes after job 2, and that after this one."),
    ({"after": [{"job": 4, "frames": [1, -1]}]}, "after[0].frames", "The frames go from 1 to -1; write [-1, 1]."),
)  # fmt: skip


def problems_of(kind: type[Settings], wishes: dict[str, Any]) -> list[Problem]:
    """What is wrong with settings before anybody looks at the farm."""
    try:
        read(kind, wishes)
    except Refused as refused:
        return list(refused.problems)
    return []


class Frames(SynchronousTestCase):
    def test_every_mistake_has_its_sentence(self) -> None:
        parameter = [{"name": "Frames", "type": "STRING"}]
        template = documents.job(documents.over(documents.frames("{{Param.Frames}}")), parameterDefinitions=parameter)
        for frames, sentence in FRAMES.items():
            told = documents.problems(template, {"Frames": frames})
            self.assertEqual(told, {"parameterValues.Frames": sentence})

    def test_negative_frames_are_no_mistake(self) -> None:
        self.assertEqual(documents.problems(documents.job(documents.over(documents.frames("-5--1,3")))), {})


class OfAJob(SynchronousTestCase):
    def setUp(self) -> None:
        self.rules = Rules(limits={"arnold": {"count": 2}})

    def test_every_mistake_has_its_sentence(self) -> None:
        for _ in range(4):
            self.rules.job(Stage())
        self.rules.set(self.rules.farm.jobs[2], after=[{"job": 3}])
        self.rules.set(self.rules.farm.jobs[1], after=[{"job": 2}])
        for wishes, place, sentence in SETTINGS:
            found = problems_of(JobSettings, wishes)
            found = found or problems_of_job(self.rules.farm, 3, read(JobSettings, wishes))
            self.assertEqual([(problem.at, problem.message) for problem in found], [(place, sentence)])

    def test_what_no_client_could_ever_meet_is_a_warning_at_submit_and_a_why_later(self) -> None:
        self.rules.client(4, memory=16 * GIB)
        job = self.rules.job(Stage("Big", memory=64))
        told = "it needs 64 GB of memory; the largest online client is render-01 with 16 GB"
        self.assertEqual(list(warnings(self.rules.farm, job)), [f'No client of this farm can run step "Big": {told}.'])
        self.rules.match()
        self.assertEqual(why_job(self.rules.farm, job, self.rules.clock), f"Job 1 waits: {told}.")

    def test_a_job_that_it_came_after_and_that_is_gone_is_a_why(self) -> None:
        first = self.rules.job(Stage())
        job = self.rules.job(Stage(), after=[{"job": first.id}])
        del self.rules.farm.jobs[first.id]
        self.rules.set(job, priority=60)
        self.rules.client()
        self.rules.match()
        told = "Job 2 waits: it comes after job 1, which is not there any more."
        self.assertEqual((why_job(self.rules.farm, job, self.rules.clock), job.orders), (told, {}))


class OfSteps(SynchronousTestCase):
    def told(self, **depends: list[str]) -> dict[str, str]:
        steps = [
            documents.step(name, dependencies=[{"dependsOn": other} for other in others]) if others
            else documents.step(name)
            for name, others in depends.items()
        ]  # fmt: skip
        return documents.problems(documents.job(*steps))

    def test_a_circle_a_step_after_itself_and_one_after_nobody(self) -> None:
        circle = (
            "Steps A and B wait for one another in a circle (A -> B -> A), so none of them could begin; "
            "remove one of these dependencies."
        )
        self.assertEqual(self.told(A=["B"], B=["A"]), {"steps[0].dependencies": circle})
        at = "steps[0].dependencies[0].dependsOn"
        self.assertEqual(self.told(A=["A"]), {at: "Step A cannot wait for itself."})
        self.assertEqual(self.told(A=["Z"]), {at: 'There is no step "Z".'})


class OfTheFarm(SynchronousTestCase):
    def test_a_limit_of_0(self) -> None:
        found = problems_of(FarmSettings, {"limits": {"arnold": {"count": 0}}})
        self.assertEqual([(problem.at, problem.message) for problem in found], [("limits.arnold.count", COUNT)])

    def test_hours_and_zones_of_clients_and_of_the_farm(self) -> None:
        zone = 'There is no time zone "Nowhere"; write one such as Europe/Amsterdam.'
        window = '"22-06" is no window; write 22:00-06:00, or mon-fri 22:00-06:00.'
        told = problems_of_client(read(ClientSettings, {"sleeps": "22-06", "zone": "Nowhere"}))
        self.assertEqual([(problem.at, problem.message) for problem in told], [("sleeps", window), ("zone", zone)])
        farm = problems_of_farm(read(FarmSettings, {"zone": "Nowhere"}))
        self.assertEqual([(problem.at, problem.message) for problem in farm], [("zone", zone)])
