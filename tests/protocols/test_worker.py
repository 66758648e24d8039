"""The server's side of a worker's connection: the state machine on a wire in memory, and a few real sockets."""

import resource
from collections.abc import Sequence
from random import Random
from typing import Any, TypeVar

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet import reactor as global_reactor
from twisted.internet.defer import Deferred, fail
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP4ServerEndpoint
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase

from brender.farm.client import Machine, RuntimeClient, Status
from brender.farm.failures.log_rules import RULES
from brender.farm.people.users import Role
from brender.farm.transitions import TaskState
from brender.protocols import messages as say
from brender.protocols.codec import MOST_FROM_SERVER, Decoder, encode
from brender.protocols.inbox import Inbox
from brender.protocols.worker import (
    GREETING_WITHIN,
    LINGER,
    SILENT_BEATS,
    WorkerFactory,
    WorkerProtocol,
)
from brender.service.connections import ASK_EVERY, ASKED
from tests.fakes import MemoryStore, SmallFarm, jpeg
from tests.farm.submission import documents

reactor: Any = global_reactor
HEARTBEAT = 10.0
CROWD = 1000  # connections; both ends are of this process
TWO_VALUES = """
specificationVersion: jobtemplate-2023-09
name: looks
parameterDefinitions:
- {name: Look, type: STRING, default: old}
steps:
- name: Render
  parameterSpace: {taskParameterDefinitions: [{name: Frame, type: INT, range: "1-9"}]}
  script: {actions: {onRun: {command: render, args: ["{{Param.Look}}"]}}}
"""
CHUNKED = """
specificationVersion: jobtemplate-2023-09
extensions: [TASK_CHUNKING]
name: chunks
steps:
- name: Render
  parameterSpace:
    taskParameterDefinitions:
    - name: Frame
      type: CHUNK[INT]
      range: "1-20"
      chunks: {defaultTaskCount: 5, targetRuntimeSeconds: 60, rangeConstraint: CONTIGUOUS}
  script: {actions: {onRun: {command: render, args: ["{{Task.Param.Frame}}"]}}}
"""
Said = TypeVar("Said", bound=say.Message)


class SlowStore(MemoryStore):
    """A database that takes its time to find a number for a new machine."""

    def __init__(self) -> None:
        super().__init__()
        self.lookups: list[Deferred[None]] = []

    async def add_client(self, machine: Machine, now: float) -> int:
        self.lookups.append(Deferred())
        await self.lookups[-1]
        return await super().add_client(machine, now)


class Worker:
    """What a worker sends and hears, on a wire in memory."""

    def __init__(
        self, farm: SmallFarm, name: str = "attic", run: str = "run 1", heartbeat: float = HEARTBEAT, **machine: Any
    ) -> None:
        self.machine = Machine(key=f"key of {name}", name=name, **{"slots": 1, **machine})
        self.run = run
        self.wire = StringTransport()
        self.protocol = WorkerProtocol(farm.service, farm.clock, heartbeat, Inbox(farm.clock))
        self.protocol.makeConnection(self.wire)  # type: ignore[no-untyped-call]

    def sends(self, *messages: say.FromWorker | bytes) -> None:
        self.protocol.dataReceived(b"".join(each if isinstance(each, bytes) else encode(each) for each in messages))

    def greets(self, held: dict[int, list[int]] | None = None, version: int = say.VERSION) -> "Worker":
        self.sends(say.Hello(version, self.run, self.machine, held or {}))
        return self

    def hears(self) -> list[say.FromServer]:
        """What came since the last time."""
        decoder: Decoder[say.FromServer] = Decoder(say.FromServer, MOST_FROM_SERVER)
        heard = decoder.feed(self.wire.value())
        self.wire.clear()
        return heard

    def hears_only(self, kind: type[Said]) -> Said:
        (message,) = self.hears()
        assert isinstance(message, kind), message
        return message

    def hangs_up(self) -> None:
        self.protocol.connectionLost(Failure(connectionDone.value))

    @property
    def refused(self) -> bool:
        return bool(self.wire.disconnecting)


