"""The fault injector: twenty faults on a real farm, and proof that its ledger sees what must not be."""

import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar

from twisted.internet import reactor as global_reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import deferLater
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase, TestCase

from bench.chaos import leftovers
from bench.chaos.ledger import Ledger, Run, Submitted, read_runs
from bench.chaos.plan import AT_PEOPLE, AT_SERVER, AT_WORKER, FULL_DISK, PEOPLE, SERVER, plan
from bench.chaos.proxy import Pipe, Proxy
from bench.chaos.wire import Task, Wire
from tests.line.harness import CHECKOUT, environment

reactor: Any = global_reactor
SEED, FAULTS, MINUTES = 5, 20, 0.5
PATIENCE = 400.0  # seconds: a machine may be slow, and jobs end when they do
WORKERS = ("alpha", "beta", "gamma")


class ChaosTests(SynchronousTestCase):
    def test_twenty_faults_lose_nothing_and_leave_nothing(self) -> None:
        options = ("--seed", str(SEED), "--faults", str(FAULTS), "--minutes", str(MINUTES))
        command = [sys.executable, "-m", "bench.chaos", *options]
        ended = subprocess.run(
            command, cwd=CHECKOUT, env=environment(), capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        self.assertEqual(ended.returncode, 0, ended.stdout + ended.stderr)
        self.assertIn(f"seed {SEED}", ended.stdout)


class PlanTests(SynchronousTestCase):
    def test_the_same_seed_is_the_same_plan_and_another_one_is_not(self) -> None:
        made = [plan(seed, 200, 600, WORKERS, disk=True) for seed in (1, 1, 2)]
        self.assertEqual(made[0], made[1])
        self.assertNotEqual(made[0], made[2])

    def test_the_short_plan_has_every_kind_of_fault(self) -> None:
        kinds = {(fault.kind, fault.whom == PEOPLE) for fault in plan(SEED, FAULTS, 60 * MINUTES, WORKERS, disk=True)}
        self.assertEqual(
            kinds, {(kind, False) for kind in AT_SERVER + AT_WORKER} | {(kind, True) for kind in AT_PEOPLE}
        )

    def test_without_a_small_disk_none_is_filled(self) -> None:
        self.assertNotIn(FULL_DISK, {fault.kind for fault in plan(1, 200, 600, WORKERS, disk=False)})

    def test_nobody_meets_a_fault_before_the_last_one_is_over(self) -> None:
        for whom in (SERVER, PEOPLE, *WORKERS):
            mine = [fault for fault in plan(1, 200, 600, WORKERS, disk=True) if fault.whom == whom]
            for before, after in pairwise(mine):
                self.assertGreater(after.at, before.at + before.seconds)


ONE = Task("job", "A", 0)


def job(**changes: Any) -> dict[str, Any]:
    """What the farm reports of a job of two tasks that went well."""
    step = {"name": "A", "completed": 2, "failed": 0, "canceled": 0}
    order = {"step": "A", "first": 0, "count": 2, "completed": 2}
    return {"name": "job", "state": "completed", "waits": "", "steps": [step], "orders": [order], **changes}


class LedgerTests(SynchronousTestCase):
    """Each begins with a farm in which all is well, and changes one thing."""

    def setUp(self) -> None:
        runs = [Run(Task("job", "A", number), "alpha", 1.0, ended=True) for number in (0, 1)]
        self.ledger = Ledger({"job": Submitted({"A": 2}, number=1)}, runs, reported=[job()])
        self.ledger.look(job(), 2.0)

    def assert_wrong(self, sentence: str) -> None:
        self.assertEqual(self.ledger.judge(), [sentence])

    def test_nothing_is_wrong_when_all_is_well(self) -> None:
        self.assertEqual(self.ledger.judge(), [])
        self.assertEqual(self.ledger.counts()["tasks acknowledged"], 2)

    def test_a_job_that_is_gone_is_lost(self) -> None:
        self.ledger.submitted["other"] = Submitted({"A": 1}, number=2)
        self.assert_wrong("Lost: job 2 (other) was taken in and is not there.")

    def test_a_job_that_was_never_answered_for_may_be_missing(self) -> None:
        self.ledger.submitted["other"] = Submitted({"A": 1})
        self.assertEqual(self.ledger.judge(), [])

    def test_a_job_that_is_there_twice_is_told(self) -> None:
        self.ledger.reported = [job(), job()]
        self.assertIn("Twice: job was submitted once and is there 2 times.", self.ledger.judge())

    def test_a_job_that_does_not_end_is_told(self) -> None:
        step = {"name": "A", "completed": 2, "failed": 0, "canceled": 0}
        self.ledger.reported = [job(state="active", steps=[step])]
        self.assert_wrong("Unfinished: job is active. ")

    def test_a_job_that_is_canceled_without_anybody_asking_is_told(self) -> None:
        self.ledger.reported = [job(state="canceled")]
        self.assert_wrong("Unfinished: job is canceled, and nobody asked for that.")
        self.ledger.submitted["job"].canceled = True
        self.assertEqual(self.ledger.judge(), [])

    def test_a_task_that_is_missing_is_lost(self) -> None:
        self.ledger.submitted["job"].steps["A"] = 3
        self.assert_wrong("Lost: job has 3 tasks, and 2 of them have ended.")

    def test_a_task_that_is_reported_and_was_never_executed_is_lost(self) -> None:
        self.ledger.runs[0] = self.ledger.runs[0]._replace(ended=False)
        self.assert_wrong(f"Lost: {ONE} is reported as completed and was never executed.")

    def test_a_task_that_was_acknowledged_and_is_not_reported_is_lost(self) -> None:
        step = {"name": "A", "completed": 1, "failed": 1, "canceled": 0}
        order = {"step": "A", "first": 1, "count": 1, "completed": 1}
        self.ledger.reported = [job(steps=[step], orders=[order])]
        self.assert_wrong(f"Lost: {ONE} was acknowledged and is not reported as completed.")

    def test_a_task_that_is_completed_in_two_orders_is_counted_twice(self) -> None:
        order = {"step": "A", "first": 0, "count": 1, "completed": 1}
        self.ledger.reported = [job(orders=[*job()["orders"], order])]
        found = self.ledger.judge()
        self.assertEqual(
            found,
            [
                "Twice: job, A: 2 tasks are completed, and its orders say 3.",
                f"Twice: {ONE} is completed in 2 orders.",
            ],
        )

    def test_an_acknowledged_task_that_is_given_out_and_run_again_is_told(self) -> None:
        self.ledger.runs.append(Run(ONE, "beta", 3.0, ended=True))
        self.ledger.given = {("beta", ONE): [2.5]}
        self.assert_wrong(f"Again: {ONE} was given to beta and run 1.000 s after its acknowledgement.")

    def test_a_worker_that_was_given_a_task_before_could_not_know(self) -> None:
        self.ledger.runs.append(Run(ONE, "beta", 3.0, ended=True))
        self.ledger.given = {("beta", ONE): [1.5]}
        self.assertEqual(self.ledger.judge(), [])
        self.assertEqual(self.ledger.counts()["begun by a worker that was out of reach"], 1)

    def test_what_tasks_write_is_read(self) -> None:
        folder = "/tmp/farm/alpha/worker/sessions/a b"
        lines = [f"begin 7-1.5 job A 3 1.5 {folder}", f"begin 8-1.6 job A 4 1.6 {folder}", "end 7-1.5"]
        self.assertEqual(
            read_runs(lines),
            [Run(Task("job", "A", 2), "alpha", 1.5, ended=True), Run(Task("job", "A", 3), "alpha", 1.6, ended=False)],
        )


class LeftoverTests(SynchronousTestCase):
    def test_a_process_is_found_by_its_mark_whoever_its_parent_is(self) -> None:
        mark = f"test {id(self)}"
        self.assertEqual(leftovers.processes(mark), [])
        script = "setsid sleep 100 > /dev/null 2>&1 & echo $!"  # the shell ends, and leaves it behind
        left = subprocess.run(
            ["bash", "-c", script],
            env={**environment(), leftovers.MARK: mark},
            capture_output=True,
            text=True,
            check=True,
        )
        found = leftovers.processes(mark)
        for process in found:
            process.kill()
        self.assertEqual([process.pid for process in found], [int(left.stdout)])

    def test_a_file_is_found_where_none_should_be(self) -> None:
        folder = Path(self.mktemp()).absolute()
        for name in ("server/brender.sqlite", "server/logs/1/2.log", "alpha/worker-id", "alpha/worker/blenders.json"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).touch()
        (folder / "temporary").mkdir()
        self.assertEqual(list(leftovers.files(folder, ["server", "alpha"], "temporary")), [])
        forgotten = ["server/filler", "alpha/worker/sessions", "temporary/x"]
        for name in forgotten:
            (folder / name).touch()
        self.assertEqual(list(leftovers.files(folder, ["server", "alpha"], "temporary")), forgotten)


class WireTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.now = 1.0
        self.wire = Wire(lambda: self.now)
        self.worker, self.server = self.wire.listen_in("alpha")
        self.server(
            b'{"type":"job","job":1,"name":"job"}\n{"type":"order","order":7,"job":1,"step":"A","tasks":[[0,{}]'
        )
        self.server(b"]}\n")

    def acknowledge(self) -> None:
        self.worker(b'{"type":"result","order":7,"task":0,"outcome":"completed"}\n')
        self.now = 2.0
        self.server(b'{"type":"ack","results":[[7,0]]}\n')

    def test_what_was_given_and_acknowledged_is_known(self) -> None:
        self.acknowledge()
        self.assertEqual(dict(self.wire.given), {("alpha", ONE): [1.0]})
        self.assertEqual(self.wire.acknowledged, {ONE: 2.0})

    def test_a_failure_that_is_acknowledged_does_not_count(self) -> None:
        self.worker(b'{"type":"result","order":7,"task":0,"outcome":"failed"}\n')
        self.server(b'{"type":"ack","results":[[7,0]]}\n')
        self.assertEqual(self.wire.acknowledged, {})

    def test_what_came_too_late_does_not_count(self) -> None:
        for said in (b'{"type":"cancel","order":7}\n', b'{"type":"welcome","client":1,"drop":[7]}\n'):
            self.setUp()
            self.server(said)
            self.acknowledge()
            self.assertEqual(self.wire.acknowledged, {})


class Heard(Protocol):
    """Says back what it hears, or just keeps it."""

    factory: "Ears"

    def connectionMade(self) -> None:
        self.factory.made.append(self)

    def dataReceived(self, data: bytes) -> None:
        self.factory.heard += data
        if self.factory.echo:
            self.transport.write(data)  # type: ignore[union-attr]

    def connectionLost(self, reason: object = None) -> None:
        self.factory.lost += 1


class Ears(Factory):
    noisy = False

    def buildProtocol(self, addr: object) -> Any:
        made = Heard()
        made.factory = self
        return made

    def __init__(self, echo: bool = False) -> None:
        self.echo = echo
        self.heard = b""
        self.lost = 0
        self.made: list[Heard] = []


class ProxyTests(TestCase):
    sockets: ClassVar = 2**17

    async def begin(self) -> None:
        self.server, self.client = Ears(echo=True), Ears()
        port = reactor.listenTCP(0, self.server, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        self.proxy = Proxy(reactor, port.getHost().port)
        self.addCleanup(lambda: Deferred.fromCoroutine(self.proxy.close()))
        await self.call()

    async def call(self) -> None:
        await TCP4ClientEndpoint(reactor, "127.0.0.1", self.proxy.port).connect(self.client)
        self.say = self.client.made[-1].transport.write  # type: ignore[union-attr]

    async def until(self, condition: Any) -> None:
        deadline = time.monotonic() + 30
        while not condition():
            self.assertLess(time.monotonic(), deadline)
            await deferLater(reactor, 0.01, lambda: None)

    async def test_it_passes_on_what_is_said_both_ways(self) -> None:
        await self.begin()
        self.say(b"x" * self.sockets)
        await self.until(lambda: len(self.client.heard) == self.sockets)

    async def test_a_dead_connection_passes_nothing_and_loses_nothing(self) -> None:
        await self.begin()
        self.proxy.bad.dead = True
        self.say(b"x" * self.sockets)
        await deferLater(reactor, 0.1, lambda: None)
        self.assertEqual((self.server.heard, self.client.lost), (b"", 0))
        self.proxy.mend()
        await self.until(lambda: len(self.client.heard) == self.sockets)

    async def test_a_slow_connection_takes_its_time(self) -> None:
        await self.begin()
        self.proxy.bad.latency, self.proxy.bad.rate = 0.05, 100_000.0
        began = time.monotonic()
        self.say(b"x" * 20_000)
        await self.until(lambda: len(self.client.heard) == 20_000)
        self.assertGreater(time.monotonic() - began, 0.2)

    async def test_a_reset_connection_ends_at_both_sides_and_may_be_made_again(self) -> None:
        await self.begin()
        self.say(b"x")
        await self.until(lambda: self.client.heard)
        self.proxy.reset()
        await self.until(lambda: (self.server.lost, self.client.lost) == (1, 1))
        await self.call()
        self.say(b"y")
        await self.until(lambda: self.client.heard == b"xy")

    async def test_a_cut_connection_cannot_be_made_again_before_it_is_mended(self) -> None:
        await self.begin()
        self.proxy.cut()
        await self.call()
        await self.until(lambda: self.client.lost == 2)
        self.proxy.mend()
        await self.call()
        self.say(b"y")
        await self.until(lambda: self.client.heard == b"y")

    async def test_it_may_be_mended_before_the_far_end_is_there(self) -> None:
        await self.begin()
        half = Pipe(self.proxy)
        half.back.sink = StringTransport()
        self.proxy.pipes.add(half)
        self.proxy.mend()
        self.assertEqual(half.back.sink.value(), b"")

    async def test_an_end_of_one_side_is_passed_on_after_what_it_said(self) -> None:
        await self.begin()
        self.server.echo = False
        self.say(b"x" * self.sockets)
        self.client.made[-1].transport.loseConnection()  # type: ignore[union-attr]
        await self.until(lambda: self.server.lost == 1)
        self.assertEqual(len(self.server.heard), self.sockets)
