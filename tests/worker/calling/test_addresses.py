"""Several addresses of one server: tried in turn, none for long."""

from typing import Any

from twisted.internet.defer import CancelledError, Deferred, fail, succeed
from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.error import ConnectError, UserError
from twisted.internet.interfaces import IProtocol, IProtocolFactory, IStreamClientEndpoint
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from brender.worker.calling.addresses import ANSWER_WITHIN, Addresses, BadAddress, addresses_of, split


@implementer(IStreamClientEndpoint)
class Host:
    """Answers, refuses or says nothing."""

    def __init__(self, does: str) -> None:
        self.does = does
        self.calls = 0
        self.pending: list[Deferred[IProtocol]] = []

    def connect(self, protocolFactory: IProtocolFactory) -> "Deferred[IProtocol]":
        self.calls += 1
        if self.does == "refuses":
            return fail(UserError())
        if self.does == "answers":
            return succeed(Protocol())
        self.pending.append(Deferred())
        return self.pending[-1]


class AddressesTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()

    def of(self, *does: str) -> Addresses:
        self.hosts = [Host(each) for each in does]
        return Addresses([(f"host-{n}", host) for n, host in enumerate(self.hosts)], self.clock)

    def connect(self, addresses: Addresses) -> "Deferred[Any]":
        return addresses.connect(Factory.forProtocol(Protocol))

    def calls(self) -> list[int]:
        return [host.calls for host in self.hosts]

    def test_the_next_one_is_called_at_once_when_the_first_refuses_and_is_then_the_first(self) -> None:
        addresses = self.of("refuses", "answers", "answers")
        self.successResultOf(self.connect(addresses))
        self.assertEqual((addresses.current, self.calls()), ("host-1", [1, 1, 0]))
        self.successResultOf(self.connect(addresses))
        self.assertEqual(self.calls(), [1, 2, 0])

    def test_one_that_says_nothing_is_left_soon(self) -> None:
        addresses = self.of("is silent", "answers")
        calling = self.connect(addresses)
        self.clock.advance(ANSWER_WITHIN - 0.1)
        self.assertNoResult(calling)
        self.clock.advance(0.1)
        self.successResultOf(calling)

    def test_when_none_answers_the_call_has_failed_after_each_was_tried_once(self) -> None:
        addresses = self.of("refuses", "is silent", "refuses")
        calling = self.connect(addresses)
        self.clock.advance(ANSWER_WITHIN)
        self.failureResultOf(calling, ConnectError)
        self.assertEqual(self.calls(), [1, 1, 1])

    def test_a_single_one_is_called_again_by_the_next_call(self) -> None:
        addresses = self.of("refuses")
        self.failureResultOf(self.connect(addresses), ConnectError)
        self.hosts[0].does = "answers"
        self.successResultOf(self.connect(addresses))

    def test_a_call_that_nobody_wants_any_more_calls_nobody_else(self) -> None:
        addresses = self.of("is silent", "answers")
        calling = self.connect(addresses)
        calling.cancel()
        self.failureResultOf(calling, CancelledError)
        self.assertEqual(self.calls(), [1, 0])

    def test_a_real_call_that_is_canceled_calls_nobody_else(self) -> None:
        reactor = MemoryReactorClock()
        other = Host("answers")
        real = HostnameEndpoint(reactor, "127.0.0.1", 6001)
        calling = self.connect(Addresses([("real", real), ("other", other)], reactor))
        reactor.advance(1)
        calling.cancel()
        self.failureResultOf(calling)
        self.assertEqual(other.calls, 0)

    def test_they_are_named_for_people(self) -> None:
        self.assertEqual(str(self.of("answers", "answers")), "host-0 or host-1")


class SplitTests(SynchronousTestCase):
    def test_one_or_several_with_commas(self) -> None:
        self.assertEqual(split("farm:6001"), [("farm", 6001)])
        several = [("farm", 6001), ("standby", 7001), ("::1", 6001)]
        self.assertEqual(split("farm:6001, standby:7001,[::1]:6001"), several)

    def test_what_is_none_is_named(self) -> None:
        for wrong in ("farm", "farm:", ":6001", "farm:x", "farm:70000", "", "farm:0"):
            self.assertIn(f'"{wrong}" is not', str(self.assertRaises(BadAddress, split, f"a:1,{wrong}")))

    def test_an_address_is_called_by_its_name(self) -> None:
        self.assertEqual(str(addresses_of("farm:6001,[::1]:6002", MemoryReactorClock())), "farm:6001 or [::1]:6002")