class Case(TestCase):
    def setUp(self) -> None:
        self.farm = SmallFarm(self)

    def worker(self, name: str = "attic", **how: Any) -> Worker:
        return Worker(self.farm, name, **how)

    def client(self, number: int = 1) -> RuntimeClient:
        return self.farm.service.farm.clients[number]

    def answers(self, worker: Worker) -> None:
        """It is asked whether it is there, and says so."""
        for _ in range(ASKED):
            worker.sends(say.Beat(1.0))
            self.farm.clock.advance(ASK_EVERY)

    async def given(self, values: dict[str, Any] | None = None) -> tuple[Worker, list[say.Order]]:
        """A worker with its orders of job 1."""
        worker = self.worker().greets()
        await self.farm.job(values=values)
        return worker, [message for message in worker.hears() if isinstance(message, say.Order)]


class Greeting(Case):
    def test_a_machine_is_welcomed_with_its_number(self) -> None:
        worker = self.worker().greets()
        self.assertEqual(worker.hears(), [say.Welcome(1, "attic", HEARTBEAT, [], list(RULES))])
        self.assertEqual((self.client().online, self.client().machine), (True, worker.machine))

    def test_the_first_line_has_to_be_a_hello(self) -> None:
        worker = self.worker()
        worker.sends(say.Beat(3.0))
        refused = worker.hears_only(say.Refused)
        self.assertEqual(refused.reason, "The first line has to be a hello; see docs/protocol.md.")
        self.assertTrue(worker.refused)

    def test_another_version_is_refused_for_good(self) -> None:
        worker = self.worker().greets(version=2)
        said = (
            "This server speaks version 1 of the protocol and the worker version 2: install the same brender on both."
        )
        self.assertEqual((worker.hears(), worker.refused), ([say.Refused(said, again=False)], True))
        self.assertEqual(self.farm.service.farm.clients, {})

    def test_so_is_one_whose_greeting_has_another_shape(self) -> None:
        worker = self.worker()
        worker.sends(b'{"type":"hello","version":2,"machines":["attic"]}\n')
        refused = worker.hears_only(say.Refused)
        self.assertFalse(refused.again)
        self.assertIn("the worker version 2", refused.reason)

    def test_a_hello_of_our_version_with_a_mistake_may_be_tried_again(self) -> None:
        worker = self.worker()
        worker.sends(b'{"type":"hello","version":1,"machines":["attic"]}\n')
        refused = worker.hears_only(say.Refused)
        self.assertTrue(refused.again)
        self.assertIn("missing required field `run`", refused.reason)

    def test_a_second_hello_is_not_expected(self) -> None:
        worker = self.worker().greets().greets()
        self.assertEqual(worker.hears()[1:], [say.Refused("This message is not expected here: hello.")])

    def test_who_is_not_welcome_while_the_server_stops_is_told_to_come_back(self) -> None:
        self.farm.service.refuse_new("The server is stopping")
        refused = self.worker().greets().hears_only(say.Refused)
        self.assertEqual(refused, say.Refused("The server is stopping; try again in a moment.", again=True))

    def test_orders_that_are_not_its_own_are_to_be_dropped(self) -> None:
        worker = self.worker().greets(held={71: [0, 1], 72: []})
        self.assertEqual(worker.hears_only(say.Welcome).drop, [71, 72])

    async def test_a_farm_that_cannot_take_it_in_says_why(self) -> None:
        async def failing(machine: Machine, now: float) -> int:
            return int(await fail(RuntimeError("The database is closed.")))

        self.farm.store.add_client = failing  # type: ignore[method-assign]
        worker = self.worker().greets()
        said = "The server could not take the worker in: The database is closed."
        self.assertEqual((worker.hears(), worker.refused), ([say.Refused(said)], True))
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)


