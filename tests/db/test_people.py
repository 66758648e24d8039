"""Users, tokens and the audit in the database; and people who are made while no server has the farm."""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace
from twisted.internet import reactor as global_reactor
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from brender.db.engine import CannotOpen
from brender.db.people import InUse, add_user, set_password
from brender.farm.changes import Changes
from brender.farm.farm import Farm
from brender.farm.interfaces import NotFound
from brender.farm.people.audit import Entry
from brender.farm.people.sessions import IDLE, NOTED, OVERLAP, Session, digest
from brender.farm.people.users import Role, Token, User
from brender.farm.starting import restore
from brender.farm.submission.problems import Refused
from brender.farm.transitions import NotNow
from tests.db.databases import OnPostgresql, open_for, place, rows

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


class Sessions(TestCase):
    """Of two users, one of whom has logged in twice."""

    async def setUp(self) -> None:  # type: ignore[override]
        self.where, self.farm = place(self), Farm()
        self.store = open_for(self, reactor, self.where)
        self.now = 1000.0
        for user in (ADA, ZOE):
            self.farm.people.keep(user)
            self.farm.changes.users[user.name] = user
        self.first, self.second, self.third = (self.begin(*each) for each in (("ada", "a"), ("ada", "b"), ("zoë", "c")))
        await self.write()

    def begin(self, user: str, secret: str) -> int:
        return self.farm.people.sessions.begin(user, secret, self.now, lasts=True)

    async def write(self) -> None:
        await self.store.save(self.farm.take_changes())

    async def closed(self, then: Callable[[], Any]) -> Any:
        """What the next one does, as soon as it can have the farm."""
        await self.store.close()
        self.store.writer.join()
        while True:
            try:
                return then()
            except (CannotOpen, InUse):
                await deferLater(reactor, 0.01)

    async def again(self) -> list[bool]:
        """Of each of the three, whether somebody is known by it in a server that starts now."""
        self.store, self.farm = await self.closed(lambda: open_for(self, reactor, self.where)), Farm()
        restore(self.farm, await self.store.load(), self.now)
        return [self.farm.people.sessions.of(secret, self.now) is not None for secret in "abc"]

    async def test_they_are_there_after_a_start_and_numbers_go_on(self) -> None:
        self.assertEqual(await self.again(), [True] * 3)
        self.assertEqual(self.farm.people.sessions.user_of(self.third, self.now), "zoë")
        self.assertGreater(self.begin("zoë", "d"), self.third)

    async def test_no_secret_is_in_the_database(self) -> None:
        self.assertEqual([row[0] for row in rows(self.where, "select digest from sessions")], list(map(digest, "abc")))

    async def test_one_that_has_ended_stays_so(self) -> None:
        self.farm.people.sessions.end(self.second)
        await self.write()
        self.assertEqual(await self.again(), [True, False, True])

    async def test_another_password_or_a_smaller_role_ends_those_of_their_user_in_the_same_transaction(self) -> None:
        for user in (replace(ADA, password="another"), replace(ZOE, role=Role.VIEWER)):
            self.farm.people.keep(user)
            self.farm.changes.users[user.name] = user
        await self.write()
        self.assertEqual(await self.again(), [False] * 3)

    async def test_a_larger_role_ends_none(self) -> None:
        self.farm.people.keep(replace(ZOE, role=Role.WRANGLER))
        await self.write()
        self.assertEqual(await self.again(), [True] * 3)

    async def test_whoever_is_removed_is_so_with_theirs(self) -> None:
        await self.store.remove_users(["ada"], [])
        self.assertEqual(rows(self.where, "select user_name from sessions"), [("zoë",)])

    async def test_a_password_that_is_given_anew_while_there_is_no_server_ends_them(self) -> None:
        await self.closed(lambda: set_password(self.where, "ada", "another", 2000.0))
        self.assertEqual(await self.again(), [False, False, True])

    async def test_that_it_is_used_is_written_now_and_then(self) -> None:
        sessions = self.farm.people.sessions
        for later, written in ((NOTED - 1, 0), (NOTED, 1), (NOTED + 1, 1), (2 * NOTED, 2)):
            self.assertEqual(sessions.of("a", 1000.0 + later), self.first)
            await self.write()
            (used,) = rows(self.where, f"select used_at from sessions where id = {self.first}")
            self.assertEqual(used, (1000.0 + written * NOTED,))

    async def test_after_another_secret_both_count_for_a_moment_also_after_a_start(self) -> None:
        self.farm.people.sessions.rotate(self.first, "d", self.now)
        await self.write()
        self.assertEqual(await self.again(), [True] * 3)
        self.assertEqual(self.farm.people.sessions.of("d", self.now), self.first)
        self.now += OVERLAP
        self.assertEqual(await self.again(), [False, True, True])
        self.assertEqual(self.farm.people.sessions.of("d", self.now), self.first)

    async def test_what_is_over_goes(self) -> None:
        self.farm.people.sessions.end(self.second)
        self.farm.people.sessions.use(self.third, self.now + NOTED)
        await self.write()
        self.assertEqual(await self.store.remove_sessions(self.now, 0.0), 1)
        self.assertEqual(await self.store.remove_sessions(self.now + 1, 0.0), 1)
        self.assertEqual(rows(self.where, "select id from sessions"), [(self.third,)])
        self.now += NOTED + IDLE
        self.assertEqual(await self.again(), [False] * 3)

    async def test_one_of_nobody_counts_for_nobody(self) -> None:
        changes = Changes()
        changes.sessions = {9: Session(9, "bo", self.now, self.now, self.now, digest("d"))}
        await self.store.save(changes)
        await self.again()
        self.assertIsNone(self.farm.people.sessions.of("d", self.now))


class SessionsOnPostgresql(OnPostgresql, Sessions):
    pass


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
