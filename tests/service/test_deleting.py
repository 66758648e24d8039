"""A job that clients run is deleted: canceled at once, and gone when the last of them has ended what it ran."""

from random import Random

from twisted.trial.unittest import TestCase

from brender.farm.interfaces import Event, NotFound
from brender.farm.job import LEAVING, Job
from brender.farm.submission.problems import Refused
from brender.farm.transitions import JobState, NotNow
from tests.fakes import NotedLink, SmallFarm, jpeg


class Running(TestCase):
    """One job, of which two clients run something."""

    async def setUp(self) -> None:  # type: ignore[override]
        self.farm = SmallFarm(self)
        self.service = self.farm.service
        self.events: list[Event] = []
        self.addCleanup(self.service.subscribe(self.events.append))
        self.clients = [await self.farm.client(name) for name in ("attic", "cellar")]
        self.job = await self.farm.job()
        for client in self.clients:
            self.farm.start(client)
            self.farm.links[client.id].said.clear()

    def gone(self) -> list[int]:
        self.farm.clock.advance(0.2)
        return [number for event in self.events if event.kind == "gone" for number in event.data["ids"]]

    def drop(self, *clients: int) -> None:
        """Their workers say that they have ended what they were told to end."""
        for number in clients:
            for order in list(self.service.farm.clients[number].orders):
                self.service.dropped(number, order)


class WhatClientsRun(Running):
    async def test_it_is_canceled_at_once_and_gone_when_the_last_client_has_ended_it(self) -> None:
        self.assertEqual(await self.service.delete_jobs([self.job]), {})
        self.assertEqual((self.job.state, self.job.warnings), (JobState.CANCELED, [LEAVING]))
        for link in self.farm.links.values():
            self.assertIn("cancel", [said[0] for said in link.said])
        self.drop(1)
        self.assertEqual((list(self.service.farm.jobs), self.gone()), ([1], []))
        self.drop(2)
        self.assertEqual((dict(self.service.farm.jobs), self.service.farm.deleted, self.gone()), ({}, {}, [1]))
        self.assertEqual([client.used for client in self.clients], [0, 0])
        with self.assertRaisesRegex(NotFound, r"^There is no job 1\.$"):
            await self.service.cancel(1)

    async def test_it_takes_its_own_along(self) -> None:
        self.service.logged(1, next(iter(self.clients[0].orders)), 0, "a line\n")
        self.service.pictured(1, 1, 0, jpeg())
        await self.service.delete_jobs([self.job])
        self.drop(1, 2)
        self.assertEqual(await self.farm.store.orders_of(1), [])
        self.assertFalse(self.farm.logs.folder(1).exists())
        self.assertIsNone(await self.farm.pictures.read(1, 0, 0))

    async def test_what_a_worker_was_just_done_with_changes_nothing(self) -> None:
        orders = [next(iter(client.orders)) for client in self.clients]
        await self.service.delete_jobs([self.job])
        for client, order in zip(self.clients, orders, strict=True):
            self.service.result(client.id, order, order - 1, "completed", "", 1.0)
        self.drop(1, 2)
        self.assertEqual((dict(self.service.farm.jobs), self.gone()), ({}, [1]))
        self.assertIn(("acknowledge", [(orders[1], orders[1] - 1)]), self.farm.links[2].said)

    async def test_whoever_is_away_is_not_waited_for_longer_than_for_others(self) -> None:
        for client in self.clients:
            self.farm.gone(client)
        await self.service.delete_jobs([self.job])
        self.farm.clock.advance(29)
        self.assertEqual(list(self.service.farm.jobs), [1])
        self.farm.clock.advance(2)
        self.assertEqual(dict(self.service.farm.jobs), {})
        await self.service.join(self.clients[0].machine, "run 1", {1: [0]}, link := NotedLink())
        self.assertEqual(link.said[0], ("welcome", 1, [1]))  # it drops what it still runs

    async def test_whoever_is_shut_out_is_not_waited_for(self) -> None:
        await self.service.delete_jobs([self.job])
        await self.service.revoke_clients(self.clients)
        self.assertEqual((dict(self.service.farm.jobs), self.gone()), ({}, [1]))

    async def test_a_machine_that_has_ended_it_takes_other_work_at_once(self) -> None:
        other = await self.farm.job()
        await self.service.delete_jobs([self.job])
        self.drop(1)
        self.assertEqual({order.job for order in self.clients[0].orders.values()}, {other.id})
        self.drop(2)
        self.assertEqual((list(self.service.farm.jobs), other.state), ([2], JobState.ACTIVE))

    async def test_one_that_waits_in_the_queue_is_gone_at_once(self) -> None:
        waiting = await self.farm.job()
        self.assertEqual(await self.service.delete_jobs([waiting]), {})
        self.assertEqual((list(self.service.farm.jobs), waiting.state, self.gone()), ([1], JobState.CANCELED, [2]))

    async def test_one_that_has_ended_waits_for_what_still_ends_too(self) -> None:
        await self.service.cancel(1)
        self.assertEqual(await self.service.delete_jobs([self.job]), {})
        self.assertEqual(list(self.service.farm.jobs), [1])
        self.drop(1, 2)
        self.assertEqual(dict(self.service.farm.jobs), {})

    async def test_a_server_that_stops_leaves_it_to_the_next_start(self) -> None:
        await self.service.delete_jobs([self.job])
        self.service.refuse_new("The server is stopping")
        self.drop(1, 2)
        self.assertEqual((list(self.service.farm.jobs), self.job.standing.deleted), ([1], True))