class WhileItIsLookedUp(Case):
    def setUp(self) -> None:
        self.store = SlowStore()
        self.farm = SmallFarm(self, self.store)

    def found(self) -> None:
        self.store.lookups.pop(0).callback(None)

    def test_nothing_is_answered_and_nothing_more_is_read(self) -> None:
        worker = self.worker().greets()
        self.assertEqual((worker.hears(), worker.wire.producerState), ([], "paused"))
        self.found()
        self.assertEqual((worker.hears_only(say.Welcome).client, worker.wire.producerState), (1, "producing"))

    def test_what_came_with_the_hello_is_heard_after_the_welcome(self) -> None:
        worker = self.worker()
        worker.sends(say.Hello(1, "run 1", worker.machine, {}), say.Beat(42.0), say.Leaving())
        self.found()
        self.assertEqual(worker.hears(), [say.Welcome(1, "attic", HEARTBEAT, [], list(RULES))])
        self.assertEqual((self.client().load, self.client().leaving), (42.0, True))

    def test_who_has_gone_meanwhile_is_not_online(self) -> None:
        worker = self.worker().greets()
        worker.hangs_up()
        self.found()
        self.assertEqual((worker.hears(), self.client().online), ([], False))

    def test_who_has_said_nonsense_meanwhile_is_not_welcomed_after_all(self) -> None:
        worker = self.worker().greets()
        worker.sends(b"nonsense\n")
        self.found()
        self.assertIn("one JSON object", worker.hears_only(say.Refused).reason)
        self.assertFalse(self.client().online)

    def test_of_two_connections_of_one_new_machine_the_first_stays(self) -> None:
        first, second = self.worker(run="run 1").greets(), self.worker(run="run 2").greets()
        self.found()
        self.assertEqual(self.store.lookups, [])
        self.assertEqual(first.hears(), [say.Welcome(1, "attic", HEARTBEAT, [], list(RULES)), say.Ping()])
        self.answers(first)
        self.assertIn("identity of attic is connected already", second.hears_only(say.Refused).reason)

    def test_two_machines_are_two_clients(self) -> None:
        first, second = self.worker("attic").greets(), self.worker("cellar").greets()
        self.found()
        self.found()
        self.assertEqual([each.hears_only(say.Welcome).client for each in (first, second)], [1, 2])


class Silence(Case):
    def pass_time(self, seconds: float) -> None:
        self.farm.clock.pump([1.0] * int(seconds))

    def test_who_does_not_greet_is_refused(self) -> None:
        worker = self.worker()
        self.pass_time(GREETING_WITHIN - 1)
        self.assertFalse(worker.refused)
        self.pass_time(1)
        self.assertEqual(worker.hears_only(say.Refused).reason, "Nothing was heard for too long.")
        self.assertEqual((worker.refused, worker.wire.disconnected), (True, False))
        self.pass_time(LINGER)
        self.assertTrue(worker.wire.disconnected)

    def test_half_a_hello_is_no_greeting(self) -> None:
        worker = self.worker()
        worker.sends(b'{"type":"hello","version":1')
        self.pass_time(GREETING_WITHIN)
        self.assertTrue(worker.refused)

    def test_who_is_silent_for_three_heartbeats_is_gone(self) -> None:
        worker = self.worker().greets()
        self.pass_time(SILENT_BEATS * HEARTBEAT - 1)
        self.assertFalse(worker.refused)
        self.pass_time(1)
        self.assertTrue(worker.refused)

    def test_every_word_counts(self) -> None:
        worker = self.worker().greets()
        for _ in range(5):
            self.pass_time(SILENT_BEATS * HEARTBEAT - 1)
            worker.sends(say.Beat(1.0))
        self.assertFalse(worker.refused)

    def test_after_the_welcome_the_heartbeat_counts_and_not_the_time_for_greetings(self) -> None:
        worker = self.worker(heartbeat=60.0).greets()
        self.pass_time(60)
        self.assertFalse(worker.refused)
        self.pass_time(120)
        self.assertTrue(worker.refused)

    def test_a_worker_that_we_do_not_read_is_not_taken_for_dead(self) -> None:
        worker = self.worker().greets()
        link = self.farm.service._connections._links[1]
        link.hold(True)
        self.pass_time(10 * HEARTBEAT)
        self.assertEqual((worker.refused, worker.wire.producerState), (False, "paused"))
        link.hold(False)
        self.assertEqual(worker.wire.producerState, "producing")
        self.pass_time(SILENT_BEATS * HEARTBEAT)
        self.assertTrue(worker.refused)

    def test_the_server_says_something_every_heartbeat_once_it_has_welcomed(self) -> None:
        silent, worker = self.worker(), self.worker("cellar").greets()
        worker.hears()
        seen: list[int] = []
        for _ in range(3):
            self.pass_time(HEARTBEAT)
            worker.sends(say.Beat(1.0))
            seen.append(worker.hears().count(say.Ping()))
        self.assertEqual((seen, [type(each) for each in silent.hears()]), ([1, 1, 1], [say.Refused]))

    def test_nothing_is_left_to_wait_for_when_the_connection_is_gone(self) -> None:
        worker = self.worker().greets()
        worker.hangs_up()
        names = [str(call) for call in self.farm.clock.getDelayedCalls() if "WorkerProtocol" in str(call)]
        self.assertEqual(names, [])


