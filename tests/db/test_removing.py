"""What is deleted is gone from the database, of either kind; numbers stay taken, and names with what is left."""

from pathlib import Path

from msgspec.structs import replace
from twisted.trial.unittest import TestCase

from brender.db.check import check
from brender.farm.client import RuntimeClient
from brender.farm.interfaces import NotFound
from brender.farm.people.saved_view import SavedView
from brender.farm.transitions import JobState
from tests.db.databases import OnPostgresql, place, rows
from tests.db.test_archive import Archiving
from tests.fakes import NOON, NotedLink

VIEW = SavedView(0, "what “failed”", "Zoë", "job", "state=failed", "id", "-ended", NOON)


class Case(TestCase):
    timeout = 120

    def setUp(self) -> None:
        self.where = place(self)

    async def open(self) -> Archiving:
        return await Archiving(self, self.where, Path(self.mktemp())).begun()

    async def again(self, farm: Archiving) -> Archiving:
        await farm.service.end()
        farm.writer.join()
        return await self.open()

    def count(self, *tables: str) -> list[int]:
        return [int(rows(self.where, f"select count(*) from {table}")[0][0]) for table in tables]

    def problems(self) -> list[str]:
        return list(check(self.where, Path(self.mktemp())))


class Jobs(Case):
    tables = ("jobs", "submissions", "steps", "orders")

    async def test_a_finished_one_goes_with_all_that_is_its_own(self) -> None:
        farm = await self.open()
        await farm.finished(2)
        one, other = farm.service.farm.jobs.values()
        self.assertEqual(await farm.service.delete_jobs([one]), {})
        self.assertEqual(self.count(*self.tables), [1, 1, 1, 3])
        self.assertEqual([path.name for path in (farm.folder / "logs").iterdir()], [str(other.id)])
        with self.assertRaisesRegex(NotFound, "There is no job 1."):
            await farm.service.orders_of(one.id)
        self.assertEqual(self.problems(), [])

    async def test_its_number_and_those_of_its_orders_stay_taken(self) -> None:
        farm = await self.open()
        await farm.finished(1)
        await farm.service.delete_jobs(list(farm.service.farm.jobs.values()))
        farm = await self.again(farm)
        self.assertEqual((farm.service.farm.last_job, farm.service.farm.last_order), (1, 3))
        self.assertEqual((await farm.job()).id, 2)

    async def test_what_is_needed_stays_and_says_why(self) -> None:
        farm = await self.open()
        await farm.finished(1)
        done = farm.service.farm.jobs[1]
        after = await farm.job(after=[{"job": 1}])
        self.assertEqual(
            await farm.service.delete_jobs([done]),
            {1: f"Job {after.id} comes after job 1: delete that first, or change what it comes after."},
        )
        self.assertEqual(await farm.service.delete_jobs([done, after]), {})  # the one that comes after goes first
        for order in list(after.orders):
            farm.service.dropped(1, order)
        await farm.service.save()
        self.assertEqual(self.count(*self.tables), [0, 0, 0, 0])

    async def test_one_that_is_being_ended_is_gone_after_a_start(self) -> None:
        farm = await self.open()
        client = await farm.client("attic")
        await farm.job()
        order = farm.start(client)
        await farm.service.delete_jobs([farm.service.farm.jobs[1]])
        self.assertEqual(self.count("jobs"), [1])
        farm = await self.again(farm)
        await farm.service.save()
        self.assertEqual((self.count(*self.tables), dict(farm.service.farm.jobs)), ([0, 0, 0, 0], {}))
        await farm.service.join(client.machine, "run 1", {order.id: [0]}, link := NotedLink())
        self.assertEqual(link.said[0], ("welcome", client.id, [order.id]))
        self.assertEqual((self.problems(), (await farm.job()).id), ([], 2))

    async def test_what_happens_at_the_same_time_brings_nothing_back(self) -> None:
        farm = await self.open()
        await farm.finished(1)
        job = farm.service.farm.jobs[1]
        farm.service.farm.note(job, "A warning that is not written yet.")
        await farm.service.delete_jobs([job])
        await farm.service.save()
        self.assertEqual(self.count(*self.tables), [0, 0, 0, 0])
        self.assertEqual(dict((await self.again(farm)).service.farm.jobs), {})


