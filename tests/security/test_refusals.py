"""Who is refused at the port for workers, on real sockets, and in which words."""

import ssl
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase

from brender.protocols import messages as say
from brender.protocols.papers import ANOTHERS, NOT_JOINED, REVOKED
from brender.security.requests import new_key, request_for
from tests.security.port import Port, hello, other_farm, until


def join(token: str, key: str = "key 1", request: str = "") -> say.Join:
    return say.Join(say.VERSION, token.split("-")[1], key, request or request_for(new_key()))


class Refused(TestCase):
    def setUp(self) -> Any:
        self.port = Port(self)

    async def handshake_fails(self, context: ssl.SSLContext, sign: str) -> None:
        try:
            heard = await self.port.says(hello("key 1"), context=context)
        except (ssl.SSLError, ConnectionError) as error:
            self.assertIn(sign, str(error).lower().replace("_", " "))
        else:
            self.fail(f"It was let in, and heard {heard}")
        self.assertEqual(self.port.service.farm.clients, {})

    async def refused(self, *messages: Any, context: ssl.SSLContext | None = None) -> str:
        (said,) = await self.port.says(*messages, context=context)
        self.assertEqual((said["type"], said["again"]), ("refused", False))
        return str(said["reason"])

    async def test_who_has_no_certificate_may_not_greet(self) -> None:
        await self.port.open()
        self.assertEqual(await self.refused(hello("key 1"), context=self.port.context()), NOT_JOINED)

    async def test_a_certificate_of_another_farm_ends_the_handshake(self) -> None:
        await self.port.open()
        theirs = self.port.certificate("key 1", by=other_farm(self.port))
        await self.handshake_fails(self.port.context(theirs), "unknown ca")

    async def test_an_expired_certificate_ends_the_handshake(self) -> None:
        await self.port.open()
        old = self.port.certificate("key 1", days_ago=366)
        await self.handshake_fails(self.port.context(old), "certificate expired")

    async def test_the_certificate_of_a_server_is_no_workers(self) -> None:
        await self.port.open()
        key = new_key()
        names = ["localhost"]
        servers = self.port.authority.for_server(key.public_key(), names, 1.8e9).public_bytes(Encoding.PEM)
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            await self.port.says(hello("key 1"), context=self.port.context((key, servers)))

    async def test_tls_1_1_ends_the_handshake(self) -> None:
        await self.port.open()
        old = self.port.machine("key 1")
        old.set_ciphers("DEFAULT:@SECLEVEL=0")
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
        await self.handshake_fails(old, "alert protocol version")

    async def test_tls_1_2_and_1_3_do(self) -> None:
        await self.port.open()
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = self.port.machine(f"key of {version}")
            context.minimum_version = context.maximum_version = version
            call = await self.port.call(context)
            await call.say(hello(f"key of {version}"))
            self.assertIsNotNone(await call.hear("welcome"))
            call.close()

    async def test_a_certificate_is_good_for_its_own_machine_alone(self) -> None:
        await self.port.open()
        self.assertEqual(await self.refused(hello("key 2"), context=self.port.machine("key 1")), ANOTHERS)
        self.assertEqual(self.port.service.farm.clients, {})

    async def test_who_speaks_plainly_is_told_so_in_plain_words(self) -> None:
        await self.port.open()
        self.assertEqual(await self.refused(hello("key 1")), NOT_JOINED)

    async def test_who_never_finishes_the_handshake_is_not_waited_for(self) -> None:
        await self.port.open(greet_within=0.2)
        for said in (b"", b"\x16", b"\x16\x03\x01\x02\x00\x01"):
            self.assertEqual(await self.port.writes(said), b"")

    async def test_garbage_that_begins_as_tls_does_ends_the_connection(self) -> None:
        await self.port.open()
        heard = await self.port.writes(b"\x16" + bytes(range(256)) * 64)
        self.assertNotIn(b"refused", heard)
        self.assertEqual(self.port.service.farm.clients, {})

    async def test_what_is_no_worker_at_all_gets_nothing_else(self) -> None:
        """A web browser with the certificate of a worker: this port has no interface for people."""
        await self.port.open()
        context = self.port.machine("key 1")
        (said,) = await self.port.says(NotAMessage(), context=context)
        self.assertEqual(said["type"], "refused")


class NotAMessage(say.Message, frozen=True, tag="get"):
    """Somebody who takes the port for another one."""