class Nonsense(Case):
    """After it nothing more is heard on this connection, and the farm goes on."""

    def refused(self, sent: bytes) -> str:
        worker = self.worker().greets()
        worker.hears()
        worker.sends(sent)
        said = worker.hears_only(say.Refused)
        self.assertTrue(worker.refused)
        worker.sends(say.Beat(99.0), b"more nonsense\n")
        self.assertEqual((worker.hears(), self.client().load), ([], 0.0))
        worker.hangs_up()
        self.assertFalse(self.client().online)
        return said.reason

    def test_each_is_answered_with_what_was_wrong(self) -> None:
        for sent, said in (
            (b"nonsense\n", "one JSON object in UTF-8"),
            (b'{"type":"log","order":1,"task":0,"text":"\xff"}\n', "one JSON object in UTF-8"),
            (b'{"type":"dance"}\n', "Invalid value 'dance'"),
            (b'{"type":"beat"}\n', "missing required field `load`"),
            (b'{"type":"ping"}\n', "Invalid value 'ping'"),
            (b"[1]\n", "Expected `object`, got `array`"),
            (b"x" * (10 * 2**20), "may have 1,048,576 bytes"),
            (encode(say.Log(1, 0, "x" * 2**20)), "may have 1,048,576 bytes"),
        ):
            self.assertIn(said, self.refused(sent))

    async def test_what_stood_before_it_is_heard(self) -> None:
        worker, (order, *_) = await self.given()
        worker.sends(say.Result(order.order, 0, "completed"), b"nonsense\n")
        self.assertEqual([type(each) for each in worker.hears()][-1], say.Refused)
        self.assertEqual(self.farm.service.farm.jobs[1].steps[0].completed, False)
        self.assertEqual(self.farm.service.farm.jobs[1].steps[0].counts[3], 1)

    async def test_a_result_after_a_refusal_is_not_heard(self) -> None:
        worker, (order, *_) = await self.given()
        worker.sends(b"nonsense\n")
        worker.sends(say.Result(order.order, 0, "completed"))
        self.assertEqual(self.farm.service.farm.jobs[1].steps[0].counts[3], 0)

    def test_nothing_is_sent_after_a_refusal(self) -> None:
        worker = self.worker().greets()
        worker.sends(b"nonsense\n")
        worker.hears()
        self.farm.clock.advance(HEARTBEAT)
        self.farm.service._connections._links[1].recall(7)
        self.assertEqual(worker.hears(), [])


