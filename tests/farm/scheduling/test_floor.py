"""The floor: who has room, which orders may be moved, and that nobody has to look at the whole farm for that.

How does this work?  `TheFloor` moves clients and orders about on a farm and looks at where they stand.  `Always` does
so at random, and works out from all clients and orders where each has to be.
"""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from brender.farm import changing
from brender.farm.client import RuntimeClient, Status
from brender.farm.job import Job
from brender.farm.order import Order
from brender.farm.scheduling.floor import BACKLOG, Floor
from brender.farm.scheduling.shape import verdict
from brender.farm.settings import ClientSettings, read
from tests.doubles import FAILED, Rules, Stage
from tests.effort import effort

SMALL = Stage(tasks=100, vcpus=1)


class FloorCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.rules = Rules()
        self.farm = self.rules.farm

    @property
    def floor(self) -> Floor:
        return self.farm.floor

    def given(self, client: RuntimeClient, job: Job, number: int = 1) -> list[Order]:
        """The client is given tasks of the job, whatever else there is to do."""
        return [self.farm.issue(client, job.steps[0], self.next_of(job), 1, self.rules.now) for _ in range(number)]

    def next_of(self, job: Job) -> int:
        return next(iter(job.steps[0].tasks.ready()))

    def where(self, client: RuntimeClient) -> str:
        """Where a client stands."""
        places = {"idle": self.floor.idle, "shallow": self.floor.shallow}
        return " and ".join(name for name, place in places.items() if client.id in place)


class Clients(FloorCase):
    def test_one_with_a_free_slot_is_idle_then_shallow_then_full(self) -> None:
        client, job = self.rules.client(2), self.rules.job(SMALL)
        seen = [self.where(client)]
        for _ in range(BACKLOG * client.slots):
            self.given(client, job)
            seen.append(self.where(client))
        self.assertEqual(seen, ["idle", "idle", "shallow", "shallow", ""])

    def test_what_ends_makes_room_again(self) -> None:
        client, job = self.rules.client(2), self.rules.job(SMALL)
        orders = self.given(client, job, 4)
        seen = list[str]()
        for order in orders:
            self.rules.started(order)
            self.rules.ended(order)
            seen.append(self.where(client))
        self.assertEqual(seen, ["shallow", "shallow", "idle", "idle"])

    def test_one_order_for_the_whole_machine_takes_every_slot(self) -> None:
        client = self.rules.client(4)
        self.given(client, self.rules.job(Stage()))
        self.assertEqual(self.where(client), "shallow")

    def test_who_may_not_be_given_anything_stands_nowhere(self) -> None:
        client = self.rules.client()

        def disabled(so: bool) -> None:
            changing.set_status(self.farm, client, Status.DISABLED if so else Status.ENABLED)

        def away(so: bool) -> None:
            if so:
                self.farm.leave(client, self.rules.now)
            else:
                self.farm.join(client, client.machine, {}, self.rules.now)

        def asleep(so: bool) -> None:
            sleeps = read(ClientSettings, {"sleeps": "00:00-24:00" if so else ""})
            changing.set_client(self.farm, client, sleeps, self.rules.now)

        for kept_from_work in (disabled, away, asleep):
            kept_from_work(True)
            self.assertEqual((self.where(client), self.floor.slots), ("", 0), kept_from_work.__name__)
            kept_from_work(False)
            self.assertEqual((self.where(client), self.floor.slots), ("idle", 1), kept_from_work.__name__)

    def test_one_that_leaves_stands_nowhere_while_it_finishes_what_it_runs(self) -> None:
        client = self.rules.client(2)
        (order,) = self.given(client, self.rules.job(SMALL))
        self.farm.retire(client)
        self.assertEqual((self.where(client), self.floor.slots), ("", 0))
        self.rules.ended(order)
        self.assertEqual(self.where(client), "")

    def test_slots_are_those_of_the_clients_that_work_however_often_anything_is_said(self) -> None:
        first, second = self.rules.client(4), self.rules.client(2)
        self.assertEqual(self.floor.slots, 6)
        for _ in range(2):
            changing.set_status(self.farm, first, Status.DISABLED)
            self.farm.leave(first, self.rules.now)
            self.assertEqual(self.floor.slots, 2)
        changing.set_status(self.farm, first, Status.ENABLED)
        self.farm.join(first, first.machine, {}, self.rules.now)
        self.farm.retire(second)
        self.assertEqual(self.floor.slots, 4)

    def test_one_that_comes_back_with_other_slots_counts_with_those(self) -> None:
        client = self.rules.client(2)
        larger = type(client.machine)(key=client.machine.key, name=client.name, slots=8)
        self.farm.join(client, larger, {}, self.rules.now)
        self.assertEqual((self.floor.slots, client.slots), (8, 8))

    def test_stand_says_whether_it_is_news(self) -> None:
        client = self.rules.client()
        self.assertFalse(self.floor.stand(client))
        client.leaving = True
        self.assertEqual((self.floor.stand(client), self.floor.stand(client)), (True, False))


