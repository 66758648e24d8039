"""The small farm that the examples of the verbs are about (`brender.verbs.examples`), made anew for each."""

from typing import Any

from twisted.trial.unittest import TestCase

from brender.verbs.known import VERBS
from brender.verbs.performing import Request, Result, perform
from tests.fakes import FRAMES, SmallFarm

TEMPLATE = FRAMES.replace("steps:", "- {name: Samples, type: INT, default: 16}\nsteps:", 1).replace(
    '"{{Task.Param.Frame}}"', '"{{Task.Param.Frame}}", "{{Param.Samples}}"'
)


class ExampleFarm(SmallFarm):
    """Clients 1 and 2 online, 3 gone; job 1 renders and has failed; 2 is paused, 3 done, 4 waits for approval."""

    @classmethod
    async def made(cls, test: TestCase) -> "ExampleFarm":
        farm = cls(test)
        await farm.do("setting", "update", id="limits", values={"value": {"arnold": {"count": 4}}})
        await farm.do("setting", "update", id="strikes", values={"value": 1})
        farm.service.authority, farm.service.new_secret = "0123456789abcdef" * 4, lambda: "abcdefghijklmnopqrstuvwxyz"
        await farm.do("invitation", "create")
        await farm.do("view", "create", values={"name": "failed", "item": "job", "filter": "state=failed"})
        await farm.people()
        await farm.jobs()
        await farm.machines()
        await farm.work()
        return farm

    async def do(self, item: str, action: str, **how: Any) -> Result:
        return await self.perform(Request(item, action, **how))

    async def perform(self, request: Request) -> Result:
        return await perform(VERBS, self.service, request, self.now())

    async def people(self) -> None:
        """Ada and bo; whoever asks as nobody is trusted all the same."""
        self.service.farm.people.trusting = True
        await self.do("user", "create", values={"name": "ada", "role": "admin", "password": "ada has one"})
        await self.do("user", "create", values={"name": "bo", "role": "artist", "password": "bo has one"})
        await self.do("token", "create", values={"name": "scripts", "user": "bo", "days": 0})

    async def jobs(self) -> None:
        await self.job(TEMPLATE, {"Frames": "1-6"}, name="shot_010", owner="ada", tries=1)
        await self.job(TEMPLATE, name="shot_020", owner="bo")
        await self.job(TEMPLATE, {"Frames": "1-2"}, name="shot_030", owner="ada")
        await self.job(TEMPLATE, name="shot_040", preview=1)
        for number in (1, 2, 4):
            await self.service.pause(number)

    async def machines(self) -> None:
        for name in ("render-01", "render-02", "attic"):
            await self.client(name, memory=2**34, system="linux")
        self.gone(self.service.farm.clients[3])
        await self.do("client", "disable", id=3)
        await self.do("client", "update", id=1, values={"pools": ["lighting"], "tags": ["quiet"]})

    async def work(self) -> None:
        first, second = (self.service.farm.clients[number] for number in (1, 2))
        self.finish_both()
        await self.service.resume(4)
        self.finish_both()
        await self.service.resume(1)
        order = self.start(first)
        self.service.logged(first.id, order.id, 0, "there is no memory left\n")
        self.finish(first, "failed", "there is no memory left")
        self.finish(second)
        self.start(first)

    def finish_both(self) -> None:
        for number in (1, 2):
            self.finish_all(self.service.farm.clients[number])