class Orders(Case):
    async def test_a_job_comes_with_the_limits_of_its_tasks_and_again_when_they_have_changed(self) -> None:
        worker = self.worker().greets()
        await self.farm.job(task_seconds=60)
        (told,) = [each for each in worker.hears() if isinstance(each, say.Job)]
        self.assertEqual(told.limits, say.Limits(task_seconds=60.0))
        await self.farm.service.set_job(1, {"quiet_seconds": 5, "session_seconds": 7})
        worker.sends(say.Result(1, 0, "completed"))
        _, again, order = worker.hears()
        self.assertEqual((type(again), type(order)), (say.Job, say.Order))
        assert isinstance(again, say.Job)
        self.assertEqual(again.limits, say.Limits(60.0, 7.0, 5.0))
        worker.sends(say.Result(2, 1, "completed"))
        self.assertEqual([type(each) for each in worker.hears()], [say.Ack, say.Order])

    async def test_whose_job_it_is_is_told_if_they_are_a_user_and_again_when_it_is_somebody_elses(self) -> None:
        worker = self.worker().greets()
        await self.farm.job(owner="ada")
        heard = worker.hears()
        for user, owner in (("ada", "ada"), ("bo", "bo"), ("cy", "root")):
            await self.farm.service.add_user(user, Role.ADMIN, "")
            await self.farm.service.set_job(1, {"owner": owner})
            for order in [each for each in heard if isinstance(each, say.Order)][-2:]:
                worker.sends(*(say.Result(order.order, task.index, "completed") for task in order.tasks))
            heard += worker.hears()
        owners = [each.owner for each in heard if isinstance(each, say.Job)]
        self.assertEqual(owners, ["", "ada", "bo", ""], "a farm without users knows nobody")

    async def test_whether_scripts_of_its_scenes_run_is_told_and_again_when_that_has_changed(self) -> None:
        worker = self.worker().greets()
        await self.farm.job()
        heard = worker.hears()
        for whose in ("everybody", "nobody", "admins"):
            await self.farm.service.set_farm({"scene_scripts": whose})
            for order in [each for each in heard if isinstance(each, say.Order)][-2:]:
                worker.sends(*(say.Result(order.order, task.index, "completed") for task in order.tasks))
            heard += worker.hears()
        self.assertEqual([each.scripts for each in heard if isinstance(each, say.Job)], [True, False, True])

    async def test_a_job_whose_values_were_revised_is_forgotten_and_told_anew(self) -> None:
        worker = self.worker().greets()
        await self.farm.service.submit(TWO_VALUES, {})
        worker.hears()
        await self.farm.service.revise(1, {"Look": "new"})
        self.assertIn(say.Forget(1), worker.hears())
        worker.sends(say.Returned(1, [0]), say.Returned(2, [1]))
        told, *orders = worker.hears()
        assert isinstance(told, say.Job)
        self.assertEqual((told.values["Look"], {type(each) for each in orders}), ("new", {say.Order}))

    async def test_an_order_says_what_it_uses_up(self) -> None:
        worker = self.worker(slots=2, memory=8 * 2**30, gpus=("a", "b")).greets()
        amounts = [("amount.worker.vcpu", 1), ("amount.worker.memory", 2048), ("amount.worker.gpu", 1)]
        host = {"amounts": [{"name": name, "min": least} for name, least in amounts]}
        await self.farm.service.submit(documents.job(documents.step("A", hostRequirements=host)), {})
        (order,) = [each for each in worker.hears() if isinstance(each, say.Order)]
        self.assertEqual(order.amounts, {"amount.worker.memory": 2048.0, "amount.worker.gpu": 1.0})

    async def test_a_chunk_is_one_task_and_its_result_is_that_of_all_its_tasks(self) -> None:
        worker = self.worker().greets()
        job = await self.farm.service.submit(CHUNKED, {})
        order, *_ = [each for each in worker.hears() if isinstance(each, say.Order)]
        self.assertEqual(order.tasks, [say.Task(0, {"Frame": "1-5"}, 5)])
        worker.sends(say.Started(order.order, 0))
        self.assertEqual(self.farm.service.farm.orders[order.order].running, 0)
        worker.sends(say.Result(order.order, 0, "completed", seconds=10.0))
        self.assertEqual(job.steps[0].counts[TaskState.COMPLETED], 5)
        self.assertNotIn(order.order, self.farm.service.farm.orders)

    async def test_a_failure_comes_with_its_cause_and_its_peak(self) -> None:
        worker, (order, *_) = await self.given()
        worker.sends(say.Result(order.order, 0, "failed", "Frame 1 is empty.", cause="fail", peak=2**30))
        self.assertEqual(self.farm.service.farm.jobs[1].steps[0].counts[TaskState.FAILED], 1)  # not tried again

    async def test_a_peak_is_learnt(self) -> None:
        worker, (order, *_) = await self.given()
        worker.sends(say.Result(order.order, 0, "completed", seconds=1.0, peak=3 * 2**30 - 5))
        self.assertEqual(self.farm.service.farm.jobs[1].steps[0].peak, 3 * 2**30)

    async def test_a_job_is_told_once_and_before_its_first_order(self) -> None:
        worker = self.worker().greets()
        worker.hears()
        job = await self.farm.job()
        told, *orders = worker.hears()
        self.assertEqual(told, say.Job(1, "shot_010", job.template, {"Frames": "1-24"}))
        self.assertEqual([type(order) for order in orders], [say.Order, say.Order])
        worker.sends(say.Result(1, 0, "completed", seconds=0.9))
        self.assertEqual([type(each) for each in worker.hears()], [say.Ack, say.Order])

    async def test_an_order_names_its_tasks_with_their_parameters(self) -> None:
        _, (first, second) = await self.given({"Frames": "1-3"})
        self.assertEqual(first, say.Order(1, 1, "Render", 1, 1, [say.Task(0, {"Frame": "1"})]))
        self.assertEqual(second.tasks, [say.Task(1, {"Frame": "2"})])

    async def test_a_result_is_acknowledged_after_the_commit(self) -> None:
        worker, (order, *_) = await self.given()
        self.farm.store.held = True
        worker.sends(say.Result(order.order, 0, "completed"))
        self.assertEqual(worker.hears(), [])
        self.farm.store.commit()
        self.assertEqual(worker.hears()[0], say.Ack([(order.order, 0)]))

    async def test_a_job_that_is_over_is_forgotten_and_told_again_when_it_has_to_be(self) -> None:
        worker, _ = await self.given({"Frames": "1"})
        worker.sends(say.Result(1, 0, "completed"))
        self.assertEqual(worker.hears(), [say.Ack([(1, 0)]), say.Forget(1)])
        await self.farm.job()
        self.assertEqual([type(each) for each in worker.hears()], [say.Job, say.Order, say.Order])

    async def test_a_new_connection_is_told_the_job_again(self) -> None:
        worker, _ = await self.given()
        worker.hangs_up()
        again = self.worker().greets(held={1: [0]})
        self.assertEqual([type(each) for each in again.hears()], [say.Welcome, say.Job, say.Order])

    async def test_a_canceled_job_is_canceled_on_the_worker_and_its_slot_is_free_when_it_is_dropped(self) -> None:
        worker, orders = await self.given()
        await self.farm.service.cancel(1)
        self.assertEqual(worker.hears(), [say.Cancel(1), say.Cancel(2), say.Forget(1)])
        self.assertEqual(self.client().used, 2)
        worker.sends(*(say.Dropped(order.order) for order in orders))
        self.assertEqual(self.client().used, 0)

    async def test_every_word_of_a_worker_reaches_the_farm(self) -> None:
        worker, (order, waiting) = await self.given()
        farm = self.farm.service.farm
        worker.sends(say.Started(order.order, 0), say.Progress(order.order, 0, 40.0, "sample 4"))
        held = farm.orders[order.order]
        self.assertEqual((held.running, held.percent, held.status), (0, 40.0, "sample 4"))
        worker.sends(say.Warned(order.order, 0, "No image."), say.Log(order.order, 0, "Fra:1\n"))
        self.assertEqual(farm.jobs[1].warnings, ["No image."])
        self.assertIn("Fra:1\n", await self.farm.service.log_of(1))
        worker.sends(say.Picture(1, 0, jpeg(), "Render", 25.0), say.Beat(97.0))
        self.assertEqual((await self.farm.pictures.since(1, 0, 9))[0][:2], (0, 0))
        self.assertEqual(self.client().load, 97.0)
        worker.sends(say.Leaving(), say.Returned(waiting.order, [1]))
        self.assertEqual((self.client().leaving, list(self.client().orders)), (True, [order.order]))

    async def test_what_has_not_begun_is_recalled_from_who_is_disabled(self) -> None:
        worker, (order, waiting) = await self.given()
        worker.sends(say.Started(order.order, 0))
        await self.farm.service.set_status([self.client()], Status.DISABLED)
        self.assertEqual(worker.hears(), [say.Recall(waiting.order)])

    async def test_a_farewell_is_the_last_word_of_both(self) -> None:
        worker, (order, *_) = await self.given()
        await self.farm.service.end("The server is stopping")
        self.assertEqual((worker.hears(), worker.refused), ([say.Farewell("The server is stopping")], True))
        worker.sends(say.Result(order.order, 0, "completed"))
        self.assertEqual(self.farm.service.farm.jobs[1].steps[0].counts[3], 0)


