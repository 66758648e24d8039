"""Passwords: hashed with Argon2id, and compared, in threads of their own.

How does this work?  A hash takes 50 ms and 64 MB on purpose, so it is never made in the reactor's thread, and no more
than `MOST` wait for theirs.  An unknown name takes as long as a known one, as its password is compared with that of
nobody.
"""

from collections.abc import Awaitable, Callable
from functools import cached_property
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from brender.farm.submission.problems import Problem, Refused
from brender.farm.transitions import NotNow

LEAST, LONGEST = 8, 1024  # characters
MOST = 32  # that wait at the same time

InThread = Callable[..., Awaitable[Any]]


async def at_once(call: Callable[..., Any], *given: Any) -> Any:
    """For farms without a reactor."""
    return call(*given)


class Passwords:
    def __init__(self, in_thread: InThread = at_once, hasher: PasswordHasher | None = None) -> None:
        self._in_thread = in_thread
        self._hasher = hasher or PasswordHasher()
        self._waiting = 0

    async def hashed(self, password: str) -> str:
        """As it is kept; raises `Refused` where it is too short."""
        if not LEAST <= len(password) <= LONGEST:
            sentence = f"A password has {LEAST} to {LONGEST:,} characters; this one has {len(password):,}."
            raise Refused([Problem("password", sentence)])
        return str(await self._do(self._hasher.hash, password))

    async def fits(self, kept: str, password: str) -> bool:
        """Whether it is the one that was hashed; without one it is not, after the same time."""
        if len(password) > LONGEST:
            return False
        return bool(await self._do(self._same, kept, password)) and bool(kept)

    def _same(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept or self._nobody, password)
        except (VerificationError, InvalidHashError):
            return False

    @cached_property
    def _nobody(self) -> str:
        return self._hasher.hash("nobody has this password")

    async def _do(self, call: Callable[..., Any], *given: Any) -> Any:
        if self._waiting >= MOST:
            raise NotNow("Too many passwords are being looked at; try again in a moment.")
        self._waiting += 1
        try:
            return await self._in_thread(call, *given)
        finally:
            self._waiting -= 1