class Able(FloorCase):
    def able(self, job: Job) -> tuple[int, ...]:
        return self.floor.able(job.steps[0].shape)

    def test_who_works_and_could_run_it_with_room_or_without(self) -> None:
        small, large = self.rules.client(2), self.rules.client(8)
        wide, narrow = self.rules.job(Stage(tasks=9, vcpus=8)), self.rules.job(SMALL)
        self.given(large, wide, BACKLOG)
        self.assertEqual((self.able(wide), self.able(narrow)), ((large.id,), (small.id, large.id)))

    def test_who_comes_goes_or_is_set_otherwise_is_seen_at_once(self) -> None:
        first, second = self.rules.client(), self.rules.client()
        job = self.rules.job(Stage(), pool="lighting")
        self.assertEqual(self.able(job), ())
        lighting = read(ClientSettings, {"pools": ["lighting"]})
        for client in (second, first):
            changing.set_client(self.farm, client, lighting, self.rules.now)
        self.assertEqual(sorted(self.able(job)), [first.id, second.id])
        self.farm.leave(first, self.rules.now)
        self.assertEqual(self.able(job), (second.id,))
        third = self.rules.client(settings={"pools": ["lighting"]})
        self.assertEqual(sorted(self.able(job)), [second.id, third.id])

    def test_to_ask_again_is_to_look_it_up(self) -> None:
        for _ in range(200):
            self.rules.client()
        job = self.rules.job(Stage())
        self.assertEqual(len(self.able(job)), 200)
        self.assertLess(effort(lambda: self.able(job)), 20)


class Orders(FloorCase):
    def urgent(self, priority: int, **more: Any) -> Job:
        return self.rules.job(SMALL, priority=priority, **more)

    def test_what_waits_behind_the_slots_stands_there_until_it_begins_ends_or_is_asked_back(self) -> None:
        client, job = self.rules.client(2), self.rules.job(SMALL)
        orders = self.given(client, job, 4)
        self.assertCountEqual(self.floor.behind, orders[2:])
        self.rules.started(orders[2])
        self.assertEqual(list(self.floor.behind), [orders[3]])
        self.farm.handed_back(client.id, orders[3].id, orders[3].awaited(), self.rules.now)
        self.assertEqual(list(self.floor.behind), [])

    def test_the_lowest_priority_is_first_and_of_one_priority_the_newest(self) -> None:
        client = self.rules.client()
        jobs = [self.urgent(priority) for priority in (50, 90, 10, 50)]
        self.given(client, jobs[0])
        made = [order for job in jobs for order in self.given(client, job)]
        ranked = [made[2], made[3], made[0], made[1]]
        self.assertEqual(list(self.floor.behind), ranked)

    def test_another_priority_is_another_place_at_once(self) -> None:
        client = self.rules.client()
        low, high = self.urgent(10), self.urgent(90)
        self.given(client, high)
        made = [self.given(client, job)[0] for job in (low, high)]
        self.assertEqual(list(self.floor.behind), made)
        self.rules.set(low, priority=95)
        self.assertEqual(list(self.floor.behind), made[::-1])

    def test_only_what_may_be_ended_for_others_yields(self) -> None:
        client = self.rules.client(4)
        allows, insists = self.urgent(10, preemptible=True), self.urgent(10)
        yields = self.given(client, allows)
        self.given(client, insists)
        self.assertEqual(list(self.floor.yielding), yields)
        self.rules.set(allows, preemptible=False)
        self.assertEqual(list(self.floor.yielding), [])
        self.rules.set(insists, preemptible=True)
        self.assertEqual(len(self.floor.yielding), 1)

    def test_what_is_gone_is_nowhere(self) -> None:
        first, second = self.rules.client(), self.rules.client()
        job = self.rules.job(SMALL, preemptible=True)
        for client in (first, second):
            self.given(client, job, 2)
        self.farm.leave(first, self.rules.now)
        self.farm.lose(first, self.rules.now)
        self.assertEqual({order.client for order in self.floor.yielding}, {second.id})
        changing.cancel(self.farm, job, self.rules.now)
        self.assertEqual((list(self.floor.behind), list(self.floor.yielding), self.floor.suspects), ([], [], {}))

    def test_a_straggler_is_suspected_until_it_ends(self) -> None:
        client, job = self.rules.client(2), self.rules.job(SMALL)
        job.steps[0].estimate.learn(60.0)
        late, quick = self.given(client, job, 2)
        self.rules.started(late)
        self.rules.started(quick)
        self.rules.ended(quick, seconds=60.0)
        self.rules.pass_by(400.0)
        self.assertEqual(list(self.floor.suspects.values()), [late])
        self.rules.ended(late, outcome=FAILED)
        self.assertEqual(self.floor.suspects, {})


