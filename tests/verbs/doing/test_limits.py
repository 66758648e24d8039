"""Limits are counted anew while the farm runs: at once, for what runs and for what waits, and after a start too."""

from typing import Any

from brender.farm.interfaces import NotFound
from brender.farm.submission.problems import Refused
from brender.farm.transitions import NotNow
from brender.verbs.known import VERBS
from brender.verbs.performing import Request, perform
from brender.verbs.said.unfit import Unfit
from tests.durable import DurableFarm
from tests.fakes import NOON
from tests.verbs.test_performing import PerformCase

ARNOLD = {"name": "arnold", "count": 1}


class Limits(PerformCase):
    async def setUp(self) -> None:  # type: ignore[override]
        super().setUp()
        self.clients = [await self.farm.client(name) for name in ("attic", "cellar")]

    async def limit(self, name: str = "arnold") -> dict[str, Any]:
        shown: dict[str, Any] = await self.plain("limit", "show", id=name)
        return shown

    def running(self) -> int:
        return sum(bool(client.orders) for client in self.clients)

    async def test_one_that_is_made_counts_at_once(self) -> None:
        made = await self.plain("limit", "create", values=ARNOLD)
        self.assertEqual(
            made,
            {"name": "arnold", "count": 1, "each": "task", "used": 0, "holders": [], "jobs": [], "waiting": [],
             "source": "runtime"},
        )  # fmt: skip
        job = await self.farm.job(limits={"arnold": 1})
        self.assertEqual(self.running(), 1)
        limit = await self.limit()
        self.assertEqual((limit["used"], limit["jobs"], limit["waiting"]), (1, [job.id], [job.id]))
        self.assertEqual(len(limit["holders"]), 1)

    async def test_when_there_are_more_of_it_what_waited_begins(self) -> None:
        await self.plain("limit", "create", values=ARNOLD)
        job = await self.farm.job(limits={"arnold": 1})
        why = (await self.plain("job", "why", id=job.id))["why"]
        self.assertIn("the only one of limit arnold is in use", why)
        changed = await self.plain("limit", "update", id="arnold", values={"count": 5})
        self.assertEqual((changed["changed"], changed["count"], changed["used"], changed["waiting"]), (True, 5, 2, []))
        self.assertEqual(self.running(), 2)

    async def test_what_holds_one_may_be_the_client(self) -> None:
        await self.plain("limit", "create", values=ARNOLD | {"count": 5})
        await self.farm.job(limits={"arnold": 2})
        self.assertEqual((await self.limit())["used"], 4)
        await self.plain("limit", "update", filter="all", values={"each": "client"})
        self.assertEqual((await self.limit())["used"], 4)
        again = await self.plain("limit", "update", filter="all", values={"each": "client"})
        self.assertEqual((again["matched"], again["changed"]), (1, 0))

    async def test_what_jobs_need_neither_goes_nor_becomes_too_small(self) -> None:
        await self.plain("limit", "create", values=ARNOLD | {"count": 4})
        job = await self.farm.job(limits={"arnold": 3})
        wrong = await self.refusing(NotNow, "limit", "delete", id="arnold")
        self.assertEqual(str(wrong), f"Job {job.id} needs limit arnold: end or change that first.")
        wrong = await self.refusing(NotNow, "limit", "update", id="arnold", values={"count": 2})
        self.assertEqual(str(wrong), f"Job {job.id} needs more than 2 of limit arnold: end or change that first.")
        await self.plain("limit", "update", id="arnold", values={"count": 3})
        await self.farm.service.cancel(job.id)
        self.assertTrue((await self.plain("limit", "delete", id="arnold"))["changed"])
        self.assertEqual((await self.plain("limit", "read"))["data"], [])

    async def test_after_it_is_gone_no_job_may_ask_for_it(self) -> None:
        await self.plain("limit", "create", values=ARNOLD)
        await self.plain("limit", "delete", id="arnold")
        with self.assertRaisesRegex(Refused, 'There is no limit "arnold"; this farm has none.'):
            await self.farm.job(limits={"arnold": 1})

    async def test_what_cannot_be_is_refused_and_nothing_changed(self) -> None:
        await self.plain("limit", "create", values=ARNOLD)
        for action, how, kind, sentence in (
            ("create", {"values": ARNOLD}, NotNow, "There is a limit arnold already; update changes it."),
            ("create", {"values": {"name": "b", "count": 0}}, Refused, "at least 1"),
            ("create", {"values": {"name": "b", "count": 1, "each": "farm"}}, Unfit, "each: "),
            ("create", {"values": {"name": "", "count": 1}}, Unfit, "name: "),
            ("create", {"values": {"name": "b"}}, Unfit, 'The field "count" is missing.'),
            ("update", {"id": "arnold", "values": {"count": -1}}, Refused, "at least 1"),
            ("update", {"id": "arnold", "values": {"cuont": 2}}, Unfit, "did you mean count?"),
            ("update", {"id": "arnold"}, Unfit, "Nothing is to be changed"),
            ("show", {"id": "arnol"}, NotFound, 'There is no limit "arnol"; did you mean arnold?'),
        ):
            how_it_is: dict[str, Any] = how
            self.assertIn(sentence, str(await self.refusing(kind, "limit", action, **how_it_is)), (action, how))
        limits = await self.plain("limit", "read")
        self.assertEqual([(each["name"], each["count"]) for each in limits["data"]], [("arnold", 1)])

    async def test_they_are_filtered(self) -> None:
        for name, count in (("arnold", 3), ("nuke", 1)):
            await self.plain("limit", "create", values={"name": name, "count": count})
        self.assertEqual(await self.names("count>=2", "limit"), ["arnold"])
        self.assertEqual(await self.names("source=runtime and nuke", "limit"), ["nuke"])
        self.assertEqual((await self.plain("limit", "delete", filter="all"))["changed"], 2)


class AfterAStart(PerformCase):
    async def test_it_is_as_it_was_left(self) -> None:
        farm = await DurableFarm(self).begun()

        async def do(farm: DurableFarm, action: str, **how: Any) -> Any:
            return (await perform(VERBS, farm.service, Request("limit", action, **how), NOON)).plain()

        for name in ("arnold", "nuke", "mantra"):
            await do(farm, "create", values={"name": name, "count": 2})
        await do(farm, "update", id="nuke", values={"count": 7, "each": "client"})
        await do(farm, "delete", id="mantra")
        farm = await farm.restarted()
        data = (await do(farm, "read"))["data"]
        self.assertEqual(
            [(each["name"], each["count"], each["each"]) for each in data],
            [("arnold", 2, "task"), ("nuke", 7, "client")],
        )
        job = await farm.job(limits={"nuke": 7})
        self.assertEqual(job.settings.limits, {"nuke": 7})
