"""What the service does for people: users, tokens, logging in, the audit.

How does this work?  Users and tokens are changed as everything else is: in the farm, then in the database, and whoever
asked is answered after the commit.  What takes rights away does so at once, before that.  Whoever logs in gets a
session; one that lasts is in the database before its secret is told, and has ended there before anybody hears that it
has, unless the database is in trouble.  An entry of the audit goes to the database with the change that it is about;
what came of it follows with whatever is written next, and never later than `SOON`.
"""

import secrets
from collections.abc import Callable, Sequence
from typing import Any

from msgspec.structs import replace
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall

from brender.farm.interfaces import NotFound
from brender.farm.people.audit import Entry
from brender.farm.people.sessions import IDLE, LONGEST, NOTED, digest
from brender.farm.people.users import NotLoggedIn, Rights, Role, Token, User, Who
from brender.farm.submission.problems import shown
from brender.farm.transitions import NotNow
from brender.people.passwords import Passwords
from brender.people.throttle import Throttle
from brender.service.upkeep import Upkeep

SOON = 0.5  # seconds
MOST_ENTRIES = 100_000  # of the audit that are looked at
WRONG = "That name and that password do not go together."


def random_secret() -> str:
    return secrets.token_urlsafe(32)


class PeopleService(Upkeep):
    def __init__(
        self,
        *given: Any,
        passwords: Passwords | None = None,
        secret: Callable[[], str] = random_secret,
        **named: Any,
    ) -> None:
        super().__init__(*given, **named)
        self._passwords = passwords or Passwords()
        self._secret = secret
        self._throttle = Throttle()
        self._writing: IDelayedCall | None = None  # of what came of changes, and of sessions

    # --- users

    async def add_user(self, name: str, role: Role, password: str = "") -> User:
        self.farm.people.check_new(name, role)
        hashed = await self._passwords.hashed(password) if password else ""
        return await self._change(lambda: self._take_in_user(name, role, hashed))

    def _take_in_user(self, name: str, role: Role, hashed: str) -> User:
        self.farm.people.check_new(name, role)  # another one may have come meanwhile
        return self._keep_user(User(name, role, hashed, self._now(), self._now()))

    async def change_user(self, name: str, role: Role | None = None, password: str | None = None) -> User:
        hashed = await self._passwords.hashed(password) if password else password

        def change() -> User:
            user = self._user(name)
            if role is not None and role is not Role.ADMIN:
                self.farm.people.check_stays([name])
            password = user.password if hashed is None else hashed
            after = replace(user, role=role or user.role, password=password)
            return user if after == user else self._keep_user(replace(after, changed=self._now()))

        return await self._change(change)

    def _keep_user(self, user: User) -> User:
        self.farm.changes.users[user.name] = user
        self.farm.people.keep(user)
        return user

    def _user(self, name: str) -> User:
        try:
            return self.farm.people.users[name]
        except KeyError:
            raise NotFound(f"There is no user {shown(name)}.") from None

    async def delete_users(self, users: Sequence[User]) -> None:
        await self._may_change()
        people, names = self.farm.people, [user.name for user in users if user.name in self.farm.people.users]
        if not names:
            return
        people.check_stays(names)
        self._settling.flush()
        tokens = [number for name in names for number in people.drop(name)]
        await self._store.remove_users(names, tokens)

    # --- tokens

    async def add_token(
        self, user: str, name: str, role: Role, verbs: Sequence[str], expires: float | None, mark: str = ""
    ) -> tuple[Token, str]:
        secret = "" if mark else f"brender_{self._secret()}"

        def change() -> Token:
            owner, people = self._user(user), self.farm.people
            if any(token.digest == mark for token in people.tokens.values()):
                raise NotNow("That key is somebody's already; delete that token first.")
            if not owner.role.covers(role):
                raise NotNow(f"{owner.name} is {owner.role}: a token of theirs cannot be {role}.")
            kept = (owner.name, name, mark or digest(secret), role, tuple(verbs), self._now(), expires)
            token = Token(people.last_token + 1, *kept)
            people.keep_token(token)
            self.farm.changes.tokens[token.id] = token
            return token

        return await self._change(change), secret

    async def delete_tokens(self, tokens: Sequence[Token]) -> None:
        await self._may_change()
        self._settling.flush()
        there = [token.id for token in tokens if token.id in self.farm.people.tokens]
        for number in there:
            self.farm.people.drop_token(number)
        if there:
            await self._store.remove_tokens(there)

    # --- who asks

    async def log_in(self, name: str, password: str, who: Who, *, lasts: bool = False) -> tuple[Who, str]:
        self._throttle.begin(name, who.address, self._clock.seconds())
        user = self.farm.people.users.get(name)
        fits = await self._passwords.fits(user.password if user else "", password)
        if not fits or not user or self.farm.people.users.get(name) != user:  # it may have changed meanwhile
            self.log.info("Somebody at {address} could not log in", address=who.address or "this machine")
            raise NotLoggedIn(WRONG)
        self._throttle.fits(name, who.address)
        secret = self._secret()
        session = self.farm.people.sessions.begin(name, secret, self._now(), lasts=lasts)
        known = replace(who, session=session, token=None)
        self.note_done(known, "session", "create")
        if lasts:
            await self._remembered()
        return known, secret

    def known_by(self, secret: str, who: Who) -> Who:
        people, now = self.farm.people, self._now()
        if (session := people.sessions.of(secret, now)) is not None:
            self._write_soon()
            return replace(who, session=session, token=None)
        if token := people.token_of(secret, now):
            return replace(who, token=token.id, session=None)
        raise NotLoggedIn("Nobody has that token, or it is not good any more; log in again.")

    def known_by_key(self, mark: str, name: str, who: Who) -> Who:
        token = self.farm.people.token_of_key(mark, name, self._now())
        if token is None:
            raise NotLoggedIn("Nobody of that name has that key.")
        return replace(who, token=token.id, session=None)

    def renewed(self, who: Who) -> str:
        sessions, now = self.farm.people.sessions, self._now()
        if who.session is None or self._settling.trouble or not sessions.is_old(who.session, now):
            return ""
        secret = self._secret()
        sessions.rotate(who.session, secret, now)
        self._settling.flush()
        return secret

    def use(self, who: Who) -> None:
        if who.session is not None:
            self.farm.people.sessions.use(who.session, self._now())
            self._write_soon()

    def log_out(self, who: Who) -> Deferred[None]:
        if who.session is not None and self.farm.people.sessions.end(who.session):
            return Deferred.fromCoroutine(self._remembered())
        return succeed(None)

    async def _remembered(self) -> None:
        """What has changed of sessions is committed; a database that is in trouble is not waited for."""
        if self._settling.trouble:
            self._settling.flush()
        else:
            await self._settling.settle()

    async def forget_sessions(self) -> None:
        """Those that are over."""
        now = self._now()
        self.farm.people.sessions.tidy(now)
        self._settling.flush()
        try:
            await self._store.remove_sessions(now - IDLE - NOTED, now - LONGEST)
        except NotNow as error:
            self.log.warn("Sessions that are over are still in the database: {error}", error=error)

    def rights(self, who: Who) -> Rights:
        return self.farm.people.rights(who, self._now())

    # --- the audit

    def note(self, entry: Entry) -> Entry:
        self.farm.last_entry += 1
        kept = replace(entry, id=self.farm.last_entry)
        self.farm.changes.audit[kept.id] = kept
        return kept

    def noted(self, entry: Entry) -> None:
        self.farm.changes.audit[entry.id] = entry
        self._write_soon()

    def note_done(self, who: Who, item: str, action: str, things: Sequence[object] = (), count: int = 1) -> None:
        rights, told = self.rights(who), ", ".join(map(str, things))
        asked = (0, self._now(), rights.name, rights.role, who.address, who.face)
        self.noted(self.note(Entry(*asked, item, action, told, count)))

    def _write_soon(self) -> None:
        changed = self.farm.changes.audit or self.farm.people.sessions.changed
        if changed and self._writing is None and not self.stopping:
            self._writing = self._clock.callLater(SOON, self._write)

    def _write(self) -> None:
        self._writing = None
        self._settling.settle_soon()

    async def audit(self) -> Sequence[Entry]:
        self._settling.flush()  # what has gathered is among what is read
        return await self._store.audit(MOST_ENTRIES)

    async def forget_audit(self, before: float) -> None:
        """Entries that are older."""
        try:
            await self._store.remove_audit(before)
        except NotNow as error:
            self.log.warn("Old entries of the audit are still there: {error}", error=error)

    def _stop_noting(self) -> None:
        """The end of the server writes what is left."""
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None