class Clients(Case):
    async def away(self, farm: Archiving, name: str = "attic") -> RuntimeClient:
        client = await farm.client(name)
        farm.gone(client)
        return client

    async def test_one_that_is_away_goes_and_its_name_stays_with_its_orders(self) -> None:
        farm = await self.open()
        await farm.finished(1)
        client = farm.service.farm.clients[1]
        farm.gone(client)
        self.assertEqual(await farm.service.delete_clients([client]), {})
        self.assertEqual(self.count("clients", "departed", "orders"), [0, 1, 3])
        farm = await self.again(farm)
        self.assertEqual({order.client for order in await farm.service.orders_of(1)}, {client.name})
        self.assertEqual((self.problems(), farm.service.farm.clients), ([], {}))

    async def test_one_that_is_online_or_holds_work_stays(self) -> None:
        farm = await self.open()
        client = await farm.client("attic")
        stay = await farm.service.delete_clients([client])
        self.assertEqual(stay, {1: "attic is online: stop its worker first, or it would be back at once."})
        job = await farm.job()
        farm.start(client)
        farm.gone(client)
        self.assertIn("attic went with work", (await farm.service.delete_clients([client]))[1])
        farm.clock.advance(31)  # it is lost
        self.assertEqual(await farm.service.delete_clients([client]), {})
        self.assertEqual((farm.service.farm.clients, job.state), ({}, JobState.ACTIVE))

    async def test_nothing_brings_it_back_but_its_worker_as_a_new_one(self) -> None:
        farm = await self.open()
        client = await self.away(farm)
        await farm.service.delete_clients([client])
        farm.clock.advance(3600)  # nobody waits for it
        await farm.service.save()
        self.assertEqual(self.count("clients"), [0])
        farm = await self.again(farm)
        new = await farm.service.join(client.machine, "run 2", {}, NotedLink())
        assert new is not None
        self.assertEqual((new.id, new.name), (2, "attic"))

    async def test_a_job_that_avoided_it_goes_on(self) -> None:
        farm = await self.open()
        client, other = await farm.client("attic"), await farm.client("cellar")
        job = await farm.job()
        for _ in range(3):
            farm.finish(client, "failed", "It broke.")
        self.assertEqual(list(job.standing.avoided), [client.id])
        farm.gone(client)
        farm.clock.advance(31)
        await farm.service.delete_clients([client])
        while not job.finished:
            farm.finish(other)
            await farm.service.save()
        self.assertIs(job.state, JobState.COMPLETED)
        farm.clock.advance(3600)
        self.assertEqual({order.client for order in await farm.service.orders_of(1)}, {"attic", "cellar"})


class OfTheFarm(Case):
    async def test_settings_views_and_names_are_there_after_a_start(self) -> None:
        farm = await self.open()
        await farm.service.set_farm({"strikes": 2, "limits/arnold": {"count": 3}, "avoid_for": 60})
        await farm.service.set_farm({}, ["avoid_for"])
        views = [await farm.service.save_view(VIEW), await farm.service.save_view(replace(VIEW, name="b"))]
        await farm.service.delete_views(views[1:])
        before = farm.service.farm
        farm = await self.again(farm)
        after = farm.service.farm
        self.assertEqual((after.settings, after.overrides), (before.settings, before.overrides))
        self.assertEqual((after.views, after.last_view), ({1: views[0]}, 2))
        self.assertEqual(rows(self.where, "select value from farm_settings where name = 'avoid_for'"), [(None,)])
        self.assertEqual(self.problems(), [])


class JobsOnPostgresql(OnPostgresql, Jobs):
    pass


class ClientsOnPostgresql(OnPostgresql, Clients):
    pass


class OfTheFarmOnPostgresql(OnPostgresql, OfTheFarm):
    pass
