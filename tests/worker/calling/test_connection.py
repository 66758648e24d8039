"""The worker's connection: greeting, welcome, silence, a server that does not read, and calling again."""

# Twisted's protocols have no types for all their methods.
# mypy: allow-untyped-calls

from pathlib import Path
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import ConnectError, ConnectionDone
from twisted.internet.interfaces import IProtocol, IProtocolFactory, IStreamClientEndpoint
from twisted.internet.testing import StringTransport
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


class ConnectionTests(SynchronousTestCase):
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


class PauseTests(SynchronousTestCase):
    def test_pauses_grow_up_to_a_limit_and_vary(self) -> None:
        self.assertTrue(all(0.1 <= pause(0) <= 0.2 for _ in range(50)))
        self.assertTrue(all(LONGEST_PAUSE / 2 <= pause(100) <= LONGEST_PAUSE for _ in range(50)))
        self.assertGreater(len({pause(3) for _ in range(10)}), 1)
