"""`Farm` and `AsyncFarm`: a farm as a program sees it.

How does this work?  `farm.clients`, `farm.jobs` and the others have a method for each verb; steps, tasks and orders are
asked of a job: `farm.tasks(4)`.  `events` follows what happens, `wait` a job until it has ended.  When the stream
breaks, `wait` asks how the job stands and follows it again.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any

from brender.client import items
from brender.client.errors import Failed, Unreachable
from brender.client.http import PATIENCE, Api
from brender.client.results import Happening
from brender.client.tokens import token_for
from brender.farm.views.things import JobView

LOCAL = "http://127.0.0.1:8080"
FINISHED = frozenset({"completed", "failed", "canceled"})
AGAIN = 1.0  # seconds until a lost server is looked for again
GIVE_UP = 60.0  # seconds without a server


class Farm:
    """A farm; `server` is its address, or several with commas between: a farm and its standby.

    Without a `token` it is BRENDER_TOKEN, or what `brender login` has kept for that address.
    """

    def __init__(self, server: str = LOCAL, patience: float = PATIENCE, token: str = "") -> None:
        self.api = Api(server, patience, token or token_for(server))
        self.clients = items.Clients(self.api)
        self.jobs = items.Jobs(self.api)
        self.pools = items.Pools(self.api)
        self.tags = items.Tags(self.api)
        self.limits = items.Limits(self.api)
        self.settings = items.Settings(self.api)
        self.views = items.Views(self.api)
        self.templates = items.Templates(self.api)
        self.users = items.Users(self.api)
        self.tokens = items.Tokens(self.api)
        self.audits = items.Audits(self.api)
        self.invitations = items.Invitations(self.api)

    def steps(self, job: int) -> items.Steps:
        return items.Steps(self.api, job)

    def tasks(self, job: int) -> items.Tasks:
        return items.Tasks(self.api, job)

    def orders(self, job: int) -> items.Orders:
        return items.Orders(self.api, job)

    def summary(self) -> dict[str, Any]:
        """The farm in numbers."""
        found: dict[str, Any] = self.api.get("/api/v1/farm")
        return found

    def events(self, kinds: Iterable[str] = (), filter: str = "") -> Iterator[Happening]:  # noqa: A002
        """What happens from now on, until the server ends it; the first is of the kind "open"."""
        for kind, data in self.api.events(*kinds, filter=filter):
            if kind:
                yield Happening((kind, data))

    def wait(self, job: int, seconds: float | None = None) -> JobView:
        """The job once it has ended; raises `TimeoutError` when it has not within so many seconds."""
        watch = Waiting(job, seconds)
        while True:
            try:
                for _ in watch.signs(self.api):
                    found = self.jobs.show(job, orders=0).view
                    if found.state in FINISHED:
                        return found
            except Unreachable as lost:
                watch.lost(lost)
            time.sleep(AGAIN)


class AsyncFarm:
    """The same for asyncio."""

    def __init__(self, server: str = LOCAL, patience: float = PATIENCE, token: str = "") -> None:
        self.api = Api(server, patience, token or token_for(server))
        self.clients = items.AsyncClients(self.api)
        self.jobs = items.AsyncJobs(self.api)
        self.pools = items.AsyncPools(self.api)
        self.tags = items.AsyncTags(self.api)
        self.limits = items.AsyncLimits(self.api)
        self.settings = items.AsyncSettings(self.api)
        self.views = items.AsyncViews(self.api)
        self.templates = items.AsyncTemplates(self.api)
        self.users = items.AsyncUsers(self.api)
        self.tokens = items.AsyncTokens(self.api)
        self.audits = items.AsyncAudits(self.api)
        self.invitations = items.AsyncInvitations(self.api)

    def steps(self, job: int) -> items.AsyncSteps:
        return items.AsyncSteps(self.api, job)

    def tasks(self, job: int) -> items.AsyncTasks:
        return items.AsyncTasks(self.api, job)

    def orders(self, job: int) -> items.AsyncOrders:
        return items.AsyncOrders(self.api, job)

    async def summary(self) -> dict[str, Any]:
        """The farm in numbers."""
        found: dict[str, Any] = await asyncio.to_thread(self.api.get, "/api/v1/farm")
        return found

    async def events(self, kinds: Iterable[str] = (), filter: str = "") -> AsyncIterator[Happening]:  # noqa: A002
        """What happens from now on, until the server ends it; the first is of the kind "open"."""
        stream = self.api.stream(kinds, filter)
        signs = iter(stream)
        try:
            while (sign := await asyncio.to_thread(next, signs, None)) is not None:
                if sign[0]:
                    yield Happening(sign)
        finally:
            stream.close()  # a thread that still reads is let go

    async def wait(self, job: int) -> JobView:
        """The job once it has ended; `asyncio.timeout` around it ends the wait sooner."""
        watch = Waiting(job, None)
        while True:
            try:
                async for _ in self.events(("job",), f"id={job}"):
                    watch.found()
                    found = (await self.jobs.show(job, orders=0)).view
                    if found.state in FINISHED:
                        return found
            except Unreachable as lost:
                watch.lost(lost)
            await asyncio.sleep(AGAIN)


class Waiting:
    """For which job is waited, until when, and since when no server is found."""

    def __init__(self, job: int, seconds: float | None) -> None:
        self._job = job
        self._end = None if seconds is None else time.monotonic() + seconds
        self._lost: float | None = None

    def signs(self, api: Api) -> Iterator[str]:
        """The kind of whatever is a reason to look at the job again."""
        for kind, _ in api.events("job", filter=f"id={self._job}"):
            self._check()
            if kind:
                self.found()
                yield kind

    def found(self) -> None:
        self._lost = None

    def lost(self, lost: Failed) -> None:
        """Raises it when that has been so for too long."""
        self._check()
        now = time.monotonic()
        self._lost = self._lost or now
        if now - self._lost > GIVE_UP:
            raise lost

    def _check(self) -> None:
        if self._end is not None and time.monotonic() > self._end:
            raise TimeoutError(f"Job {self._job} has not ended.")
