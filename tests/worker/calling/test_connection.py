"""The worker's connection: greeting, welcome, silence, a server that does not read, and calling again."""

# Twisted's protocols have no types for all their methods.
# mypy: allow-untyped-calls

from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import ConnectError, ConnectionDone
from twisted.internet.interfaces import IProtocol, IProtocolFactory, IStreamClientEndpoint
from twisted.internet.testing import StringTransport
from twisted.logger import LogLevel, capturedLogs, formatEvent
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from brender.farm.client import Machine
from brender.protocols import messages as say
from brender.protocols.codec import Decoder, encode
from brender.worker.calling.addresses import Addresses
from brender.worker.calling.connection import (
    HANG_UP_WITHIN,
    LONGEST_PAUSE,
    SILENT_BEATS,
    WELCOME_WITHIN,
    Caller,
    pause,
)
from brender.worker.machine.load import Sampler
from tests.worker.fakes import Small

HEARTBEAT = 10.0
WELCOME = say.Welcome(4, "alpha", HEARTBEAT, [])


class Wire(StringTransport):
    """A transport that ends when it is told to, unless the other side does not read."""

    stuck = False

    def loseConnection(self) -> None:
        super().loseConnection()
        if not self.stuck:
            self.lose()

    def abortConnection(self) -> None:
        super().abortConnection()
        self.lose()

    def lose(self) -> None:
        if self.connected:
            self.connected = False
            self.protocol.connectionLost(Failure(ConnectionDone()))

    connected = True
    protocol: Any


@implementer(IStreamClientEndpoint)
class Endpoint:
    """Connects at once, or refuses."""

    def __init__(self) -> None:
        self.refuses = False
        self.wires: list[Wire] = []
        self.calls = 0

    def connect(self, factory: IProtocolFactory) -> "Deferred[IProtocol]":
        self.calls += 1
        if self.refuses:
            return fail(ConnectError())
        wire = Wire()
        protocol: Any = factory.buildProtocol(IPv4Address("TCP", "farm", 6001))
        wire.protocol = protocol
        self.wires.append(wire)
        protocol.makeConnection(wire)
        return succeed(protocol)


class ConnectionTestCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.small = Small(slots=1, connected=False)
        self.clock = self.small.clock
        self.endpoint = Endpoint()
        self.gave_up: list[str] = []
        machine = Machine("key", "alpha", 1)
        addresses = Addresses([("farm:6001", self.endpoint)], self.clock)
        never: Deferred[Any] = Deferred()
        beat = Sampler(Path(), False, lambda *_: never, self.clock).beat
        self.caller = Caller(addresses, machine, self.small.agent, self.clock, self.gave_up.append, beat)
        self.caller.startService()
        self.addCleanup(self.end)

    def end(self) -> None:
        self.caller.stopService()
        self.clock.advance(HANG_UP_WITHIN)

    @property
    def wire(self) -> Wire:
        return self.endpoint.wires[-1]

    def say(self, *messages: say.Message) -> None:
        self.wire.protocol.dataReceived(b"".join(map(encode, messages)))

    def heard(self) -> list[Any]:
        """What the server heard since the last time."""
        decoder: Decoder[Any] = Decoder(say.FromWorker, 2**20)
        heard = decoder.feed(self.wire.value())
        self.wire.clear()
        return heard


