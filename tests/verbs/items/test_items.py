"""The items of a farm: what is read from a thing itself is what its view shows."""

from twisted.trial.unittest import TestCase

from brender.verbs.items.known import CLIENT, JOB, Item
from tests.fakes import SmallFarm


class Items(TestCase):
    def setUp(self) -> None:
        self.farm = SmallFarm(self)

    def assert_same(self, item: Item, thing: object) -> None:
        reader, view = item.reader(self.farm.service.farm), item.show(thing, self.farm.service.farm)
        for attribute in item.attributes.values():
            self.assertEqual(reader(attribute)(thing), attribute.read(view), f"{item.name} {attribute.name}")

    async def test_a_job_says_the_same_in_every_state(self) -> None:
        job = await self.farm.job(priority=70, owner="ada", tries=1)
        self.assert_same(JOB, job)
        client = await self.farm.client("render-01", slots=4)
        self.farm.start(client)
        self.assert_same(JOB, job)
        self.farm.finish(client, "failed", "out of memory")
        self.assert_same(JOB, job)
        self.farm.finish_all(client)
        self.assertTrue(job.finished)
        self.assert_same(JOB, job)

    async def test_a_client_says_the_same_whatever_it_does(self) -> None:
        client = await self.farm.client("render-01", slots=2, memory=2**34)
        self.assert_same(CLIENT, client)
        await self.farm.job()
        self.farm.start(client)
        self.assert_same(CLIENT, client)
        self.farm.gone(client)
        self.assert_same(CLIENT, client)
