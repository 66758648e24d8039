"""Users, tokens and sessions by themselves; passwords; how often they may be tried."""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase, TestCase

from brender.farm.people.sessions import MOST_SESSIONS
from brender.farm.people.users import LOCAL, NotLoggedIn, People, Rights, Role, TooOften, User, Who
from brender.farm.submission.problems import Refused
from brender.farm.transitions import NotNow
from brender.people.passwords import LEAST, MOST, Passwords
from brender.people.throttle import FORGOTTEN, FREE, KEPT, Throttle


def somebody(name: str, role: Role) -> User:
    return User(name, role, "", 0.0, 0.0)


class Names(SynchronousTestCase):
    def setUp(self) -> None:
        self.people = People()
        self.people.keep(somebody("ada", Role.ADMIN))

    def test_names_that_are_none(self) -> None:
        for name in ("", " ", "a b", "a,b", "-a", "a\n", "a" * 65, "../a", 'a"', "a\0"):
            with self.assertRaises(Refused, msg=repr(name)):
                self.people.check_new(name, Role.VIEWER)

    def test_names_that_are_some(self) -> None:
        for name in ("b", "Zoë", "b.c-d_e@example.org", "7"):
            self.people.check_new(name, Role.VIEWER)

    def test_two_that_look_the_same_are_one(self) -> None:
        for name in ("ada", "Ada", "ADA"):
            with self.assertRaises(NotNow):
                self.people.check_new(name, Role.VIEWER)


class Roles(SynchronousTestCase):
    def test_each_may_what_those_before_it_may(self) -> None:
        for place, role in enumerate(Role):
            self.assertEqual([role.covers(other) for other in Role], [place >= other for other in range(len(Role))])

    def test_a_scope_is_of_verbs_and_never_more_than_the_role(self) -> None:
        rights = Rights("bo", Role.ARTIST, ("job.create", "client.*"))
        self.assertTrue(rights.covers("job", "create", Role.ARTIST))
        self.assertTrue(rights.covers("client", "read", Role.VIEWER))
        self.assertFalse(rights.covers("job", "read", Role.VIEWER))
        self.assertFalse(rights.covers("client", "update", Role.WRANGLER))

    def test_nobody_is_admin_once_there_are_users(self) -> None:
        people = People()
        self.assertEqual(people.rights(LOCAL, 0.0), Rights("", Role.ADMIN))
        with self.assertRaisesRegex(NotLoggedIn, "open to its own machine alone"):
            people.rights(Who(here=False), 0.0)
        people.keep(somebody("ada", Role.ADMIN))
        with self.assertRaisesRegex(NotLoggedIn, "Log in first"):
            people.rights(LOCAL, 0.0)


class Sessions(SynchronousTestCase):
    def test_somebody_has_only_so_many_and_the_oldest_end(self) -> None:
        people = People()
        people.keep(somebody("ada", Role.ADMIN))
        for number in range(MOST_SESSIONS + 2):
            people.sessions.begin("ada", f"secret {number}", float(number), lasts=True)
        there = [people.sessions.of(f"secret {number}", 99.0) is not None for number in range(MOST_SESSIONS + 2)]
        self.assertEqual(there, [False, False, *[True] * MOST_SESSIONS])

    def test_a_deleted_and_made_again_user_is_somebody_else(self) -> None:
        people = People()
        people.keep(somebody("ada", Role.ADMIN))
        number = people.sessions.begin("ada", "secret", 0.0, lasts=True)
        people.drop("ada")
        people.keep(somebody("ada", Role.ADMIN))
        self.assertFalse(people.stands(Who(session=number), 1.0))


class Hashing(TestCase):
    async def test_a_password_is_kept_as_argon2_with_salt(self) -> None:
        passwords = Passwords()
        first, second = await passwords.hashed("correct horse"), await passwords.hashed("correct horse")
        self.assertTrue(first.startswith("$argon2id$"))
        self.assertNotEqual(first, second)
        self.assertEqual(
            [await passwords.fits(first, each) for each in ("correct horse", "Correct horse", "")], [True, False, False]
        )

    async def test_a_short_one_is_refused_and_an_endless_one_is_not_even_looked_at(self) -> None:
        passwords = Passwords()
        for password in ("x" * (LEAST - 1), "x" * 1025):
            with self.assertRaises(Refused):
                await passwords.hashed(password)
        self.assertFalse(await passwords.fits("", "x" * 10**6))

    async def test_nobodys_password_is_compared_too(self) -> None:
        compared: list[str] = []

        async def noted(call: Any, kept: str, password: str) -> bool:
            compared.append(password)
            return bool(call(kept, password))

        self.assertFalse(await Passwords(noted).fits("", "nobody has this password"))
        self.assertEqual(compared, ["nobody has this password"])

    async def test_only_so_many_wait(self) -> None:
        waiting: list[Deferred[bool]] = []

        async def slow(*_: Any) -> bool:
            waiting.append(Deferred())
            return await waiting[-1]

        passwords = Passwords(slow)
        begun = [Deferred.fromCoroutine(passwords.fits("", "x")) for _ in range(MOST)]
        with self.assertRaisesRegex(NotNow, "Too many passwords"):
            await passwords.fits("", "x")
        for each in waiting:
            each.callback(False)
        self.assertEqual([await each for each in begun], [False] * MOST)


class Throttling(SynchronousTestCase):
    def test_a_hundred_at_the_same_time_are_a_hundred(self) -> None:
        throttle, refused = Throttle(), 0
        for _ in range(100):
            try:
                throttle.begin("ada", "10.0.0.1", 0.0)
            except TooOften:
                refused += 1
        self.assertEqual(refused, 100 - FREE)

    def test_it_is_forgotten(self) -> None:
        throttle = Throttle()
        for _ in range(FREE):
            throttle.begin("ada", "10.0.0.1", 0.0)
        with self.assertRaises(TooOften):
            throttle.begin("ada", "10.0.0.2", 0.5)
        for _ in range(FREE):
            throttle.begin("ada", "10.0.0.1", FORGOTTEN + 1)

    def test_who_waits_for_long_has_not_waited_in_vain(self) -> None:
        """Tries that come too early make nobody wait longer."""
        throttle = Throttle()
        for _ in range(FREE):
            throttle.begin("ada", "", 0.0)
        for _ in range(50):
            with self.assertRaises(TooOften):
                throttle.begin("ada", "", 0.9)
        throttle.begin("ada", "", 1.0)

    def test_any_number_of_names_takes_a_bounded_room(self) -> None:
        throttle = Throttle()
        for number in range(KEPT + 50):
            throttle.begin(f"name {number}", f"address {number}", 0.0)
        self.assertLessEqual(len(throttle._tries), KEPT + 2)
