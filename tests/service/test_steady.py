"""The time of day that goes on evenly, and a farm whose machine's clock is set."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase, TestCase

from brender.service.farm_service import FarmService
from brender.service.steady import SteadyTime
from tests.fakes import NOON, NotedLink, SmallFarm

HOUR = 3600.0


class Watch:
    """A machine's clock, and one that nobody sets."""

    def __init__(self) -> None:
        self.passed = 50.0
        self.set_by = NOON

    def epoch(self) -> float:
        return self.set_by + self.passed

    def monotonic(self) -> float:
        return self.passed


class ItsTime(SynchronousTestCase):
    def setUp(self) -> None:
        self.watch = Watch()
        self.time = SteadyTime(self.watch.epoch, self.watch.monotonic)

    def test_it_is_the_time_of_day(self) -> None:
        self.watch.passed += 100
        self.assertEqual((self.time.now(), self.time.step()), (NOON + 150, 0.0))

    def test_a_clock_that_is_set_changes_nothing_before_somebody_asks_for_it(self) -> None:
        for by in (-HOUR, 3 * HOUR):
            before = self.time.now()
            self.watch.set_by += by
            self.assertEqual(self.time.now(), before)
            self.assertEqual((self.time.step(), self.time.now(), self.time.step()), (by, before + by, 0.0))

    def test_a_little_is_not_worth_it(self) -> None:
        self.watch.set_by += 1.5
        self.assertEqual((self.time.step(), self.time.now()), (0.0, NOON + 50))


class AFarm(TestCase):
    """Its machine's clock is set while it works."""

    async def setUp(self) -> None:  # type: ignore[override]
        self.small = SmallFarm(self)
        self.set_by = 0.0
        clock = self.small.clock
        self.small.service = FarmService(
            self.small.store, clock, self.small.logs, self.small.pictures, epoch=lambda: clock.seconds() + self.set_by
        )
        self.farm = self.small.service.farm

    async def test_a_worker_that_is_missed_is_missed_as_long_as_ever(self) -> None:
        client = await self.small.client("attic")
        other = await self.small.client("cellar")
        await self.small.job(values={"Frames": "1"})
        self.small.gone(client)
        self.set_by = -HOUR
        self.small.clock.advance(29)
        self.assertEqual(list(other.orders), [])
        self.small.clock.advance(1)
        self.assertEqual([order.client for order in self.farm.orders.values()], [other.id])

    async def test_a_step_that_rests_does_not_rest_an_hour_longer_nor_shorter(self) -> None:
        for by in (-HOUR, HOUR):
            client = await self.small.client(f"attic {by}")
            job = await self.small.job(values={"Frames": "1"})
            order = self.small.start(client)
            self.small.service.result(client.id, order.id, 0, "failed", "No licence.", 1.0, "later")
            (step,) = job.steps
            self.assertNotEqual(step.resting, "")
            self.set_by += by
            self.small.service.handed_back(client.id, 99, [])  # something happens: the clock is noticed
            self.assertNotEqual(step.resting, "", by)
            self.small.clock.pump([1.0] * 100)
            self.assertEqual(step.resting, "", by)
            self.small.finish_all(client)
            self.small.gone(client)

    async def test_hours_go_by_the_new_time(self) -> None:
        client = await self.small.client("attic")
        job = await self.small.job(values={"Frames": "1"}, not_before=self.small.now() + 2 * HOUR)
        self.assertEqual(client.used, 0)
        self.set_by = 2 * HOUR - 10
        self.small.clock.advance(60)  # it is noticed within a minute, without anybody's help
        self.assertEqual((job.gate, client.used), ("", 1))

    async def test_nor_are_they_forgotten_when_it_is_set_back(self) -> None:
        client = await self.small.client("attic")
        await self.small.job(values={"Frames": "1"}, not_before=self.small.now() + HOUR)
        self.set_by = -HOUR
        self.small.clock.pump([30.0] * (2 * 120 - 1))
        self.assertEqual(client.used, 0)
        self.small.clock.pump([30.0] * 2)
        self.assertEqual(client.used, 1)

    async def test_a_straggler_is_not_made_by_it(self) -> None:
        clients: list[Any] = [await self.small.client(f"client {number}") for number in range(3)]
        await self.small.job(values={"Frames": "1-12"})
        for _ in range(3):
            for client in clients:
                self.small.finish(client, seconds=10.0)
        for client in clients:
            self.small.start(client)
        self.set_by = HOUR
        self.small.service.beat(clients[0].id, 1.0)
        self.small.service.handed_back(clients[0].id, 99, [])
        self.small.clock.advance(1)
        self.assertFalse(any(order.second for order in self.farm.orders.values()))

    async def test_the_client_s_link_hears_nothing_of_it(self) -> None:
        client = await self.small.client("attic")
        link: NotedLink = self.small.links[client.id]
        said = list(link.said)
        self.set_by = -HOUR
        self.small.service.handed_back(client.id, 99, [])
        self.assertEqual(link.said, said)
