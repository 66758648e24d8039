"""When people hand in jobs, and what is in those."""

from datetime import UTC, datetime
from statistics import median
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from brender.simulate.farm_shape import User, made
from brender.simulate.people import Person
from brender.simulate.world import BEGIN
from tests.simulate.farms import clients, step, user


def person(seed: int = 1, **fields: Any) -> Person:
    data = user(step({"least": 5, "most": 50}, {"median": 60, "spread": 1.5}, varies=1.2), **fields)
    found: User = made({"clients": [clients()], "users": [data]}).users[0]
    return Person(found, 0, seed)


class Jobs(SynchronousTestCase):
    def test_the_same_seed_gives_the_same_jobs(self) -> None:
        one, same, other = person(), person(), person(seed=2)
        jobs = [[each.next_job().scenes for _ in range(5)] for each in (one, same, other)]
        self.assertEqual(jobs[0], jobs[1])
        self.assertNotEqual(jobs[0], jobs[2])

    def test_the_plan_has_as_many_tasks_as_there_are_times(self) -> None:
        found = person().next_job()
        self.assertEqual([each.tasks for each in found.plan.steps], [len(each.seconds) for each in found.scenes])
        self.assertEqual((found.settings.owner, found.plan.steps[0].requires.vcpus), ("ada", None))

    def test_tasks_of_one_job_are_alike_and_jobs_are_not(self) -> None:
        somebody = person()
        middles = [median(somebody.next_job().scenes[0].seconds) for _ in range(60)]
        self.assertGreater(max(middles) / min(middles), 2)
        for times in [somebody.next_job().scenes[0].seconds for _ in range(30)]:
            self.assertLess(max(times) / min(times), 4)


class Moments(SynchronousTestCase):
    def test_jobs_come_as_often_as_is_said(self) -> None:
        somebody, now = person(every=600.0), BEGIN
        for _ in range(2000):
            now = somebody.next_moment(now, "UTC")
        self.assertTrue(560 < (now - BEGIN) / 2000 < 640)

    def test_and_only_in_the_hours_of_whoever_hands_them_in(self) -> None:
        somebody, now = person(every=600.0, hours="mon-fri 09:00-18:00"), BEGIN
        for _ in range(1000):
            now = somebody.next_moment(now, "Europe/Amsterdam")
            local = datetime.fromtimestamp(now, UTC)
            self.assertTrue(local.weekday() < 5 and 8 <= local.hour < 17, local)