class Always(FloorCase):
    @settings(max_examples=60, deadline=None)
    @given(st.data())
    def test_everybody_stands_where_all_that_happened_puts_them(self, data: st.DataObject) -> None:
        self.setUp()
        jobs = [self.rules.job(SMALL, priority=10, preemptible=True), self.rules.job(Stage(tasks=50))]
        for _ in range(data.draw(st.integers(1, 30))):
            self.something_happens(data, jobs)
            self.look()

    def something_happens(self, data: st.DataObject, jobs: list[Job]) -> None:
        clients, orders = list(self.farm.clients.values()), list(self.farm.orders.values())
        what = data.draw(st.sampled_from(["new", "match", "match", "status", "leave", "join", "end", "back", "rank"]))
        if what == "new" and len(clients) < 4:
            self.rules.client(data.draw(st.sampled_from([1, 2, 4])))
        elif what == "match":
            self.rules.match()
        elif what == "rank":
            self.rules.set(jobs[0], priority=data.draw(st.integers(0, 99)), preemptible=data.draw(st.booleans()))
        elif what in ("status", "leave", "join") and clients:
            self.client_turns(what, data.draw(st.sampled_from(clients)), data.draw(st.booleans()))
        elif what in ("end", "back") and orders:
            self.order_ends(what, data.draw(st.sampled_from(orders)), data.draw(st.booleans()))

    def client_turns(self, what: str, client: RuntimeClient, whether: bool) -> None:
        if what == "status":
            changing.set_status(self.farm, client, Status.ENABLED if whether else Status.DISABLED)
        elif what == "join":
            held = {order.id: order.units for order in client.orders.values() if whether}
            self.farm.join(client, client.machine, held, self.rules.now)
        else:
            self.farm.leave(client, self.rules.now)
            if whether:
                self.farm.lose(client, self.rules.now)

    def order_ends(self, what: str, order: Order, begins: bool) -> None:
        if not order.open:
            self.farm.dropped(order.client, order.id)
        elif what == "back":
            self.farm.handed_back(order.client, order.id, order.awaited(), self.rules.now)
        elif begins:
            self.rules.started(order, order.awaited()[0])
        else:
            self.rules.ended(order)

    def look(self) -> None:
        works = [client for client in self.farm.clients.values() if client.works]
        self.assertEqual(self.floor.slots, sum(client.slots for client in works))
        self.assertEqual(set(self.floor.idle), {client.id for client in works if client.used < client.slots})
        deep = {client.id for client in works if client.slots <= client.used < BACKLOG * client.slots}
        self.assertEqual(set(self.floor.shallow), deep)
        held = self.farm.orders
        for order in self.floor.behind:
            self.assertIs(held.get(order.id), order)
            self.assertIsNone(order.running)
        yields = {order.id for order in held.values() if self.yields(order)}
        self.assertEqual({order.id for order in self.floor.yielding}, yields)
        for step in self.farm.queue:
            fits = [client.id for client in works if verdict(client, step.shape) is None]
            self.assertEqual(sorted(self.floor.able(step.shape)), fits)

    def yields(self, order: Order) -> bool:
        return self.farm.jobs[order.job].settings.preemptible and not order.ending