class InBetween(Running):
    async def setUp(self) -> None:  # type: ignore[override]
        await super().setUp()
        await self.service.delete_jobs([self.job])

    async def test_nothing_brings_it_back(self) -> None:
        for asking in (
            self.service.again(1, lambda job: {0: range(3)}),
            self.service.add_tasks(1, {"Frames": "101-103"}),
            self.service.revise(1, {"Frames": "1-24"}),
            self.service.cancel_tasks(1, {0: [0]}),
        ):
            with self.assertRaisesRegex(NotNow, r"^Job 1 is deleted: it goes as soon as clients have ended what they"):
                await asking
        self.assertFalse(await self.service.cancel(1))
        self.drop(1, 2)
        self.assertEqual(dict(self.service.farm.jobs), {})

    async def test_no_job_comes_after_it(self) -> None:
        with self.assertRaisesRegex(Refused, "Job 1 is deleted, and goes in a moment; nothing can come after it"):
            await self.farm.job(after=[{"job": 1}])

    async def test_deleted_once_more_it_is_as_it_was(self) -> None:
        self.assertEqual(await self.service.delete_jobs([self.job]), {})
        self.assertEqual((list(self.service.farm.jobs), self.job.warnings), ([1], [LEAVING]))

    async def test_its_settings_can_be_looked_at_and_set(self) -> None:
        self.assertTrue(await self.service.set_job(1, {"priority": 3}))
        self.assertEqual(len(await self.service.orders_of(1)), 4)
        self.drop(1, 2)
        self.assertEqual(dict(self.service.farm.jobs), {})


