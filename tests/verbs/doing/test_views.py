"""Saved views: looked at when they are saved, kept, one of a name for each owner."""

from typing import Any

from brender.farm.interfaces import NotFound
from brender.farm.transitions import NotNow
from brender.verbs.known import VERBS
from brender.verbs.performing import Request, perform
from brender.verbs.said.unfit import Unfit
from tests.durable import DurableFarm
from tests.fakes import NOON
from tests.verbs.test_performing import PerformCase

FAILED = {"name": "what failed", "owner": "ada", "item": "job", "filter": "state=failed", "sort": "-ended,name"}


class Views(PerformCase):
    async def save(self, **values: Any) -> dict[str, Any]:
        made: dict[str, Any] = await self.plain("view", "create", values=FAILED | values)
        return made

    async def test_what_was_saved_is_shown(self) -> None:
        saved = {**FAILED, "fields": "id,name,reason"}
        made = await self.save(fields="id,name,reason")
        self.assertEqual(made, {"id": 1, **saved, "saved": NOON})
        self.assertEqual(await self.plain("view", "show", id=1), made)

    async def test_they_are_listed_and_filtered_like_anything(self) -> None:
        for owner, name in (("ada", "a"), ("mara", "b"), ("ada", "c")):
            await self.save(owner=owner, name=name)
        self.assertEqual(await self.names("owner=ada and item=job", "view"), ["a", "c"])
        found = await self.plain("view", "read", values={"sort": "-name", "limit": 1, "fields": "id,name"})
        self.assertEqual((found["data"], found["matched"]), ([{"id": 3, "name": "c"}], 3))

    async def test_a_view_of_any_item_can_be_saved(self) -> None:
        for item, wanted in (
            ("task", "state=failed and frame=1-100"),
            ("pool", "idle>0"),
            ("view", ""),
            ("client", ""),
        ):
            self.assertEqual((await self.save(name=item, item=item, filter=wanted, sort=""))["filter"], wanted)

    async def test_what_cannot_be_read_is_not_saved(self) -> None:
        for values, at, sentence in (
            ({"filter": "state=faild"}, "filter", 'filter: No job has the state "faild"; did you mean failed?'),
            ({"filter": "(state=failed"}, "filter", "filter: "),
            ({"item": "jobs"}, "item", 'No item "jobs"; did you mean job?'),
            ({"fields": "id,nme"}, "fields", 'A job has no attribute "nme"; did you mean name?'),
            ({"sort": "-prioritie"}, "sort", "did you mean priority?"),
            ({"name": ""}, "name", "name: "),
            ({"colour": "red"}, "colour", 'There is no field "colour" here'),
        ):
            wrong = await self.refusing(Unfit, "view", "create", values=FAILED | values)
            self.assertEqual(wrong.at, at)
            self.assertIn(sentence, str(wrong))
        self.assertEqual((await self.plain("view", "read"))["data"], [])

    async def test_it_is_changed_and_looked_at_again(self) -> None:
        await self.save()
        self.farm.clock.advance(60)
        changed = await self.plain("view", "update", id=1, values={"filter": "state=active", "name": "now"})
        self.assertEqual((changed["changed"], changed["name"], changed["saved"]), (True, "now", NOON + 60))
        self.assertFalse((await self.plain("view", "update", id=1, values={"name": "now"}))["changed"])
        wrong = await self.refusing(Unfit, "view", "update", id=1, values={"filter": "stat=active"})
        self.assertIn("did you mean state?", str(wrong))
        self.assertIn("Nothing is to be changed", str(await self.refusing(Unfit, "view", "update", id=1)))
        self.assertEqual((await self.plain("view", "show", id=1))["filter"], "state=active")

    async def test_an_owner_has_one_of_a_name(self) -> None:
        await self.save()
        await self.save(owner="mara")
        wrong = await self.refusing(NotNow, "view", "create", values=FAILED)
        self.assertEqual(str(wrong), 'There is a view "what failed" of ada already, view 1.')
        await self.refusing(NotNow, "view", "update", id=2, values={"owner": "ada"})
        self.assertEqual((await self.save(name="another"))["id"], 3)

    async def test_those_that_are_deleted_are_gone(self) -> None:
        for name in "abc":
            await self.save(name=name)
        self.assertEqual((await self.plain("view", "delete", filter="a or b"))["changed"], 2)
        self.assertEqual(await self.names(None, "view"), ["c"])
        wrong = await self.refusing(NotFound, "view", "show", id=1)
        self.assertEqual(str(wrong), "There is no view 1.")


class AfterAStart(PerformCase):
    async def test_they_are_there_and_their_numbers_stay_taken(self) -> None:
        farm = await DurableFarm(self).begun()

        async def do(action: str, **how: Any) -> Any:
            return (await perform(VERBS, farm.service, Request("view", action, **how), NOON)).plain()

        made = [await do("create", values=FAILED | {"name": name}) for name in ("a", "Zoë’s", "c")]
        await do("update", id=1, values={"sort": "name"})
        await do("delete", id=3)
        farm = await farm.restarted()
        self.assertEqual((await do("read"))["data"], [made[0] | {"sort": "name"}, made[1]])
        self.assertEqual((await do("create", values=FAILED))["id"], 4)
