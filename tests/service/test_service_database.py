"""The farm's service when its database is slow, cannot be written, or is not ours any more.

The cases of a database that fails while everything runs; tests/line/test_disks.py has the same with real disks.
"""

import json
from typing import Any

from peewee import OperationalError
from twisted.internet import reactor as global_reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogPublisher
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase
from zope.interface import provider

from brender.db.troubles import GivenUp
from brender.db.writer import LAST, PAUSES, WriteFailed
from brender.farm.client import Machine, RuntimeClient, Status
from brender.farm.interfaces import Event
from brender.farm.transitions import JobState, NotNow
from brender.protocols.messages import VERSION
from brender.protocols.worker import WorkerFactory
from brender.service.settling import MOST_PENDING
from tests.db.databases import execute, rows
from tests.durable import DurableFarm
from tests.fakes import NotedLink, SmallFarm

reactor: Any = global_reactor
REFUSE = "create trigger refuse before insert on orders begin select raise(abort, 'the disk is on fire'); end"
REFUSE_CLIENTS = REFUSE.replace("orders", "clients")
MEND = "drop trigger refuse"


def waiting(awaitable: Any) -> Deferred[Any]:
    return Deferred.fromCoroutine(awaitable)


def kinds(link: NotedLink) -> list[str]:
    return [said[0] for said in link.said]


def acknowledged(link: NotedLink) -> list[tuple[int, int]]:
    return [result for said in link.said if said[0] == "acknowledge" for result in said[1]]


class TheDatabaseFallsBehind(TestCase):
    async def setUp(self) -> None:  # type: ignore[override]
        self.farm = await DurableFarm(self).begun()
        self.clients = [await self.farm.client(name) for name in ("attic", "cellar", "barn")]
        await self.farm.settled()

    def change(self, number: int) -> Deferred[Any]:
        """Somebody changes something, for the so-manieth time."""
        status = (Status.DISABLED, Status.ENABLED)[number % 2]
        return waiting(self.farm.service.set_status([self.clients[0]], status))

    async def test_workers_are_not_read_until_it_has_caught_up(self) -> None:
        farm = self.farm
        farm.gone(self.clients[2])
        await farm.settled()
        go_on = farm.stall()
        changes = []
        for number in range(MOST_PENDING):  # and what stalls it
            self.assertEqual([kinds(farm.links[number]).count("hold") for number in (1, 2)], [0, 0])
            changes.append(self.change(number))
        self.assertEqual([farm.links[number].said[-1] for number in (1, 2)], [("hold", True)] * 2)
        late = NotedLink()
        await farm.service.join(self.clients[2].machine, "run 2", {}, late)
        self.assertEqual(late.said[:2], [("welcome", 3, []), ("hold", True)])
        go_on()
        for answer in changes:
            await answer
        await farm.settled()
        self.assertEqual([link.said[-1] for link in (farm.links[1], farm.links[2], late)], [("hold", False)] * 3)
        self.assertEqual(kinds(farm.links[2]).count("hold"), 2)

    async def test_people_wait_too_and_take_no_room_meanwhile(self) -> None:
        go_on = self.farm.stall()
        changes = [self.change(number) for number in range(MOST_PENDING)]
        before = self.farm.sql.pending
        more = [self.change(number) for number in range(50)] + [waiting(self.farm.job()) for _ in range(50)]
        await self.farm.turns()
        self.assertEqual((self.farm.sql.pending, self.farm.service.farm.jobs), (before, {}))
        go_on()
        for answer in [*changes, *more]:
            await answer
        self.assertEqual(rows(self.farm.path, "select count(*) from jobs"), [(50,)])

    async def test_results_that_come_meanwhile_are_one_row_for_each_order(self) -> None:
        await self.farm.job(values={"Frames": "1-300"})
        go_on = self.farm.stall()
        done = 0
        for client in self.clients:
            while any(order.open for order in client.orders.values()):
                self.farm.finish(client)
                done += 1
        self.assertGreater(done, 100)
        self.assertLess(self.farm.sql.pending, 20)
        go_on()
        await self.farm.settled()
        told = [result for client in self.clients for result in acknowledged(self.farm.links[client.id])]
        self.assertEqual((len(told), len(set(told))), (done, done))

    async def test_whoever_asks_for_orders_is_told_of_those_that_have_gathered_too(self) -> None:
        farm = SmallFarm(self)
        client = await farm.client("attic")
        job = await farm.job(values={"Frames": "1-6"})
        farm.store.held = True
        farm.finish_all(client)
        self.assertEqual(job.state, "completed")
        shown = await farm.service.orders_of(job.id)
        self.assertEqual(sum(order.completed for order in shown), 6)

    async def test_a_worker_is_told_to_drop_nothing_before_that_is_safe(self) -> None:
        farm = self.farm
        await farm.job(values={"Frames": "1"})
        await farm.settled()
        (order,) = farm.service.farm.orders.values()
        client = farm.service.farm.clients[order.client]
        go_on = farm.stall()
        farm.finish_all(client)  # in memory only: had the server ended now, its worker's results would be all there is
        farm.gone(client)
        link = NotedLink()
        joining = waiting(farm.service.join(client.machine, "run 1", {order.id: [0]}, link))
        await farm.turns()
        self.assertEqual(link.said, [])
        go_on()
        await joining
        self.assertEqual(link.said[0], ("welcome", client.id, [order.id]))
        self.assertEqual(rows(farm.path, "select count(ended) from orders"), [(1,)])

    async def test_results_that_change_nothing_are_counted_too(self) -> None:
        go_on = self.farm.stall()
        for task in range(MOST_PENDING + 1):
            self.farm.service.result(1, 99, task, "completed", "", 1.0)
        self.assertEqual(self.farm.links[1].said[-1], ("hold", True))
        go_on()
        await self.farm.settled()
        self.assertEqual(kinds(self.farm.links[1]).count("hold"), 2)
        self.assertEqual(acknowledged(self.farm.links[1]), [(99, task) for task in range(MOST_PENDING + 1)])


