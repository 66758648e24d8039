"""A worker asks for its next certificate in time, once for each connection, and keeps what it gets."""

import time
from pathlib import Path
from typing import Any

from cryptography import x509
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from brender.farm.client import Machine
from brender.farm.people.invitation import Badge
from brender.protocols import messages as say
from brender.protocols.codec import Decoder, encode
from brender.security.authority import DAY, Authority
from brender.security.requests import new_key, request_for
from brender.worker.calling.addresses import Addresses
from brender.worker.calling.connection import HANG_UP_WITHIN, LONGEST_PAUSE, Caller
from brender.worker.calling.wallet import Wallet, passed
from brender.worker.machine.load import Sampler
from tests.worker.calling.test_connection import HEARTBEAT, WELCOME, Endpoint, Wire
from tests.worker.fakes import Small


class Renewing(SynchronousTestCase):
    def setUp(self) -> None:
        self.small = Small(slots=1, connected=False)
        self.clock, self.endpoint, self.gave_up = self.small.clock, Endpoint(), list[str]()
        self.now = time.time()
        self.authority = Authority.made(self.now)
        state = Path(self.mktemp())
        state.mkdir()
        self.wallet = Wallet(state, lambda: self.now)
        key = new_key()
        own = self.signed(request_for(key))
        self.wallet.keep(passed(key, own, self.authority.certificate, "", "key"))
        addresses = Addresses([("farm:6001", self.endpoint)], self.clock)
        never: Deferred[Any] = Deferred()
        beat = Sampler(Path(), False, lambda *_: never, self.clock).beat
        machine = Machine("key", "alpha", 1)
        self.caller = Caller(addresses, machine, self.small.agent, self.clock, self.gave_up.append, beat, self.wallet)
        self.caller.startService()
        self.addCleanup(self.end)

    def end(self) -> None:
        self.caller.stopService()
        self.clock.advance(HANG_UP_WITHIN)

    @property
    def wire(self) -> Wire:
        return self.endpoint.wires[-1]

    def tell(self, *messages: say.Message) -> None:
        self.wire.protocol.dataReceived(b"".join(map(encode, messages)))

    def signed(self, request: str) -> str:
        return self.authority.for_worker(request, Badge("key", 1), self.now).pem

    def wanted(self) -> list[say.Renew]:
        """Those that were asked for since the last time."""
        decoder: Decoder[Any] = Decoder(say.FromWorker, 2**20)
        heard = decoder.feed(self.wire.value())
        self.wire.clear()
        return [each for each in heard if isinstance(each, say.Renew)]

    def certificate(self) -> x509.Certificate:
        assert self.wallet.own is not None
        return self.wallet.own.certificate

    def test_it_asks_when_half_of_the_time_is_over_and_once(self) -> None:
        self.tell(WELCOME)
        self.assertEqual(self.wanted(), [])
        self.now += 184 * DAY
        self.clock.advance(HEARTBEAT / 2)
        (wanted,) = self.wanted()
        self.clock.advance(HEARTBEAT / 2)
        self.assertEqual(self.wanted(), [])
        before = self.certificate()
        self.tell(say.Certificate(self.signed(wanted.request)))
        self.assertNotEqual(self.certificate(), before)
        self.clock.advance(HEARTBEAT / 2)
        self.assertEqual(self.wanted(), [])

    def test_what_was_not_answered_is_asked_for_on_the_next_connection(self) -> None:
        self.now += 184 * DAY
        self.tell(WELCOME)
        self.assertEqual(len(self.wanted()), 1)
        self.wire.lose()
        self.clock.advance(LONGEST_PAUSE)
        self.tell(WELCOME)
        self.assertEqual(len(self.wanted()), 1)

    def test_the_certificate_of_another_key_is_not_kept_and_the_connection_goes_on(self) -> None:
        self.now += 184 * DAY
        self.tell(WELCOME)
        self.wanted()
        before = self.certificate()
        self.tell(say.Certificate(self.signed(request_for(new_key()))))
        self.assertEqual(self.certificate(), before)
        self.assertTrue(self.wire.connected)
