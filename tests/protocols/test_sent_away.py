"""What came to the protocol with later releases: figures in a heartbeat, `leave` and `stop` for those who know them."""

import msgspec

from brender.farm.machines.load import UNKNOWN, Figures
from brender.protocols import messages as say
from brender.protocols.codec import encode
from tests.protocols.test_worker import Case, Worker

GB = 2**30


class Figured(Case):
    def setUp(self) -> None:
        super().setUp()
        self.there = Worker(self.farm, memory=32 * GB).greets()
        self.known = self.farm.service.farm.clients[1]

    def test_what_a_heartbeat_says_is_known_of_the_client(self) -> None:
        self.there.sends(say.Beat(42.0, 8 * GB, 33.5, GB, 7 * GB))
        self.assertEqual((self.known.load, self.known.figures.newest), (42.0, Figures(8 * GB, 33.5, GB, 7 * GB)))
        self.assertEqual(self.known.figures.hour(self.farm.now()).memory[-1], 25.0)

    def test_an_older_worker_says_its_load_alone(self) -> None:
        self.there.sends(b'{"type":"beat","load":42.0}\n')
        self.assertEqual((self.known.load, self.known.figures.newest), (42.0, UNKNOWN))
        self.assertFalse(self.there.refused)

    def test_a_newer_one_may_say_more(self) -> None:
        self.there.sends(b'{"type":"beat","load":42.0,"network":1e9}\n')
        self.assertEqual((self.known.load, self.there.refused), (42.0, False))

    def test_an_amount_that_cannot_be_is_refused(self) -> None:
        for wrong in (b"-1", b"1e30", b'"much"', b"4611686018427387905"):
            worker = Worker(self.farm, f"of {wrong!r}").greets()
            worker.sends(b'{"type":"beat","load":1.0,"disk_free":' + wrong + b"}\n")
            self.assertTrue(worker.refused, wrong)

    def test_an_older_server_understands_a_newer_beat(self) -> None:
        class Beat(msgspec.Struct, frozen=True, tag_field="type", tag="beat"):
            load: float

        self.assertEqual(msgspec.json.decode(encode(say.Beat(3.5, 1, 2.0, 3, 4)), type=Beat), Beat(3.5))


class SentAway(Case):
    async def test_a_worker_that_knows_it_is_told(self) -> None:
        worker = Worker(self.farm)
        worker.sends(say.Hello(say.VERSION, "run 1", worker.machine, {}, [say.LEAVE, "and more"]))
        worker.hears()
        client = self.farm.service.farm.clients[1]
        self.assertEqual(await self.farm.service.send_away([client], again=True, now=False), {})
        self.assertEqual(worker.hears_only(say.Leave), say.Leave(again=True))

    async def test_one_that_does_not_is_left_alone(self) -> None:
        worker = Worker(self.farm, program="brender 2.0.0").greets()
        worker.hears()
        client = self.farm.service.farm.clients[1]
        why = await self.farm.service.send_away([client], again=True, now=False)
        expected = "attic runs brender 2.0.0, which cannot be told to leave; start it anew there."
        self.assertEqual((why, worker.hears()), ({1: expected}, []))


class Stopped(Case):
    """Tasks are canceled of an order that goes on."""

    async def several(self, knows: list[str]) -> tuple[Worker, say.Order]:
        """A worker, and an order of several tasks that it has begun."""
        worker = Worker(self.farm)
        worker.sends(say.Hello(say.VERSION, "run 1", worker.machine, {}, knows))
        await self.farm.job()
        worker.sends(say.Result(1, 0, "completed", seconds=0.001))
        order = next(each for each in worker.hears() if isinstance(each, say.Order) and len(each.tasks) > 2)
        worker.sends(say.Returned(2, [1]), say.Started(order.order, order.tasks[0].index))
        worker.hears()
        return worker, order

    async def cancel(self, order: say.Order) -> list[int]:
        """The first two of its tasks."""
        tasks = [task.index for task in order.tasks[:2]]
        self.assertEqual(await self.farm.service.cancel_tasks(1, {0: tasks}), {0: tasks})
        return tasks

    def states(self, order: say.Order) -> list[str]:
        step = self.farm.service.farm.jobs[1].steps[0]
        return [step.tasks[task.index].name for task in order.tasks[:3]]

    async def test_a_worker_that_knows_it_ends_them_and_the_order_is_held_until_it_has(self) -> None:
        worker, order = await self.several([say.STOP])
        tasks = await self.cancel(order)
        told = [each for each in worker.hears() if isinstance(each, say.Stop | say.Cancel)]
        self.assertEqual(told, [say.Stop(order.order, tasks)])
        held = self.farm.service.farm.orders[order.order]
        self.assertEqual(held.stopping, set(tasks))
        worker.sends(say.Returned(order.order, tasks))
        self.assertEqual((held.stopping, held.open), (set(), True))

    async def test_one_that_does_not_goes_on_and_what_it_reports_changes_nothing(self) -> None:
        worker, order = await self.several([])
        tasks = await self.cancel(order)
        self.assertFalse([each for each in worker.hears() if isinstance(each, say.Stop | say.Cancel)])
        worker.sends(*(say.Result(order.order, task.index, "completed", seconds=0.001) for task in order.tasks[:3]))
        self.assertEqual(self.states(order), ["CANCELED", "CANCELED", "COMPLETED"])
        acknowledged = [each for ack in worker.hears() if isinstance(ack, say.Ack) for each in ack.results]
        self.assertEqual(acknowledged, [(order.order, task.index) for task in order.tasks[:3]])
        self.assertFalse(self.farm.service.farm.orders[order.order].stopping.intersection(tasks))