class ConnectionTests(ConnectionTestCase):
    def test_it_greets_with_what_it_holds_and_who_it_is(self) -> None:
        (hello,) = self.heard()
        self.assertEqual((hello.version, hello.machine.key, hello.held), (say.VERSION, "key", {}))

    def test_one_run_of_the_program_has_one_name(self) -> None:
        first = self.heard()[0].run
        self.wire.lose()
        self.clock.advance(LONGEST_PAUSE)
        self.assertEqual(self.heard()[0].run, first)

    def test_orders_pass_to_the_agent_and_results_back(self) -> None:
        order = say.Order(1, 1, "A", 1, 1, [say.Task(5, {})])
        self.say(WELCOME, say.Job(1, "job", {}, {}), order)
        self.heard()
        self.small.only().work()
        self.assertEqual(self.heard(), [say.Started(1, 5), say.Result(1, 5, "completed", "", 0.5)])
        self.say(say.Ack([(1, 5)]))
        self.assertEqual(self.small.agent.unacknowledged, {})

    def test_a_greeting_says_again_what_is_not_acknowledged(self) -> None:
        self.say(WELCOME, say.Job(1, "job", {}, {}), say.Order(1, 1, "A", 1, 1, [say.Task(5, {}), say.Task(6, {})]))
        self.small.only().work()
        self.wire.lose()
        self.clock.advance(LONGEST_PAUSE)
        self.assertEqual(self.heard()[0].held, {1: [6, 5]})

    def test_it_says_something_twice_as_often_as_it_has_to(self) -> None:
        self.say(WELCOME)
        self.heard()
        self.clock.advance(HEARTBEAT / 2)
        self.assertIsInstance(self.heard()[0], say.Beat)

    def test_a_ping_is_answered_at_once_and_the_next_beat_comes_later(self) -> None:
        self.say(WELCOME)
        self.clock.advance(HEARTBEAT / 4)
        self.heard()
        self.say(say.Ping())
        self.assertIsInstance(self.heard()[0], say.Beat)
        self.clock.advance(HEARTBEAT / 4)
        self.assertEqual(self.heard(), [])
        self.clock.advance(HEARTBEAT / 4)
        self.assertIsInstance(self.heard()[0], say.Beat)

    def test_a_server_that_is_silent_is_left_and_called_again(self) -> None:
        self.say(WELCOME)
        for _ in range(5):
            self.clock.advance(HEARTBEAT)
            self.say(say.Ping())
        self.assertEqual(self.endpoint.calls, 1)
        self.clock.advance(SILENT_BEATS * HEARTBEAT)
        self.assertFalse(self.wire.connected)
        self.clock.advance(LONGEST_PAUSE)
        self.assertEqual(self.endpoint.calls, 2)

    def test_one_that_is_silent_after_the_welcome_is_left_as_soon(self) -> None:
        self.say(say.Welcome(4, "alpha", 1.0, []))
        self.clock.advance(SILENT_BEATS)
        self.assertFalse(self.wire.connected)

    def test_a_server_that_does_not_answer_the_greeting_is_left(self) -> None:
        self.clock.advance(WELCOME_WITHIN)
        self.assertFalse(self.wire.connected)

    def test_a_server_that_does_not_read_holds_the_sessions_back(self) -> None:
        self.say(WELCOME, say.Job(1, "job", {}, {}), say.Order(1, 1, "A", 1, 1, [say.Task(5, {})]))
        self.assertTrue(self.wire.streaming)
        producer: Any = self.wire.producer
        producer.pauseProducing()
        self.assertTrue(self.small.only().held)
        producer.resumeProducing()
        self.assertFalse(self.small.only().held)

    def test_a_server_that_never_reads_again_is_not_waited_for(self) -> None:
        self.say(WELCOME)
        self.wire.stuck = True
        done: list[object] = []
        self.caller.stopService().addBoth(done.append)
        self.assertEqual(done, [])
        self.clock.advance(HANG_UP_WITHIN)
        self.assertEqual(len(done), 1)

    def test_a_refusal_for_good_is_the_end(self) -> None:
        self.say(say.Refused("install the same brender on both.", again=False))
        self.assertEqual(self.gave_up, ["install the same brender on both."])

    def test_a_refusal_for_now_is_tried_again_and_ever_more_seldom(self) -> None:
        waited = []
        for calls in range(2, 9):
            self.say(say.Refused("not now"))
            self.wire.lose()
            waited.append(0.0)
            while self.endpoint.calls < calls:
                self.clock.advance(0.05)
                waited[-1] += 0.05
        self.assertEqual(self.gave_up, [])
        self.assertGreater(waited[-1], 2 * waited[0])

    def test_after_a_welcome_it_calls_again_soon(self) -> None:
        for _ in range(6):
            self.say(say.Refused("not now"))
            self.wire.lose()
            self.clock.advance(LONGEST_PAUSE)
        calls = self.endpoint.calls
        self.say(WELCOME)
        self.wire.lose()
        self.clock.advance(0.5)
        self.assertEqual(self.endpoint.calls, calls + 1)

    def test_a_server_that_is_not_there_is_called_until_it_is(self) -> None:
        self.endpoint.refuses = True
        self.wire.lose()
        for _ in range(20):
            self.clock.advance(LONGEST_PAUSE)
        self.assertGreater(self.endpoint.calls, 10)
        self.endpoint.refuses = False
        self.clock.advance(LONGEST_PAUSE)
        self.say(WELCOME)
        self.assertIn("alpha", repr(self.heard()[0]))

    def test_what_is_not_understood_ends_the_connection_and_not_the_worker(self) -> None:
        self.say(WELCOME)
        self.wire.protocol.dataReceived(b'{"type":"dance"}\n')
        self.assertFalse(self.wire.connected)
        self.clock.advance(LONGEST_PAUSE)
        self.assertEqual(self.endpoint.calls, 2)

    def test_a_farewell_changes_nothing_that_it_holds(self) -> None:
        self.say(WELCOME, say.Job(1, "job", {}, {}), say.Order(1, 1, "A", 1, 1, [say.Task(5, {})]))
        self.say(say.Farewell("The server is stopping"))
        self.wire.lose()
        self.assertEqual(self.small.agent.has(), {1: [5]})