class Twins(Case):
    def test_a_second_worker_of_one_identity_is_refused_and_the_first_undisturbed(self) -> None:
        first = self.worker(run="run 1").greets()
        first.hears()
        second = self.worker(run="run 2").greets()
        self.assertEqual(first.hears(), [say.Ping()])
        self.answers(first)
        first.hears()
        self.assertEqual(
            second.hears_only(say.Refused).reason,
            "A worker with the identity of attic is connected already. If this is another machine, "
            "its state folder was copied: delete the file worker-id in it.",
        )
        second.hangs_up()
        first.sends(say.Beat(5.0))
        self.assertEqual((first.hears(), first.refused), ([], False))
        self.assertEqual((self.client().online, self.client().load), (True, 5.0))

    def test_one_that_was_started_anew_takes_the_place_of_one_that_does_not_answer(self) -> None:
        dead = self.worker(run="run 1").greets()
        alive = self.worker(run="run 2").greets()
        self.farm.clock.pump([ASK_EVERY] * ASKED)
        self.assertEqual(dead.hears()[-1], say.Refused("It has not answered, and was started anew.", again=True))
        self.assertEqual((alive.hears_only(say.Welcome).client, self.client().online), (1, True))

    def test_a_worker_that_connects_anew_takes_the_place_of_its_own_dead_connection(self) -> None:
        dead = self.worker(run="run 1").greets()
        dead.hears()
        alive = self.worker(run="run 1").greets()
        self.assertEqual(dead.hears_only(say.Refused).reason, "The same worker has connected anew.")
        dead.hangs_up()
        self.assertEqual((alive.hears_only(say.Welcome).client, self.client().online), (1, True))
        alive.sends(say.Beat(7.0))
        self.assertEqual(self.client().load, 7.0)

    def test_two_workers_of_one_name_are_two_clients(self) -> None:
        machines = [Machine(key=key, name="attic", slots=1) for key in ("a", "b")]
        workers = [self.worker(run=machine.key) for machine in machines]
        for worker, machine in zip(workers, machines, strict=True):
            worker.machine = machine
            worker.greets()
        self.assertEqual([worker.hears_only(say.Welcome).client for worker in workers], [1, 2])


