"""Users, tokens and the audit in the database; and people who are made while no server has the farm."""

from typing import Any

from twisted.internet import reactor as global_reactor
from twisted.trial.unittest import TestCase

from brender.db.people import InUse, add_user, set_password
from brender.farm.audit import Entry
from brender.farm.changes import Changes
from brender.farm.farm import Farm
from brender.farm.interfaces import NotFound
from brender.farm.people import Role, Token, User
from brender.farm.starting import restore
from brender.farm.submission.problems import Refused
from brender.farm.transitions import NotNow
from tests.db.databases import OnPostgresql, open_for, place

reactor: Any = global_reactor
ADA = User("ada", Role.ADMIN, "$argon2id$", 1.0, 2.0)
ZOE = User("zoë", Role.ARTIST, "", 3.0, 3.0)


def token(number: int, user: str) -> Token:
    return Token(number, user, "for “it”", f"digest {number}", Role.VIEWER, ("job.read", "client.*"), 4.0, 5.0)


def entry(number: int, when: float) -> Entry:
    return Entry(number, when, "ada", Role.ADMIN, "10.0.0.7", "http", "job", "cancel", "4, 5", 2, '{"a":1}', "done")


class Keeping(TestCase):
    async def setUp(self) -> None:  # type: ignore[override]
        self.where = place(self)
        self.store = open_for(self, reactor, self.where)
        changes = Changes()
        changes.users = {"ada": ADA, "zoë": ZOE}
        changes.tokens = {number: token(number, "zoë" if number > 1 else "ada") for number in (1, 2, 3)}
        changes.audit = {number: entry(number, 10.0 * number) for number in (1, 2, 3)}
        await self.store.save(changes)

    async def again(self) -> Farm:
        """What a server that starts now has."""
        await self.store.close()
        self.store.writer.join()
        self.store = open_for(self, reactor, self.where)
        farm = Farm()
        restore(farm, await self.store.load(), 99.0)
        return farm

    async def test_they_are_there_after_a_start(self) -> None:
        farm = await self.again()
        self.assertEqual(farm.people.users, {"ada": ADA, "zoë": ZOE})
        self.assertEqual(
            farm.people.tokens, {number: token(number, "zoë" if number > 1 else "ada") for number in (1, 2, 3)}
        )
        self.assertEqual((farm.people.last_token, farm.last_entry), (3, 3))
        self.assertEqual(await self.store.audit(2), [entry(3, 30.0), entry(2, 20.0)])

    async def test_whoever_is_removed_is_so_with_their_tokens_and_numbers_stay_taken(self) -> None:
        await self.store.remove_users(["zoë"], [2, 3])
        farm = await self.again()
        self.assertEqual((list(farm.people.users), list(farm.people.tokens), farm.people.last_token), (["ada"], [1], 3))

    async def test_old_entries_go_and_the_newest_stays_for_its_number(self) -> None:
        self.assertEqual(await self.store.remove_audit(25.0), 2)
        self.assertEqual(await self.store.remove_audit(99.0), 0)
        self.assertEqual((await self.again()).last_entry, 3)


class KeepingOnPostgresql(OnPostgresql, Keeping):
    pass


class WithoutAServer(TestCase):
    def setUp(self) -> None:
        self.where = place(self)

    async def farm(self) -> tuple[Farm, list[Entry]]:
        store, farm = open_for(self, reactor, self.where), Farm()
        restore(farm, await store.load(), 99.0)
        entries = list(await store.audit(9))
        await store.close()
        store.writer.join()
        return farm, entries

    async def test_the_first_admin_is_made(self) -> None:
        add_user(self.where, "ada", Role.ADMIN, "a hash", 7.0)
        farm, (row,) = await self.farm()
        self.assertEqual(farm.people.users, {"ada": User("ada", Role.ADMIN, "a hash", 7.0, 7.0)})
        self.assertEqual((row.id, row.face, row.item, row.action, row.things), (1, "command", "user", "create", "ada"))

    async def test_the_rules_are_those_of_a_running_farm(self) -> None:
        with self.assertRaisesRegex(Refused, "The first user has to be an admin"):
            add_user(self.where, "bo", Role.ARTIST, "", 7.0)
        add_user(self.where, "ada", Role.ADMIN, "", 7.0)
        with self.assertRaises(NotNow):
            add_user(self.where, "Ada", Role.ADMIN, "", 8.0)
        with self.assertRaises(NotFound):
            set_password(self.where, "bo", "a hash", 8.0)

    async def test_a_password_is_given_anew(self) -> None:
        add_user(self.where, "ada", Role.ADMIN, "forgotten", 7.0)
        set_password(self.where, "ada", "another", 8.0)
        farm, entries = await self.farm()
        self.assertEqual(farm.people.users["ada"], User("ada", Role.ADMIN, "another", 7.0, 8.0))
        self.assertEqual([row.action for row in entries], ["update", "create"])

    async def test_while_a_server_has_it_nothing_is_done(self) -> None:
        store = open_for(self, reactor, self.where)
        with self.assertRaises(InUse):
            add_user(self.where, "ada", Role.ADMIN, "", 7.0)
        await store.close()
        store.writer.join()


class WithoutAServerOnPostgresql(OnPostgresql, WithoutAServer):
    pass
