"""Sessions: whoever has logged in with a password, and for how long that counts.

How does this work?  Of a session's secret only the digest is known.  It is replaced when it is old (`rotate`), and the
one before counts for `OVERLAP` more.  A session ends when nobody uses it, after some days, or when somebody ends it.
One that `lasts`, as a browser's does, outlasts the server: it has a row, which tells within `NOTED` when it was used.
What has to be written is handed over by `take_changed`; one that has ended has no digest any more.
"""

from collections.abc import Callable, Iterable
from hashlib import sha256

import msgspec

IDLE = 12 * 3600.0  # seconds after which a session that nobody uses is over
LONGEST = 7 * 86_400.0  # seconds after which any session is
ROTATED = 3600.0  # seconds after which a session's secret is replaced
OVERLAP = 60.0  # seconds that the one before still counts: requests may be under way
NOTED = 300.0  # seconds that a use may be later than its row says
MOST_SESSIONS = 50  # of one person


class Session(msgspec.Struct):
    id: int
    user: str
    began: float
    used: float
    rotated: float
    digest: str  # of its secret; nothing: it has ended
    before: str = ""  # the digest of the secret that it had before
    lasts: bool = True  # longer than the server
    noted: float = 0.0  # the use that is in its row

    def lives(self, now: float) -> bool:
        return now < self.used + IDLE and now < self.began + LONGEST


def digest(secret: str) -> str:
    """What is kept of a secret: they are random, so nobody can guess them from it."""
    return sha256(secret.encode()).hexdigest()


class Sessions:
    def __init__(self, ended: Callable[[], None]) -> None:
        self._ended = ended  # called when one has ended
        self._there: dict[int, Session] = {}
        self._of: dict[str, int] = {}  # digest -> session
        self._last = 0
        self.changed: dict[int, Session] = {}  # whose rows are to be written

    def __len__(self) -> int:
        return len(self._there)

    def take_changed(self) -> dict[int, Session]:
        taken, self.changed = self.changed, {}
        for session in taken.values():
            session.noted = session.used
        return taken

    def resume(self, sessions: Iterable[Session], now: float) -> None:
        """Those of before the start."""
        for session in sessions:
            self._last = max(self._last, session.id)
            if session.digest and session.lives(now):
                session.noted = session.used
                self._keep(session)

    def _keep(self, session: Session) -> None:
        self._there[session.id] = session
        for each in filter(None, (session.before, session.digest)):
            self._of[each] = session.id

    def begin(self, user: str, secret: str, now: float, *, lasts: bool) -> int:
        """Somebody has logged in."""
        self.tidy(now)
        own = [number for number, each in self._there.items() if each.user == user]
        for number in own[: max(0, len(own) - MOST_SESSIONS + 1)]:
            self.end(number)
        self._last += 1
        session = Session(self._last, user, now, now, now, digest(secret), lasts=lasts)
        self._keep(session)
        self._note(session)
        return session.id

    def user_of(self, number: int, now: float) -> str | None:
        session = self._there.get(number)
        return session.user if session and session.lives(now) else None

    def of(self, secret: str, now: float) -> int | None:
        """The session with this secret; it is used."""
        mark = digest(secret)
        session = self._there.get(self._of.get(mark, 0))
        if session is None or not session.lives(now):
            return None
        if mark == session.before and now >= session.rotated + OVERLAP:
            return None
        self.use(session.id, now)
        return session.id

    def use(self, number: int, now: float) -> None:
        """Somebody is there."""
        session = self._there.get(number)
        if session and session.lives(now):
            session.used = now
            if now >= session.noted + NOTED:
                self._note(session)

    def is_old(self, number: int, now: float) -> bool:
        """Whether its secret should be replaced."""
        return now >= self._there[number].rotated + ROTATED

    def rotate(self, number: int, secret: str, now: float) -> None:
        session = self._there[number]
        self._of.pop(session.before, None)
        session.before, session.digest, session.rotated = session.digest, digest(secret), now
        self._keep(session)
        self._note(session)

    def end(self, number: int) -> bool:
        """Whether it had a row."""
        session = self._there.pop(number, None)
        if session is None:
            return False
        for each in (session.before, session.digest):
            self._of.pop(each, None)
        session.before = session.digest = ""
        self._note(session)
        self._ended()
        return session.lasts

    def end_of(self, user: str) -> None:
        for number in [number for number, each in self._there.items() if each.user == user]:
            self.end(number)

    def tidy(self, now: float) -> None:
        for number in [number for number, each in self._there.items() if not each.lives(now)]:
            self.end(number)

    def _note(self, session: Session) -> None:
        if session.lasts:
            self.changed[session.id] = session
