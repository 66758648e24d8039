"""Join tokens and revoked machines outlive the server, in either database."""

from pathlib import Path

from twisted.trial.unittest import TestCase

from brender.db.store import SqlStore
from brender.farm.client import RuntimeClient
from brender.farm.people.invitation import Badge
from brender.farm.people.joining import is_revoked
from brender.farm.scheduling.why import why_client
from brender.farm.submission.planning import replan
from brender.farm.transitions import NotNow
from tests.db.databases import OnPostgresql, place, rows
from tests.db.test_archive import Archiving

FINGERPRINT = "0f" * 32


def sign(badge: Badge, serial: str = "", expires: float | None = None) -> tuple[str, str, float]:
    return f"certificate {badge.number} of {badge.key}", serial or "2f", expires or 9e9


class Joining(TestCase):
    timeout = 120

    def setUp(self) -> None:
        self.where = place(self)

    async def open(self) -> Archiving:
        farm = await Archiving(self, self.where, Path(self.mktemp())).begun()
        farm.service.authority = FINGERPRINT
        return farm

    async def again(self, farm: Archiving) -> Archiving:
        await farm.service.end()
        farm.writer.join()
        return await self.open()

    async def refused(self, farm: Archiving, secret: str, key: str) -> str:
        with self.assertRaises(NotNow) as caught:
            await farm.service.admit(secret, key, "asked", sign)
        return str(caught.exception)

    async def test_a_token_is_used_once_though_the_server_is_started_anew(self) -> None:
        farm = await self.open()
        _, token = await farm.service.invite("the new room", 1, 3600.0)
        _, secret, fingerprint = token.split("-")
        self.assertEqual(fingerprint, FINGERPRINT)
        self.assertEqual(await farm.service.admit(secret, "key 1", "asked", sign), "certificate 1 of key 1")
        farm = await self.again(farm)
        self.assertIn("is used up", await self.refused(farm, secret, "key 2"))
        self.assertNotIn(secret, str(rows(self.where, "select * from invitations")))

    async def test_who_has_not_had_the_answer_is_known_though_the_server_is_started_anew(self) -> None:
        farm = await self.open()
        _, token = await farm.service.invite("", 1, 3600.0)
        secret = token.split("-")[1]
        await farm.service.admit(secret, "key 1", "asked", sign)
        known = farm.service.farm.credentials["key 1"]
        farm = await self.again(farm)
        self.assertEqual(await farm.service.admit(secret, "key 1", "asked", sign), "certificate 1 of key 1")
        self.assertEqual(farm.service.farm.credentials["key 1"], known)
        with self.assertRaises(NotNow):
            await farm.service.admit(secret, "key 1", "another", sign)

    async def test_who_was_revoked_stays_so_and_its_next_certificate_has_a_higher_number(self) -> None:
        farm = await self.open()
        _, token = await farm.service.invite("", 3, 3600.0)
        secret = token.split("-")[1]
        client: RuntimeClient = await farm.client("render-01")
        key = client.machine.key
        await farm.service.admit(secret, key, "asked", sign)
        self.assertEqual(await farm.service.revoke_clients([client]), [client])
        self.assertEqual(await farm.service.revoke_clients([client]), [], "it was so")
        farm = await self.again(farm)
        client = farm.service.farm.clients[client.id]
        self.assertTrue(is_revoked(farm.service.farm, Badge(key, 1)))
        self.assertIn("is shut out: its certificate was revoked.", why_client(farm.service.farm, client, farm.now()))
        with self.assertRaises(NotNow):
            await farm.service.renew(Badge(key, 1), sign)
        self.assertEqual(await farm.service.admit(secret, key, "asked", sign), f"certificate 2 of {key}")
        self.assertFalse(is_revoked(farm.service.farm, Badge(key, 2)))
        self.assertTrue(is_revoked(farm.service.farm, Badge(key, 0)), "nor may it come plainly")
        self.assertNotIn("shut out", why_client(farm.service.farm, client, farm.now()))

    async def test_who_is_deleted_stays_revoked(self) -> None:
        farm = await self.open()
        client: RuntimeClient = await farm.client("render-01")
        await farm.service.revoke_clients([client])
        self.assertFalse(client.online)
        self.assertEqual(await farm.service.delete_clients([client]), {})
        farm = await self.again(farm)
        self.assertTrue(is_revoked(farm.service.farm, Badge(client.machine.key, 1)))

    async def test_deleted_tokens_are_gone_and_their_numbers_stay_taken(self) -> None:
        farm = await self.open()
        first, token = await farm.service.invite("", 1, 3600.0)
        await farm.service.delete_invitations([first])
        farm = await self.again(farm)
        self.assertIn("is not known here", await self.refused(farm, token.split("-")[1], "key"))
        second, _ = await farm.service.invite("", 1, 3600.0)
        self.assertEqual((first.id, second.id), (1, 2))

    async def test_the_farm_knows_its_ca_until_another_takes_its_place(self) -> None:
        farm = await self.open()
        store = SqlStore(farm.writer, replan)
        for fingerprint, replaces, known in (("a", False, "a"), ("b", False, "a"), ("b", True, "b"), ("a", False, "b")):
            self.assertEqual(await store.known_authority(fingerprint, 1.0, replaces), known)


class JoiningOnPostgresql(OnPostgresql, Joining):
    pass
