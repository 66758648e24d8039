"""People: users, their API tokens and sessions, and what each of them may do.

How does this work?  A `Who` says by what somebody has proved who they are: a token, a session, or nothing.
`People.rights` tells what that is worth at this moment, so whoever is deleted, given another role or logged out loses
their rights at once, wherever they are connected.  Secrets are known by their digests alone, passwords by what
`people.passwords` makes of them.  While there are no users, whoever is on this machine is its admin.  A role may do
all that those before it may.
"""

import re
from collections.abc import Callable, Iterable
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Any, Literal, NamedTuple

import msgspec

from brender.farm.people.sessions import Sessions, digest
from brender.farm.settings import says
from brender.farm.submission.problems import Problem, Refused, shown
from brender.farm.transitions import NotNow

NAME = re.compile(r"\w[\w.@-]{0,63}")
HOW = "brender user add NAME --role admin"
EPOCH = {"unit": "seconds of the epoch"}

RoleName = Literal["viewer", "artist", "wrangler", "admin"]


class Role(StrEnum):
    VIEWER = "viewer"  # looks
    ARTIST = "artist"  # hands in jobs, and changes their own
    WRANGLER = "wrangler"  # changes all jobs, clients, limits, pools
    ADMIN = "admin"  # users and settings too

    @property
    def rank(self) -> int:
        return list(Role).index(self)

    def covers(self, needed: "Role") -> bool:
        return self.rank >= needed.rank


class Unwelcome(Exception):
    """Somebody is not let in, or may not do what they want; the message is a sentence for people."""

    code = ""  # for programs


class NotLoggedIn(Unwelcome):
    """Nobody knows who asks."""

    code = "not-logged-in"


class NotAllowed(Unwelcome):
    """Somebody asks for what they may not do."""

    code = "not-allowed"


class TooOften(Unwelcome):
    """Passwords were tried too often."""

    code = "too-often"

    def __init__(self, seconds: float) -> None:
        self.seconds = max(1, round(seconds + 0.5))
        super().__init__(f"Too many passwords were wrong; try again in {self.seconds} s.")


class User(msgspec.Struct, frozen=True):
    name: str
    role: Role
    password: str  # as it was hashed; nothing: there is none
    created: float
    changed: float


class Token(msgspec.Struct, frozen=True):
    id: int
    user: str
    name: str
    digest: str
    role: Role
    verbs: tuple[str, ...]  # "job.create", "client.*"; none: all that the role may
    created: float
    expires: float | None


class UserView(msgspec.Struct, frozen=True):
    name: Annotated[str, says("by which they log in, and which their jobs have as their owner")]
    role: Annotated[RoleName, says("what they may do")]
    password: Annotated[bool, says("whether they have one; without one they need a token")]
    tokens: Annotated[int, says("how many API tokens they have")]
    created: Annotated[float, msgspec.Meta(description="when they were taken in", extra=EPOCH)]
    updated: Annotated[float, msgspec.Meta(description="when their role or password was last changed", extra=EPOCH)]


class TokenView(msgspec.Struct, frozen=True):
    id: Annotated[int, says("its number, for good")]
    user: Annotated[str, says("whose it is")]
    name: Annotated[str, says("what it is for")]
    role: Annotated[RoleName, says("what it may be used for")]
    verbs: Annotated[tuple[str, ...], says("it is good for these alone, as in job.create; none: for all of its role")]
    created: Annotated[float, msgspec.Meta(description="when it was made", extra=EPOCH)]
    expires: Annotated[float | None, msgspec.Meta(description="when it ends; none: never", extra=EPOCH)]


class Who(msgspec.Struct, frozen=True):
    """By what somebody has proved who they are, and from where they ask."""

    session: int | None = None
    token: int | None = None
    address: str = ""  # nothing: inside this program, or a socket of this machine
    face: str = ""  # "http", "shell", "json"
    here: bool = True  # on this machine


class Rights(NamedTuple):
    """What somebody may do, at this moment."""

    name: str  # nothing: nobody has logged in
    role: Role
    verbs: tuple[str, ...] = ()  # only these; none: all of the role

    def covers(self, item: str, action: str, needed: Role) -> bool:
        return self.role.covers(needed) and (not self.verbs or bool({f"{item}.{action}", f"{item}.*"} & {*self.verbs}))


LOCAL = Who()


def mark_of_key(blob: bytes) -> str:
    """What is kept of a public key, as SSH has it: no secret has such a digest."""
    return f"ssh:{sha256(blob).hexdigest()}"


