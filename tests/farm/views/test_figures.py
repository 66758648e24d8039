"""The farm in figures: how busy, how much done, what fails, who is missing; and the last hour of it."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from brender.farm.client import Status
from brender.farm.failures.recent import DAY, MOST, Failures
from brender.farm.order import Order
from brender.farm.views.figures import EVERY, KEPT, MOST_SHOWN, FarmFigures, Pulse, figures
from tests.doubles import DONE, FAILED, Rules, Stage


class Case(SynchronousTestCase):
    def setUp(self) -> None:
        self.rules = Rules()
        self.farm = self.rules.farm
        self.pulse = Pulse()

    def figures(self) -> FarmFigures:
        return figures(self.farm, self.pulse, self.rules.clock)

    def sample(self, times: int = 1) -> None:
        for _ in range(times):
            self.rules.pass_by(EVERY)
            self.pulse.note(self.farm, self.rules.clock)

    def order(self) -> Order:
        return next(iter(self.farm.orders.values()))

    def run_one(self, outcome: Any = DONE, message: str = "") -> None:
        order = self.order()
        self.rules.started(order)
        self.rules.ended(order, outcome=outcome, message=message)
        self.rules.match()


class Counted(Case):
    def test_an_empty_farm(self) -> None:
        found = self.figures()
        self.assertEqual((found.clients, found.slots, found.utilisation, found.since), (0, 0, None, None))
        self.assertEqual(sum(found.jobs.values()), 0)
        self.assertEqual((found.failing, found.trouble, found.time.seconds_left), ([], [], None))

    def test_clients_slots_and_jobs(self) -> None:
        self.rules.client(slots=4)
        away = self.rules.client(slots=2)
        self.rules.job(Stage(tasks=3, vcpus=1))
        self.rules.match()
        self.rules.started(self.order())
        self.farm.leave(away, self.rules.now)
        found = self.figures()
        self.assertEqual((found.clients, found.online, found.busy, found.slots, found.slots_busy), (2, 1, 1, 4, 3))
        self.assertEqual((found.jobs["active"], found.jobs["queued"]), (1, 0))

    def test_a_disabled_client_has_the_slots_that_it_uses(self) -> None:
        client = self.rules.client(slots=4)
        self.rules.job(Stage(tasks=1, vcpus=1))
        self.rules.match()
        client.status = Status.DISABLED
        self.assertEqual((self.figures().slots, self.figures().slots_busy), (1, 1))

    def test_what_is_done_in_a_minute_and_in_an_hour(self) -> None:
        self.rules.client()
        self.rules.job(Stage(tasks=9))
        self.rules.match()
        self.sample()
        self.run_one()
        self.run_one()
        self.assertEqual((self.figures().completed_minute, self.figures().completed_hour), (2, 2))
        self.sample(6)
        self.run_one()
        found = self.figures()
        self.assertEqual((found.completed_minute, found.completed_hour), (1, 3))
        self.sample(KEPT)
        self.assertEqual((self.figures().completed_minute, self.figures().completed_hour), (0, 0))

    def test_the_last_hour_is_a_series_and_no_longer(self) -> None:
        self.rules.client(slots=2)
        self.rules.job(Stage(tasks=1, vcpus=1))
        self.sample()
        self.rules.match()
        self.sample()
        self.run_one()
        self.sample()
        found = self.pulse.series
        self.assertEqual((found.slots, found.slots_busy, found.completed), ([2, 2], [1, 0], [0, 1]))
        self.assertEqual(found.times[1] - found.times[0] >= EVERY, True)
        self.assertAlmostEqual(self.figures().utilisation or 0, 100 / 6)
        self.sample(2 * KEPT)
        self.assertEqual(len(self.pulse.series.times), KEPT)

    def test_a_clock_that_was_set_moves_the_samples(self) -> None:
        self.sample(3)
        times = self.pulse.series.times
        self.pulse.shift(3600)
        self.assertEqual(self.pulse.series.times, [when + 3600 for when in times])


class WhatFails(Case):
    def fails(self, reason: str) -> None:
        self.run_one(FAILED, reason)

    def test_a_job_is_there_with_its_newest_reason(self) -> None:
        self.rules.client()
        job = self.rules.job(Stage(tasks=2), tries=1)
        self.rules.match()
        self.fails("Out of memory\nmore")
        self.fails("No such file")
        (found,) = self.figures().failing
        self.assertEqual((found.id, found.failed, found.tries, found.reason), (job.id, 2, 2, "No such file"))
        self.assertEqual((found.owner, found.state), ("ada", "failed"))

    def test_a_try_that_is_repeated_counts_and_no_task_has_failed(self) -> None:
        self.rules.client()
        self.rules.job(Stage(tasks=1), tries=5)
        self.rules.match()
        self.fails("once")
        (found,) = self.figures().failing
        self.assertEqual((found.failed, found.tries), (0, 1))

    def test_after_a_day_it_is_forgotten_and_a_job_that_is_gone_is_not_shown(self) -> None:
        self.rules.client()
        job = self.rules.job(Stage(tasks=2), tries=5)
        self.rules.match()
        self.fails("once")
        self.assertEqual(len(self.figures().failing), 1)
        taken = self.farm.jobs.pop(job.id)
        self.assertEqual(self.figures().failing, [])
        self.farm.jobs[job.id] = taken
        self.rules.pass_by(DAY)
        self.assertEqual(self.figures().failing, [])

    def test_the_newest_are_first_and_a_few_are_shown(self) -> None:
        for number in range(MOST_SHOWN + 5):
            self.rules.job(Stage(tasks=1))
            self.farm.failures.note(number + 1, f"reason {number + 1}", float(number))
        self.farm.failures.note(3, "again", 100.0)
        found = [each.id for each in self.figures().failing]
        self.assertEqual((found[:2], len(found)), ([3, MOST_SHOWN + 5], MOST_SHOWN))

    def test_it_does_not_grow(self) -> None:
        failures = Failures()
        for number in range(5 * MOST):
            failures.note(number, "x" * 10_000, 1.0)
        found = list(failures.newest(1.0))
        self.assertEqual((len(found), found[0][0]), (MOST, 5 * MOST - 1))
        self.assertLess(len(found[0][1].reason), 1000)

    def test_after_a_start_it_is_known_of_the_jobs_that_were_loaded(self) -> None:
        self.rules.client()
        job = self.rules.job(Stage(tasks=1), tries=1)
        self.rules.match()
        self.fails("Broken")
        self.rules.job(Stage(tasks=1))
        self.farm.failures = Failures()
        self.farm.failures.recall(self.farm.jobs.values(), self.rules.clock)
        self.assertEqual([(each.id, each.reason) for each in self.figures().failing], [(job.id, "Broken")])


class Trouble(Case):
    def test_who_is_away_and_should_not_be(self) -> None:
        missing, disabled, off, unwell = (self.rules.client() for _ in range(4))
        for client in (missing, disabled, off):
            self.farm.leave(client, self.rules.now)
        disabled.status, off.power.off = Status.DISABLED, True
        self.farm.unwell(unwell, "No disk")
        found = self.figures()
        self.assertEqual((found.offline, found.unwell), (1, 1))
        told = {each.name: (each.what, each.reason) for each in found.trouble}
        self.assertEqual(told, {missing.name: ("offline", ""), unwell.name: ("unwell", "No disk")})

    def test_of_many_the_newest_are_shown(self) -> None:
        for _ in range(3 * MOST_SHOWN):
            self.farm.leave(self.rules.client(), self.rules.now)
        found = self.figures()
        self.assertEqual((found.offline, len(found.trouble)), (3 * MOST_SHOWN, MOST_SHOWN))
        self.assertEqual(found.trouble[0].id, 3 * MOST_SHOWN)