class Revoked(TestCase):
    def setUp(self) -> Any:
        self.port = Port(self)

    async def test_an_open_connection_is_cut_and_the_next_one_is_refused(self) -> None:
        await self.port.open()
        call = await self.port.call(self.port.machine("key 1"))
        await call.say(hello("key 1"))
        welcome = await call.hear("welcome")
        client = self.port.service.farm.clients[welcome["client"]]
        self.assertEqual(await self.port.service.revoke_clients([client]), [client])
        said = await call.hear("refused")
        self.assertEqual((said["reason"], said["again"]), (REVOKED, False))
        self.assertIsNone(await call.hear("anything"), "the connection is still open")
        self.assertFalse(client.online)
        (said,) = await self.port.says(hello("key 1"), context=self.port.machine("key 1"))
        self.assertEqual((said["reason"], said["again"]), (REVOKED, False))

    async def test_it_does_not_wait_for_a_database_that_cannot_be_written(self) -> None:
        await self.port.open()
        call = await self.port.call(self.port.machine("key 1"))
        await call.say(hello("key 1"))
        client = self.port.service.farm.clients[(await call.hear("welcome"))["client"]]
        self.port.farm.store.held = True
        revoking = Deferred.fromCoroutine(self.port.service.revoke_clients([client]))
        self.assertEqual((await call.hear("refused"))["reason"], REVOKED)
        self.assertNoResult(revoking)
        self.port.farm.store.commit()
        self.assertEqual(await revoking, [client])

    async def test_nothing_that_it_says_afterwards_counts(self) -> None:
        await self.port.open()
        call = await self.port.call(self.port.machine("key 1"))
        await call.say(hello("key 1"))
        welcome = await call.hear("welcome")
        job = await self.port.farm.job()
        order = await call.hear("order")
        client = self.port.service.farm.clients[welcome["client"]]
        await self.port.service.revoke_clients([client])
        await call.say(say.Result(order["order"], 0, "completed"))
        self.assertIsNone(await call.hear("ack"))
        self.assertEqual((client.orders, job.steps[0].counts[3]), ({}, 0), "what it held is ready for others")

    async def test_with_a_new_token_the_machine_comes_back_and_its_old_certificate_does_not(self) -> None:
        await self.port.open()
        client = await self.port.farm.client("render-01")
        key = client.machine.key
        await self.port.service.revoke_clients([client])
        private = new_key()
        wanted = join(await self.port.token(), key, request_for(private))
        (said,) = await self.port.says(wanted, context=self.port.context())
        new = self.port.context((private, said["certificate"].encode()))
        (said,) = await self.port.says(hello(key), context=self.port.machine(key, 1))
        self.assertEqual(said["reason"], REVOKED)
        self.port.farm.gone(client)
        call = await self.port.call(new)
        await call.say(hello(key))
        self.assertEqual((await call.hear("welcome"))["client"], client.id)
        call.close()


class AnothersWork(TestCase):
    def setUp(self) -> Any:
        self.port = Port(self)

    async def test_a_worker_reports_nothing_for_the_order_of_another_one(self) -> None:
        await self.port.open()
        first = await self.port.call(self.port.machine("key 1"))
        await first.say(hello("key 1"))
        await first.hear("welcome")
        job = await self.port.farm.job(values={"Frames": "1"})
        order = (await first.hear("order"))["order"]
        second = await self.port.call(self.port.machine("key 2"))
        await second.say(hello("key 2", "render-02"))
        await second.hear("welcome")
        await second.say(say.Started(order, 0), say.Result(order, 0, "completed"))
        await second.hear("ack")  # it was heard, and has changed nothing
        self.assertIn(order, self.port.service.farm.orders)
        self.assertEqual(job.steps[0].counts[3], 0)
        await first.say(say.Result(order, 0, "completed"))
        await first.hear("ack")
        await until(lambda: job.finished)
        for call in (first, second):
            call.close()