class People:
    def __init__(self) -> None:
        self.users: dict[str, User] = {}
        self.tokens: dict[int, Token] = {}
        self.last_token = 0
        self.trusting = False  # whoever is on this machine is admin, also where there are users
        self.listeners: list[Callable[[], None]] = []  # called when somebody may have lost rights
        self.sessions = Sessions(self._tell)
        self._of_token: dict[str, int] = {}  # digest -> token

    # --- who asks, and what they may

    def rights(self, who: Who, now: float) -> Rights:
        """Raises `NotLoggedIn`."""
        if who.session is not None:
            return self._of(self._user_of(who.session, now), ())
        if who.token is not None:
            token = self.tokens.get(who.token)
            if token is None or not good(token, now):
                raise NotLoggedIn("That token is not good any more; make another one.")
            return self._of(self.users[token.user], token.verbs, token.role)
        if who.here and (self.trusting or not self.users):
            return Rights("", Role.ADMIN)
        if not self.users:
            raise NotLoggedIn(f"This farm has no users yet, and is open to its own machine alone; there: {HOW}.")
        raise NotLoggedIn("Log in first, or send a token.")

    def _user_of(self, number: int, now: float) -> User:
        name = self.sessions.user_of(number, now)
        if name is None or name not in self.users:
            raise NotLoggedIn("Your session has ended; log in again.")
        return self.users[name]

    @staticmethod
    def _of(user: User, verbs: tuple[str, ...], most: Role = Role.ADMIN) -> Rights:
        return Rights(user.name, user.role if most.covers(user.role) else most, verbs)

    def stands(self, who: Who, now: float) -> bool:
        try:
            self.rights(who, now)
        except NotLoggedIn:
            return False
        return True

    def token_of(self, secret: str, now: float) -> Token | None:
        token = self.tokens.get(self._of_token.get(digest(secret), 0))
        return token if token and good(token, now) else None

    def token_of_key(self, mark: str, name: str, now: float) -> Token | None:
        """The token that stands for a public key of somebody's."""
        token = self.tokens.get(self._of_token.get(mark, 0))
        return token if token and token.user == name and good(token, now) else None

    # --- users

    def known(self, name: str) -> str:
        """The same name, if it is a user's; a farm without users knows nobody."""
        return name if name in self.users else ""

    def keep(self, user: User) -> None:
        before = self.users.get(user.name)
        self.users[user.name] = user
        if before and (before.password != user.password or not user.role.covers(before.role)):
            self.sessions.end_of(user.name)
        self._tell()

    def check_new(self, name: str, role: Role) -> None:
        """Raises `Refused` or `NotNow`."""
        if not NAME.fullmatch(name):
            sentence = f'"{shown(name)}" is no name: it has letters, digits and . _ - @, at most 64, and no spaces.'
            raise Refused([Problem("name", sentence)])
        if same := next((each for each in self.users if each.casefold() == name.casefold()), None):
            raise NotNow(f"There is a user {same} already; update changes them.")
        if not self.users and role is not Role.ADMIN:
            raise Refused([Problem("role", "The first user has to be an admin: nobody else could make the next one.")])

    def check_stays(self, leaving: Iterable[str]) -> None:
        """Raises `NotNow` where no admin would be left."""
        gone = {*leaving}
        if not any(user.role is Role.ADMIN for user in self.users.values() if user.name not in gone):
            raise NotNow("The farm would have no admin then: make somebody else one first.")

    def drop(self, name: str) -> list[int]:
        """A user is deleted; the tokens that go with them."""
        del self.users[name]
        tokens = [token.id for token in self.tokens.values() if token.user == name]
        for number in tokens:
            self.drop_token(number)
        self.sessions.end_of(name)
        self._tell()
        return tokens

    # --- tokens

    def keep_token(self, token: Token) -> None:
        self.tokens[token.id] = token
        self._of_token[token.digest] = token.id
        self.last_token = max(self.last_token, token.id)

    def drop_token(self, number: int) -> None:
        self._of_token.pop(self.tokens.pop(number).digest, None)
        self._tell()

    def _tell(self) -> None:
        for listener in list(self.listeners):
            listener()


def good(token: Token, now: float) -> bool:
    return token.expires is None or now < token.expires


def user_view(user: User, farm: Any) -> UserView:
    tokens = sum(token.user == user.name for token in farm.people.tokens.values())
    return UserView(user.name, user.role.value, bool(user.password), tokens, user.created, user.changed)


def token_view(token: Token, _: Any) -> TokenView:
    role: RoleName = token.role.value
    return TokenView(token.id, token.user, token.name, role, token.verbs, token.created, token.expires)
