"""A request that is sent again because its answer was lost does its work once.

How does this work?  Whoever wants to be sure sends a key of its own (the header Idempotency-Key).  The first
request with a key does the work; those that follow, even while it is being done, get its result.  A
key whose work failed is free again.  The last thousand keys are kept in memory, so they do not outlive the
server; but for those with which jobs were handed in: what `key_of` makes of them is written with the job itself, in
the same commit, and `handed_in` finds it among the last thousand jobs.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from brender.farm.farm import Farm
from brender.farm.job import Job
from brender.web.http.wrong import Wrong

HEADER = "Idempotency-Key"
LONGEST_KEY = 200
MOST_KEPT = 1000
SIZE = 16  # bytes of a digest

Result = TypeVar("Result")


class Once(Generic[Result]):
    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._kept: OrderedDict[str, Shared[Result]] = OrderedDict()

    async def do(self, key: str, content: bytes, work: Callable[[], Awaitable[Result]]) -> Result:
        """The result of the work, done now or before; without a key it is done now."""
        if not key:
            return await work()
        if len(key) > LONGEST_KEY:
            raise Wrong(400, f"A key has {LONGEST_KEY} characters at most; this one has {len(key)}.", at=HEADER)
        kept = self._kept.get(key)
        if kept is None:
            return await self._first(key, content, work)
        if kept.content != content:
            raise another_body()
        return await kept.result()

    async def _first(self, key: str, content: bytes, work: Callable[[], Awaitable[Result]]) -> Result:
        shared = self._kept[key] = Shared[Result](content)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
        try:
            result = await work()
        except BaseException:
            self._kept.pop(key, None)
            shared.settle(Failure())
            raise
        shared.settle(result)
        return result


def another_body() -> Wrong:
    return Wrong(409, "This Idempotency-Key was sent before, with another body.", at=HEADER)


def key_of(user: str, key: str, content: bytes) -> str:
    """What is kept with a job: whose key it was, and of which request; without a key nothing."""
    return f"{digest(repr((user, key)).encode())}.{digest(content)}" if key else ""


def handed_in(farm: Farm, key: str) -> Job | None:
    """The job that was made of the same request; raises `Wrong` where its key came with another one."""
    if not key:
        return None
    whose = key.partition(".")[0]
    for number in range(farm.last_job, max(0, farm.last_job - MOST_KEPT), -1):
        job = farm.jobs.get(number)
        if job and job.standing.key.startswith(whose):
            if job.standing.key != key:
                raise another_body()
            return job
    return None


def digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=SIZE).hexdigest()


class Shared(Generic[Result]):
    """One result that several wait for."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self._outcome: Result | Failure | None = None
        self._waiting: list[Deferred[Result]] = []

    async def result(self) -> Result:
        waiter: Deferred[Result] = Deferred()
        if self._outcome is None:
            self._waiting.append(waiter)
        else:
            fire(waiter, self._outcome)
        return await waiter

    def settle(self, outcome: Result | Failure) -> None:
        self._outcome = outcome
        for waiter in self._waiting:
            fire(waiter, outcome)
        self._waiting.clear()


def fire(waiter: Deferred[Result], outcome: Result | Failure) -> None:
    if isinstance(outcome, Failure):
        waiter.errback(outcome)
    else:
        waiter.callback(outcome)
