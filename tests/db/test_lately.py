"""A start knows again which orders each client had lately, and orders are found by their numbers."""

from typing import Any

from twisted.internet import reactor as global_reactor
from twisted.trial.unittest import TestCase

from brender.db import store as of_store
from brender.farm.farm import Farm
from brender.farm.starting import restore
from tests.db.databases import OnPostgresql, open_for, place
from tests.doubles import FAILED, Rules, Stage

reactor: Any = global_reactor


class Lately(TestCase):
    def setUp(self) -> None:
        self.store = open_for(self, reactor, place(self))
        self.world = Rules()

    async def worked(self) -> None:
        """Two clients have ended an order each; one of them failed, and they have begun others."""
        for client in (self.world.client(slots=1), self.world.client(slots=1)):
            await self.store.add_client(client.machine, 5.0)
        self.world.job(Stage(tasks=8, vcpus=1), tries=9)
        self.world.match()
        first = next(iter(self.world.farm.clients[1].orders.values()))
        self.world.ended(first, outcome=FAILED, message="Broken.")
        await self.store.save(self.world.changes())

    async def restored(self) -> Farm:
        farm = Farm()
        restore(farm, await self.store.load(), 0.0)
        return farm

    async def test_it_is_as_it_was(self) -> None:
        await self.worked()
        farm = await self.restored()
        before = self.world.farm.clients
        self.assertTrue(before[1].lately.orders)
        for number, client in farm.clients.items():
            self.assertEqual(client.lately.orders, before[number].lately.orders)
        self.assertEqual(list(farm.clients[1].lately._failed), list(before[1].lately._failed))
        self.assertEqual(len(farm.clients[1].lately._failed), 1)

    async def test_only_the_newest_orders_of_the_farm_are_looked_at(self) -> None:
        self.patch(of_store, "NEWEST", 1)
        await self.worked()
        farm = await self.restored()
        last = [max(client.lately.orders, default=0) for client in farm.clients.values()]
        self.assertEqual(sorted(last), [0, self.world.farm.last_order])

    async def test_orders_are_found_by_their_numbers_and_those_that_are_gone_are_not(self) -> None:
        await self.worked()
        wanted = [*self.world.farm.clients[1].lately.orders, 4711]
        found = await self.store.orders_with(wanted)
        self.assertEqual([order.id for order in found], wanted[:-1])
        self.assertEqual((found[0].reason, found[0].client), ("Broken.", 1))
        self.assertEqual(await self.store.orders_with([]), [])


class LatelyOnPostgresql(OnPostgresql, Lately):
    """The same."""