class LogTests(ConnectionTestCase):
    """LOG-10: what the server said, and which job, order and task that was about."""

    RUNNING = "running here: task 6 of order 3 of job 2"
    KEPT = "reported again: task 5 of order 3 of job 2 (failed)"

    def setUp(self) -> None:
        super().setUp()
        self.say(WELCOME, say.Job(2, "job", {}, {}), say.Order(3, 2, "A", 1, 1, [say.Task(5, {}), say.Task(6, {})]))
        self.small.only().work("failed")
        self.small.only().begin()

    def test_a_report_that_is_refused_is_named_with_the_servers_words(self) -> None:
        (line,) = self.warned(lambda: self.lose_after(say.Refused("A line may have 9 bytes; this one has more.")))
        self.assertIn("The server at farm:6001 refuses this worker: A line may have 9 bytes; this one has more; ", line)
        self.assert_names_what_it_was_about(line)

    def test_an_end_without_a_word_is_told_with_its_reason(self) -> None:
        (line,) = self.warned(self.wire.abortConnection)
        self.assertIn("The connection to the server at farm:6001 has ended: Connection was closed cleanly; ", line)
        self.assert_names_what_it_was_about(line)

    def test_a_server_that_says_nothing_more_is_told_with_what_it_was_to_answer(self) -> None:
        (line,) = self.warned(lambda: self.clock.advance(SILENT_BEATS * HEARTBEAT))
        self.assertIn("Nothing was heard from the server for too long", line)
        self.assert_names_what_it_was_about(line)

    def test_what_is_not_understood_is_told_with_what_it_was_about(self) -> None:
        (line,) = self.warned(lambda: self.wire.protocol.dataReceived(b'{"type":"error","status":500}\n'))
        self.assertIn("what this worker does not understand", line)
        self.assertIn("'error'", line)
        self.assert_names_what_it_was_about(line)

    def test_a_farewell_is_told_once_with_what_it_leaves_open(self) -> None:
        (line,) = self.warned(lambda: self.lose_after(say.Farewell("The server is stopping")))
        self.assertIn("The server is stopping; this worker keeps what it has and calls again; ", line)
        self.assert_names_what_it_was_about(line)

    def test_reports_of_orders_that_are_not_its_own_any_more_are_named_as_they_are_let_go(self) -> None:
        self.wire.lose()
        self.clock.advance(LONGEST_PAUSE)
        (line,) = self.warned(lambda: self.say(say.Welcome(4, "alpha", HEARTBEAT, [3])))
        self.assertIn("does not take the reports of task 5 of order 3 of job 2 (failed)", line)
        self.assertEqual(self.small.agent.unacknowledged, {})

    def test_a_refusal_to_a_worker_that_was_welcomed_by_nobody_yet_names_what_it_has(self) -> None:
        self.wire.lose()
        self.clock.advance(LONGEST_PAUSE)
        (line,) = self.warned(lambda: self.lose_after(say.Refused("The database is away; try again in a moment.")))
        self.assertIn("refuses this worker: The database is away; try again in a moment; ", line)
        self.assert_names_what_it_was_about(line)

    def test_nothing_is_named_when_nothing_is_at_stake_and_nothing_said_when_it_was_to_end(self) -> None:
        self.small.only().end()
        self.say(say.Ack([(3, 5), (3, 6)]))
        (line,) = self.warned(self.wire.abortConnection)
        self.assertTrue(line.endswith("has ended: Connection was closed cleanly"), line)
        self.clock.advance(LONGEST_PAUSE)
        self.say(WELCOME)
        self.assertEqual(self.warned(self.end), [])

    def test_a_long_list_is_cut(self) -> None:
        self.say(say.Order(4, 2, "A", 1, 1, [say.Task(index, {}) for index in range(100)]))
        self.small.only().end()
        for _ in range(50):
            self.small.only().work()
        (line,) = self.warned(self.wire.abortConnection)
        self.assertTrue(line.endswith(", 44 more"), line)
        self.assertLess(len(line), 600)

    def warned(self, what: Callable[[], object]) -> list[str]:
        """What the log has of it as a warning or an error."""
        with capturedLogs() as captured:
            what()
        told = [event for event in captured if event["log_level"] >= LogLevel.warn]
        return [str(formatEvent(event)) for event in told]

    def lose_after(self, message: say.Message) -> None:
        self.say(message)
        self.wire.lose()

    def assert_names_what_it_was_about(self, line: str) -> None:
        self.assertTrue(line.endswith(f"; {self.RUNNING}; {self.KEPT}"), line)


class PauseTests(SynchronousTestCase):
    def test_pauses_grow_up_to_a_limit_and_vary(self) -> None:
        self.assertTrue(all(0.1 <= pause(0) <= 0.2 for _ in range(50)))
        self.assertTrue(all(LONGEST_PAUSE / 2 <= pause(100) <= LONGEST_PAUSE for _ in range(50)))
        self.assertGreater(len({pause(3) for _ in range(10)}), 1)