class Splits(Case):
    """However the network cuts what a worker sends, the farm understands the same."""

    SENT = b"".join(
        encode(message)
        for message in (
            say.Hello(1, "run 1", Machine(key="key", name="attic", slots=1), {}),
            say.Beat(3.0),
            say.Result(9, 0, "completed"),
            say.Log(9, 0, "Zeile Ä\n"),
            say.Leaving(),
        )
    )

    @settings(max_examples=40)
    @given(st.lists(st.integers(0, len(SENT)), max_size=4))
    def test_any_split_is_heard_the_same(self, cuts: Sequence[int]) -> None:
        farm = SmallFarm(self)
        worker = Worker(farm)
        begin = 0
        for end in (*sorted(cuts), len(self.SENT)):
            worker.sends(self.SENT[begin:end])
            begin = end
        self.assertEqual(worker.hears(), [say.Welcome(1, "attic", HEARTBEAT, [], list(RULES)), say.Ack([(9, 0)])])
        client = farm.service.farm.clients[1]
        self.assertEqual((client.load, client.leaving), (3.0, True))


class Caller(Protocol):
    """A peer on a real socket that keeps what it hears."""

    def __init__(self) -> None:
        self.heard = b""
        self.lost: Deferred[None] = Deferred()
        self._wanted: tuple[bytes, Deferred[None]] | None = None

    def dataReceived(self, data: bytes) -> None:
        self.heard += data
        if self._wanted and self._wanted[0] in self.heard:
            _, done = self._wanted
            self._wanted = None
            done.callback(None)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.lost.callback(None)

    async def until(self, text: bytes) -> None:
        if text not in self.heard:
            self._wanted = (text, Deferred())
            await self._wanted[1]

    def write(self, data: bytes) -> None:
        assert self.transport is not None
        self.transport.write(data)

    def hang_up(self) -> None:
        assert self.transport is not None
        self.transport.loseConnection()


