"""Those who use the farm meanwhile: they submit jobs, cancel some, and look at them.

How does this work?  They ask over a connection that is as bad as everybody's, and so ask again until they have an
answer, as docs/api.md advises: with an Idempotency-Key, and after a look at the list of jobs, as a server that was
started anew does not know the key.  What they want and what they are told goes into the ledger.
"""

import json
import time
from collections.abc import Callable, Sequence
from http.client import HTTPException
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread

from bench.chaos.ledger import FINISHED, Ledger, Submitted
from bench.chaos.story import Story
from tests.line.harness import step_of

PATIENCE = 3.0  # seconds for one answer
REST = 0.3  # seconds before the next question
UNFINISHED = 8  # jobs at a time
CANCELED = 0.15  # of all jobs
SETTINGS = {"tries": 100}  # sessions are killed by the dozen, and that is not the tasks' fault


class Unreachable(Exception):
    """There was no answer, or the farm takes nothing now."""


class People:
    def __init__(self, reactor: Any, port: int, ledger: Ledger, story: Story, seed: int, ran: Path) -> None:
        self._reactor = reactor
        self._url = f"http://127.0.0.1:{port}/api/v1/"
        self._ledger = ledger
        self._story = story
        self._draw = Random(seed + 1)
        self._seed = seed
        self._ran = ran  # the file that tasks write to
        self.going_home = False

    # --- what they do

    async def see_online(self, workers: Sequence[str]) -> None:
        """Wait until all of them are there."""
        online: set[str] = set()
        while online < set(workers):
            listed = (await self._insist("clients"))["data"]
            online = {client["name"] for client in listed if client["connection"] == "online"}

    async def work(self) -> None:
        """Keep the farm busy until it is time to go home."""
        while not self.going_home:
            unfinished = await self._look()
            while unfinished < UNFINISHED:
                await self._submit()
                unfinished += 1
            await self.rest()

    async def all_ended(self, within: float) -> bool:
        deadline = self._reactor.seconds() + within
        while await self._look():
            if self._reactor.seconds() > deadline:
                return False
            await self.rest()
        return True

    async def jobs(self) -> list[dict[str, Any]]:
        """All jobs with their orders."""
        listed = (await self._insist("jobs?limit=1000"))["data"]
        return [await self._insist(f"jobs/{job['id']}") for job in listed]

    async def _look(self) -> int:
        """See how far the jobs are; how many are not finished."""
        listed = (await self._insist("jobs?limit=1000"))["data"]
        unfinished = [job for job in listed if job["state"] not in FINISHED]
        for job in unfinished:
            self._ledger.look(await self._insist(f"jobs/{job['id']}"), time.time())
        return len(unfinished)

    async def _submit(self) -> None:
        name = f"chaos-{self._seed}-{len(self._ledger.submitted) + 1}"
        wanted = Submitted({step: self._draw.randint(5, 40) for step in ("A", "B")[: self._draw.randint(1, 2)]})
        self._ledger.submitted[name] = wanted
        body = {"template": self._template(name, wanted), "settings": SETTINGS}
        wanted.number = (await self._insist("jobs", body, key=name, done=lambda: self._number_of(name)))["id"]
        self._story.tell(f"job {wanted.number} is {name}, {wanted.steps}")
        if self._draw.random() < CANCELED:
            delay = self._draw.uniform(0, 4)
            self._reactor.callLater(delay, lambda: Deferred.fromCoroutine(self._cancel(name)))

    async def _number_of(self, name: str) -> dict[str, Any] | None:
        listed = (await self._ask("jobs?limit=1000"))["data"]
        return next((job for job in listed if job["name"] == name), None)

    async def _cancel(self, name: str) -> None:
        wanted = self._ledger.submitted[name]
        if self.going_home:
            return
        wanted.canceled = True
        try:
            await self._insist(f"jobs/{wanted.number}/cancel", {})
            self._story.tell(f"job {wanted.number} is canceled")
        except RuntimeError as refused:
            self._story.tell(f"job {wanted.number} is not canceled: {refused}")

    def _template(self, name: str, wanted: Submitted) -> dict[str, Any]:
        steps = [self._step(name, step, tasks) for step, tasks in wanted.steps.items()]
        for before, after in pairwise(steps):
            after["dependencies"] = [{"dependsOn": before["name"]}]
        return {"specificationVersion": "jobtemplate-2023-09", "name": name, "steps": steps}

    def _step(self, name: str, step: str, tasks: int) -> dict[str, Any]:
        seconds = self._draw.choice((0, 0.02, 0.1, 0.3, 0.6))
        begin = f'id=$BASHPID-$EPOCHREALTIME; echo "begin $id {name} {step} $1 $EPOCHREALTIME $PWD" >> {self._ran}'
        script = f'{begin}; sleep {seconds}; echo "end $id" >> {self._ran}'
        return step_of(script, name=step, tasks=f"1-{tasks}")

    # --- how they ask

    async def rest(self) -> None:
        await deferLater(self._reactor, REST, lambda: None)

    async def _insist(
        self, path: str, body: Any = None, key: str = "", done: Callable[[], Any] | None = None
    ) -> dict[str, Any]:
        """Ask until there is an answer.  `done` looks whether what was asked for has been done already."""
        while True:
            try:
                return await self._ask(path, body, key)
            except Unreachable:
                await self.rest()
            try:
                if done and (found := await done()):
                    return dict(found)
            except Unreachable:
                continue

    async def _ask(self, path: str, body: Any = None, key: str = "") -> dict[str, Any]:
        answer: dict[str, Any] = await deferToThread(ask, self._url + path, body, key)
        return answer


def ask(url: str, body: Any = None, key: str = "") -> Any:
    """One question; raises `Unreachable`, or RuntimeError with what the farm has against it."""
    request = Request(url, data=None if body is None else json.dumps(body).encode())
    request.add_header("Content-Type", "application/json")
    if key:
        request.add_header("Idempotency-Key", key)
    try:
        with urlopen(request, timeout=PATIENCE) as answer:
            return json.loads(answer.read())
    except HTTPError as error:
        said = error.read().decode("utf-8", "replace")
        if error.code < 500:
            raise RuntimeError(f"{url} answers {error.code}: {said}") from None
        raise Unreachable(said) from None
    except (URLError, OSError, HTTPException, ValueError) as error:
        raise Unreachable(str(error)) from None