class JobsThatComeAfter(Running):
    async def after(self, number: int) -> Job:
        return await self.farm.job(after=[{"job": number, "when": "started"}])

    async def test_one_that_another_comes_after_goes_on(self) -> None:
        other = await self.after(1)
        stay = await self.service.delete_jobs([self.job])
        self.assertEqual(
            stay, {1: f"Job {other.id} comes after job 1: delete that first, or change what it comes after."}
        )
        self.assertEqual((self.job.state, self.job.standing.deleted), (JobState.ACTIVE, False))

    async def test_together_they_go_and_one_by_one_from_the_last(self) -> None:
        for together in (True, False):
            first = self.job if together else await self.farm.job()
            last = await self.after(first.id)
            if not together:
                self.assertEqual(await self.service.delete_jobs([last]), {})
            self.assertEqual(await self.service.delete_jobs([first, last]), {})
            self.drop(1, 2)
            self.assertEqual(dict(self.service.farm.jobs), {})

    async def test_one_that_is_leaving_itself_holds_nothing_back(self) -> None:
        third = await self.farm.client("loft")
        last = await self.after(1)
        await self.service.set_job(last.id, {"priority": 90})
        self.drop(third.id)
        self.farm.start(third)
        for _ in range(2):
            self.assertEqual(await self.service.delete_jobs([last]), {})
        self.assertEqual(await self.service.delete_jobs([self.job]), {})
        self.drop(1, 2, third.id)
        self.assertEqual(dict(self.service.farm.jobs), {})


class WhateverHappens(TestCase):
    """Jobs are deleted at any moment, among all else that people and workers do."""

    async def one_farm(self, chance: Random) -> None:
        self.farm = SmallFarm(self)
        self.service, self.chance = self.farm.service, chance
        for name in ("attic", "cellar", "loft"):
            await self.farm.client(name, slots=2)
        wished = set[int]()
        for _ in range(60):
            await chance.choice((self.submit, self.work, self.leave, self.come_back, self.wait))()
            if (jobs := sorted(self.service.farm.jobs)) and chance.random() < 0.3:
                chosen = [self.service.farm.jobs[number] for number in chance.sample(jobs, min(len(jobs), 2))]
                stay = await self.service.delete_jobs(chosen)
                wished.update(job.id for job in chosen if job.id not in stay)
            self.hold(wished)
        for _ in range(40):
            await self.work()
        self.farm.clock.advance(60)
        self.hold(wished)
        self.assertEqual(self.service.farm.deleted, {})

    def hold(self, wished: set[int]) -> None:
        """What is deleted is not there, unless somebody holds an order of it; and nobody holds one of what is not."""
        farm = self.service.farm
        there = {number for number in wished if number in farm.jobs}
        self.assertEqual(there, set(farm.deleted))
        for number in there:
            self.assertTrue(farm.jobs[number].orders and farm.jobs[number].finished, number)
        self.assertLessEqual({order.job for order in farm.orders.values()}, set(farm.jobs))

    async def submit(self) -> None:
        after = [number for number, job in self.service.farm.jobs.items() if not job.standing.deleted]
        chosen = [{"job": self.chance.choice(after), "when": "started"}] if after and self.chance.random() < 0.4 else []
        await self.farm.job(values={"Frames": "1-3"}, after=chosen)

    async def work(self) -> None:
        """A worker says what it has to say of each order that it has."""
        client = self.chance.choice(list(self.service.farm.clients.values()))
        for order in list(client.orders.values()) if client.online else ():
            if not order.open:
                self.service.dropped(client.id, order.id)
            else:
                outcome = self.chance.choice(("completed", "completed", "failed"))
                self.service.result(client.id, order.id, order.awaited()[0], outcome, "It broke.", 1.0)

    async def leave(self) -> None:
        client = self.chance.choice(list(self.service.farm.clients.values()))
        if client.online:
            self.farm.gone(client)

    async def come_back(self) -> None:
        for client in list(self.service.farm.clients.values()):
            if not client.online:
                held = {order.id: order.awaited() for order in client.orders.values() if self.chance.random() < 0.7}
                self.farm.links[client.id] = NotedLink()
                await self.service.join(client.machine, "run 2", held, self.farm.links[client.id])

    async def wait(self) -> None:
        self.farm.clock.advance(self.chance.choice((1, 10, 31)))

    async def test_what_is_deleted_goes_and_nothing_of_it_is_held(self) -> None:
        for seed in range(30):
            try:
                await self.one_farm(Random(seed))
            except Exception as error:
                raise AssertionError(f"With the seed {seed}: {error}") from error