class RealSockets(Case):
    """The few cases that need the kernel's own buffers and ends."""

    async def setUp(self) -> None:  # type: ignore[override]
        super().setUp()
        factory = WorkerFactory(self.farm.service, self.farm.clock, HEARTBEAT)
        self.port = await TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1").listen(factory)
        self.callers: list[Caller] = []

    async def tearDown(self) -> None:  # type: ignore[override]
        for caller in self.callers:
            if not caller.lost.called:
                caller.hang_up()
            await caller.lost
        await self.port.stopListening()

    async def call(self) -> Caller:
        endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", self.port.getHost().port)
        caller = await endpoint.connect(Factory.forProtocol(Caller))
        assert isinstance(caller, Caller)
        self.callers.append(caller)
        return caller

    async def greeted(self, name: str = "cellar") -> Caller:
        """The farm goes on: another worker is welcomed."""
        caller = await self.call()
        caller.write(encode(say.Hello(1, "run", Machine(key=name, name=name, slots=1), {})))
        await caller.until(b'"welcome"')
        return caller

    def may_open(self, descriptors: int) -> None:
        """As many, until this test is over."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft < descriptors:
            resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, hard))
            self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))

    async def test_an_order_does_not_wait_for_the_acknowledgement_of_what_was_said_before(self) -> None:
        """Without TCP_NODELAY that takes 40 ms."""
        await self.greeted()
        ours = [each for each in reactor.getReaders() if isinstance(getattr(each, "protocol", None), WorkerProtocol)]
        self.assertEqual([bool(connection.getTcpNoDelay()) for connection in ours], [True])

    async def test_half_a_line_and_a_hang_up_do_no_harm(self) -> None:
        caller = await self.call()
        caller.write(b'{"type":"hello","vers')
        caller.hang_up()
        await caller.lost
        await self.greeted()

    async def test_who_sends_ten_megabytes_without_an_end_reads_why_it_was_refused(self) -> None:
        caller = await self.call()
        caller.write(b"x" * (10 * 2**20))
        await caller.lost
        self.assertEqual(
            msgspec.json.decode(caller.heard, type=say.FromServer),
            say.Refused("A line may have 1,048,576 bytes; this one has more."),
        )
        await self.greeted()

    async def test_junk_is_refused(self) -> None:
        caller = await self.call()
        caller.write(Random(8).randbytes(2**20))
        await caller.lost
        self.assertIn(b'"refused"', caller.heard)
        await self.greeted()

    async def test_connections_that_never_say_a_word_are_closed_and_hurt_nobody(self) -> None:
        self.may_open(2 * CROWD + 200)
        silent = [await self.call() for _ in range(CROWD)]
        await self.greeted()
        self.farm.clock.advance(GREETING_WITHIN)
        for caller in silent:
            await caller.lost
        self.assertEqual({caller.heard[:17] for caller in silent}, {b'{"type":"refused"'})

    async def test_a_greeting_and_then_silence_is_a_worker_that_has_gone(self) -> None:
        caller = await self.greeted()
        self.farm.clock.pump([HEARTBEAT] * SILENT_BEATS)
        await caller.lost
        self.assertFalse(self.client().online)
        await self.greeted("attic")