class Shoveler(Protocol):
    """A worker that reports more than anybody wants to know, as soon as it is told to."""

    transport: Any

    def __init__(self, number: int) -> None:
        self.number = number
        self.heard = b""
        self.gone: Deferred[None] = Deferred()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.gone.callback(None)

    def connectionMade(self) -> None:
        machine = {"key": f"key {self.number}", "name": f"shoveler-{self.number}", "slots": 1}
        hello = {"type": "hello", "version": VERSION, "run": "1", "machine": machine, "held": {}}
        self.transport.write(json.dumps(hello).encode() + b"\n")

    def dataReceived(self, data: bytes) -> None:
        self.heard += data

    def shovel(self, results: int) -> None:
        for task in range(results):
            said = {"type": "result", "order": 999, "task": task, "outcome": "completed", "seconds": 1.0}
            self.transport.write(json.dumps(said).encode() + b"\n")

    def acknowledged(self) -> int:
        lines = [json.loads(line) for line in self.heard.splitlines() if line.startswith(b'{"type":"ack"')]
        return sum(len(line["results"]) for line in lines)


class AHundredConnections(TestCase):
    """The bound of what waits holds for all of them together."""

    workers, results = 100, 200

    async def test_that_report_all_at_once_are_heard_at_the_database_s_pace(self) -> None:
        farm = await DurableFarm(self).begun()
        port = reactor.listenTCP(0, WorkerFactory(farm.service, farm.clock, 10.0), interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", port.getHost().port)
        shovelers = [await connectProtocol(endpoint, Shoveler(number)) for number in range(self.workers)]
        self.addCleanup(self.leave, shovelers)
        await farm.until(lambda: all(b'"welcome"' in each.heard for each in shovelers))
        await farm.settled()
        go_on = farm.stall()
        for each in shovelers:
            each.shovel(self.results)
        await farm.until(lambda: farm.service._settling.behind)
        await farm.turns(100)
        waiting_now = farm.sql.pending + len(farm.service.farm.changes.settled)
        self.assertLess(waiting_now, MOST_PENDING + self.results + 10)
        go_on()
        await farm.until(lambda: all(each.acknowledged() == self.results for each in shovelers))

    async def leave(self, shovelers: list[Shoveler]) -> None:
        for each in shovelers:
            each.transport.abortConnection()
        await gatherResults([each.gone for each in shovelers])


class ALateResult(TestCase):
    async def test_one_that_nobody_awaits_is_acknowledged_changes_nothing_and_is_told_once_for_an_order(self) -> None:
        farm = await DurableFarm(self).begun()
        client = await farm.client("attic")
        await farm.job(values={"Frames": "1-2"})
        farm.finish(client)
        told: list[str] = []

        @provider(ILogObserver)
        def note(event: LogEvent) -> None:
            if event.get("log_namespace") == "brender.service.farm_service.FarmService":
                told.append(str(formatEvent(event)))

        globalLogPublisher.addObserver(note)
        self.addCleanup(globalLogPublisher.removeObserver, note)
        before = rows(farm.path, "select * from orders")
        for _ in range(3):
            farm.service.result(1, 1, 0, "failed", "It broke.", 1.0)
        farm.service.result(1, 7, 0, "completed", "", 1.0)
        await farm.settled()
        awaits = "which does not wait for it (any more): nothing changes"
        self.assertEqual(told, [f"attic reports task 0 of order {order}, {awaits}" for order in (1, 7)])
        self.assertEqual(acknowledged(farm.links[1]), [(1, 0)] * 4 + [(7, 0)])
        self.assertEqual(rows(farm.path, "select * from orders")[1:], before[1:])
        self.assertEqual(farm.service.farm.jobs[1].steps[0].counts[3:], [1, 0, 0])


class TheDatabaseCannotBeWritten(TestCase):
    """Nothing new is taken, everybody hears why, nothing is lost, and it goes on by itself."""

    async def setUp(self) -> None:  # type: ignore[override]
        self.farm = await DurableFarm(self).begun()
        self.service = self.farm.service
        self.client = await self.farm.client("attic")
        await self.farm.settled()

    async def mended(self) -> None:
        await self.farm.until(lambda: not self.service.refusing)
        await self.farm.settled()

    async def test_whoever_wants_something_new_hears_why_and_later_it_goes_on(self) -> None:
        await self.farm.job(values={"Frames": "1"})
        events: list[Event] = []
        self.service.subscribe(events.append)
        unlock = await self.farm.broken()
        why = f"The database {self.farm.path} cannot be written: another program has locked it (database is locked)"
        self.assertEqual((self.service.refusing, self.service.figures.trouble), (why, why))
        for change in (
            self.farm.job(),
            self.service.pause(1),
            self.service.cancel(1),
            self.service.set_job(1, {"priority": 70}),
            self.service.set_status([self.client], Status.DISABLED),
            self.service.set_clients([self.client], {"pools": ["gpu"]}),
        ):
            with self.assertRaises(NotNow) as refused:
                await change
            self.assertEqual(str(refused.exception), f"{why}; nothing new is taken until it can be.")
        unlock()
        await self.mended()
        self.assertEqual((await self.farm.job()).id, 2)
        states = [event.data for event in events if event.kind == "farm"]
        self.assertEqual(states, [{"state": "waiting", "reason": why}, {"state": "working", "reason": ""}])
        self.assertGreater(self.service.figures.tries_again, 0)

    async def test_whoever_has_asked_before_waits_and_is_answered(self) -> None:
        go_on = self.farm.stall()
        answers = [waiting(self.farm.job()), waiting(self.service.set_status([self.client], Status.DISABLED))]
        execute(self.farm.path, REFUSE)
        go_on()
        await self.farm.until(lambda: self.service.refusing)
        self.assertEqual([answer.called for answer in answers], [False, False])
        execute(self.farm.path, MEND)
        for answer in answers:
            await answer
        self.assertEqual(rows(self.farm.path, "select count(*) from jobs"), [(1,)])

    async def test_whoever_waited_for_room_hears_why_too(self) -> None:
        go_on = self.farm.stall()
        waits = [
            waiting(self.service.set_status([self.client], (Status.DISABLED, Status.ENABLED)[number % 2]))
            for number in range(MOST_PENDING)
        ]
        answer = waiting(self.farm.job())
        execute(self.farm.path, REFUSE_CLIENTS)
        go_on()
        with self.assertRaisesRegex(NotNow, "the disk is on fire"):
            await answer
        execute(self.farm.path, MEND)
        for each in waits:
            await each

    async def test_what_would_have_to_be_read_is_refused_instead_of_waited_for(self) -> None:
        await self.farm.job(values={"Frames": "1"})
        unlock = await self.farm.broken()
        for question in (self.service.orders_of(1), self.service.log_of(1), self.service.save()):
            with self.assertRaisesRegex(NotNow, "has locked it .*; nothing is read from it until it can be.$"):
                await question
        template, _ = await self.service.submission_of(1)  # it is in memory
        self.assertEqual(template["name"], "shot_010")
        unlock()
        await self.mended()
        self.assertEqual(len(await self.service.orders_of(1)), 1)

    async def test_a_report_is_kept_and_acknowledged_in_the_end_and_other_workers_go_on(self) -> None:
        """DB-02: one write fails at report time."""
        other = await self.farm.client("cellar")
        job = await self.farm.job(values={"Frames": "1-8"})
        execute(self.farm.path, REFUSE)
        self.farm.finish(self.client)
        await self.farm.until(lambda: self.service.refusing)
        for client in (self.client, other):
            while any(order.open for order in client.orders.values()):
                self.farm.finish(client)  # the farm still listens, and gives out in memory
        self.assertEqual(job.state, JobState.COMPLETED)
        for client in (self.client, other):
            self.assertEqual(acknowledged(self.farm.links[client.id]), [])
            self.assertNotIn("hold", kinds(self.farm.links[client.id]))
        execute(self.farm.path, MEND)
        await self.mended()
        told = [result for client in (self.client, other) for result in acknowledged(self.farm.links[client.id])]
        self.assertEqual(sorted(task for _, task in told), list(range(8)))
        self.assertEqual(rows(self.farm.path, "select state from jobs"), [("completed",)])
        self.assertEqual(self.farm.problems, [])

    async def test_a_night_of_it_fills_no_queue(self) -> None:
        await self.farm.job(values={"Frames": "1-5000"})
        unlock = await self.farm.broken()
        for number in range(2000):  # workers come and go, work is given out and comes back
            self.farm.gone(self.client)
            await self.back({})
            if number % 10 == 0:
                self.farm.finish(self.client)
        self.assertLess(self.farm.sql.pending, 10)
        self.assertLess(len(self.service.farm.changes.orders), 5000)
        unlock()
        await self.mended()
        self.assertEqual(len(acknowledged(self.farm.links[1])), 200)

    async def back(self, held: dict[int, list[int]]) -> None:
        link = NotedLink()
        await self.service.join(self.client.machine, "run 1", held, link)
        self.farm.links[1] = link

    async def test_a_known_worker_may_come_back_and_a_new_one_has_to_wait(self) -> None:
        unlock = await self.farm.broken()
        self.farm.gone(self.client)
        await self.back({})
        self.assertEqual(kinds(self.farm.links[1]), ["welcome"])
        new, link = Machine(key="new", name="barn", slots=1), NotedLink()
        self.assertIsNone(await self.service.join(new, "run 1", {}, link))
        ((_, reason),) = link.said
        self.assertRegex(reason, "cannot be written: another program has locked it .*; try again in a moment.$")
        unlock()
        await self.mended()
        self.assertIsNotNone(await self.service.join(new, "run 1", {}, NotedLink()))

    async def test_a_known_worker_does_not_wait_behind_a_new_one(self) -> None:
        self.farm.gone(self.client)
        go_on = self.farm.stall()
        joining = waiting(self.farm.client("cellar"))
        await self.farm.turns()
        await self.back({})
        self.assertEqual((kinds(self.farm.links[1]), joining.called), (["welcome"], False))
        go_on()
        await joining

    async def test_the_end_does_not_wait_for_ever_and_says_what_is_not_written(self) -> None:
        await self.farm.job(values={"Frames": "1-2"})
        go_on = self.farm.stall()
        answer = waiting(self.farm.job(name="late"))
        execute(self.farm.path, REFUSE)
        self.farm.finish(self.client)
        go_on()
        await self.farm.until(lambda: self.service.refusing)
        self.farm.pauses = 0
        await self.service.end()
        self.assertLessEqual(sum(PAUSES[: self.farm.pauses - 1]), LAST)
        self.assertEqual(acknowledged(self.farm.links[1]), [])
        with self.assertRaisesRegex(NotNow, "^The server has stopped before .*what nobody was told is done has to be"):
            await answer
        (problem,) = self.farm.problems
        self.assertIn("a trigger in it refuses what is written (the disk is on fire)", problem)
        self.assertEqual(len(self.flushLoggedErrors(WriteFailed)), 1)
        execute(self.farm.path, MEND)
        self.assertEqual(rows(self.farm.path, "select name from jobs"), [("shot_010",)])

    async def test_an_end_at_which_the_database_says_nothing_at_all_is_not_waited_for(self) -> None:
        self.farm.stall()
        ending = waiting(self.service.end())
        self.farm.clock.advance(19)
        self.assertFalse(ending.called)
        self.farm.clock.advance(1)
        await ending

    async def test_a_start_that_waits_for_it_ends_when_the_server_is_to(self) -> None:
        farm = DurableFarm(self)

        def lost(_: object) -> None:
            raise OperationalError("The connection is lost.")

        farm.sql.writer.perform(lost).addErrback(lambda _: None)
        starting = waiting(farm.service.begin())
        await farm.until(lambda: farm.service.refusing)
        self.assertFalse(starting.called)
        farm.sql.close()
        with self.assertRaisesRegex(WriteFailed, "its server does not answer"):
            await starting

    async def test_a_machine_that_is_new_hears_what_the_database_says_of_it_alone(self) -> None:
        execute(self.farm.path, REFUSE_CLIENTS)
        with self.assertRaisesRegex(Exception, "the disk is on fire"):
            await self.farm.client("cellar")
        self.assertEqual(list(self.service.farm.clients), [1])
        self.assertEqual(self.service.refusing, "")


class TheDatabaseIsNotOursAnyMore(TestCase):
    async def test_nobody_waits_for_ever_and_the_farm_is_told_why(self) -> None:
        farm = await DurableFarm(self).begun()
        client: RuntimeClient = await farm.client("attic")
        await farm.settled()
        go_on = farm.stall()
        waits = [waiting(farm.job()), waiting(farm.job()), waiting(farm.service.save())]
        farm.service.result(client.id, 1, 0, "completed", "", 1.0)

        def fenced(_: object) -> None:
            raise GivenUp("Another server has the farm.")

        farm.sql.writer.perform(fenced).addErrback(lambda _: None)
        go_on()
        with self.assertRaisesRegex(WriteFailed, r"^Another server has the farm\.$"):
            await waits[2]
        await farm.turns()
        self.assertEqual((farm.problems, farm.pauses), (["Another server has the farm."], 0))
        self.assertNotIn("acknowledge", kinds(farm.links[1]))
        for late in (*waits[:2], waiting(farm.job())):
            late.addErrback(lambda failure: failure.trap(WriteFailed))
        await farm.service.end(farm.problems[0])
        self.assertEqual(farm.links[1].said[-1], ("farewell", farm.problems[0]))
        self.flushLoggedErrors(WriteFailed)