class Tokens(TestCase):
    def setUp(self) -> Any:
        self.port = Port(self)

    async def joins(self, message: say.Join, context: ssl.SSLContext | None = None) -> Any:
        (said,) = await self.port.says(message, context=context or self.port.context())
        return said

    async def test_a_token_is_good_for_as_many_machines_as_it_was_made_for(self) -> None:
        await self.port.open()
        token = await self.port.token(uses=2)
        kinds = [(await self.joins(join(token, f"key {number}")))["type"] for number in range(3)]
        self.assertEqual(kinds, ["certificate", "certificate", "refused"])
        said = await self.joins(join(token, "key 4"))
        self.assertIn("is used up: it was good for 2", said["reason"])

    async def test_an_expired_token_is_refused(self) -> None:
        await self.port.open()
        token = await self.port.token(seconds=60)
        self.port.farm.clock.advance(61)
        self.assertIn("has expired", (await self.joins(join(token)))["reason"])

    async def test_a_deleted_token_and_one_that_was_made_up_are_refused(self) -> None:
        await self.port.open()
        token = await self.port.token()
        await self.port.service.delete_invitations(list(self.port.service.farm.invitations.values()))
        for wrong in (token, "brender-aaaaaaaaaaaaaaaaaaaaaaaaaa-0"):
            self.assertIn("is not known here", (await self.joins(join(wrong)))["reason"])

    async def test_a_token_cannot_take_the_place_of_a_machine_that_has_joined(self) -> None:
        await self.port.open()
        token = await self.port.token(uses=2)
        self.assertEqual((await self.joins(join(token)))["type"], "certificate")
        self.assertIn("has joined already", (await self.joins(join(token)))["reason"])
        (invitation,) = self.port.service.farm.invitations.values()
        self.assertEqual(invitation.used, 1)

    async def test_who_asks_again_with_the_same_key_is_given_the_same_certificate_and_nothing_is_used(self) -> None:
        await self.port.open()
        token = await self.port.token()
        request = request_for(new_key())
        first, again = [await self.joins(join(token, request=request)) for _ in range(2)]
        made, same = [x509.load_pem_x509_certificate(each["certificate"].encode()) for each in (first, again)]
        self.assertEqual(made.tbs_certificate_bytes, same.tbs_certificate_bytes)
        (invitation,) = self.port.service.farm.invitations.values()
        self.assertEqual((invitation.used, invitation.uses), (1, 1))

    async def test_a_token_that_is_said_again_with_another_key_stays_refused(self) -> None:
        await self.port.open()
        token = await self.port.token()
        request = request_for(new_key())
        await self.joins(join(token, request=request))
        self.assertIn("is used up", (await self.joins(join(token)))["reason"])
        self.assertIn("is used up", (await self.joins(join(token, "key 2", request)))["reason"])

    async def test_who_asks_again_after_the_token_has_ended_or_the_machine_was_shut_out_is_refused(self) -> None:
        await self.port.open()
        token = await self.port.token(seconds=60)
        client = await self.port.farm.client("render-01")
        wanted = join(token, client.machine.key, request_for(new_key()))
        await self.joins(wanted)
        await self.port.service.revoke_clients([client])
        self.assertIn("is used up", (await self.joins(wanted))["reason"])
        self.port.farm.clock.advance(61)
        self.assertIn("has expired", (await self.joins(wanted))["reason"])

    async def test_who_has_renewed_since_is_given_nothing_by_a_request_that_is_said_again(self) -> None:
        await self.port.open()
        token = await self.port.token(uses=2)
        key = new_key()
        wanted = join(token, "key 1", request_for(key))
        pem = (await self.joins(wanted))["certificate"].encode()
        call = await self.port.call(self.port.context((key, pem)))
        await call.say(hello("key 1"), say.Renew(request_for(new_key())))
        await call.hear("certificate")
        self.assertIn("has joined already", (await self.joins(wanted))["reason"])
        call.close()

    async def test_a_request_that_cannot_be_read_uses_nothing(self) -> None:
        await self.port.open()
        token = await self.port.token()
        for request in ("", "no PEM", request_for(new_key()).replace("A", "B")):
            said = await self.joins(say.Join(say.VERSION, token.split("-")[1], "key 1", request))
            self.assertIn("request for a certificate", said["reason"])
        self.assertEqual((await self.joins(join(token)))["type"], "certificate")

    async def test_the_secret_is_not_kept(self) -> None:
        token = await self.port.token()
        (invitation,) = self.port.service.farm.invitations.values()
        self.assertNotIn(token.split("-")[1], repr(invitation))

    async def test_nobody_renews_without_a_certificate(self) -> None:
        await self.port.open()
        (said,) = await self.port.says(say.Renew(request_for(new_key())), context=self.port.context())
        self.assertEqual(said["type"], "refused")
